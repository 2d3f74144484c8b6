"""Capability and performance: what a process takes up of its tolerance, each with an interval.

Cp and Cpk rest on the deviation within subgroups, Pp, Ppk and Cpm on that of all values. A limit
that is not there is None, never 0, and what needs both limits is None without one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from quality.errors import MalformedChart, MalformedLimits, NoVariation
from quality.spc.charts import Process
from quality.spc.descriptive import Description, describe
from quality.spc.proportions import CONFIDENCE, Estimate
from quality.spc.series import DEVIATION_MIN, MAGNITUDE_MAX, Numbers, read_series


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Limits of single values; the target is the middle where both are there and none is named.

    Raises:
        MalformedLimits: there is no limit, one is not finite, or the lower is not below the upper.
    """

    lower: float | None = None
    upper: float | None = None
    target: float | None = None

    def __post_init__(self) -> None:
        """Refuse what no value lies between."""
        given = [one for one in (self.lower, self.upper, self.target) if one is not None]
        if not all(abs(one) <= MAGNITUDE_MAX for one in given):
            raise MalformedLimits(f"expected finite limits, found {self}")
        if self.lower is None and self.upper is None:
            raise MalformedLimits("expected a lower or an upper limit, found none")
        if self.lower is not None and self.upper is not None and not self.lower < self.upper:
            raise MalformedLimits(f"expected {self.lower} below {self.upper}")

    @property
    def width(self) -> float | None:
        """From limit to limit, where there are both."""
        return None if self.lower is None or self.upper is None else self.upper - self.lower

    @property
    def aim(self) -> float | None:
        """What is aimed at: the target, else the middle."""
        if self.target is not None or self.lower is None or self.upper is None:
            return self.target
        return self.lower + (self.upper - self.lower) / 2


@dataclass(frozen=True, slots=True)
class Indices:
    """The indices of a process by one deviation; what lacks a limit is None."""

    cp: float | None
    cpl: float | None
    cpu: float | None
    cpk: float
    cpm: float | None


@dataclass(frozen=True, slots=True)
class Performance:
    """Pp, Ppk and Cpm of all values, with n and 95 % intervals."""

    of: Description
    outside: int
    pp: Estimate | None
    ppk: Estimate
    cpm: Estimate | None


@dataclass(frozen=True, slots=True)
class Capability:
    """Cp and Cpk of what subgroups show, with the degrees of freedom of their deviation."""

    process: Process
    degrees: float
    cp: Estimate | None
    cpk: Estimate


def indices(process: Process, tolerance: Tolerance) -> Indices:
    """The indices of known mean and deviation.

    Raises:
        NoVariation: the deviation is not above zero.

    Source: NIST/SEMATECH e-Handbook, section 6.1.6; Cpm: Chan, Cheng and Spiring, Journal of
    Quality Technology 20 (1988) 162-175.
    """
    mean, deviation = process.mean, process.deviation
    if not deviation >= DEVIATION_MIN:
        raise NoVariation(f"expected a deviation above zero, found {deviation}")
    lower, upper, aim = tolerance.lower, tolerance.upper, tolerance.aim
    cpl = None if lower is None else (mean - lower) / (3 * deviation)
    cpu = None if upper is None else (upper - mean) / (3 * deviation)
    width, cp, cpm = tolerance.width, None, None
    if width is not None and aim is not None:
        cp = width / (6 * deviation)
        cpm = width / (6 * sqrt(deviation**2 + (mean - aim) ** 2))
    sides = [one for one in (cpl, cpu) if one is not None]
    return Indices(cp, cpl, cpu, min(sides), cpm)


def cp_interval(cp: float, degrees: float, *, confidence: float = CONFIDENCE) -> Estimate:
    """Cp or Pp with the interval of its deviation.

    Args:
        cp: The index.
        degrees: Degrees of freedom of the deviation: n - 1 for that of all values.
        confidence: Of the interval, two-sided.

    Raises:
        MalformedChart: degrees or confidence out of range.

    Source: NIST/SEMATECH e-Handbook, section 6.1.6 (chi-square interval of Cp).
    """
    _check(degrees, confidence)
    tail = (1 - confidence) / 2
    return Estimate(
        cp,
        cp * sqrt(_chi_square(tail, degrees) / degrees),
        cp * sqrt(_chi_square(1 - tail, degrees) / degrees),
    )


