"""Control charts of measured values: X-bar/R, X-bar/S, individuals, EWMA and CUSUM.

Limits stand at three deviations of the plotted statistic. They are those of a first phase, from
the values themselves, unless a :class:`Process` says what is known from an earlier one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from math import sqrt
from typing import Final

import numpy as np
import numpy.typing as npt

from quality.errors import MalformedChart, NoVariation, ValuesNotFinite
from quality.spc.constants import Constants, constants_of
from quality.spc.descriptive import center
from quality.spc.series import (
    DEVIATION_MIN,
    MAGNITUDE_MAX,
    Floats,
    Numbers,
    read_series,
    read_subgroups,
)

#: Positions of points, counted from 0.
Places = npt.NDArray[np.intp]
_WIDTH: Final = 3.0
#: Moving ranges are of two neighbours.
_PAIR: Final = 2


class Plotted(StrEnum):
    """What the points of a chart are."""

    MEAN = "mean"
    RANGE = "range"
    DEVIATION = "deviation"
    INDIVIDUAL = "individual"
    MOVING_RANGE = "moving-range"
    PROPORTION = "proportion"
    DEFECTIVES = "defectives"
    DEFECTS = "defects"
    DEFECTS_PER_UNIT = "defects-per-unit"
    EWMA = "ewma"


@dataclass(frozen=True, slots=True)
class Process:
    """Where a process is known to run, and the deviation of its single values."""

    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Points with center line and limits; limits and spread are given for each point."""

    plotted: Plotted
    points: Floats
    center: float
    lower: Floats
    upper: Floats
    spread: Floats

    def scores(self) -> Floats:
        """Each point's distance from the center line in deviations of its own.

        Source: NIST/SEMATECH e-Handbook, section 6.3.3.2 (standardised charts).
        """
        return (self.points - self.center) / self.spread

    def outside(self) -> Places:
        """The positions of the points beyond a limit.

        Source: Shewhart, Economic Control of Quality of Manufactured Product (1931).
        """
        return np.flatnonzero((self.points < self.lower) | (self.points > self.upper))


@dataclass(frozen=True, slots=True)
class Pair:
    """A chart of location above one of spread, and what both say of the process.

    ``degrees`` are those of the estimate of the deviation, for intervals.
    """

    location: Chart
    dispersion: Chart
    process: Process
    degrees: float


def xbar_r(subgroups: Numbers, *, known: Process | None = None) -> Pair:
    """Means and ranges of subgroups of one size.

    Raises:
        ValuesNotFinite, TooFewValues, MalformedChart: no subgroups of one size.
        NoVariation: no subgroup has a range.

    Source: NIST/SEMATECH e-Handbook, section 6.3.2.1; ASTM E2587, section 7. The degrees of
    freedom of R-bar: its coefficient of variation, d3 / (d2 sqrt(k)), set equal to that of a
    standard deviation (Patnaik, Biometrika 37 (1950) 78-87).
    """
    groups = read_subgroups(subgroups)
    rows, size = groups.shape
    constants = constants_of(size)
    ranges = groups.max(axis=1) - groups.min(axis=1)
    process = known or Process(_mean(groups.ravel()), _within(ranges, constants.d2))
    _check(process)
    dispersion = _chart(
        Plotted.RANGE,
        ranges,
        Process(constants.d2 * process.deviation, constants.d3 * process.deviation),
    )
    location = _location(groups, process)
    return Pair(location, dispersion, process, rows * constants.d2**2 / (2 * constants.d3**2))


def xbar_s(subgroups: Numbers, *, known: Process | None = None) -> Pair:
    """Means and standard deviations of subgroups of one size.

    Raises:
        ValuesNotFinite, TooFewValues, MalformedChart: no subgroups of one size.
        NoVariation: no subgroup has a spread.

    Source: NIST/SEMATECH e-Handbook, section 6.3.2.1; degrees of freedom as of :func:`xbar_r`,
    with the coefficient of variation of S-bar, sqrt(1 - c4^2) / (c4 sqrt(k)).
    """
    groups = read_subgroups(subgroups)
    rows, size = groups.shape
    c4 = constants_of(size).c4
    deviations = groups.std(axis=1, ddof=1)
    process = known or Process(_mean(groups.ravel()), _within(deviations, c4))
    _check(process)
    spread = sqrt(1 - c4**2)
    dispersion = _chart(
        Plotted.DEVIATION,
        deviations,
        Process(c4 * process.deviation, spread * process.deviation),
    )
    return Pair(_location(groups, process), dispersion, process, rows * c4**2 / (2 * spread**2))


def individuals(values: Numbers, *, known: Process | None = None) -> Pair:
    """Single values and the moving ranges of two neighbours (I-MR).

    The chart of ranges has one point less: its first is that of the second value.

    Raises:
        ValuesNotFinite, TooFewValues, MalformedChart: fewer than two finite values in a row.
        NoVariation: all values are equal.

    Source: NIST/SEMATECH e-Handbook, section 6.3.2.2. Degrees of freedom from the variance of a
    mean moving range of two, whose neighbours share a value: Cryer and Ryan, Journal of Quality
    Technology 22 (1990) 187-192.
    """
    series = read_series(values, at_least=2)
    constants = constants_of(_PAIR)
    ranges = np.abs(np.diff(series))
    process = known or Process(center(series)[0], _within(ranges, constants.d2))
    _check(process)
    dispersion = _chart(
        Plotted.MOVING_RANGE,
        ranges,
        Process(constants.d2 * process.deviation, constants.d3 * process.deviation),
    )
    location = _chart(Plotted.INDIVIDUAL, series, process)
    return Pair(location, dispersion, process, _moving_degrees(ranges.size, constants))


