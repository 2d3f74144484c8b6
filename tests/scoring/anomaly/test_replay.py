"""A decision that was kept is made again by its model, and by nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scoring.anomaly.decision import (
    DecisionPath,
    DecisionRow,
    Limit,
    decode_decision,
    encode_decision,
)
from scoring.anomaly.graph import export_model
from scoring.anomaly.replay import decide, replay
from scoring.anomaly.serving import OnnxDetector
from scoring.errors import ReplayDiffers
from tests.scoring.anomaly.models import any_model, any_rows

_ROWS = 12
_MEDIAN = 0.4


@pytest.fixture(scope="module")
def detector() -> OnnxDetector:
    """A dynamic model of five parameters."""
    return OnnxDetector(export_model(any_model(3, size=5, order=2)))


@pytest.fixture(scope="module")
def path(detector: OnnxDetector) -> DecisionPath:
    """A decision in mid-stream, over rows with values missing, one of them with none."""
    before = detector.score(any_rows(1, detector.model, 7), detector.start()).state
    rows = any_rows(2, detector.model, _ROWS, missing=0.1)
    values = rows.values.copy()
    values[4] = np.nan
    limits = (Limit("yellow", _MEDIAN), Limit("red", 0.03))
    return decide(detector, replace(rows, values=values), before, limits=limits)


@pytest.mark.item("7.3.replay")
def test_a_kept_decision_is_made_again(detector: OnnxDetector, path: DecisionPath) -> None:
    again = OnnxDetector(export_model(detector.model))
    report = replay(decode_decision(encode_decision(path)), again)
    assert (report.model, report.rows) == (detector.digest, _ROWS)
    assert report.largest_difference <= 1e-6
    assert report.moved == ()


def test_a_row_without_any_value_has_no_p_value(path: DecisionPath) -> None:
    assert [row.p is None for row in path.rows] == [n == 4 for n in range(_ROWS)]


def test_another_model_does_not_make_the_decision(path: DecisionPath) -> None:
    other = OnnxDetector(export_model(any_model(4, size=5, order=2)))
    with pytest.raises(ReplayDiffers, match="expected model"):
        replay(path, other)


@pytest.mark.parametrize(("step", "differs"), [(0.9e-6, False), (1.2e-6, True)])
def test_a_score_may_differ_by_a_millionth(
    step: float, differs: bool, detector: OnnxDetector, path: DecisionPath
) -> None:
    moved = _with_row(path, 2, score=path.rows[2].score + step)
    if differs:
        with pytest.raises(ReplayDiffers, match="row 3: expected a score of"):
            replay(moved, detector)
    else:
        assert replay(moved, detector).largest_difference == pytest.approx(step, rel=1e-3)


def test_another_input_is_another_decision(detector: OnnxDetector, path: DecisionPath) -> None:
    inputs = list(path.rows[0].inputs)
    place = next(n for n in range(1, 6) if inputs[n] is not None)
    inputs[place] = (inputs[place] or 0) + 10_000
    with pytest.raises(ReplayDiffers, match="expected a score of"):
        replay(_with_row(path, 0, inputs=tuple(inputs)), detector)


def test_another_level_is_refused(detector: OnnxDetector, path: DecisionPath) -> None:
    other = "none" if path.rows[3].level != "none" else "yellow"
    with pytest.raises(ReplayDiffers, match=f"row 4: expected level {other}"):
        replay(_with_row(path, 3, level=other), detector)


def test_another_level_at_its_limit_is_said_to_be_borderline(detector: OnnxDetector) -> None:
    # Scores of the calibration are the steps of the p-value: one of them is exactly at a limit.
    rows = any_rows(2, detector.model, 1)
    found = detector.score(rows, detector.start())
    scores = np.sort(np.append(detector.model.calibration.scores[1:], found.score[0] + 5e-7))
    model = replace(detector.model, calibration=replace(detector.model.calibration, scores=scores))
    at_limit = OnnxDetector(export_model(model))
    p = float(at_limit.p_value(found.score)[0])
    path = decide(at_limit, rows, at_limit.start(), limits=(Limit("yellow", p),))
    assert path.rows[0].level == "none"
    report = replay(_with_row(path, 0, level="yellow"), at_limit)
    assert (report.borderline, report.moved) == ((0,), (0,))


def test_inputs_beyond_what_json_holds_are_kept(detector: OnnxDetector) -> None:
    rows = any_rows(2, detector.model, 1)
    values = rows.values.copy()
    values[0, 2] = 1e30
    path = decide(detector, replace(rows, values=values), detector.start(), limits=())
    assert abs(path.rows[0].inputs[2] or 0) > 2**53
    assert replay(decode_decision(encode_decision(path)), detector).largest_difference == 0.0


def _with_row(path: DecisionPath, place: int, **changes: object) -> DecisionPath:
    rows: list[DecisionRow] = list(path.rows)
    rows[place] = replace(rows[place], **changes)  # type: ignore[arg-type]
    return replace(path, rows=tuple(rows))
