"""What a study says, in English and Chinese and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from api.cli.faults import CommandFault
from api.cli.output import Output
from quality.errors import StatisticsError

if TYPE_CHECKING:
    from quality.spc.charts import Chart
    from quality.spc.columns import Column
    from quality.spc.proportions import Estimate
    from quality.spc.study import Study

#: What to do about statistics that are refused, by code.
STATISTICS_REMEDIES: Final = {
    "values-not-finite": (
        "Correct the value; leave a cell empty where nothing was measured.",
        "请更正该数值；未测量处请留空。",
    ),
    "too-few-values": (
        "Measure more, or take smaller subgroups.",
        "请增加测量，或减小子组。",
    ),
    "no-variation": (
        "Measure with a finer gauge; of equal values no limit follows.",
        "请使用分辨力更高的量具；数值全部相等时得不出控制限。",
    ),
    "malformed-chart": (
        "Correct the subgroup size, the counts or the rows that are named.",
        "请更正子组大小、计数或所指出的行。",
    ),
    "malformed-limits": (
        "State a lower limit below the upper one.",
        "下规格限应小于上规格限。",
    ),
}
_PLOTTED: Final = {
    "mean": ("means", "均值"),
    "range": ("ranges", "极差"),
    "deviation": ("standard deviations", "标准差"),
    "individual": ("individual values", "单值"),
    "moving-range": ("moving ranges", "移动极差"),
}
_TOLD_MAX: Final = 20


def refused(fault: StatisticsError, name: str, language: str) -> CommandFault:
    """Statistics that are refused, as a command refuses: with a remedy in the language."""
    remedy = STATISTICS_REMEDIES.get(fault.code, ("", ""))[language == "zh"]
    return CommandFault(fault.code, f"{name}: {fault}", remedy=remedy)


def points_told(told: Sequence[str], is_zh: bool) -> str:
    """Signals apart by commas: the first of them, and how many more there are."""
    more = len(told) - _TOLD_MAX
    words = ", ".join(told[:_TOLD_MAX]) or ("无" if is_zh else "none")
    if more > 0:
        words += f"，另有 {more} 个" if is_zh else f" and {more} more"
    return words


def tell(output: Output, column: Column, found: Study, *, language: str) -> None:
    """Tell a study in prose."""
    is_zh = language == "zh"
    for line in _lines(column, found, is_zh):
        output.say(line)


def _lines(column: Column, found: Study, is_zh: bool) -> Iterator[str]:
    of = found.described
    unit = f" {column.unit}" if column.unit else ""
    if is_zh:
        yield (
            f"{column.name}：{of.count} 个数值，均值 {of.mean:.6g}{unit}，"
            f"标准差 {of.deviation:.4g}，最小 {of.minimum:.6g}，最大 {of.maximum:.6g}"
        )
    else:
        yield (
            f"{column.name}: {of.count} values, mean {of.mean:.6g}{unit}, s {of.deviation:.4g}, "
            f"from {of.minimum:.6g} to {of.maximum:.6g}"
        )
    for chart in (found.charts.location, found.charts.dispersion):
        yield f"  {_chart(chart, is_zh)}"
    yield f"  {_signals(found, is_zh)}"
    yield f"  {_alarms(found, is_zh)}"
    yield from (f"  {line}" for line in _indices(found, is_zh))
    for warning in found.warnings:
        yield f"  {'注意' if is_zh else 'caution'}: {warning.zh if is_zh else warning.en}"


def _chart(chart: Chart, is_zh: bool) -> str:
    name = _PLOTTED[chart.plotted][is_zh]
    lower, upper = chart.lower[0], chart.upper[0]
    if is_zh:
        return f"{name}图：中心线 {chart.center:.6g}，控制限 {lower:.6g} 至 {upper:.6g}"
    return f"chart of {name}: center {chart.center:.6g}, limits {lower:.6g} to {upper:.6g}"


def _signals(found: Study, is_zh: bool) -> str:
    """Points are counted from 1, as on the chart."""
    told = [f"{signal.rule} @ {signal.at + 1}" for signal in found.signals]
    first = 2 if found.charts.dispersion.plotted == "moving-range" else 1
    spread = _PLOTTED[found.charts.dispersion.plotted][is_zh]
    told += [f"{spread} @ {at + first}" for at in found.spread_signals]
    words = points_told(told, is_zh)
    return f"报警（规则 @ 点）：{words}" if is_zh else f"signals (rule @ point): {words}"


def _alarms(found: Study, is_zh: bool) -> str:
    alarms, rules = found.alarms, ", ".join(found.rules)
    every, first = 1 / alarms.per_point, alarms.run_length
    if is_zh:
        how = "精确" if alarms.is_exact else "模拟"
        return f"误报率（{rules}，{how}）：每 {every:.0f} 点 1 点，平均第 {first:.0f} 点首次误报"
    how = "exact" if alarms.is_exact else "simulated"
    return (
        f"false alarms of {rules} ({how}): 1 point in {every:.0f} of a stable process, the first "
        f"after {first:.0f} in the mean"
    )


def _indices(found: Study, is_zh: bool) -> Iterator[str]:
    within, overall = found.capability, found.performance
    if within is None or overall is None:
        yield "无规格限：不计算能力指数" if is_zh else "no limits: no capability"
        return
    named = (
        ("Cp", within.cp),
        ("Cpk", within.cpk),
        ("Pp", overall.pp),
        ("Ppk", overall.ppk),
        ("Cpm", overall.cpm),
    )
    told = ", ".join(
        f"{name} {one.value:.2f} [{one.lower:.2f}, {one.upper:.2f}]"
        for name, one in named
        if one is not None
    )
    count = overall.of.count
    yield f"{told}（n = {count}，95% 区间）" if is_zh else f"{told} (n = {count}, 95 % intervals)"
    outside = overall.outside
    yield f"超出规格限 {outside} 个" if is_zh else f"{outside} of {count} outside the limits"


def members(column: Column, found: Study) -> dict[str, Any]:
    """A study as plain values; a limit or index that is not there is null."""
    within, overall, normality = found.capability, found.performance, found.normality
    of, alarms = found.described, found.alarms
    first = 2 if found.charts.dispersion.plotted == "moving-range" else 1
    return {
        "name": column.name,
        "unit": column.unit,
        "limits": {"lower": column.lower, "upper": column.upper, "target": column.target},
        "count": of.count,
        "minimum": of.minimum,
        "mean": of.mean,
        "maximum": of.maximum,
        "deviation": of.deviation,
        "subgroup": found.subgroup,
        "charts": [_chart_members(c) for c in (found.charts.location, found.charts.dispersion)],
        "signals": [{"point": one.at + 1, "rule": one.rule} for one in found.signals],
        "spread_signals": [at + first for at in found.spread_signals],
        "rules": list(found.rules),
        "false_alarms": {
            "run_length": alarms.run_length,
            "per_point": alarms.per_point,
            "exact": alarms.is_exact,
        },
        "capability": {
            "cp": _estimate(within.cp if within else None),
            "cpk": _estimate(within.cpk if within else None),
            "pp": _estimate(overall.pp if overall else None),
            "ppk": _estimate(overall.ppk if overall else None),
            "cpm": _estimate(overall.cpm if overall else None),
            "outside": overall.outside if overall else None,
        },
        "normality": None
        if normality is None
        else {"anderson_darling": normality.statistic, "p_value": normality.p_value},
        "stable": found.is_stable,
        "warnings": [{"code": w.code, "en": w.en, "zh": w.zh} for w in found.warnings],
    }


def _chart_members(chart: Chart) -> dict[str, Any]:
    return {
        "plotted": chart.plotted,
        "center": chart.center,
        "lower": float(chart.lower[0]),
        "upper": float(chart.upper[0]),
    }


def _estimate(one: Estimate | None) -> dict[str, float] | None:
    return None if one is None else {"value": one.value, "lower": one.lower, "upper": one.upper}
