"""``lotmark study --ewma --cusum``: charts that remember, for shifts too small for one point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from api.cli.studying_words import points_told

if TYPE_CHECKING:
    from quality.spc.charts import Chart, Cusum, Pair

#: Where nothing else is asked for; with them the handbook's examples are made.
WEIGHT, WIDTH, ALLOWANCE, DECISION = 0.2, 3.0, 0.5, 5.0


@dataclass(frozen=True, slots=True)
class Shifts:
    """The charts that were asked for, and what they look for a shift from."""

    target: float
    ewma: Chart | None
    cusum: Cusum | None


def shifts_of(pair: Pair, target: float | None, asked: Mapping[str, Any]) -> Shifts:
    """The charts of the points of location: values, or means with the deviation of a mean.

    Raises:
        StatisticsError: nothing follows from a target or a setting of this size.
    """
    from quality.spc.charts import Process, cusum, ewma

    location = pair.location
    center = location.center if target is None else target
    process = Process(center, float(location.spread[0]))
    return Shifts(
        center,
        ewma(
            location.points,
            process=process,
            weight=asked["weight"] or WEIGHT,
            width=asked["width"] or WIDTH,
        )
        if asked["ewma"]
        else None,
        cusum(
            location.points,
            process=process,
            k=ALLOWANCE if asked["allowance"] is None else asked["allowance"],
            h=asked["decision"] or DECISION,
        )
        if asked["cusum"]
        else None,
    )


def shift_lines(found: Shifts, *, is_zh: bool) -> Iterator[str]:
    """What the charts say; points are counted from 1."""
    if (chart := found.ewma) is not None:
        told = points_told([str(at + 1) for at in chart.outside()], is_zh)
        last = f"{chart.lower[-1]:.6g}", f"{chart.upper[-1]:.6g}"
        yield (
            f"EWMA 图：目标 {found.target:.6g}，末点控制限 {last[0]} 至 {last[1]}；超限点：{told}"
            if is_zh
            else f"EWMA: target {found.target:.6g}, limits of the last point {last[0]} to "
            f"{last[1]}; points beyond: {told}"
        )
    if (sums := found.cusum) is not None:
        told = points_told([str(at + 1) for at in sums.signals()], is_zh)
        yield (
            f"CUSUM 图：目标 {found.target:.6g}，容差 {sums.allowance:.4g}，"
            f"判定值 {sums.decision:.4g}；报警点：{told}"
            if is_zh
            else f"CUSUM: target {found.target:.6g}, allowance {sums.allowance:.4g}, decision "
            f"interval {sums.decision:.4g}; points beyond: {told}"
        )


def shift_members(found: Shifts) -> dict[str, Any]:
    """The charts as plain values; one that was not asked for is null."""
    chart, sums = found.ewma, found.cusum
    return {
        "target": found.target,
        "ewma": None
        if chart is None
        else {
            "points": chart.points.tolist(),
            "lower": chart.lower.tolist(),
            "upper": chart.upper.tolist(),
            "signals": [int(at) + 1 for at in chart.outside()],
        },
        "cusum": None
        if sums is None
        else {
            "high": sums.high.tolist(),
            "low": sums.low.tolist(),
            "allowance": sums.allowance,
            "decision": sums.decision,
            "signals": [int(at) + 1 for at in sums.signals()],
        },
    }
