"""What switches the watch of a line off is an event of its own."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from api.anomaly.changes import decode_facts
from tests.api.anomaly.folded import FoldedLine
from tests.api.anomaly.plant import normal_rows, upload_groups


@pytest.fixture(scope="module")
def watched() -> FoldedLine:
    """A line with a model in force."""
    line = FoldedLine()
    line.activate(line.card(line.upload(normal_rows(240))))
    return line


@pytest.fixture
def line(watched: FoldedLine) -> FoldedLine:
    """The same for one test."""
    line = FoldedLine(dict(watched.records), dict(watched.onnx), watched.now_ms, watched.seconds)
    line.fold = watched.fold
    watched.restart()
    line.restart()
    line.fold.changes = copy.deepcopy(watched.fold.changes)
    return line


def told(line: FoldedLine) -> list[tuple[list[str], bool]]:
    """Reasons of each event, and whether it goes on."""
    found = [decode_facts(each["facts"])["unwatched"] for each in line.alarms("unwatched")]
    assert all(each["sentence"].keys() == {"en", "zh"} for each in found)
    return [(each["reasons"], each["is_open"]) for each in found]


def changed(line: FoldedLine, **limits: str | None) -> dict[str, Any]:
    """An upload whose first parameter has other limits, None: none."""
    groups = upload_groups(normal_rows(5, seed=3), first=line.seconds)
    line.seconds += 5
    groups["process"]["parameters"][0].update(limits)
    first = groups["process"]["parameters"][0]
    groups["process"]["parameters"][0] = {k: v for k, v in first.items() if v is not None}
    return groups


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({}, []),
        ({"upper": "130"}, []),
        ({"upper": "150"}, ["limits-wider: force"]),
        ({"lower": None}, ["limits-gone: force"]),
        ({"id": "force_"}, ["parameters-differ", "limits-gone: force"]),
    ],
)
def test_an_upload_that_is_not_watched_in_full_opens_an_event_that_the_next_one_ends(
    line: FoldedLine, change: dict[str, str | None], reasons: list[str]
) -> None:
    for _ in range(2):
        line.take("parameter-upload/v1", changed(line, **change))
        line.restart()
    assert told(line) == ([(reasons, True)] if reasons else [])
    line.upload(normal_rows(5, seed=4))
    assert told(line) == ([(reasons, False)] if reasons else [])


def test_a_model_that_is_retired_leaves_an_event(line: FoldedLine) -> None:
    (card,) = (each for each in line.records.values() if each.vct == "model-card/v1")
    state = {"card": card.record_id, "decision": "retire", "reason": "other"}
    line.take("model-decision/v1", {"state": state})
    assert told(line) == [(["retired"], True)]
    line.upload(normal_rows(5, seed=3))
    assert told(line) == [(["retired", "no-model"], True)]
