"""``lotmark study --counts``: charts of defective units and of defects."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from api.cli.faults import CommandFault
from api.cli.output import Output
from api.cli.studying_tables import OpenTable, open_table
from api.cli.studying_words import points_told, refused
from quality.errors import StatisticsError

if TYPE_CHECKING:
    from quality.spc.charts import Chart
    from quality.spc.runs import Rule, Signal

_NAMES: Final = {
    "p": ("proportion defective (p)", "不合格品率 (p)"),
    "np": ("defective units (np)", "不合格品数 (np)"),
    "c": ("defects (c)", "缺陷数 (c)"),
    "u": ("defects per unit (u)", "单位缺陷数 (u)"),
}


def study_counts(output: Output, file: Path, *, language: str, asked: Mapping[str, Any]) -> None:
    """Tell the chart of a column of counts.

    Raises:
        CommandFault: a column is missing, or no chart follows from the counts.
        click.UsageError: the chart needs sizes, or has none.
    """
    from quality.spc.attributes import beyond_chance
    from quality.spc.runs import Rule, signals

    kind = asked["counts"]
    if (kind == "c") != (asked["sizes"] is None):
        raise click.UsageError(
            "a c chart is of samples of one size: leave out --sizes, or ask for a u chart"
            if kind == "c"
            else f"a chart {kind} needs the sizes of its samples: name them with --sizes"
        )
    opened = open_table(file, asked)
    name, counts, sizes = _counted(opened, asked)
    rules: tuple[Rule, ...] = asked["rules"] or (Rule.N1,)
    try:
        chart = _chart(kind, counts, sizes)
        found = signals(chart.scores(), rules)
        chance = beyond_chance(chart, sizes)
    except StatisticsError as fault:
        raise refused(fault, name, language) from fault
    is_zh = language == "zh"
    told = points_told([f"{one.rule} @ {one.at + 1}" for one in found], is_zh)
    for line in _lines(chart, kind, chance, is_zh):
        output.say(line if line.startswith(" ") else f"{name}{'：' if is_zh else ': '}{line}")
    output.say(f"  报警（规则 @ 点）：{told}" if is_zh else f"  signals (rule @ point): {told}")
    members = _members(chart, kind, found, chance)
    output.result({"file": str(file), "name": name, "counts": members | {"rules": [*rules]}})


def _counted(opened: OpenTable, asked: Mapping[str, Any]) -> tuple[str, list[float], list[float]]:
    """The column of counts and the sizes of the samples; a row without a count is none.

    Raises:
        CommandFault: a column is missing, or a size.
    """
    size = _whole(asked["sizes"])
    column = None if asked["sizes"] is None or size else opened.heading(asked["sizes"], "--sizes")
    name = opened.only_heading(asked["column"], (column or "",))
    counts: list[float] = []
    sizes: list[float] = []
    for row in opened.rows:
        count = opened.number(row, name)
        if count is None:
            continue
        of = float(size or 1) if column is None else opened.number(row, column)
        if of is None:
            raise CommandFault(
                "malformed-chart",
                f"{opened.table.place(row.number, column or '')}: expected the size of the sample, "
                "found none",
                remedy="State the size of each sample.",
            )
        counts.append(count)
        sizes.append(of)
    return name, counts, sizes


def _whole(text: str | None) -> int | None:
    """One size of all samples, where a number was named and no column."""
    return int(text) if text is not None and text.isdecimal() and int(text) > 0 else None


def _chart(kind: str, counts: list[float], sizes: list[float]) -> Chart:
    from quality.errors import MalformedChart
    from quality.spc.attributes import c_chart, np_chart, p_chart, u_chart

    match kind:
        case "p":
            return p_chart(counts, sizes)
        case "u":
            return u_chart(counts, sizes)
        case "c":
            return c_chart(counts)
    if len(set(sizes)) > 1 or not all(one.is_integer() for one in sizes):
        raise MalformedChart("expected samples of one whole size for np, found others: ask for p")
    return np_chart(counts, int(sizes[0]) if sizes else 1)


def _lines(chart: Chart, kind: str, chance: float, is_zh: bool) -> tuple[str, str]:
    lower, upper = _span(chart.lower), _span(chart.upper)
    every = f"{1 / chance:.0f}" if chance > 0 else "∞"
    points = chart.points.size
    if is_zh:
        return (
            f"{points} 个样本，{_NAMES[kind][1]}图：中心线 {chart.center:.6g}，"
            f"下限 {lower}，上限 {upper}",
            f"  误报率（按计数分布本身）：稳定过程每 {every} 个样本有 1 个超限",
        )
    return (
        f"{points} samples, chart of {_NAMES[kind][0]}: center {chart.center:.6g}, "
        f"lower limit {lower}, upper limit {upper}",
        f"  false alarms (by the distribution of counts itself): 1 sample in {every} of a stable "
        "process lies beyond a limit",
    )


def _span(limits: Any) -> str:
    """A limit, or from where to where it goes with the sizes of the samples."""
    least, most = float(limits.min()), float(limits.max())
    return f"{least:.6g}" if least == most else f"{least:.6g}..{most:.6g}"


def _members(chart: Chart, kind: str, found: tuple[Signal, ...], chance: float) -> dict[str, Any]:
    return {
        "chart": kind,
        "plotted": chart.plotted,
        "center": chart.center,
        "points": chart.points.tolist(),
        "lower": chart.lower.tolist(),
        "upper": chart.upper.tolist(),
        "signals": [{"point": one.at + 1, "rule": one.rule} for one in found],
        "beyond_chance": chance,
    }
