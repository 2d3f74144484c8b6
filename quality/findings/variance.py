"""Values that differ less than this characteristic has ever differed.

A report is compared with the other reports of the characteristic: its variance, within cavities
where these are named, with the median of theirs. The median, since one odd report among them must
not make the others look good. Rounding is on the safe side: a quarter of a squared step is added,
and where the usual deviation is a few steps only nothing is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

from quality.findings.finding import EN, ZH, Finding, Thresholds
from quality.findings.reported import Reported, Series, mean_square, step_of

#: How much of a mean a median of variances is worth: its efficiency, rounded down.
_OF_MEDIAN = 0.5


@dataclass(frozen=True, slots=True)
class _Within:
    """A series with its variance within cavities, in squared units, and its degrees of freedom."""

    series: Series
    root: str
    variance: float
    degrees: int
    step: float


def variance_findings(reports: Sequence[Reported], limits: Thresholds) -> Iterator[Finding]:
    """Series whose spread is far below that of the other reports."""
    groups: defaultdict[tuple[str, ...], list[_Within]] = defaultdict(list)
    for report in reports:
        for series in report.series:
            within = _within(series, report.root)
            if within is not None:
                groups[series.of].append(within)
    compared = [
        (one, others)
        for group in groups.values()
        for one in group
        if len(others := [other for other in group if other.root != one.root])
        >= limits.spread_reports
    ]
    for one, others in compared:
        found = _compare(one, others, limits)
        if found is not None and found[1] <= limits.level / len(compared):
            yield _finding(one, *found)


def _within(series: Series, root: str) -> _Within | None:
    cavities: defaultdict[str | None, list[int]] = defaultdict(list)
    names = series.cavities or (None,) * len(series.values)
    for cavity, value in zip(names, series.values, strict=True):
        cavities[cavity].append(value)
    degrees = sum(len(values) - 1 for values in cavities.values())
    if degrees < 2:
        return None
    squares = sum((len(values) - 1) * mean_square(values) for values in cavities.values())
    unit = 10.0**-series.scale
    return _Within(
        series, root, squares / degrees * unit**2, degrees, step_of(series.values) * unit
    )


def _compare(
    one: _Within, others: Sequence[_Within], limits: Thresholds
) -> tuple[float, float] | None:
    """The ratio of deviations and its p-value; None where it says nothing."""
    from scipy.special import fdtr

    usual = median(other.variance for other in others)
    step = max(median(other.step for other in others), 10.0**-one.series.scale)
    if usual < (limits.spread_steps * step) ** 2 or not usual > 0:
        return None
    variance = one.variance + step**2 / 4
    ratio = sqrt(variance / usual)
    if ratio > limits.spread_ratio:
        return None
    degrees = _OF_MEDIAN * sum(other.degrees for other in others)
    return ratio, float(fdtr(one.degrees, degrees, variance / usual))


def _finding(one: _Within, ratio: float, p_value: float) -> Finding:
    count = len(one.series.values)
    return Finding(
        "variance-too-small",
        p_value,
        (one.series.whole,),
        f"{EN}too small a variance: {count} values spread over {100 * ratio:.0f} % of what other "
        f"reports of this characteristic show (chance {p_value:.1g})",
        f"{ZH}离散过小：{count} 个数值的标准差仅为该特性其他报告的 {100 * ratio:.0f}%"
        f"（偶然概率 {p_value:.1g}）",
    )
