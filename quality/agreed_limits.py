"""An inspection beside the specification that it cites: limits, and what is flagged by them.

An inspection that cites one types no limits (docs/spec/masters.md, section 4); whoever reads
both puts them together here, and finds by the ordinary rules what was measured outside.
Whether the specification is the cited one is the caller's to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from quality.errors import UnitMismatch, UnknownUnit
from quality.flags import Flag
from quality.inspecting.measured import implausible_extremes
from quality.limits import limits_of
from quality.units import convert, recognise_unit
from quality.values import Groups, decimal, items, pointed, text

_LIMITS: Final = ("nominal", "lower", "upper")
_MEASURED: Final = ("measurements", "summary")


def with_agreed_limits(inspection: Groups, specification: Groups) -> Groups:
    """The groups of an inspection with the limits that were agreed on.

    Args:
        inspection: groups of an ``inspection-report/v1`` that types no limits.
        specification: groups of the ``specification/v1`` that it cites.

    Returns:
        The same where nothing was measured. A characteristic that the specification does not
        have by its number, or has in a unit of another quantity, stays without limits; in
        another unit of the same quantity its limits are in the unit that was measured in.
    """
    measurements = inspection.get("measurements")
    if not isinstance(measurements, Mapping):
        return inspection
    agreed = _by_number(specification)
    measured = items(measurements, "characteristics")
    limited = [_limited(one, agreed.get(text(one, "id"))) for one in measured]
    return {**inspection, "measurements": {**measurements, "characteristics": limited}}


def cited_flags(inspection: Groups, specification: Groups) -> Iterator[Flag]:
    """What an inspection shows only beside the specification that it cites.

    Args:
        inspection: its groups, as :func:`with_agreed_limits` takes them.
        specification: groups of the ``specification/v1`` that it cites.
    """
    agreed = _by_number(specification)
    for group in _MEASURED:
        for pointer, one in pointed("", inspection, group, "characteristics"):
            yield from _unspecified(pointer, one, agreed.get(text(one, "id")))
    yield from _summary_flags(inspection, agreed)


def _summary_flags(inspection: Groups, agreed: Mapping[str | None, object]) -> Iterator[Flag]:
    """Extremes beside the limits, where the values themselves are not in the report."""
    valued = {text(one, "id") for one in items(inspection, "measurements", "characteristics")}
    is_accepted = text(inspection, "verdict", "decision") == "accept"
    for pointer, one in pointed("", inspection, "summary", "characteristics"):
        if text(one, "id") in valued:
            continue
        limited = _limited(one, agreed.get(text(one, "id")))
        if is_accepted:
            yield from _accepted_extremes(pointer, limited)
        # What the unit alone forbids is flagged without a specification, too.
        if not any(implausible_extremes(pointer, one, characteristic=one)):
            yield from implausible_extremes(pointer, one, characteristic=limited)


def _accepted_extremes(pointer: str, limited: object) -> Iterator[Flag]:
    limits = limits_of(limited)
    extremes = (decimal(limited, name) for name in ("minimum", "maximum"))
    outside = [value for value in extremes if value is not None and limits.excludes(value)]
    if outside:
        yield Flag(
            "outside-limits-accepted",
            pointer,
            en=f"accepted although {outside[-1]} is outside the limits",
            zh=f"{outside[-1]} 超出规格限，但判定为接收",
        )


def _unspecified(pointer: str, measured: object, agreed: object) -> Iterator[Flag]:
    name = text(measured, "id")
    if agreed is None:
        yield Flag(
            "characteristic-not-specified",
            f"{pointer}/id",
            en=f"the specification cited has no characteristic {name}: it has no limits",
            zh=f"所引用的规格中没有特性 {name}：没有规格限",
        )
        return
    given, wanted = text(measured, "unit"), text(agreed, "unit")
    if given is not None and wanted is not None and _unit(given) != _unit(wanted):
        yield Flag(
            "unit-differs",
            f"{pointer}/unit",
            en=f"{name} was measured in {given}, the specification cited has it in {wanted}",
            zh=f"{name} 的测量单位为 {given}，所引用规格的单位为 {wanted}",
        )


def _by_number(specification: Groups) -> dict[str | None, object]:
    return {text(one, "number"): one for one in items(specification, "characteristics")}


def _limited(measured: Any, agreed: Any) -> Any:
    if not (isinstance(measured, Mapping) and isinstance(agreed, Mapping)):
        return measured
    given, wanted = text(measured, "unit"), text(agreed, "unit")
    if given is None or wanted is None or _unit(given) == _unit(wanted):
        return {**measured, **{name: agreed.get(name) for name in (*_LIMITS, "plausible")}}
    try:
        limits: dict[str, object] = {name: _converted(agreed, name, given) for name in _LIMITS}
        return {**measured, **limits, "plausible": _converted_range(agreed, given)}
    except (UnknownUnit, UnitMismatch):
        # No number of the one says anything of the other: told by its own flag.
        return measured


def _converted(agreed: Mapping[str, Any], name: str, unit: str) -> str | None:
    value = decimal(agreed, name)
    if value is None:
        return None
    return f"{convert(value, _unit(str(agreed['unit'])), target=_unit(unit)):f}"


def _converted_range(agreed: Mapping[str, Any], unit: str) -> dict[str, str] | None:
    """What can be measured at all by the specification, in the unit that was measured in."""
    ends = {name: decimal(agreed, "plausible", name) for name in ("from", "to")}
    source, target = _unit(str(agreed["unit"])), _unit(unit)
    return {
        name: f"{convert(value, source, target=target):f}"
        for name, value in ends.items()
        if value is not None
    } or None


def _unit(spelling: str) -> str:
    """The code of a unit: that of a measurement is written as people write it."""
    try:
        return recognise_unit(spelling)
    except UnknownUnit:
        return spelling
