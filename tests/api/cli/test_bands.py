"""Bands: stated by ``submit --bands`` before anything is signed, disproved by ``verify``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.cli.bands import fill_bands, tell_bands
from api.cli.drafts import Draft
from ledger.compose import Filing
from ledger.record_type import RecordType, parse_record_type
from quality.types import business_types
from tests.api.cli.solo import lotmark
from tests.ledger.contradictory_log import ContradictoryLog
from tests.quality.examples import example

KINDS = {kind.vct: kind for kind in map(parse_record_type, business_types())}
VCT = "inspection-report/v1"


def kind_of(vct: str) -> RecordType:
    return KINDS[vct]


def draft(**groups: object) -> Draft:
    whole = {name: value for name, value in example(VCT).items() if name != "bands"}
    return Draft(VCT, {**whole, **groups}, Filing(), "report.json")


@pytest.mark.item("5.5")
def test_bands_that_follow_are_told_and_filled_in() -> None:
    assert list(tell_bands([draft()], kind_of)) == [
        "report.json: /bands/accepted = yes, /bands/ppm = 5000-or-more, "
        "/bands/ppk_at_least_1_33 = yes, /bands/ppk_at_least_1_67 = no"
    ]
    (filled,) = fill_bands([draft()], kind_of)
    assert filled.groups["bands"] == example(VCT)["bands"]
    assert list(tell_bands([filled], kind_of)) == []


@pytest.mark.item("5.5")
def test_what_the_draft_states_itself_is_left_to_be_judged() -> None:
    (filled,) = fill_bands([draft(bands={"ppm": "under-50"})], kind_of)
    assert filled.groups["bands"]["ppm"] == "under-50"
    assert filled.groups["bands"]["accepted"] is True


@pytest.mark.item("5.5.reader")
@pytest.mark.parametrize(("language", "words"), [("en", "contradicts itself"), ("zh", "自相矛盾")])
def test_verify_tells_a_contradiction_and_ends_with_status_1(
    tmp_path: Path, language: str, words: str
) -> None:
    story = ContradictoryLog()
    view, anchor = tmp_path / "view.json", tmp_path / "anchor.json"
    view.write_bytes(story.view(story.disclosures))
    anchor.write_text(story.anchor_text, encoding="utf-8")
    command = ("verify", str(view), "--anchor", str(anchor))
    told = lotmark(*command, "--language", language)
    assert (told.exit_code, words in told.stdout) == (1, True)
    answered = lotmark(*command, "--json")
    assert answered.exit_code == 1
    (record,) = json.loads(answered.stdout)["records"]
    assert record["contradictions"] == [
        {"stated": "/bands/many", "basis": ["/lot/pieces"], "expected": False, "found": True}
    ]
    view.write_bytes(story.view(story.disclosures[:-1]))
    assert lotmark(*command).exit_code == 0
