"""Lots as rows: means on one scale, variances about standard normal."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.anomaly.lots import fit_lots, lot_rows
from scoring.anomaly.table import ParameterTable
from scoring.anomaly.training import train_lots
from scoring.errors import MalformedTable, TooFewRows


def lots(sizes: list[int], *, seed: int = 1, level: float = 50.0) -> ParameterTable:
    """Two parameters, independent rows, deviation 1."""
    chance = np.random.default_rng(seed)
    names = tuple(f"L{n}" for n, size in enumerate(sizes) for _ in range(size))
    values = level + chance.normal(size=(len(names), 2))
    return ParameterTable(("length", "width"), values, lots=names)


@pytest.mark.item("7.1.lots")
def test_means_of_lots_of_any_size_vary_alike_and_variances_are_standard_normal() -> None:
    measured = lots([4, 9, 25] * 100)
    basis = fit_lots(measured)
    found = lot_rows(measured, basis).values
    for size in range(3):
        of_size = found[size::3]
        assert of_size[:, 0].std() == pytest.approx(1.0 / np.sqrt(9.0), rel=0.25)
        assert abs(of_size[:, 2].mean()) < 0.3
        assert of_size[:, 2].std() == pytest.approx(1.0, rel=0.25)


@pytest.mark.item("7.1.lots")
def test_a_lot_that_scatters_more_stands_out_by_its_variance_alone() -> None:
    measured = lots([9] * 40)
    wild = lots([9], seed=2)
    wilder = ParameterTable(
        wild.names, 50.0 + (wild.values - wild.values.mean(axis=0)) * 4.0, lots=wild.lots
    )
    found = lot_rows(wilder, fit_lots(measured))
    assert found.names[2:] == ("length (variance within lots)", "width (variance within lots)")
    assert (found.values[0, 2:] > 4.0).all()
    assert found.values[0, :2] == pytest.approx([50.0, 50.0], abs=0.2)


def test_a_lot_of_one_value_has_no_variance_and_a_lot_without_a_parameter_none_of_it() -> None:
    measured = lots([5] * 20)
    basis = fit_lots(measured)
    one = ParameterTable(measured.names, np.array([[50.5, np.nan]]), lots=("X",))
    found = lot_rows(one, basis).values[0]
    assert found[0] == pytest.approx(basis.centre[0] + (50.5 - basis.centre[0]) / np.sqrt(5))
    assert np.isnan(found[1:]).all()


def test_a_model_of_lots_is_one_of_their_means_and_variances() -> None:
    model = train_lots(lots([5] * 60))
    assert model.lots is not None
    assert model.lots.typical == 5.0
    assert len(model.names) == 4
    assert model.facts.rows == 60


def test_rows_without_lots_and_lots_of_one_row_are_refused() -> None:
    measured = lots([1] * 20)
    with pytest.raises(TooFewRows, match="expected a lot of two rows or more"):
        fit_lots(measured)
    with pytest.raises(MalformedTable, match="expected a lot with every row"):
        fit_lots(ParameterTable(measured.names, measured.values))
