"""Rows that state wrong times: nothing of them is lost by it, and nothing of the others."""

from __future__ import annotations

import copy
from datetime import UTC, datetime

import numpy as np
import pytest

from api.anomaly.changes import decode_facts
from scoring.anomaly.table import Numbers
from tests.api.anomaly.folded import NOW_MS, FoldedLine
from tests.api.anomaly.plant import normal_rows, upload_groups

_AHEAD = "2190-01-01T00:00:00+00:00"


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


def shifted() -> Numbers:
    """Rows that only averages and several rows together tell."""
    rows = normal_rows(40, seed=11)
    rows[:, 0] += 4.5
    return rows


@pytest.mark.parametrize("at", [_AHEAD, None])
def test_rows_one_by_one_at_odd_times_are_told_as_those_in_order_are(
    line: FoldedLine, at: str | None
) -> None:
    line.upload(normal_rows(150, seed=2))
    for n, row in enumerate(shifted()):
        groups = upload_groups(np.array([row]), first=n - 80_000)
        if at is not None:
            groups["values"]["rows"][0]["at"] = at
        line.take("parameter-upload/v1", groups)
        if n == 20:
            line.restart()
    assert "red" in {alarm["level"] for alarm in line.alarms("anomaly")}


def test_the_newest_time_of_a_line_is_never_behind_admission(line: FoldedLine) -> None:
    groups = upload_groups(normal_rows(1, seed=3))
    groups["values"]["rows"][0]["at"] = _AHEAD
    line.take("parameter-upload/v1", groups)
    assert datetime.fromisoformat(_AHEAD) > datetime.fromtimestamp(NOW_MS / 1000, UTC)
    assert line.told["newest_us"] == NOW_MS * 1_000


@pytest.mark.parametrize(("odd", "told"), [(19, []), (20, [(20, True)])])
def test_a_fifth_of_rows_at_odd_times_is_one_event_that_good_ones_end(
    line: FoldedLine, odd: int, told: list[tuple[int, bool]]
) -> None:
    def events() -> list[tuple[int, bool]]:
        facts = [decode_facts(each["facts"]) for each in line.alarms("times-out-of-place")]
        return [(each["times"]["rows"], each["times"]["is_open"]) for each in facts]

    line.upload(normal_rows(80, seed=3))
    groups = upload_groups(normal_rows(odd, seed=4))
    for row in groups["values"]["rows"]:
        row["at"] = _AHEAD
    line.take("parameter-upload/v1", groups)
    line.restart()
    assert events() == told
    line.upload(normal_rows(81, seed=5))
    assert events() == [(19, False) for _ in told]
