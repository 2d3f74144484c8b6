"""What a p-value is beyond the rarest score that was seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scoring.anomaly.model import Calibration
from scoring.anomaly.tail import FREEDOM, student_tail

_NONE = np.zeros(1)


def calibration(n: int) -> Calibration:
    """Scores as a maximum of a few standardised statistics has them."""
    chance = np.random.default_rng(n)
    scores = np.sort(np.abs(chance.normal(size=(n, 5))).max(axis=1) / 2.0)
    return Calibration(_NONE, _NONE + 1.0, scores)


@given(st.floats(-1e6, 1e6))
def test_the_closed_form_is_the_tail_of_student(t: float) -> None:
    assert student_tail(np.array([t]))[0] == pytest.approx(stats.t.sf(t, FREEDOM), rel=1e-9)


@pytest.mark.item("7.1.calibration")
def test_a_score_among_those_seen_is_counted_and_one_beyond_them_says_that_it_is_not() -> None:
    found = calibration(99)
    inside = found.judge(float(found.scores[-1]))
    outside = found.judge(float(found.scores[-1]) + 1.0)
    assert (inside.value, inside.is_extrapolated) == (2.0 / 100.0, False)
    assert outside.is_extrapolated
    assert outside.value < inside.resolution == outside.resolution == 1.0 / 100.0


@given(st.integers(10, 400), st.lists(st.floats(0.0, 50.0), min_size=2, max_size=20))
def test_a_higher_score_is_never_less_rare(n: int, scores: list[float]) -> None:
    p = calibration(n).p_value(np.sort(np.array(scores)))
    assert (np.diff(p) <= 0).all()
    assert ((p > 0) & (p <= 1)).all()


@given(st.integers(10, 400), st.sampled_from([0.05, 0.01, 0.005, 0.001]))
def test_a_threshold_is_where_p_comes_to_the_level(n: int, alpha: float) -> None:
    found = calibration(n)
    limit = found.threshold(alpha)
    assert found.judge(limit * (1 + 1e-9) + 1e-9).value <= alpha * (1 + 1e-6)
    assert found.judge(limit * (1 - 1e-6)).value > alpha * (1 - 1e-4)


def test_counted_p_values_of_exchangeable_scores_are_as_often_below_a_level_as_it_says() -> None:
    chance = np.random.default_rng(5)
    below = []
    for _ in range(300):
        scores = chance.exponential(size=100)
        known = Calibration(_NONE, _NONE + 1.0, np.sort(scores[:99]))
        below.append(known.p_value(scores[99:])[0] <= 0.05)
    assert 0.02 < np.mean(below) < 0.09
