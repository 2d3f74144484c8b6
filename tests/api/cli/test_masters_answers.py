"""What a service tells of masters and tasks is foreign: another form is refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.cli.solo import SoloLog
from tests.api.cli.test_membership_answers import lying

FACT = {"entry": 7, "record_id": "r" * 43}
TASK = {"about": "relation", "from": "did:web:x:parties:acme", **FACT}
WHOLE: dict[str, Any] = {
    "size": 9,
    "incomplete": [],
    "next": None,
    "tasks": [],
    "relations": [],
    "sites": [],
    "parts": [],
    "specifications": [],
    "requirements": [],
}
COMMANDS = (
    ("tasks",),
    ("masters", "relations"),
    ("masters", "sites"),
    ("masters", "parts"),
    ("masters", "specifications"),
    ("masters", "requirements"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    "change",
    [
        {"size": None},
        {"incomplete": [5]},
        {"next": "again"},
        {"items": 5},
        {"items": [{}]},
        {"items": [TASK]},
        {"items": [{"in_force": 5, "proposed": None, "groups": 5, "revisions": [{}]}]},
    ],
    ids=str,
)
def test_an_answer_of_another_form_is_refused(
    solo: SoloLog, command: tuple[str, ...], change: dict[str, Any]
) -> None:
    name = command[-1]
    told = {name if key == "items" else key: value for key, value in change.items()}
    with lying(WHOLE | told) as url:
        refused = solo.run(*command, "--url", url, "--json")
    assert refused.exit_code == 1, refused.output
    assert json.loads(refused.stdout)["error"]["code"] == "answer-malformed"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_answer_of_the_right_form_is_told(solo: SoloLog, command: tuple[str, ...]) -> None:
    with lying(WHOLE | {"incomplete": [{"party": "did:web:x:parties:acme", "entry": 3}]}) as url:
        told = solo.run(*command, "--url", url)
    assert (told.exit_code, told.stdout) == (0, "nothing\n")
    assert "the content of entry 3 by acme is lost" in told.stderr


def test_what_a_service_says_moves_no_cursor(solo: SoloLog) -> None:
    relation = {"kind": "supply\x1b[2J", "provider": "x", "customer": "y", "families": ["\u202e"]}
    with lying(WHOLE | {"tasks": [TASK | {"relation": relation}]}) as url:
        told = solo.run("tasks", "--url", url)
    assert told.exit_code == 0, told.stderr
    assert "supply\\u001b[2J" in told.stdout
    assert not {"\x1b", "\u202e"} & set(told.stdout)
