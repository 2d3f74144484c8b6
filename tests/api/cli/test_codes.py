"""Codebooks on the command line: a new log has them, and words find the code."""

from __future__ import annotations

import json
import re

import pytest

from tests.api.cli.solo import SoloLog

pytestmark = pytest.mark.item("4.7")


def test_a_new_log_has_the_codebooks_at_once(solo: SoloLog) -> None:
    books = solo.json("codes")["codebooks"]
    assert [item["codebook"] for item in books] == [
        "defects",
        "materials",
        "characteristics",
        "units",
    ]
    again = solo.json("define-types")
    assert (again["defined"], again["brought"], again["unlisted"]) == ([], [], [])


def test_a_book_is_listed_as_a_tree_in_both_languages(solo: SoloLog) -> None:
    shown = solo.run("codes", "defects").stdout
    assert re.search(r"^SUR +Surface +表面缺陷$", shown, re.MULTILINE)
    assert re.search(r"^  SUR-SCRATCH +Scratch +划伤$", shown, re.MULTILINE)
    chinese = solo.run("codes", "defects", "--language", "zh").stdout
    assert re.search(r"^  SUR-SCRATCH +划伤 +Scratch$", chinese, re.MULTILINE)


@pytest.mark.item("4.7.near")
@pytest.mark.parametrize(
    ("text", "code"),
    [("划伤", "SUR-SCRATCH"), ("scratch", "SUR-SCRATCH"), ("scartch", "SUR-SCRATCH")],
)
def test_words_in_either_language_find_the_code(solo: SoloLog, text: str, code: str) -> None:
    found = solo.json("codes", "defects", text)["codes"]
    assert code in [item["code"] for item in found]
    assert len(found) < 10


def test_text_that_is_like_nothing_finds_nothing(solo: SoloLog) -> None:
    shown = solo.run("codes", "defects", "qwertyuiop")
    assert shown.exit_code == 0
    assert "no code of defects 1 is like 'qwertyuiop'" in shown.stdout


def test_a_book_that_is_not_in_force_is_refused_with_one_that_is(solo: SoloLog) -> None:
    refused = solo.run("codes", "defcts", "--json")
    assert refused.exit_code == 1
    fault = json.loads(refused.stdout)["error"]
    assert fault["code"] == "not-found"
    assert "such as defects, found 'defcts'" in fault["detail"]
