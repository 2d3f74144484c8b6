"""``lotmark study --gage``: how much of what is measured is the measuring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from api.cli.faults import CommandFault
from api.cli.output import Output
from api.cli.studying_tables import OpenTable, open_table
from api.cli.studying_words import refused
from quality.errors import MalformedChart, StatisticsError

if TYPE_CHECKING:
    from quality.spc.gage import GageStudy
    from quality.spc.series import Floats

_METHODS: Final = {
    "anova": ("analysis of variance", "方差分析法"),
    "average-and-range": ("averages and ranges", "均值极差法"),
}
_SOURCES: Final = {
    "part": ("parts", "零件"),
    "operator": ("operators", "操作者"),
    "operator by part": ("operators by parts", "操作者×零件"),
    "repeatability": ("repeatability", "重复性"),
}
#: Above this share of the study, or below so many categories, AIAG calls a gage unfit.
_SHARE_MAX: Final = 0.3
_DISTINCT_MIN: Final = 5


def study_gage(output: Output, file: Path, *, language: str, asked: Mapping[str, Any]) -> None:
    """Tell the components of a crossed study by both methods.

    Raises:
        CommandFault: a column is missing, or no study follows from the rows.
    """
    from quality.spc.gage import gage_by_anova, gage_by_ranges

    opened = open_table(file, asked)
    name, cube = _measured(opened, asked, language)
    width = _width(asked)
    is_zh = language == "zh"
    parts, operators, trials = cube.shape
    if is_zh:
        output.say(f"{name}：{parts} 个零件，{operators} 名操作者，各测 {trials} 次")
    else:
        output.say(f"{name}: {parts} parts, {operators} operators, {trials} trials of each")
    told: list[dict[str, Any]] = []
    try:
        by_anova = gage_by_anova(cube)
    except StatisticsError as fault:
        raise refused(fault, name, language) from fault
    told.append(_tell(output, by_anova, width=width, is_zh=is_zh))
    try:
        told.append(_tell(output, gage_by_ranges(cube), width=width, is_zh=is_zh))
    except StatisticsError as fault:
        # They see no interaction; the analysis of variance said what there is.
        output.say(f"  {_METHODS['average-and-range'][is_zh]}: {fault.code}: {fault}")
        told.append({"method": "average-and-range", "error": fault.code, "detail": str(fault)})
    output.result(
        {
            "file": str(file),
            "name": name,
            "gage": {"parts": parts, "operators": operators, "trials": trials, "methods": told},
        }
    )


def _measured(opened: OpenTable, asked: Mapping[str, Any], language: str) -> tuple[str, Floats]:
    """The name of the column of values, and these by part, operator and trial."""
    from quality.spc.gage import arrange

    part = opened.heading(asked["part"] or "part", "--part")
    operator = opened.heading(asked["operator"] or "operator", "--operator")
    trial = _trial(opened, asked["trial"])
    name = opened.only_heading(asked["column"], (part, operator, trial or ""))
    parts, operators, values = [], [], []
    seen: set[tuple[str, str, str]] = set()
    for row in opened.rows:
        value = opened.number(row, name)
        if value is None:
            continue
        key = opened.name(row, part), opened.name(row, operator)
        if trial is not None:
            _once((*key, opened.text(row, trial)), seen, opened.table.place(row.number, trial))
        parts.append(key[0])
        operators.append(key[1])
        values.append(value)
    try:
        if not values:
            raise MalformedChart("expected measured values, found none")
        return name, arrange(parts, operators, values=values)
    except StatisticsError as fault:
        raise refused(fault, name, language) from fault


def _trial(opened: OpenTable, name: str | None) -> str | None:
    """The column of trials: the one that was named, else that of this name where there is one."""
    if name is not None:
        return opened.heading(name, "--trial")
    return next((one for one in opened.table.headings if one.casefold() == "trial"), None)


def _once(key: tuple[str, str, str], seen: set[tuple[str, str, str]], place: str) -> None:
    if key in seen:
        raise CommandFault(
            "malformed-chart",
            f"{place}: expected each trial of an operator on a part once, found it again",
            remedy="Correct part, operator or trial of one of the rows.",
        )
    seen.add(key)


def _width(asked: Mapping[str, Any]) -> float | None:
    """From limit to limit, where both were named.

    Raises:
        CommandFault: the lower is not below the upper.
    """
    lower, upper = asked["lower"], asked["upper"]
    if lower is None or upper is None:
        return None
    if not lower < upper:
        raise CommandFault(
            "malformed-limits",
            f"expected {lower} below {upper}",
            remedy="State a lower limit below the upper one.",
        )
    return float(upper - lower)


def _tell(output: Output, found: GageStudy, *, width: float | None, is_zh: bool) -> dict[str, Any]:
    for line in _lines(found, width, is_zh):
        output.say(f"  {line}")
    return _members(found, width)


def _lines(found: GageStudy, width: float | None, is_zh: bool) -> Iterator[str]:
    pooled = ""
    if found.table and found.is_pooled:
        pooled = "（交互作用并入重复性）" if is_zh else " (interaction pooled with repeatability)"
    yield f"{_METHODS[found.method][is_zh]}{pooled}"
    for row in found.table:
        name = _SOURCES[row.source][is_zh]
        of_chance = "" if row.f is None else f", F {row.f:.4g}, p {row.p_value:.3g}"
        degrees, square = ("自由度", "均方") if is_zh else ("degrees", "mean square")
        yield f"  {name}: {degrees} {row.degrees}, {square} {row.mean_square:.4g}{of_chance}"
    figures = found.repeatability, found.reproducibility, found.gage, found.parts, found.total
    names = (
        ("重复性", "再现性", "量具", "零件", "总变差")
        if is_zh
        else ("repeatability", "reproducibility", "gage", "parts", "total")
    )
    yield "  " + ", ".join(f"{a} {b:.4g}" for a, b in zip(names, figures, strict=True))
    yield f"  {_shares(found, width, is_zh)}"
    is_coarse = found.distinct is not None and found.distinct < _DISTINCT_MIN
    if found.share_of_study > _SHARE_MAX or is_coarse:
        yield (
            "注意: 按 AIAG MSA，%GRR 大于 30% 或区分数小于 5 的量具不适用"
            if is_zh
            else "caution: by AIAG MSA a gage above 30 % of the study, or with fewer than 5 "
            "categories, is unfit"
        )


def _shares(found: GageStudy, width: float | None, is_zh: bool) -> str:
    study, variance = 100 * found.share_of_study, 100 * found.share_of_variance
    distinct = "–" if found.distinct is None else str(found.distinct)
    if is_zh:
        of_width = "" if width is None else f"，占公差 {100 * found.share_of_tolerance(width):.1f}%"
        return f"%GRR 占总变差 {study:.1f}%，占方差 {variance:.1f}%{of_width}；区分数 {distinct}"
    of_width = (
        "" if width is None else f", {100 * found.share_of_tolerance(width):.1f} % of the tolerance"
    )
    return (
        f"gage {study:.1f} % of the study, {variance:.1f} % of the variance{of_width}; "
        f"{distinct} distinct categories"
    )


def _members(found: GageStudy, width: float | None) -> dict[str, Any]:
    return {
        "method": found.method,
        "repeatability": found.repeatability,
        "reproducibility": found.reproducibility,
        "operators": found.operators,
        "interaction": found.interaction,
        "gage": found.gage,
        "parts": found.parts,
        "total": found.total,
        "share_of_study": found.share_of_study,
        "share_of_variance": found.share_of_variance,
        "share_of_tolerance": None if width is None else found.share_of_tolerance(width),
        "distinct": found.distinct,
        "pooled": found.is_pooled,
        "table": [
            {
                "source": row.source,
                "degrees": row.degrees,
                "squares": row.squares,
                "f": row.f,
                "p_value": row.p_value,
            }
            for row in found.table
        ],
    }
