"""Mean, standard deviation and autocorrelation that do not lose digits.

Values that differ in their last places only (10000000.2 ± 0.1) defeat the textbook formula. Here
all are taken relative to the first, exactly or nearly so, and what rounding left of the mean is
taken out again: at least nine digits of every NIST reference set that its own data carry.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quality.errors import NoVariation
from quality.spc.series import DEVIATION_MIN, Floats, Numbers, read_series


@dataclass(frozen=True, slots=True)
class Description:
    """What a series comes to; ``deviation`` has n - 1 in its denominator."""

    count: int
    minimum: float
    mean: float
    maximum: float
    deviation: float


def describe(values: Numbers) -> Description:
    """Count, extremes, mean and standard deviation.

    Raises:
        ValuesNotFinite: a value is none.
        TooFewValues: there are fewer than two.
        MalformedChart: they do not stand in one row.

    Source: corrected two-pass algorithm, Chan, Golub and LeVeque, The American Statistician 37
    (1983) 242-247, on data shifted by their first value.
    """
    series = read_series(values, at_least=2)
    mean, residuals = center(series)
    return Description(
        count=series.size,
        minimum=float(series.min()),
        mean=mean,
        maximum=float(series.max()),
        deviation=float(np.sqrt(np.dot(residuals, residuals) / (series.size - 1))),
    )


def autocorrelation(values: Numbers) -> float:
    """The correlation of each value with the next one.

    Raises:
        ValuesNotFinite: a value is none.
        TooFewValues: there are fewer than two.
        NoVariation: all are equal.
        MalformedChart: they do not stand in one row.

    Source: NIST/SEMATECH e-Handbook, section 1.3.5.12, at lag 1.
    """
    series = read_series(values, at_least=2)
    _, residuals = center(series)
    total = float(np.dot(residuals, residuals))
    if not total >= DEVIATION_MIN**2:
        raise NoVariation(f"expected values that differ, found {series.size} equal ones")
    return float(np.dot(residuals[:-1], residuals[1:])) / total


def center(series: Floats) -> tuple[float, Floats]:
    """The mean, and each value less the mean.

    Source: Chan, Golub and LeVeque (1983), as :func:`describe`.
    """
    shifted = series - series[0]
    shift = float(shifted.mean())
    residuals = shifted - shift
    # What rounding left in the mean of the shifted values.
    residuals -= residuals.mean()
    return float(series[0]) + shift, residuals
