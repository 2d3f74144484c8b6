"""Numbers that statistics may be computed from: finite, enough of them, none of them guessed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from quality.errors import MalformedChart, TooFewValues, ValuesNotFinite

Floats = npt.NDArray[np.float64]
Numbers = npt.ArrayLike
#: No quantity of this world is larger; squares of ratios to the least spread stay finite.
MAGNITUDE_MAX: Final = 1e70
#: What differs by less does not differ.
DEVIATION_MIN: Final = 1e-70


def read_series(values: Numbers, *, at_least: int = 1) -> Floats:
    """One row of finite numbers as an array of floats.

    Args:
        values: Numbers or decimals in the order in which they were measured.
        at_least: How many the statistic needs.

    Raises:
        ValuesNotFinite: one is not a number, not finite, or beyond :data:`MAGNITUDE_MAX`.
        TooFewValues: there are fewer than ``at_least``.
        MalformedChart: they do not stand in one row.

    Source: the domain of the estimators of NIST/SEMATECH e-Handbook, section 1.3.5.
    """
    series = _finite(values)
    if series.ndim != 1:
        raise MalformedChart(f"expected one row of values, found {series.ndim} dimensions")
    if series.size < at_least:
        raise TooFewValues(f"expected at least {at_least} values, found {series.size}")
    return series


def read_subgroups(values: Numbers) -> Floats:
    """Rational subgroups of one size, one a row: shape (subgroups, values of each).

    Raises:
        ValuesNotFinite: a value is none.
        TooFewValues: there are fewer than two subgroups, or fewer than two values in each.
        MalformedChart: rows are of different lengths.

    Source: NIST/SEMATECH e-Handbook, section 6.3.2.1 (rational subgroups of one size).
    """
    groups = _finite(values)
    if groups.ndim != 2:
        raise MalformedChart("expected subgroups of one size, found rows of another form")
    rows, size = groups.shape
    if rows < 2 or size < 2:
        raise TooFewValues(
            f"expected at least 2 subgroups of at least 2 values, found {rows} of {size}"
        )
    return groups


def read_counts(values: Numbers, *, at_least: int = 2) -> Floats:
    """Whole numbers of zero or more, as floats.

    Raises:
        ValuesNotFinite: one is not a finite number.
        TooFewValues: there are fewer than ``at_least``.
        MalformedChart: one is negative or no whole number.

    Source: the domain of NIST/SEMATECH e-Handbook, section 6.3.3 (attributes charts).
    """
    counts = read_series(values, at_least=at_least)
    wrong = np.flatnonzero((counts < 0) | (counts != np.floor(counts)))
    if wrong.size:
        place = int(wrong[0])
        raise MalformedChart(
            f"value {place + 1}: expected a whole number of zero or more, found {counts[place]:g}"
        )
    return counts


def cut_subgroups(values: Iterable[float] | Numbers, size: int) -> Floats:
    """Consecutive subgroups of one size; values that fill no last subgroup are left out.

    Raises:
        MalformedChart: a size below two.
        TooFewValues: fewer than two subgroups come of it.
        ValuesNotFinite: a value is none.

    Source: NIST/SEMATECH e-Handbook, section 6.3.2.1 (subgroups in order of time).
    """
    if size < 2:
        raise MalformedChart(f"expected subgroups of two or more, found {size}")
    series = read_series(np.asarray(values))
    rows = series.size // size
    return read_subgroups(series[: rows * size].reshape(rows, size))


def _finite(values: Numbers) -> Floats:
    try:
        # A list of decimals becomes floats here; text would too, and is refused first.
        raw = np.asarray(values)
        if raw.dtype.kind in "USMmbcV":
            raise ValuesNotFinite(f"expected numbers, found {raw.dtype}")
        series = raw.astype(np.float64, copy=False)
    except (TypeError, ValueError, OverflowError) as fault:
        raise ValuesNotFinite(f"expected rows of numbers, found {fault}") from fault
    # Extremes of NaN are NaN, which compares false.
    if not series.size or (series.min() >= -MAGNITUDE_MAX and series.max() <= MAGNITUDE_MAX):
        return series
    wrong = np.flatnonzero(~(np.abs(series.ravel()) <= MAGNITUDE_MAX))
    place = int(wrong[0])
    raise ValuesNotFinite(
        f"value {place + 1}: expected a finite number, found {series.ravel()[place]}"
    )
