"""One characteristic as a whole: charts, signals, capability, and what to be careful about."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np

from quality.errors import MalformedChart
from quality.spc.capability import (
    Capability,
    Performance,
    Tolerance,
    capability,
    performance,
)
from quality.spc.charts import Pair, individuals, xbar_r, xbar_s
from quality.spc.descriptive import Description, autocorrelation, describe
from quality.spc.false_alarms import FalseAlarms, false_alarms
from quality.spc.normality import AT_LEAST, Normality, anderson_darling
from quality.spc.runs import DEFAULT_RULES, Rule, Signal, signals
from quality.spc.series import Floats, Numbers, cut_subgroups, read_series

#: How rare something must be on a stable, normal process before it is warned of.
LEVEL: Final = 0.05
#: Fewer values give intervals too wide to decide by.
FEW_VALUES: Final = 25
#: Of ranges and deviations, which are skew, one in a hundred is beyond three deviations.
_SPREADS_BEYOND: Final = 0.01
#: Of a million values less is no chance, and no matter either.
_CORRELATION_LEAST: Final = 0.1
#: Subgroups larger than this are charted by their deviations, not their ranges.
_RANGE_SIZE_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class Warn:
    """What to be careful about: a stable code, and a text per language."""

    code: str
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Study:
    """What one series of values says; without limits there is no capability."""

    described: Description
    subgroup: int
    charts: Pair
    rules: tuple[Rule, ...]
    signals: tuple[Signal, ...]
    spread_signals: tuple[int, ...]
    alarms: FalseAlarms
    capability: Capability | None
    performance: Performance | None
    normality: Normality | None
    warnings: tuple[Warn, ...]

    @property
    def is_stable(self) -> bool:
        """Whether the signals are no more than a stable process shows."""
        return all(warning.code != "process-unstable" for warning in self.warnings)


def study(
    values: Numbers,
    tolerance: Tolerance | None = None,
    *,
    subgroup: int = 1,
    rules: tuple[Rule, ...] = DEFAULT_RULES,
) -> Study:
    """Study one characteristic.

    Args:
        values: In the order in which they were made.
        tolerance: Its limits, where it has any.
        subgroup: Values of one subgroup, consecutive; 1 for individual values. Values that fill
            no last subgroup are not charted.
        rules: The run rules of the chart of location.

    Raises:
        ValuesNotFinite, TooFewValues, MalformedChart: no row of finite values, or too few.
        NoVariation: values, or those within subgroups, are all equal.

    Source: AIAG Statistical Process Control, 2nd edition (2005), chapters II to IV (first
    stability, then capability).
    """
    series = read_series(values, at_least=2)
    if not rules:
        raise MalformedChart("expected one or more rules, found none")
    charts, charted = _charts(series, subgroup)
    found = signals(charts.location.scores(), rules)
    alarms = false_alarms(rules)
    normality = anderson_darling(series) if series.size >= AT_LEAST else None
    warnings = (
        *_stability(charts, found, alarms),
        *_normality(normality),
        *_dependence(series),
        *_amount(series),
    )
    return Study(
        described=describe(series),
        subgroup=subgroup,
        charts=charts,
        rules=rules,
        signals=found,
        spread_signals=tuple(int(at) for at in charts.dispersion.outside()),
        alarms=alarms,
        capability=None if tolerance is None else _within(charts, tolerance, charted),
        performance=None if tolerance is None else performance(series, tolerance),
        normality=normality,
        warnings=warnings,
    )


def _charts(series: Floats, subgroup: int) -> tuple[Pair, int]:
    if subgroup == 1:
        return individuals(series), series.size
    groups = cut_subgroups(series, subgroup)
    return (xbar_r if subgroup <= _RANGE_SIZE_MAX else xbar_s)(groups), groups.size


def _within(charts: Pair, tolerance: Tolerance, charted: int) -> Capability:
    return capability(charts.process, tolerance, count=charted, degrees=charts.degrees)


def _stability(charts: Pair, found: tuple[Signal, ...], alarms: FalseAlarms) -> tuple[Warn, ...]:
    """Signals, judged by how many a stable chart of this length shows by itself."""
    points = charts.location.points.size
    beyond = int(charts.dispersion.outside().size)
    # Before the rules: those that were asked for may see no single point far away.
    farthest = float(np.abs(charts.location.scores()).max())
    # Three looks at one chart, each at a third of the level.
    each = LEVEL / 3
    is_far = points * _tail(farthest) <= each
    if not found and not beyond and not is_far:
        return ()
    starts = _episodes(found)
    expected = points * alarms.alarms_per_point
    is_rare = (
        _at_least(starts, expected) <= each
        or _at_least(beyond, _SPREADS_BEYOND * points) <= each
        or is_far
    )
    told_en = f"{starts} alarms and {beyond} spreads beyond their limit in {points} points"
    told_zh = f"{points} 个点中有 {starts} 次报警、{beyond} 个离散值超限"
    if is_far:
        told_en += f", one of them {farthest:.1f} deviations from the center line"
        told_zh += f"，最远点距中心线 {farthest:.1f} 个标准差"
    usual_en = f"a stable process shows about {expected:.1f} alarms"
    usual_zh = f"稳定过程约有 {expected:.1f} 次误报"
    if is_rare:
        return (
            Warn(
                "process-unstable",
                f"the process is not stable: {told_en}; {usual_en}. "
                "Cp and Cpk say nothing of it, Pp and Ppk only of the past",
                f"过程不稳定：{told_zh}；{usual_zh}。Cp、Cpk 无意义，Pp、Ppk 仅反映过去",
            ),
        )
    return (
        Warn(
            "signals-to-explain",
            f"{told_en}; {usual_en}: look for the causes",
            f"{told_zh}；{usual_zh}：请查找原因",
        ),
    )


def _episodes(found: tuple[Signal, ...]) -> int:
    """Alarms, those at neighbouring points being one."""
    places = sorted({signal.at for signal in found})
    return sum(1 for before, at in zip([-2, *places], places, strict=False) if at - before > 1)


def _at_least(found: int, expected: float) -> float:
    """The chance of so many rare events or more where so many are expected (Poisson)."""
    from scipy.special import pdtrc

    return 1.0 if found == 0 else float(pdtrc(found - 1, expected))


def _tail(score: float) -> float:
    from scipy.special import ndtr

    return 2 * float(ndtr(-score))


def _normality(normality: Normality | None) -> tuple[Warn, ...]:
    if normality is None or normality.p_value > LEVEL:
        return ()
    p_value = f"{normality.p_value:.2g}" if normality.p_value >= 1e-6 else "< 0.000001"
    return (
        Warn(
            "not-normal",
            f"the values are not of a normal distribution (Anderson-Darling p {p_value}): indices "
            "and false alarm rate, which rest on one, mislead; steps of the gauge near the spread "
            "of the values do this too",
            f"数值不服从正态分布（Anderson-Darling p {p_value}）：能力指数和误报率以正态为前提，"
            "会产生误导；量具分辨力接近数值离散时亦会如此",
        ),
    )


def _dependence(series: Floats) -> tuple[Warn, ...]:
    correlation = autocorrelation(series) if series.size >= AT_LEAST else 0.0
    # Its mean is about -1/n where values do not depend on each other.
    excess = abs(correlation + 1 / series.size) * sqrt(series.size)
    if _tail(excess) > LEVEL / 5 or abs(correlation) < _CORRELATION_LEAST:
        return ()
    return (
        Warn(
            "values-follow-one-another",
            f"each value depends on the one before it (correlation {correlation:.2f}): limits and "
            "false alarm rate, which take them for independent, mislead",
            f"相邻数值相关（自相关系数 {correlation:.2f}）：控制限和误报率以独立为前提，会产生误导",
        ),
    )


def _amount(series: Floats) -> tuple[Warn, ...]:
    if series.size >= FEW_VALUES:
        return ()
    return (
        Warn(
            "few-values",
            f"{series.size} values: read the intervals, not the indices",
            f"仅 {series.size} 个数值：请看区间，而非指数本身",
        ),
    )
