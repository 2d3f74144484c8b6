"""Missing values: filled by what the others say, and their rate a parameter of its own."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.anomaly.front_end import fill_missing
from scoring.anomaly.missing import missing_rate
from scoring.anomaly.reference import Parts, compute, start_arrays
from scoring.anomaly.reference_detector import ReferenceDetector
from scoring.anomaly.training import train
from tests.scoring.anomaly.processes import rows, table


@pytest.mark.item("7.1.missing")
def test_a_missing_value_is_its_conditional_mean_given_the_others() -> None:
    joint = np.array([[1.0, 0.8, 0.3], [0.8, 1.0, 0.1], [0.3, 0.1, 1.0]])
    row = np.array([[np.nan, 1.5, np.nan]])
    filled, present = fill_missing(row, np.linalg.inv(joint))
    expected = joint[[0, 2]][:, [1]] @ np.linalg.inv(joint[[1]][:, [1]]) @ np.array([1.5])
    assert filled[0, [0, 2]] == pytest.approx(expected)
    assert present.tolist() == [[False, True, False]]


@pytest.mark.item("7.1.missing")
def test_a_missing_parameter_is_left_out_of_every_maximum() -> None:
    model = train(table(rows(120, 4)))
    parts = Parts(model.level, None, None, model.statistics)
    z = np.zeros((1, 4))
    z[0, 2] = 25.0
    seen, gone = np.ones((1, 4), np.bool_), np.array([[True, True, False, True]])
    loud = compute(parts, z, seen, state=start_arrays(parts)).residuals["level"]
    quiet = compute(parts, z, gone, state=start_arrays(parts)).residuals["level"]
    assert np.abs(loud[0, 2]) > 10.0
    assert quiet[0, 2] == 0.0


@pytest.mark.item("7.1.missing")
def test_a_sensor_that_drops_out_is_told_and_one_value_now_and_then_is_not() -> None:
    values = rows(300, 4)
    values[::50, 1] = np.nan
    watch = missing_rate(train(table(values)))
    usual = rows(400, 4, seed=2)
    usual[::50, 1] = np.nan
    told, sums = watch.push(usual, watch.start())
    assert not told.any()
    usual[100:, 3] = np.nan
    dropped, _ = watch.push(usual, watch.start())
    assert np.flatnonzero(dropped[:, 3])[0] < 110
    assert not dropped[:, :3].any()
    half, middle = watch.push(usual[:150], watch.start())
    rest, _ = watch.push(usual[150:], middle)
    assert np.array_equal(np.vstack([half, rest]), dropped)
    assert (sums >= 0).all()


@pytest.mark.item("7.1.missing")
def test_gaps_cause_no_false_alarms_and_streaming_over_them_equals_batch() -> None:
    chance = np.random.default_rng(7)
    values = rows(700, 5, phi=0.8)
    twins = table(np.column_stack([values, values[:, 0] + 0.01 * chance.normal(size=700)]))
    model = train(twins.take(slice(0, 400)))
    detector = ReferenceDetector(model)
    holed = twins.values[400:].copy()
    holed[chance.random(holed.shape) < 0.1] = np.nan
    fresh = table(holed)
    whole = detector.score(fresh, detector.start())
    assert (whole.p_value < model.settings.yellow).mean() <= 0.02
    first = detector.score(fresh.take(slice(0, 137)), detector.start())
    rest = detector.score(fresh.take(slice(137, 300)), first.state)
    both = np.concatenate([first.score, rest.score])
    assert both == pytest.approx(whole.score, rel=1e-9)
