"""Drift is found once and named, and rows like those of training have none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scoring.anomaly.adaptive_window import AdaptiveWindow, feed_window
from scoring.anomaly.correlation import residuals
from scoring.anomaly.drift import (
    DriftFinding,
    DriftKind,
    DriftMonitor,
    DriftRows,
    DriftState,
    drift_rows,
)
from scoring.anomaly.drift_bytes import (
    decode_drift_reference,
    decode_drift_state,
    encode_drift_reference,
    encode_drift_state,
)
from scoring.anomaly.drift_reference import (
    DriftReference,
    dependence,
    drift_reference,
    log_distance,
    rows_of_model,
)
from scoring.anomaly.model import Model
from scoring.anomaly.reference_detector import ReferenceDetector
from scoring.anomaly.table import Numbers
from scoring.anomaly.training import train
from scoring.errors import MalformedState
from tests.scoring.anomaly.processes import rows, table

N, M = 300, 6


@pytest.fixture(scope="module")
def model() -> Model:
    """Of correlated rows."""
    return train(table(rows(N, M)))


@pytest.fixture(scope="module")
def reference(model: Model) -> DriftReference:
    """Of the rows that it was trained on."""
    return drift_reference(model, table(rows(N, M)))


def model_of(values: Numbers) -> Model:
    """Trained on these rows."""
    return train(table(values))


def seen(model: Model, values: Numbers) -> DriftRows:
    """Rows as drift looks at them."""
    z, present = rows_of_model(model, table(values))
    return DriftRows(z, residuals(model.level, z), present, log_distance(model, z))


def test_scored_rows_are_looked_at_like_rows_of_a_table(model: Model) -> None:
    values = rows(40, M, seed=2)
    detector = ReferenceDetector(model)
    detail = detector.score(table(values), detector.start(), with_detail=True).detail
    assert detail is not None
    chosen = np.arange(40) % 2 == 0
    found, expected = drift_rows(model, detail, chosen), seen(model, values[chosen])
    for name in ("z", "residuals", "present", "log_distance"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name))


def found_in(model: Model, reference: DriftReference, values: Numbers) -> tuple[DriftFinding, ...]:
    """All that is found in rows."""
    monitor = DriftMonitor(reference)
    return monitor.push(seen(model, values), monitor.start())[0]


def test_rows_like_those_of_training_have_no_drift(model: Model, reference: DriftReference) -> None:
    assert all(found_in(model, reference, rows(1000, M, seed=s)) == () for s in range(2, 12))


@pytest.mark.item("7.5.drift")
def test_half_a_sigma_of_one_parameter_is_found_within_500_rows(
    model: Model, reference: DriftReference
) -> None:
    hits = []
    for seed in range(2, 22):
        values = rows(500, M, seed=seed)
        values[:, 2] += 0.5 * rows(N, M)[:, 2].std()
        found = found_in(model, reference, values)
        hits.append(any(each.parameter == "p2" for each in found))
    assert np.mean(hits) >= 0.8


def test_each_kind_of_drift_is_named(model: Model, reference: DriftReference) -> None:
    usual = rows(500, M, seed=3)
    wider, unrelated, missing, skewed = (usual.copy() for _ in range(4))
    wider[:, 1] *= 2.0
    unrelated[:, 1] = unrelated[::-1, 1]
    missing[::5, 4] = np.nan
    skewed[:, 3] = np.abs(skewed[:, 3])
    for values, kind, parameter in (
        (wider, DriftKind.SCALE, "p1"),
        (unrelated, DriftKind.CORRELATION, None),
        (missing, DriftKind.MISSING, "p4"),
        (skewed, DriftKind.SHAPE, "p3"),
    ):
        found = found_in(model, reference, values)
        assert (kind, parameter) in {(each.kind, each.parameter) for each in found}
        assert all(abs(each.value) > abs(each.limit) or each.limit < 1.0 for each in found)


def test_what_was_found_is_told_once(model: Model, reference: DriftReference) -> None:
    found = found_in(model, reference, rows(1000, M, seed=3) + 1.0)
    assert len({(each.kind, each.parameter) for each in found}) == len(found) > M


def test_a_change_that_begins_in_the_stream_is_found_by_the_window_of_the_distance(
    model: Model, reference: DriftReference
) -> None:
    values = rows(600, M, seed=4)
    values[300:] *= 1.6
    found = found_in(model, reference, values)
    distance = [each for each in found if each.kind is DriftKind.DISTANCE]
    assert [each.value > each.limit > 0 for each in distance] == [True]


@pytest.mark.parametrize("size", [1, 7, 50, 333])
def test_pushing_in_parts_with_a_restart_between_finds_the_same(
    model: Model, reference: DriftReference, size: int
) -> None:
    monitor = DriftMonitor(reference)
    values = rows(400, M, seed=5) + 0.4
    whole, end = monitor.push(seen(model, values), monitor.start())
    state, found = monitor.start(), list[DriftFinding]()
    for at in range(0, len(values), size):
        fresh, state = monitor.push(seen(model, values[at : at + size]), state)
        found += fresh
        state = decode_drift_state(encode_drift_state(state))
    assert [(f.kind, f.parameter, f.rows) for f in found] == [
        (f.kind, f.parameter, f.rows) for f in whole
    ]
    assert np.allclose(state.sums, end.sums)


def test_a_reference_comes_back_from_its_bytes(reference: DriftReference) -> None:
    data = encode_drift_reference(reference)
    assert encode_drift_reference(decode_drift_reference(data)) == data


@pytest.mark.parametrize(
    "damage", [(b"v1", b"v2"), (b'"p0"', b'"p1"'), (b'"rows":300', b'"rows":0')]
)
def test_damaged_references_are_refused(
    reference: DriftReference, damage: tuple[bytes, bytes]
) -> None:
    data = encode_drift_reference(reference)
    assert damage[0] in data
    with pytest.raises(MalformedState, match="expected"):
        decode_drift_reference(data.replace(*damage))


def test_a_state_over_other_parameters_is_refused(model: Model, reference: DriftReference) -> None:
    monitor = DriftMonitor(reference)
    other = replace(monitor.start(), sums=np.zeros((0, 6, M + 1)))
    with pytest.raises(MalformedState, match="expected a state over 6 parameters"):
        monitor.push(seen(model, rows(10, M)), other)


def test_what_rows_are_worth_follows_from_their_autocorrelation() -> None:
    # 1 + 2 sum phi^k = (1 + phi) / (1 - phi): 3 for one half.
    chance = np.random.default_rng(1)
    values = chance.normal(size=(20_000, 1))
    for row in range(1, len(values)):
        values[row] += 0.5 * values[row - 1]
    assert dependence(values)[0] == pytest.approx(3.0, rel=0.15)
    assert dependence(chance.normal(size=(20_000, 1)))[0] == pytest.approx(1.0, abs=0.1)


def test_a_reference_is_of_the_values_that_were_measured() -> None:
    values = rows(N, M)
    whole = drift_reference(model_of(values), table(values))
    values[::3, 4] = np.nan
    holed = drift_reference(model_of(values), table(values))
    # Filled in, a third of the column would lie at its expectation: .85 of the spread.
    assert holed.spread[4] == pytest.approx(whole.spread[4], rel=0.08)
    assert holed.missing[4] == pytest.approx(1 / 3, abs=0.01)
    assert holed.mean[4] == pytest.approx(whole.mean[4], abs=0.1)


def test_dependence_with_holes_is_that_of_the_rows_without() -> None:
    values = np.random.default_rng(5).normal(size=(20_000, 1))
    for row in range(1, len(values)):
        values[row] += 0.5 * values[row - 1]
    values[np.random.default_rng(6).random(len(values)) < 0.3] = np.nan
    assert dependence(values)[0] == pytest.approx(3.0, rel=0.15)


def test_an_adaptive_window_drops_what_was_before_a_change_and_nothing_else() -> None:
    chance = np.random.default_rng(2)
    values = np.clip(0.5 + 0.1 * chance.normal(size=2000), 0, 1)
    window, cuts = AdaptiveWindow(), 0
    for value in values:
        window, cut = feed_window(window, float(value))
        cuts += cut is not None
    assert (window.size, cuts) == (2000, 0)
    for value in values[:200] + 0.1:
        window, cut = feed_window(window, float(value))
        cuts += cut is not None
    assert cuts > 0
    assert window.size < 600
    assert window.mean == pytest.approx(0.6, abs=0.08)


def test_an_empty_state_has_no_rows(reference: DriftReference) -> None:
    state: DriftState = DriftMonitor(reference).start()
    assert decode_drift_state(encode_drift_state(state)).rows == 0


def test_a_state_whose_blocks_are_not_those_of_its_rows_is_refused(
    model: Model, reference: DriftReference
) -> None:
    monitor = DriftMonitor(reference)
    state = monitor.push(seen(model, rows(60, M)), monitor.start())[1]
    assert decode_drift_state(encode_drift_state(state)).rows == 60
    with pytest.raises(MalformedState, match="expected the blocks of 101 rows, found 2"):
        decode_drift_state(encode_drift_state(replace(state, rows=101)))


def test_a_state_whose_sums_are_one_number_is_refused(reference: DriftReference) -> None:
    data = encode_drift_state(DriftMonitor(reference).start())
    one = b'"sums":{"shape":[],"values":"AAAAAAAAAAA"}'
    before, sums, after = data.partition(b'"sums":')
    with pytest.raises(MalformedState, match="array sums: expected three axes, found 0"):
        decode_drift_state(before + one + after[after.index(b"}") + 1 :])
    assert sums
