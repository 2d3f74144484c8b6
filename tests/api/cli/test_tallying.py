"""``lotmark tally``: what is typed becomes readings, and the state is told after each."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from api.cli.tally_lines import AtHand, Line, UnknownLine, after, meaning_of
from api.cli.tally_words import piece_line, plan_lines, state_lines
from tests.api.cli.solo import SoloLog

pytestmark = pytest.mark.item("6.4.readings")

AT = AtHand(piece=4, sequence=7)
MEASURED: dict[str, Any] = {"piece": "4", "characteristic": "D1", "value": "10.02"}
DEFECT: dict[str, Any] = {"piece": "4", "class": "major", "code": "SUR"}
LINES = [
    ("D1 10.02", Line({"measured": MEASURED}, None, 4)),
    ("D1 10.02 !", Line({"measured": {**MEASURED, "confirmed": True}}, None, 4)),
    ("+", Line({"good": {"piece": "4"}}, None, 5)),
    ("+ 20", Line({"good": {"pieces": 20}}, None, 4)),
    ("major SUR", Line({"defect": {**DEFECT, "nonconformities": 1}}, None, 4)),
    ("major SUR 3", Line({"defect": {**DEFECT, "nonconformities": 3}}, None, 4)),
    ("next", Line(None, None, 5)),
    ("piece 9", Line(None, None, 9)),
    ("undo", Line({"withdrawn": {"sequence": 7}}, None, 4)),
    ("undo 2", Line({"withdrawn": {"sequence": 2}}, None, 4)),
    ("quit", Line(None, "quit", 4)),
]


@pytest.mark.parametrize(("text", "line"), LINES)
def test_a_line_is_about_the_piece_at_hand(text: str, line: Line) -> None:
    assert meaning_of(text, AT) == line


@pytest.mark.parametrize("text", ["D1", "+ many", "piece 0", "major SUR 1 2", "D1 1 2", ""])
def test_a_line_that_means_nothing_says_what_would(text: str) -> None:
    with pytest.raises(UnknownLine, match="expected"):
        meaning_of(text, AT)


def test_nothing_is_undone_before_the_first_reading() -> None:
    with pytest.raises(UnknownLine, match="can be undone"):
        meaning_of("undo", AtHand())


def test_a_refused_line_leaves_the_inspector_where_he_was() -> None:
    good = meaning_of("+", AT)
    assert after(AT, good, is_sent=True) == AtHand(piece=5, sequence=8)
    assert after(AT, good, is_sent=False) == AT
    assert after(AT, meaning_of("piece 9", AT), is_sent=True) == AtHand(piece=9, sequence=7)


OPENED: dict[str, Any] = {
    "plan": {
        "classes": [
            {
                "name": "major",
                "standard": "c=0",
                "sample": 43,
                "accept": 0,
                "reject": 1,
                "severity": "normal",
            }
        ]
    },
    "severities": {"major": {"severity": "normal", "from": "stated"}},
    "risks": {"major": {"en": "risk", "zh": "风险"}},
    "flags": [{"flag": "severity-not-in-force", "en": "tightened", "zh": "加严"}],
}
STATE: dict[str, Any] = {
    "flags": [],
    "pieces": {"inspected": 3, "sample": 43},
    "classes": [{"class": "major", "defective": 0, "reject": 1}],
    "decision": "go-on",
    "reasons": [{"en": "40 to go", "zh": "剩余 40 件"}],
    "next": {"en": "inspect", "zh": "检验"},
}


def test_the_plan_and_the_state_are_told_in_either_language() -> None:
    assert list(plan_lines(OPENED, "zh")) == [
        "严重：c=0，n 43，Ac 0，Re 1，正常检验（声明）；风险",
        "! 加严",
    ]
    assert next(plan_lines(OPENED, "en")) == ("major: c=0, n 43, Ac 0, Re 1, normal (stated) risk")
    assert list(state_lines(STATE, "zh")) == [
        "3/43  严重 0/1",
        "继续检验：剩余 40 件",
        "-> 检验",
    ]
    assert list(state_lines(STATE, "en"))[1] == "go on: 40 to go"
    assert (piece_line(4, "zh"), piece_line(4, "en")) == ("第 4 件", "piece 4")


def test_a_lot_is_inspected_line_by_line_and_its_draft_written(
    solo: SoloLog, tmp_path: Path
) -> None:
    opening, out = tmp_path / "lot.json", tmp_path / "draft.json"
    lot = {"number": "L-1", "part": "P-1", "quantity": "4", "unit": "H87"}
    typed = {
        "standard": "contract",
        "sample": 3,
        "whole_lot": False,
        "classes": [{"class": "major", "aql": None, "accept": 0, "reject": 1}],
    }
    opening.write_text(json.dumps({"lot": lot, "stage": "outgoing", "plan": typed}))
    first = solo.run("tally", str(opening), "--language", "en", lines="+\nwhat\n+\nquit\n")
    assert first.exit_code == 0, first.stderr
    assert "-> inspect the next piece, 3 of 3" in first.stdout
    assert "found 'what'" in first.stderr
    name = first.stdout.split()[1]
    second = solo.run("tally", "--resume", name, "--out", str(out), lines="+\n")
    assert second.exit_code == 0, second.stderr
    draft = json.loads(out.read_text("utf-8"))
    assert draft["groups"]["verdict"]["decision"] == "accept"
    assert name in solo.run("tally", "--list").stdout
    taken = json.dumps({"sequence": 3, "reading": {"good": {"piece": "1"}}})
    line = json.dumps({"sequence": 3, "reading": {"good": {"piece": "3"}}})
    lines = "\n".join((taken, "{", "{}", line))
    again = solo.run("tally", "--resume", name, "--json", lines=f"{lines}\n")
    assert again.exit_code == 0, again.stderr
    told = [json.loads(one) for one in again.stdout.splitlines()[1:]]
    codes = [(one["sequence"], one["refused"]["code"]) for one in told[:-1]]
    malformed = (None, "malformed-reading")
    assert codes == [(3, "sequence-taken"), malformed, malformed]
    assert told[-1]["decision"] == "accept"
    listed = solo.run("tally", "--list", "--language", "zh").stdout
    assert re.search(rf"{name} +3 +20\d\d-\d\d-\d\d \d\d:\d\d ", listed)
    assert "失效（UTC）" in listed
    assert solo.run("tally", "--drop", name).exit_code == 0
    assert name not in solo.run("tally", "--list").stdout
