"""Rows of a lot as one row: its mean times the root of how many they are, and its variance.

Inspection measures a sample of every lot. The mean of n values varies by 1 / sqrt(n), so lots of
different size are put on one scale: ``centre + (mean - centre) sqrt(n / n0)`` by the usual size
n0, which leaves the mean as it is where all lots are of one size. The variance within a lot comes
as ``((s2 / sigma2)^(1/3) - 1 + 2 / (9 f)) / sqrt(2 / (9 f))`` with f = n - 1 (Wilson and Hilferty
1931), about standard normal while nothing changes, whatever the size; lots of one value have none.

A lot is one row from its first to its last measurement: all of its rows belong in one table.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from scoring.anomaly.model import LotBasis
from scoring.anomaly.table import Numbers, ParameterTable
from scoring.errors import MalformedTable, TooFewRows

#: What the column of a parameter's variance within lots is called.
VARIANCE: Final = "{} (variance within lots)"


def fit_lots(table: ParameterTable) -> LotBasis:
    """What turns this table's lots, and later ones, into rows.

    Raises:
        MalformedTable: rows do not say which lot they are of.
        TooFewRows: there is no lot of two rows, so that nothing varies within one.
    """
    groups = _groups(table)
    sizes = np.array([len(rows) for rows in groups])
    if sizes.max(initial=0) < 2:
        raise TooFewRows("expected a lot of two rows or more, found lots of one row alone")
    squares, freedom = np.zeros(len(table.names)), np.zeros(len(table.names))
    for rows in groups:
        values = table.values[rows]
        counts = np.count_nonzero(~np.isnan(values), axis=0)
        several = counts > 1
        variance = np.nanvar(values[:, several], axis=0, ddof=1)
        squares[several] += variance * (counts[several] - 1)
        freedom[several] += counts[several] - 1
    centre = np.nanmedian(np.where(np.isnan(table.values).all(axis=0), 0.0, table.values), axis=0)
    within = squares / np.maximum(freedom, 1.0)
    return LotBasis(table.names, table.units, centre, within, float(np.median(sizes)))


def lot_rows(table: ParameterTable, basis: LotBasis) -> ParameterTable:
    """One row a lot, in the order in which they begin; the time is that of the last measurement.

    Raises:
        MalformedTable: rows do not say which lot they are of.
    """
    groups = _groups(table)
    values = [_lot(table.values[rows], basis) for rows in groups]
    last = last_of_lots(table)
    width = 2 * len(basis.names)
    return ParameterTable(
        (*basis.names, *(VARIANCE.format(name) for name in basis.names)),
        np.array(values).reshape(len(values), width),
        None if table.at_us is None else table.at_us[last],
        None if table.setups is None else tuple(table.setups[n] for n in last),
        tuple((table.lots or ())[n] for n in last),
        (*basis.units, *("" for _ in basis.units)),
    )


def last_of_lots(table: ParameterTable) -> list[int]:
    """The number of the last row of each lot, in the order of :func:`lot_rows`."""
    return [int(rows[-1]) for rows in _groups(table)]


def _groups(table: ParameterTable) -> list[np.ndarray[tuple[int], np.dtype[np.intp]]]:
    if table.lots is None:
        raise MalformedTable("expected a lot with every row, found rows without")
    rows: dict[str, list[int]] = {}
    for n, lot in enumerate(table.lots):
        rows.setdefault(lot, []).append(n)
    return [np.array(found, np.intp) for found in rows.values()]


def _lot(values: Numbers, basis: LotBasis) -> Numbers:
    counts = np.count_nonzero(~np.isnan(values), axis=0)
    filled = np.where(counts > 0, values, 0.0)
    mean = np.where(counts > 0, np.nanmean(filled, axis=0), np.nan)
    level = basis.centre + (mean - basis.centre) * np.sqrt(counts / basis.typical)
    spread = np.full(len(counts), np.nan)
    told = (counts > 1) & (basis.within > 0)
    freedom = counts[told] - 1.0
    ratio = np.nanvar(values[:, told], axis=0, ddof=1) / basis.within[told]
    bias = 2.0 / (9.0 * freedom)
    spread[told] = (np.cbrt(ratio) - 1.0 + bias) / np.sqrt(bias)
    return np.concatenate([level, spread])
