"""What an inspection measured: characteristics, values, gauges, and their summary."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Context, Decimal
from typing import Final

from ledger.faults import Fault
from quality.flags import Flag
from quality.limits import limit_faults, limits_of, nominal_flags
from quality.plausible import PlausibleRange, plausible_range
from quality.repeats import repeat_faults
from quality.values import Groups, count, day, decimal, instant, items, part, pointed, text

_SPECIAL: Final = frozenset({"CC", "SC"})
#: Twice the digits of a value and more: sums of two values are never rounded.
_EXACT: Final = Context(prec=80)


def measured_faults(groups: Groups) -> Iterator[Fault]:
    """The faults of the groups ``measurements`` and ``summary``."""
    yield from _characteristic_faults(groups)
    yield from _summary_faults(groups)


def measured_flags(groups: Groups) -> Iterator[Flag]:
    """What was measured that is true but bad."""
    for pointer, characteristic in pointed("", groups, "measurements", "characteristics"):
        yield from _value_flags(groups, pointer, characteristic=characteristic)
        yield from _plausible_flags(pointer, characteristic)
        yield from _gauge_flags(groups, pointer, characteristic=characteristic)
        yield from nominal_flags(pointer, characteristic)
    valued = {text(one, "id") for one in items(groups, "measurements", "characteristics")}
    for pointer, summary in pointed("", groups, "summary", "characteristics"):
        if text(summary, "id") not in valued:
            yield from implausible_extremes(pointer, summary, characteristic=summary)


def measures_special(groups: Groups) -> bool:
    """Whether a special characteristic (CC, SC) was measured."""
    found = items(groups, "measurements", "characteristics")
    return any(text(one, "class") in _SPECIAL for one in found)


def implausible_extremes(
    pointer: str, summary: object, *, characteristic: object
) -> Iterator[Flag]:
    """Extremes of a summary that cannot be, by the range of its characteristic."""
    plausible = _range(characteristic)
    for name in ("minimum", "maximum"):
        value = decimal(summary, name)
        if value is not None and plausible.excludes(value):
            yield _implausible(f"{pointer}/{name}", f"{value}", range_words=str(plausible))
            return


def _characteristic_faults(groups: Groups) -> Iterator[Fault]:
    path = ("measurements", "characteristics")
    yield from repeat_faults("/measurements/characteristics", items(groups, *path), name="id")
    for pointer, characteristic in pointed("", groups, *path):
        yield from limit_faults(pointer, characteristic)
        resolution = decimal(characteristic, "gauge", "resolution")
        if resolution is not None and resolution <= 0:
            yield Fault(f"{pointer}/gauge/resolution", "more than zero", str(resolution))
        limits, special = limits_of(characteristic), text(characteristic, "class")
        if special not in _SPECIAL or not _types_its_limits(groups):
            continue
        if limits.lower is None and limits.upper is None:
            yield Fault(
                pointer, f"a limit, the characteristic being {special}", "none on either side"
            )


def _types_its_limits(groups: Groups) -> bool:
    """Whether the limits stand in the report, no specification being cited."""
    return "lot" in groups and part(groups, "lot", "specification") is None


def _summary_faults(groups: Groups) -> Iterator[Fault]:
    yield from repeat_faults(
        "/summary/characteristics", items(groups, "summary", "characteristics"), name="id"
    )
    counted = {
        text(one, "id"): len(items(one, "values"))
        for one in items(groups, "measurements", "characteristics")
    }
    for pointer, summary in pointed("", groups, "summary", "characteristics"):
        yield from _statistic_faults(pointer, summary)
        values, stated = counted.get(text(summary, "id")), count(summary, "count")
        if values is not None and stated != values:
            yield Fault(f"{pointer}/count", f"{values}, the number of values", str(stated))


def _statistic_faults(pointer: str, summary: object) -> Iterator[Fault]:
    yield from _mean_faults(pointer, summary)
    deviation = decimal(summary, "deviation")
    if deviation is not None and deviation < 0:
        yield Fault(f"{pointer}/deviation", "zero or more", str(deviation))
    low, value, high = (decimal(summary, "ppk", name) for name in ("lower", "value", "upper"))
    if low is not None and value is not None and high is not None and not low <= value <= high:
        yield Fault(f"{pointer}/ppk/value", f"inside its interval {low} to {high}", str(value))


def _mean_faults(pointer: str, summary: object) -> Iterator[Fault]:
    low, mean, high = (decimal(summary, name) for name in ("minimum", "mean", "maximum"))
    if low is None or mean is None or high is None:
        return
    if low > high:
        yield Fault(f"{pointer}/minimum", f"at most the maximum {high}", str(low))
    elif not _is_between(low, mean, high=high):
        yield Fault(f"{pointer}/mean", f"between {low} and {high}", str(mean))


def _is_between(low: Decimal, mean: Decimal, *, high: Decimal) -> bool:
    """A mean may be rounded to fewer places than the values, so half its last place is granted."""
    half = Decimal((0, (5,), int(mean.as_tuple().exponent) - 1))
    return _EXACT.subtract(low, half) <= mean <= _EXACT.add(high, half)


def _value_flags(groups: Groups, pointer: str, *, characteristic: object) -> Iterator[Flag]:
    if text(groups, "verdict", "decision") != "accept":
        return
    limits = limits_of(characteristic)
    read = (decimal(value, "value") for value in items(characteristic, "values"))
    values = [value for value in read if value is not None]
    outside = sum(limits.excludes(value) for value in values)
    if outside:
        yield Flag(
            "outside-limits-accepted",
            pointer,
            en=f"accepted although {outside} of {len(values)} values are outside the limits",
            zh=f"{len(values)} 个测量值中有 {outside} 个超出规格限，但判定为接收",
        )


def _gauge_flags(groups: Groups, pointer: str, *, characteristic: object) -> Iterator[Flag]:
    due, decided = day(characteristic, "gauge", "due_on"), instant(groups, "verdict", "decided_at")
    if due is None or decided is None or decided.date() <= due:
        return
    yield Flag(
        "gauge-overdue",
        f"{pointer}/gauge/due_on",
        en=f"the gauge was due for calibration on {due}, before the verdict of {decided.date()}",
        zh=f"量具校准已于 {due} 到期，判定日期为 {decided.date()}",
    )


def _plausible_flags(pointer: str, characteristic: object) -> Iterator[Flag]:
    """The first value that cannot be, and how many there are."""
    plausible = _range(characteristic)
    found = [
        (place, value)
        for place, one in pointed(pointer, characteristic, "values")
        if (value := decimal(one, "value")) is not None and plausible.excludes(value)
    ]
    if found:
        place, value = found[0]
        others = f" (+ {len(found) - 1})" if len(found) > 1 else ""
        yield _implausible(f"{place}/value", f"{value}{others}", range_words=str(plausible))


def _range(characteristic: object) -> PlausibleRange:
    known = (decimal(characteristic, name) for name in ("nominal", "lower", "upper"))
    return plausible_range(characteristic, is_limited=any(one is not None for one in known))


def _implausible(pointer: str, values: str, *, range_words: str) -> Flag:
    return Flag(
        "value-implausible",
        pointer,
        en=f"{values} can hardly have been measured, plausible is {range_words}",
        zh=f"{values} 不太可能是实测值，合理范围：{range_words}",
    )
