"""Columns by name and values by unit: what is put right, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scoring.anomaly.model import Model
from scoring.anomaly.prepare import in_columns
from scoring.anomaly.sentences import units_suspected
from scoring.anomaly.table import ParameterTable
from scoring.anomaly.training import train
from scoring.anomaly.units import unit_changes
from scoring.errors import ParametersDiffer, UnitsDiffer
from tests.scoring.anomaly.processes import rows

NAMES = ("Melt temperature", "Hold pressure", "Cycle time", "Offset")
LEVELS = np.array([230.0, 95.0, 31.0, 0.0])


def batch(n: int, *, seed: int) -> ParameterTable:
    """Rows at usual levels, deviations of 1 to 2; the last parameter is about zero."""
    return ParameterTable(NAMES, LEVELS + rows(n, 4, seed=seed))


@pytest.fixture(scope="module")
def model() -> Model:
    """A model of the usual levels."""
    return train(batch(120, seed=1))


@pytest.mark.item("7.bad.renamed")
def test_columns_in_another_order_are_put_in_order(model: Model) -> None:
    usual = batch(6, seed=2)
    mixed = usual.columns([2, 0, 3, 1])
    assert np.array_equal(in_columns(model, mixed).values, usual.values)


@pytest.mark.item("7.bad.renamed")
def test_a_renamed_column_is_refused_with_the_name_that_it_may_have_had(model: Model) -> None:
    renamed = replace(batch(6, seed=2), names=("Melt temp.", *NAMES[1:]))
    with pytest.raises(ParametersDiffer, match=r"'Melt temp\.' \(is it 'Melt temperature'\?\)"):
        in_columns(model, renamed)


def test_a_column_more_is_refused_and_so_is_one_less(model: Model) -> None:
    usual = batch(6, seed=2)
    more = ParameterTable((*NAMES, "Q"), np.column_stack([usual.values, usual.values[:, 0]]))
    with pytest.raises(ParametersDiffer, match="found 'Q', which the model does not know"):
        in_columns(model, more)
    with pytest.raises(ParametersDiffer, match="expected 'Offset', found no such parameter"):
        in_columns(model, usual.columns([0, 1, 2]))


@pytest.mark.item("7.bad.units")
@pytest.mark.parametrize(
    ("column", "factor", "offset", "what"),
    [
        (1, 10.0, 0.0, ""),
        (1, 0.001, 0.0, ""),
        (2, 25.4, 0.0, "INH to MMT"),
        (1, 6.894757293, 0.0, "PS to KPA"),
        (0, 1.8, 32.0, "CEL to FAH"),
        (0, 1.0, 273.15, "CEL to KEL"),
    ],
)
def test_a_unit_that_changed_by_a_factor_is_told_by_parameter_and_factor(
    model: Model, column: int, factor: float, offset: float, *, what: str
) -> None:
    usual = batch(8, seed=3)
    assert unit_changes(model, usual.values) == ()
    values = usual.values.copy()
    values[:, column] = values[:, column] * factor + offset
    assert in_columns(model, replace(usual, values=values)).values is values
    (found,) = unit_changes(model, values)
    assert (found.parameter, found.what) == (NAMES[column], what)
    assert (found.factor, found.offset) == pytest.approx((factor, offset), rel=1e-6)
    told = units_suspected(found, "en")
    assert told.startswith(f"{NAMES[column]} looks as if it were in another unit: ")
    assert f"{factor:.7g} times as large" in told
    assert what in told


@pytest.mark.parametrize(
    ("column", "shift", "gain"), [(0, 40.0, 1.0), (1, 0.0, 12.0), (3, 9.0, 1.0)]
)
def test_a_fault_is_not_taken_for_another_unit(
    model: Model, column: int, shift: float, gain: float
) -> None:
    usual = batch(8, seed=3)
    values = usual.values.copy()
    values[:, column] = LEVELS[column] + (values[:, column] - LEVELS[column]) * gain + shift
    assert unit_changes(model, values) == ()


def test_a_fault_that_begins_within_a_batch_is_not_taken_for_another_unit(model: Model) -> None:
    usual = batch(40, seed=3)
    values = usual.values.copy()
    values[4:, 1] *= 6.894757293

    assert unit_changes(model, values) == ()
    values[:4, 1] *= 6.894757293
    assert unit_changes(model, values) != ()


def test_a_unit_that_is_written_otherwise_is_told_with_the_factor() -> None:
    usual = batch(60, seed=1)
    model = train(replace(usual, units=("CEL", "bar", "s", "")))
    few = usual.take(slice(0, 2))
    in_columns(model, replace(few, units=("°C", "bar", "s", "mm")))
    with pytest.raises(UnitsDiffer, match=r"expected bar, found psi, which is 0\.0689"):
        in_columns(model, replace(few, units=("CEL", "psi", "s", "mm")))
