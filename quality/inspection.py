"""What an inspection report must be, and what it may say that is bad.

Rules for ``inspection-report/v1`` that its schema cannot say. A verdict that contradicts
the report's own numbers is a fault; bad numbers under a lenient verdict are a flag.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Context, Decimal
from typing import Final

from ledger.faults import Fault
from quality.flags import Flag
from quality.limits import limit_faults, limits_of
from quality.repeats import repeat_faults
from quality.units import pieces as pieces_of
from quality.values import Groups, count, day, decimal, instant, items, part, pointed, text

_SPECIAL: Final = frozenset({"CC", "SC"})
#: Twice the digits of a value and more: sums of two values are never rounded.
_EXACT: Final = Context(prec=80)


def inspection_faults(groups: Groups, *, signer: str | None) -> Iterator[Fault]:
    """The faults of an inspection report's groups; ``signer`` is its party, where known."""
    yield from _lot_faults(groups)
    yield from _count_faults(groups)
    yield from _defect_faults(groups)
    yield from _plan_faults(groups)
    yield from _verdict_faults(groups)
    yield from _characteristic_faults(groups)
    yield from _summary_faults(groups)
    yield from _disposition_faults(groups)
    yield from _signer_faults(groups, signer)


def inspection_roles(groups: Groups, *, signer: str | None) -> frozenset[str] | None:
    """Whose it is to inspect at receipt: the receiver's; for another receiver, a laboratory's."""
    receiving = text(groups, "verdict", "stage") == "receiving"
    receiver = text(groups, "lot", "customer")
    if not receiving or signer is None or receiver in (None, signer):
        return None
    return frozenset({"laboratory"})


def inspection_flags(groups: Groups) -> Iterator[Flag]:
    """What an inspection report says that is true but bad."""
    yield from _sampling_flags(groups)
    for pointer, characteristic in pointed("", groups, "measurements", "characteristics"):
        yield from _value_flags(groups, pointer, characteristic=characteristic)
        yield from _gauge_flags(groups, pointer, characteristic=characteristic)
        yield from _nominal_flags(pointer, characteristic)
    yield from _deviation_flags(groups)


def _lot_faults(groups: Groups) -> Iterator[Fault]:
    quantity = decimal(groups, "lot", "quantity")
    if quantity is not None and quantity <= 0:
        yield Fault("/lot/quantity", "more than zero", str(quantity))
    pieces = _pieces(groups)
    if pieces is not None and pieces != pieces.to_integral_value():
        yield Fault("/lot/quantity", "a whole number of pieces", str(quantity))
    made, received = day(groups, "lot", "manufactured_on"), day(groups, "lot", "received_on")
    if made is not None and received is not None and received < made:
        yield Fault("/lot/received_on", f"{made} (manufactured) or later", str(received))


def _pieces(groups: Groups) -> Decimal | None:
    """The lot quantity where it can be compared with units inspected."""
    quantity, unit = decimal(groups, "lot", "quantity"), text(groups, "lot", "unit")
    return None if quantity is None or unit is None else pieces_of(quantity, unit)


def _count_faults(groups: Groups) -> Iterator[Fault]:
    pieces = _pieces(groups)
    inspected, defective = (
        count(groups, "defects", "inspected"),
        count(groups, "defects", "defective"),
    )
    if inspected is not None and defective is not None and defective > inspected:
        yield Fault("/defects/defective", f"at most the {inspected} inspected", str(defective))
    if pieces is None:
        return
    if inspected is not None and inspected > pieces:
        yield Fault("/defects/inspected", f"at most the lot quantity {pieces}", str(inspected))
    sample = count(groups, "plan", "sample")
    if sample is not None and sample > pieces:
        yield Fault("/plan/sample", f"at most the lot quantity {pieces}", str(sample))
    if part(groups, "plan", "whole_lot") is True and inspected not in (None, pieces):
        yield Fault("/defects/inspected", f"the whole lot of {pieces}", str(inspected))


def _defect_faults(groups: Groups) -> Iterator[Fault]:
    defective = count(groups, "defects", "defective")
    for pointer, item in pointed("", groups, "defects", "items"):
        units, nonconformities = count(item, "units"), count(item, "nonconformities")
        if units is not None and defective is not None and units > defective:
            yield Fault(f"{pointer}/units", f"at most the {defective} defective", str(units))
        if units is not None and nonconformities is not None and nonconformities < units:
            yield Fault(
                f"{pointer}/nonconformities", f"at least the {units} units", str(nonconformities)
            )


