"""A model is approved, rolled back and listed, an alarm labelled and rules changed, by commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from api.cli.model_objections import objection_lines
from tests.api.cli.solo import SLUG, SoloLog
from tests.api.cli.staffed import ANNA, BERT, code, decide, device, put_in_force, told, with_people
from tests.quality.anomaly_examples import PLACE
from tests.quality.examples import changed, example

LINE = [word for name in PLACE for word in (f"--{name}", PLACE[name])]


def submit(solo: SoloLog, vct: str, groups: dict[str, Any]) -> str:
    path = solo.root / f"{vct.partition('/')[0]}-{len(list(solo.root.glob('*.json')))}.json"
    path.write_text(json.dumps({key: groups[key] for key in groups if key != "correction"}))
    return str(solo.json("submit", str(path), "--type", vct)["records"][0]["record_id"])


def file_card(solo: SoloLog, digest: str, **state: Any) -> str:
    own = f"did:web:{solo.anchor.origin.replace(':', '%3A').replace('/', ':')}:parties:{SLUG}"
    groups = changed(example("model-card/v1"), "/state/parent", ...)
    groups["state"] |= {"owner": own, "onnx_sha256": digest * 42 + "A", **state}
    return submit(solo, "model-card/v1", groups)


@pytest.fixture(scope="module")
def staffed(solo: SoloLog) -> SoloLog:
    """A log on which two people have keys of their own beside the machine's."""
    return with_people(solo)


@pytest.mark.item("7.7.cards")
def test_two_people_approve_a_model_and_a_machine_does_not(staffed: SoloLog) -> None:
    card = file_card(staffed, "d")
    told(decide(staffed, ANNA, "approve", card))
    assert code(decide(staffed, ANNA, "approve", card)) == "not-permitted"
    # The key that lies in a service's folder is nobody's signature.
    machine = ("model", "approve", card, "--reason", "drift", "--yes", "--json")
    assert code(staffed.run(*machine)) == "not-permitted"
    # Who approves is told what the service knows against it; it may not have looked yet. Nobody
    # holds the file that this card names.
    against = told(decide(staffed, BERT, "approve", card))["objections"]
    known = {each["objection"] for each in against or []}
    assert known <= {"too-few-shadow-rows", "model-not-held"}
    (listed,) = staffed.json("model", "list", *LINE)["models"]
    assert (listed["record_id"], listed["state"]) == (card, "approved")
    assert len(listed["approvals"]) == 2


@pytest.mark.parametrize(
    ("objections", "words"),
    [
        (None, "not compared"),
        ([], "nothing speaks against it"),
        (
            [{"objection": "moved-away", "about": "first/heat", "found": 1.7, "expected": 1.0}],
            "moved-away (first/heat): 1.7 where 1 is expected",
        ),
    ],
)
def test_what_speaks_against_a_model_is_told_before_it_is_approved(
    objections: list[dict[str, Any]] | None, words: str
) -> None:
    (line,) = objection_lines(objections)
    assert words in line


@pytest.mark.long
def test_a_model_is_rolled_back_to_the_one_before_it(staffed: SoloLog) -> None:
    line = PLACE | {"machine": "FURNACE-3"}
    first, second = (file_card(staffed, digest, line=line) for digest in "ef")
    put_in_force(staffed, first)
    put_in_force(staffed, second)
    told(decide(staffed, ANNA, "roll-back", second))
    listed = staffed.json("model", "list", "--machine", "FURNACE-3")["models"]
    states = {one["record_id"]: one["state"] for one in listed}
    assert states == {first: "active", second: "rolled-back"}
    assert staffed.json("model", "list", "--machine", "another")["models"] == []


@pytest.mark.item("7.7.labels")
def test_an_alarm_is_acknowledged_and_labelled(staffed: SoloLog) -> None:
    upload = submit(staffed, "parameter-upload/v1", example("parameter-upload/v1"))
    rows = (upload, "--rows", "1-2", "--yes")
    seen = told(device(staffed, ANNA, "alarm", "acknowledge", *rows))
    assert seen["alarm"] == {"upload": upload, "from_row": 1, "to_row": 2}
    named = ("--as", "known-cause", "--cause", "tool-wear", "--note", "砂轮磨损")
    known = told(device(staffed, ANNA, "alarm", "label", *rows, *named))
    shown = staffed.json("show", known["record_id"])["records"][0]["groups"]
    assert shown["label"] == {"action": "label", "label": "known-cause", "cause": "tool-wear"}
    assert code(device(staffed, ANNA, "alarm", "label", seen["record_id"], *rows[1:], *named)) == (
        "record-of-another-type"
    )
    for wrong in (("--as", "known-cause"), ("--as", "false", "--cause", "tool-wear")):
        assert device(staffed, ANNA, "alarm", "label", *rows, *wrong).exit_code == 2
    assert device(staffed, ANNA, "alarm", "acknowledge", upload, "--rows", "9-2").exit_code == 2


@pytest.mark.item("7.4.rules")
def test_rules_are_changed_a_version_at_a_time(staffed: SoloLog, tmp_path: Path) -> None:
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(example("rule-limits/v1")["rules"]))
    change = ("rules", "set", str(path), *LINE, "--reason", "false-alarms", "--yes")
    first = staffed.json(*change)
    effect = ("--rows", "1000", "--before", "12", "--after", "7")
    second = staffed.json(*change, *effect)
    assert (second["version"], second["previous"]) == (2, first["record_id"])
    (line,) = staffed.json("rules", "show")["lines"]
    assert (line["record_id"], line["line"]) == (second["record_id"], PLACE)
    assert line["effect"] == {"rows": 1000, "before": 12, "after": 7}
    assert "temp" in staffed.run("rules", "show", *LINE).stdout
    assert staffed.run(*change, "--rows", "5").exit_code == 2
    assert staffed.run("rules", "set", str(path), "--reason", "other", "--yes").exit_code == 2
    path.write_text('{"parameters": [{"id": "temp"}]}')
    assert code(staffed.run(*change, "--json")) == "malformed-rules"
