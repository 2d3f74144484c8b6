"""Control charts of counts: p, np, c and u.

Limits stand at three deviations of the binomial or Poisson distribution; they are cut where no
count can be: below none, and above all.
"""

from __future__ import annotations

from math import sqrt
from typing import Final

import numpy as np

from quality.errors import MalformedChart, NoVariation
from quality.spc.charts import Chart, Plotted
from quality.spc.series import Floats, Numbers, read_counts, read_series

#: No sample has more units or defects; beyond, the distributions of counts lose their digits.
_UNITS_MAX: Final = 1e12


def p_chart(defectives: Numbers, sizes: Numbers, *, known: float | None = None) -> Chart:
    """The proportion of defective units in samples of whatever sizes.

    Args:
        defectives: Defective units of each sample.
        sizes: Units of each sample.
        known: The proportion of an earlier phase; else that of these samples.

    Raises:
        ValuesNotFinite, TooFewValues, MalformedChart: no counts, more defective than inspected,
            or nothing inspected.
        NoVariation: no unit is defective, or all are: no limit follows.

    Source: NIST/SEMATECH e-Handbook, section 6.3.3.2.
    """
    counts, units = _counts_of_units(defectives, sizes)
    mean = _proportion(counts, units, known)
    spread = np.sqrt(mean * (1 - mean) / units)
    return _chart(Plotted.PROPORTION, counts / units, mean=mean, spread=spread, most=1.0)


def np_chart(defectives: Numbers, size: int, *, known: float | None = None) -> Chart:
    """The number of defective units in samples of one size.

    Raises:
        ValuesNotFinite, TooFewValues, MalformedChart: no counts, or more defective than the size.
        NoVariation: no unit is defective, or all are: no limit follows.

    Source: NIST/SEMATECH e-Handbook, section 6.3.3.2, times the size of the samples.
    """
    counts = read_counts(defectives)
    counts, units = _counts_of_units(counts, np.full(counts.size, size))
    mean = _proportion(counts, units, known)
    spread = np.sqrt(units * mean * (1 - mean))
    return _chart(Plotted.DEFECTIVES, counts, mean=size * mean, spread=spread, most=float(size))


def c_chart(defects: Numbers, *, known: float | None = None) -> Chart:
    """The number of defects in samples of one size.

    Raises:
        ValuesNotFinite, TooFewValues, MalformedChart: no counts.
        NoVariation: there is no defect: no limit follows.

    Source: NIST/SEMATECH e-Handbook, section 6.3.3.1.
    """
    counts = _defects(defects)
    mean = _rate(float(counts.mean()) if known is None else known)
    spread = np.broadcast_to(np.float64(sqrt(mean)), counts.shape)
    return _chart(Plotted.DEFECTS, counts, mean=mean, spread=spread, most=np.inf)


def u_chart(defects: Numbers, units: Numbers, *, known: float | None = None) -> Chart:
    """Defects per unit in samples of whatever sizes, which need not be whole.

    Raises:
        ValuesNotFinite, TooFewValues, MalformedChart: no counts, or nothing inspected.
        NoVariation: there is no defect: no limit follows.

    Source: Montgomery, Introduction to Statistical Quality Control, section 7.3 (u chart).
    """
    counts = _defects(defects)
    sizes = _sizes(units, counts.size)
    mean = _rate(float(counts.sum() / sizes.sum()) if known is None else known)
    spread = np.sqrt(mean / sizes)
    return _chart(Plotted.DEFECTS_PER_UNIT, counts / sizes, mean=mean, spread=spread, most=np.inf)


def _defects(defects: Numbers) -> Floats:
    counts = read_counts(defects)
    if not counts.max() <= _UNITS_MAX:
        raise MalformedChart(f"expected counts up to {_UNITS_MAX:g}, found {counts.max():g}")
    return counts


def _counts_of_units(defectives: Numbers, sizes: Numbers) -> tuple[Floats, Floats]:
    counts = read_counts(defectives)
    units = _sizes(sizes, counts.size)
    wrong = np.flatnonzero(counts > units)
    if wrong.size:
        place = int(wrong[0])
        raise MalformedChart(
            f"sample {place + 1}: expected at most {units[place]:g} defective, "
            f"found {counts[place]:g}"
        )
    return counts, units


def _sizes(sizes: Numbers, samples: int) -> Floats:
    units = read_series(sizes)
    if units.size != samples:
        raise MalformedChart(f"expected {samples} sizes, one a sample, found {units.size}")
    if not units.min() > 0:
        raise MalformedChart(f"expected sizes above zero, found {units.min():g}")
    if not units.max() <= _UNITS_MAX:
        raise MalformedChart(f"expected sizes up to {_UNITS_MAX:g}, found {units.max():g}")
    return units


def _proportion(counts: Floats, units: Floats, known: float | None) -> float:
    mean = float(counts.sum() / units.sum()) if known is None else known
    if not 0 < mean < 1:
        raise NoVariation(f"expected a proportion between 0 and 1, found {mean:g}")
    return mean


def _rate(mean: float) -> float:
    if not 0 < mean < np.inf:
        raise NoVariation(f"expected some defects, found {mean:g} a sample")
    return mean


def _chart(plotted: Plotted, points: Floats, *, mean: float, spread: Floats, most: float) -> Chart:
    return Chart(
        plotted,
        points,
        mean,
        np.maximum(mean - 3 * spread, 0.0),
        np.minimum(mean + 3 * spread, most),
        spread,
    )


def beyond_chance(chart: Chart, sizes: Numbers) -> float:
    """How often a sample of a stable process lies beyond a limit, in the mean of the samples.

    Limits of three deviations rest on a normal distribution, which few counts do not have; this
    is the chance by the distribution of the counts themselves, at the rate of the center line.

    Args:
        chart: Of counts.
        sizes: Units of each sample, or of all; no matter for a c chart.

    Raises:
        ValuesNotFinite: a size is none.
        MalformedChart: it is no chart of counts.

    Source: Montgomery, Introduction to Statistical Quality Control, sections 7.2 and 7.3
    (operating characteristic of charts of counts).
    """
    from scipy.special import pdtr, pdtrc
    from scipy.stats import binom

    units = np.broadcast_to(np.asarray(sizes, dtype=np.float64), chart.points.shape)
    is_rate = chart.plotted in (Plotted.PROPORTION, Plotted.DEFECTS_PER_UNIT)
    scale = units if is_rate else np.ones_like(chart.points)
    # Sums of products are off in their last bits: a whole limit is not a hair above or below it.
    most = np.floor(np.round(chart.upper * scale, 9))
    least = np.ceil(np.round(chart.lower * scale, 9)) - 1
    expected = chart.center * scale
    if chart.plotted in (Plotted.DEFECTS, Plotted.DEFECTS_PER_UNIT):
        return float(np.mean(pdtrc(most, expected) + np.where(least < 0, 0, pdtr(least, expected))))
    if chart.plotted in (Plotted.PROPORTION, Plotted.DEFECTIVES):
        of = binom(np.rint(units), expected / units)
        return float(np.mean(of.sf(most) + of.cdf(least)))
    raise MalformedChart(f"expected a chart of counts, found one of {chart.plotted}")
