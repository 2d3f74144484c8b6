"""What a column's usual value and spread are, and what a set-up changes of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.anomaly.front_end import fit_front_end, quantise
from scoring.anomaly.reference_detector import ReferenceDetector
from scoring.anomaly.training import train
from tests.scoring.anomaly.processes import rows, table


@pytest.mark.item("7.1.front-end")
def test_a_few_wild_rows_move_neither_median_nor_scale() -> None:
    values = rows(400, 3)
    wild = values.copy()
    wild[::40] = 1e6
    clean, dirty = fit_front_end(values), fit_front_end(wild)
    assert dirty.median == pytest.approx(clean.median, abs=0.15)
    assert dirty.scale == pytest.approx(clean.scale, rel=0.25)


@pytest.mark.item("7.1.front-end")
def test_scale_is_the_90_percent_range_in_normal_deviations() -> None:
    values = np.random.default_rng(1).normal(10.0, 2.0, (5000, 1))
    low, high = np.quantile(values, [0.05, 0.95])
    assert fit_front_end(values).scale[0] == pytest.approx((high - low) / 3.29, rel=1e-6)


@pytest.mark.item("7.1.front-end")
def test_scale_is_not_below_what_the_gauge_resolves() -> None:
    values = np.random.default_rng(1).uniform(10.0, 10.05, (300, 1))
    assert fit_front_end(values, (0.01,)).modelled == (0,)
    assert fit_front_end(values, (0.1,)).modelled == ()
    told = fit_front_end(values, (0.04,)).scale[0]
    assert told == pytest.approx(max(0.04 / np.sqrt(12.0), 0.9 * 0.05 / 3.29), rel=0.05)
    steps = np.array([[0.0], [0.0], [0.0], [1.0]] * 20)
    assert fit_front_end(steps).scale[0] >= 1.0 / np.sqrt(12.0)


@pytest.mark.item("7.1.front-end")
def test_what_is_far_away_is_clipped_to_thirty_deviations() -> None:
    values = rows(100, 2)
    front = fit_front_end(values)
    assert front.standardise(np.array([[1e9, -1e9]]), 30.0).tolist() == [[30.0, -30.0]]


@settings(max_examples=50)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.integers(-6, 3))
def test_quantised_values_are_whole_quanta_and_stay_so(values: list[float], power: int) -> None:
    quantum = np.array([10.0**power])
    once = quantise(np.array(values)[:, None], quantum)
    assert np.array_equal(quantise(once, quantum), once)
    assert np.abs(once[:, 0] - values) == pytest.approx(0.0, abs=0.51 * quantum[0])


@pytest.mark.item("7.1.set-up")
def test_a_set_up_has_its_own_baseline_and_an_unknown_one_has_none() -> None:
    values = rows(300, 4)
    labels = tuple(f"tool {n // 25 % 3}" for n in range(300))
    shifts = {"tool 0": 0.0, "tool 1": 6.0, "tool 2": -6.0}
    moved = values + np.array([shifts[label] for label in labels])[:, None]
    model = train(replace(table(moved), setups=labels))
    assert {setup.label: setup.rows for setup in model.setups} == dict.fromkeys(shifts, 100)
    detector = ReferenceDetector(model)
    fresh = rows(40, 4, seed=3) + 6.0
    known = replace(table(fresh), setups=("tool 1",) * 40)
    other = replace(table(fresh), setups=("tool 2",) * 40)
    quiet = detector.score(known, detector.start()).p_value
    loud = detector.score(other, detector.start()).p_value
    assert (quiet < model.settings.yellow).mean() < 0.1
    assert (loud < model.settings.yellow).mean() > 0.9


@pytest.mark.item("7.done.determinism")
def test_the_same_rows_make_the_same_model_number_by_number() -> None:
    one, other = (train(table(rows(300, 5, phi=0.5))) for _ in range(2))
    assert one.facts == other.facts
    for name in ("median", "scale", "quantum", "coefficients"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    assert np.array_equal(one.level.adjust, other.level.adjust)
    assert np.array_equal(one.calibration.scores, other.calibration.scores)
    changed = rows(300, 5, phi=0.5)
    changed[7, 2] += 0.5
    assert train(table(changed)).facts.data_digest != one.facts.data_digest
