"""Whether values could be of a normal distribution: the Anderson-Darling test.

Values that a gauge rounds to steps near their own spread are no normal values either: with enough
of them the test says so, and it is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np

from quality.errors import NoVariation
from quality.spc.descriptive import center
from quality.spc.series import DEVIATION_MIN, Numbers, read_series

AT_LEAST = 8


@dataclass(frozen=True, slots=True)
class Normality:
    """The statistic, adjusted for the number of values, and its p-value."""

    count: int
    statistic: float
    p_value: float


def anderson_darling(values: Numbers) -> Normality:
    """Test normality with mean and deviation unknown.

    Raises:
        ValuesNotFinite, MalformedChart: no row of finite values.
        TooFewValues: there are fewer than eight.
        NoVariation: all are equal.

    Source: D'Agostino and Stephens, Goodness-of-Fit Techniques (1986), section 4.8.5 and table
    4.9 (statistic A*, modified for n, and its p-value).
    """
    from scipy.special import log_ndtr

    series = read_series(values, at_least=AT_LEAST)
    _, residuals = center(series)
    count = series.size
    deviation = float(np.sqrt(np.dot(residuals, residuals) / (count - 1)))
    if not deviation >= DEVIATION_MIN:
        raise NoVariation(f"expected values that differ, found {count} equal ones")
    scores = np.sort(residuals) / deviation
    odd = 2 * np.arange(1, count + 1) - 1.0
    square = -count - float(np.dot(odd, log_ndtr(scores) + log_ndtr(-scores[::-1]))) / count
    statistic = square * (1 + 0.75 / count + 2.25 / count**2)
    return Normality(count, statistic, _p_value(statistic))


def _p_value(statistic: float) -> float:
    if statistic >= 0.6:
        # The parabola turns upwards far beyond every tabled value.
        bounded = min(statistic, 153.0)
        return exp(1.2937 - 5.709 * bounded + 0.0186 * bounded**2)
    if statistic >= 0.34:
        return exp(0.9177 - 4.279 * statistic - 1.38 * statistic**2)
    if statistic >= 0.2:
        return 1 - exp(-8.318 + 42.796 * statistic - 59.938 * statistic**2)
    return 1 - exp(-13.436 + 101.14 * statistic - 223.73 * statistic**2)