def _plan_faults(groups: Groups) -> Iterator[Fault]:
    yield from repeat_faults("/plan/classes", items(groups, "plan", "classes"), name="class")
    for pointer, level in pointed("", groups, "plan", "classes"):
        accept, reject = count(level, "accept"), count(level, "reject")
        if accept is not None and reject is not None and accept >= reject:
            yield Fault(
                f"{pointer}/accept", f"less than the rejection number {reject}", str(accept)
            )


def _verdict_faults(groups: Groups) -> Iterator[Fault]:
    """An accepted lot with a critical unit, or with a rejection number reached."""
    if text(groups, "verdict", "decision") != "accept":
        return
    if _units_at_least(groups, "critical") > 0:
        yield Fault("/verdict/decision", "not accept, one unit being critical", "accept")
    for level in items(groups, "plan", "classes"):
        name, reject = text(level, "class"), count(level, "reject")
        if name in (None, "critical") or reject is None:
            continue
        if 0 < reject <= _units_at_least(groups, name):
            yield Fault(
                "/verdict/decision",
                f"not accept, {reject} {name} units being the rejection number",
                "accept",
            )


def _units_at_least(groups: Groups, class_name: str) -> int:
    """How many units of the class are certain: one unit may stand in several items."""
    of_class = (
        item for item in items(groups, "defects", "items") if text(item, "class") == class_name
    )
    return max((count(item, "units") or 0 for item in of_class), default=0)


def _characteristic_faults(groups: Groups) -> Iterator[Fault]:
    path = ("measurements", "characteristics")
    yield from repeat_faults("/measurements/characteristics", items(groups, *path), name="id")
    for pointer, characteristic in pointed("", groups, *path):
        yield from limit_faults(pointer, characteristic)
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


def _disposition_faults(groups: Groups) -> Iterator[Fault]:
    quantity, lot = decimal(groups, "disposition", "quantity"), decimal(groups, "lot", "quantity")
    if quantity is not None and lot is not None and quantity > lot:
        yield Fault("/disposition/quantity", f"at most the lot quantity {lot}", str(quantity))
    used_as_is = text(groups, "disposition", "action") == "use-as-is"
    if used_as_is and part(groups, "disposition", "deviation") is None:
        yield Fault("/disposition/deviation", "a deviation permit for use as is", "none")


def _signer_faults(groups: Groups, signer: str | None) -> Iterator[Fault]:
    """A supplier's look at its own lot is an outgoing inspection, whatever it is called."""
    receiving = text(groups, "verdict", "stage") == "receiving"
    if receiving and signer is not None and text(groups, "lot", "supplier") == signer:
        yield Fault("/verdict/stage", "outgoing, the signer being the lot's supplier", "receiving")


def _sampling_flags(groups: Groups) -> Iterator[Flag]:
    inspected, sample = count(groups, "defects", "inspected"), count(groups, "plan", "sample")
    if inspected is not None and sample is not None and inspected < sample:
        yield Flag(
            "sample-short",
            "/defects/inspected",
            en=f"{inspected} units were inspected, the plan asks for {sample}",
            zh=f"实际检验 {inspected} 件，方案要求 {sample} 件",
        )
    if _has_special(groups):
        yield from _acceptance_flags(groups)


def _has_special(groups: Groups) -> bool:
    found = items(groups, "measurements", "characteristics")
    return any(text(one, "class") in _SPECIAL for one in found)


def _acceptance_flags(groups: Groups) -> Iterator[Flag]:
    """The automotive rule: acceptance number zero where a special characteristic is inspected."""
    for pointer, level in pointed("", groups, "plan", "classes"):
        accept = count(level, "accept")
        if accept:
            yield Flag(
                "acceptance-number-above-zero",
                f"{pointer}/accept",
                en=f"a special characteristic is inspected with acceptance number {accept}, not 0",
                zh=f"特殊特性的接收数为 {accept}，应为 0",
            )


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


def _nominal_flags(pointer: str, characteristic: object) -> Iterator[Flag]:
    nominal = decimal(characteristic, "nominal")
    if nominal is not None and limits_of(characteristic).excludes(nominal):
        yield Flag(
            "nominal-outside-limits",
            f"{pointer}/nominal",
            en=f"the nominal value {nominal} is outside its own limits",
            zh=f"公称值 {nominal} 不在规格限内",
        )


def _deviation_flags(groups: Groups) -> Iterator[Flag]:
    expires = day(groups, "disposition", "deviation", "expires_on")
    decided = instant(groups, "verdict", "decided_at")
    if expires is None or decided is None or decided.date() <= expires:
        return
    yield Flag(
        "deviation-expired",
        "/disposition/deviation/expires_on",
        en=f"the deviation permit expired on {expires}, before the verdict of {decided.date()}",
        zh=f"让步接收单已于 {expires} 失效，判定日期为 {decided.date()}",
    )
