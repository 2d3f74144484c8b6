"""Another regime is one event, and what follows from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scoring.anomaly.drift_reference import drift_reference, rows_of_model
from scoring.anomaly.model import Model, Stage
from scoring.anomaly.regime import (
    RegimeEvent,
    RegimeKind,
    RegimeMonitor,
    RegimeRows,
    prior_of,
    rebaselined,
    regime_arrays,
    regime_state,
)
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
def monitor(model: Model) -> RegimeMonitor:
    """By the rows that it was trained on."""
    return RegimeMonitor(drift_reference(model, table(rows(N, M))))


def seen(model: Model, values: Numbers, setups: str) -> RegimeRows:
    """Rows as the monitor looks at them; a letter a row."""
    z, present = rows_of_model(model, table(values))
    return RegimeRows(z, present, tuple(setups))


def shifted(values: Numbers, columns: int) -> Numbers:
    """Three sigma in the first columns from row 60 on."""
    values = values.copy()
    values[60:, :columns] += 3.0 * rows(N, M).std(axis=0)[:columns]
    return values


SETUPS = "a" * 60 + "b" * 60


@pytest.mark.item("7.5.drift")
def test_a_third_of_the_parameters_elsewhere_behind_a_change_of_set_up_is_one_event(
    model: Model, monitor: RegimeMonitor
) -> None:
    values = shifted(rows(120, M, seed=2), 3)
    events, state = monitor.push(seen(model, values, SETUPS), monitor.start())
    (event,) = events
    assert (event.kind, event.setup, event.before) == (RegimeKind.SET_UP, "b", "a")
    assert event.row == 60 + event.rows_since - 1
    assert {name for name, _ in event.shifted} == {"p0", "p1", "p2"}
    assert state.is_out_of_domain


@pytest.mark.parametrize(("columns", "setups"), [(1, SETUPS), (3, "a" * 120), (0, SETUPS)])
def test_fewer_parameters_or_no_change_of_set_up_are_no_other_regime(
    model: Model, monitor: RegimeMonitor, columns: int, setups: str
) -> None:
    values = shifted(rows(120, M, seed=2), columns)
    events, state = monitor.push(seen(model, values, setups), monitor.start())
    assert events == ()
    assert not state.is_out_of_domain


def test_a_line_that_goes_back_is_in_its_domain_again(model: Model, monitor: RegimeMonitor) -> None:
    values = np.vstack([shifted(rows(120, M, seed=2), 6), rows(60, M, seed=3)])
    events, state = monitor.push(seen(model, values, SETUPS + "a" * 60), monitor.start())
    assert [event.kind for event in events] == [RegimeKind.SET_UP, RegimeKind.RETURNED]
    assert not state.is_out_of_domain


@pytest.mark.parametrize(("called", "is_event"), [(10, False), (11, True)])
def test_more_than_a_fifth_of_fifty_good_rows_called_is_one_event(
    monitor: RegimeMonitor, called: int, *, is_event: bool
) -> None:
    flags = [n < called for n in range(50)]
    events, state = monitor.confirm(flags + [True] * 60 * is_event, monitor.start())
    assert [event.kind for event in events] == [RegimeKind.ALARMS] * is_event
    assert state.is_out_of_domain is is_event


@pytest.mark.parametrize("size", [1, 7, 64])
def test_pushing_in_parts_with_a_restart_between_tells_the_same(
    model: Model, monitor: RegimeMonitor, size: int
) -> None:
    whole = seen(model, shifted(rows(120, M, seed=2), 3), SETUPS)
    expected, end = monitor.push(whole, monitor.start())
    state, found = monitor.start(), list[RegimeEvent]()
    for at in range(0, 120, size):
        part = slice(at, at + size)
        rows_here = RegimeRows(whole.z[part], whole.present[part], whole.setups[part])
        events, state = monitor.push(rows_here, state)
        found += [replace(event, row=event.row + at) for event in events]
        arrays = regime_arrays(state)
        state = regime_state(arrays, setup=state.setup, before=state.before)
    assert tuple(found) == expected
    assert np.array_equal(state.sums, end.sums)


def test_false_regimes_are_rare_on_rows_like_those_of_training(
    model: Model, monitor: RegimeMonitor
) -> None:
    setups = "".join("ab"[n // 60 % 2] for n in range(3000))
    values = rows(3000, M, seed=7)
    assert monitor.push(seen(model, values, setups), monitor.start())[0] == ()


def test_a_new_regime_starts_from_its_own_baseline_and_the_old_correlation(model: Model) -> None:
    other = rows(60, M, seed=9) + 10.0
    found = rebaselined(model, table(other))
    assert found.stage is Stage.PRIOR
    assert found.median == pytest.approx(np.median(other, axis=0), rel=1e-3)
    prior = prior_of(model)
    assert np.diag(prior.correlation) == pytest.approx(np.ones(M))
    assert prior.correlation[0, 1] == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("name", ["regime.flags", "regime.sums", "regime.called"])
def test_a_state_without_all_its_arrays_is_refused(monitor: RegimeMonitor, name: str) -> None:
    arrays = regime_arrays(monitor.start())
    del arrays[name]
    with pytest.raises(MalformedState, match="expected the arrays of a regime"):
        regime_state(arrays, setup=None, before=None)


def test_a_state_over_other_parameters_is_refused(model: Model, monitor: RegimeMonitor) -> None:
    other = replace(monitor.start(), sums=np.zeros(M + 1))
    with pytest.raises(MalformedState, match="expected a state over 6 parameters, found 7"):
        monitor.push(seen(model, rows(5, M), "aaaaa"), other)