def ewma(values: Numbers, *, process: Process, weight: float = 0.2, width: float = 3.0) -> Chart:
    """Exponentially weighted moving averages, with limits that widen over the first points.

    Args:
        values: Single values, or means of subgroups with the deviation of a mean in ``process``.
        process: Target, where the average starts, and deviation of one value.
        weight: That of the newest value, above 0 and at most 1.
        width: Distance of the limits in deviations of the average.

    Raises:
        ValuesNotFinite, TooFewValues, MalformedChart: no values, or a weight or width out of
            range.
        NoVariation: the process has no deviation.

    Source: NIST/SEMATECH e-Handbook, section 6.3.2.4; limits by point: Montgomery, Introduction
    to Statistical Quality Control, section 9.2.
    """
    series = read_series(values)
    _check(process)
    if not 0 < weight <= 1 or not 0 < width <= MAGNITUDE_MAX:
        raise MalformedChart(f"expected a weight in 0..1 and a width, found {weight} and {width}")
    moving = accumulate(
        series.tolist(),
        lambda average, value: weight * value + (1 - weight) * average,
        initial=process.mean,
    )
    points = np.fromiter(moving, np.float64, series.size + 1)[1:]
    settling = 1 - (1 - weight) ** (2 * np.arange(1.0, series.size + 1))
    spread = process.deviation * np.sqrt(weight / (2 - weight) * settling)
    reach = width * spread
    return Chart(
        Plotted.EWMA, points, process.mean, process.mean - reach, process.mean + reach, spread
    )


def ewma_reach(process: Process, *, weight: float, width: float) -> tuple[float, float]:
    """The limits that those of an EWMA chart come to after many points.

    Source: NIST/SEMATECH e-Handbook, section 6.3.2.4.
    """
    reach = width * process.deviation * sqrt(weight / (2 - weight))
    return process.mean - reach, process.mean + reach


@dataclass(frozen=True, slots=True)
class Cusum:
    """Sums of what exceeds the target by more than the allowance, upwards and downwards."""

    high: Floats
    low: Floats
    allowance: float
    decision: float

    def signals(self) -> Places:
        """The positions at which a sum exceeds the decision interval.

        Source: NIST/SEMATECH e-Handbook, section 6.3.2.3.
        """
        return np.flatnonzero((self.high > self.decision) | (self.low > self.decision))


def cusum(values: Numbers, *, process: Process, k: float = 0.5, h: float = 5.0) -> Cusum:
    """The tabular CUSUM; sums are in the unit of the values.

    Args:
        values: Single values, or means of subgroups with the deviation of a mean in ``process``.
        process: Target and deviation of one value.
        k: Allowance in deviations: half the shift that is to be found.
        h: Decision interval in deviations.

    Raises:
        ValuesNotFinite, TooFewValues, MalformedChart: no values, or k or h not in range.
        NoVariation: the process has no deviation.

    Source: NIST/SEMATECH e-Handbook, section 6.3.2.3; Page, Biometrika 41 (1954) 100-115.
    """
    series = read_series(values)
    _check(process)
    if not 0 <= k <= MAGNITUDE_MAX or not 0 < h <= MAGNITUDE_MAX:
        raise MalformedChart(f"expected k of zero or more and h above it, found {k} and {h}")
    allowance = k * process.deviation
    return Cusum(
        high=_sums(series - process.mean - allowance),
        low=_sums(process.mean - allowance - series),
        allowance=allowance,
        decision=h * process.deviation,
    )


def _sums(steps: Floats) -> Floats:
    # A plain loop adds in the same order as a stream does, so both say the same to the last bit.
    sums = accumulate(steps.tolist(), lambda total, step: max(0.0, total + step), initial=0.0)
    return np.fromiter(sums, np.float64, steps.size + 1)[1:]


def _mean(values: Floats) -> float:
    return center(values)[0]


def _within(spreads: Floats, divisor: float) -> float:
    """The deviation of single values from the mean of what each subgroup shows."""
    return float(spreads.mean()) / divisor


def _check(process: Process) -> None:
    if not max(abs(process.mean), process.deviation) <= MAGNITUDE_MAX:
        raise ValuesNotFinite(f"expected a finite process, found {process}")
    if not process.deviation >= DEVIATION_MIN:
        raise NoVariation("expected values that differ within subgroups, found no spread at all")


def _location(groups: Floats, process: Process) -> Chart:
    error = process.deviation / sqrt(groups.shape[1])
    return _chart(Plotted.MEAN, groups.mean(axis=1), Process(process.mean, error))


def _chart(plotted: Plotted, points: Floats, process: Process) -> Chart:
    """Limits at three deviations; a spread is never below zero, so neither is its limit."""
    lower = process.mean - _WIDTH * process.deviation
    if plotted in (Plotted.RANGE, Plotted.DEVIATION, Plotted.MOVING_RANGE):
        lower = max(0.0, lower)
    return Chart(
        plotted,
        points,
        process.mean,
        np.broadcast_to(np.float64(lower), points.shape),
        np.broadcast_to(np.float64(process.mean + _WIDTH * process.deviation), points.shape),
        np.broadcast_to(np.float64(process.deviation), points.shape),
    )


def _moving_degrees(ranges: int, constants: Constants) -> float:
    # E|XY| of neighbouring differences, whose correlation is -1/2 and variance 2.
    product = 4 / np.pi * (sqrt(3) / 2 + np.pi / 12)
    shared = product - constants.d2**2
    variance = (ranges * constants.d3**2 + 2 * (ranges - 1) * shared) / ranges**2
    return float(constants.d2**2 / (2 * variance))