def cpk_interval(
    cpk: float, count: int, *, degrees: float, confidence: float = CONFIDENCE
) -> Estimate:
    """Cpk or Ppk with Bissell's interval, one-sided indices alike.

    Args:
        cpk: The index.
        count: Values that the mean is of.
        degrees: Degrees of freedom of the deviation: n - 1 for that of all values.
        confidence: Of the interval, two-sided.

    Raises:
        MalformedChart: count, degrees or confidence out of range.

    Source: Bissell, Applied Statistics 39 (1990) 331-340.
    """
    _check(degrees, confidence)
    if count < 2:
        raise MalformedChart(f"expected two or more values, found {count}")
    from scipy.special import ndtri

    reach = float(ndtri((1 + confidence) / 2)) * sqrt(1 / (9 * count) + cpk**2 / (2 * degrees))
    return Estimate(cpk, cpk - reach, cpk + reach)


def cpm_interval(
    cpm: float, count: int, *, offset: float, confidence: float = CONFIDENCE
) -> Estimate:
    """Cpm with its approximate interval.

    Args:
        cpm: The index.
        count: Values that it is of.
        offset: Distance of the mean from the target, in deviations.
        confidence: Of the interval, two-sided.

    Raises:
        MalformedChart: count or confidence out of range.

    Source: Boyles, Journal of Quality Technology 23 (1991) 17-26 (Patnaik's chi-square for the
    mean square about the target).
    """
    if count < 2:
        raise MalformedChart(f"expected two or more values, found {count}")
    degrees = count * (1 + offset**2) ** 2 / (1 + 2 * offset**2)
    return cp_interval(cpm, degrees, confidence=confidence)


def performance(values: Numbers, tolerance: Tolerance) -> Performance:
    """Pp, Ppk and Cpm of measured values, and how many lie outside.

    Raises:
        ValuesNotFinite, TooFewValues, MalformedChart: fewer than two finite values in a row.
        NoVariation: all are equal.

    Source: as :func:`indices`, :func:`cp_interval`, :func:`cpk_interval`, :func:`cpm_interval`;
    ISO 22514-2 for performance as apart from capability.
    """
    series = read_series(values, at_least=2)
    described = describe(series)
    process = Process(described.mean, described.deviation)
    found, count = indices(process, tolerance), series.size
    outside = np.zeros(series.shape, dtype=np.bool_)
    if tolerance.lower is not None:
        outside |= series < tolerance.lower
    if tolerance.upper is not None:
        outside |= series > tolerance.upper
    aim = tolerance.aim
    cpm = None
    if found.cpm is not None and aim is not None:
        offset = (process.mean - aim) / process.deviation
        cpm = cpm_interval(found.cpm, count, offset=offset)
    return Performance(
        of=described,
        outside=int(outside.sum()),
        pp=None if found.cp is None else cp_interval(found.cp, count - 1),
        ppk=cpk_interval(found.cpk, count, degrees=count - 1),
        cpm=cpm,
    )


def capability(process: Process, tolerance: Tolerance, *, count: int, degrees: float) -> Capability:
    """Cp and Cpk by the deviation within subgroups, as charts estimate it.

    Args:
        process: Mean and deviation, of :class:`quality.spc.charts.Pair`.
        tolerance: Limits of single values.
        count: Values that the mean is of.
        degrees: Degrees of freedom of the deviation.

    Raises:
        NoVariation: the deviation is not above zero.
        MalformedChart: count or degrees out of range.

    Source: as :func:`indices`, :func:`cp_interval` and :func:`cpk_interval`; ISO 22514-2.
    """
    found = indices(process, tolerance)
    return Capability(
        process=process,
        degrees=degrees,
        cp=None if found.cp is None else cp_interval(found.cp, degrees),
        cpk=cpk_interval(found.cpk, count, degrees=degrees),
    )


def _check(degrees: float, confidence: float) -> None:
    if not degrees > 0 or not 0 < confidence < 1:
        raise MalformedChart(
            f"expected degrees above 0 and a confidence in 0..1, found {degrees}, {confidence}"
        )


def _chi_square(chance: float, degrees: float) -> float:
    from scipy.special import gammaincinv

    return 2 * float(gammaincinv(degrees / 2, chance))
