"""Values that their gauge cannot have read, and gauges that cannot tell good from bad."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from quality.findings.finding import EN, ZH, Finding, Thresholds
from quality.findings.reported import Reported, Series, spread, step_of

#: Values off the grid before it is more than one that was typed wrong.
_OFF_LEAST: Final = 3
_OFF_SHARE: Final = 0.1


def resolution_findings(reports: Sequence[Reported], limits: Thresholds) -> Iterator[Finding]:
    """Series finer than the gauge that is named, and gauges too coarse for the tolerance."""
    for report in reports:
        for series in report.series:
            if not series.values:
                continue
            if series.resolution is not None and series.resolution > 0:
                yield from _finer(series, series.resolution)
            yield from _coarser(series, limits)


def _finer(series: Series, resolution: Decimal) -> Iterator[Finding]:
    """Values between the steps of the gauge, wherever these begin: a gauge may be zeroed."""
    step = Fraction(resolution)
    unit = Fraction(1, 10**series.scale)
    rests = Counter((value * unit) % step for value in series.values)
    count = len(series.values)
    off = count - max(rests.values())
    if off < max(_OFF_LEAST, _OFF_SHARE * count):
        return
    yield Finding(
        "finer-than-gauge",
        None,
        (series.whole,),
        f"{EN}values that the gauge did not read: {off} of {count} lie between its steps of "
        f"{resolution}",
        f"{ZH}非量具实测值：{count} 个数值中有 {off} 个不在量具分辨力 {resolution} 的刻度上",
    )


def _coarser(series: Series, limits: Thresholds) -> Iterator[Finding]:
    if series.lower is None or series.upper is None or not series.lower < series.upper:
        return
    step = _known_step(series, limits)
    width = Fraction(series.upper) - Fraction(series.lower)
    if step is None or step * limits.tolerance_steps <= width:
        return
    parts = float(width / step)
    yield Finding(
        "gauge-too-coarse",
        None,
        (series.whole,),
        f"{EN}too coarse a gauge: steps of {float(step):g} divide the tolerance into {parts:.1f}, "
        f"not {limits.tolerance_steps} parts",
        f"{ZH}量具分辨力不足：步距 {float(step):g} 仅将公差分为 {parts:.1f} 份，"
        f"应为 {limits.tolerance_steps} 份",
    )


def _known_step(series: Series, limits: Thresholds) -> Fraction | None:
    """What the gauge is said to resolve; else the step that values lie on, where they show it.

    Of values that spread over half a step or more, a gauge twice as fine would put every second
    one between the steps: twenty on them leave a chance below one in 100,000.
    """
    if series.resolution is not None and series.resolution > 0:
        return Fraction(series.resolution)
    step = step_of(series.values)
    if len(series.values) < limits.coarse_values or not 0 < step <= 2 * spread(series.values):
        return None
    return Fraction(step, 10**series.scale)
