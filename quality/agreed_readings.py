"""Readings put on the specification that their report cites, before the report is signed.

A file of readings names characteristics and units as its machine does, and often carries limits.
Here they become those that were agreed: the number, the class and the unit of the specification,
and no limit typed beside it (docs/spec/masters.md, section 4). A unit that disagrees is a fault
that names the conversion: readings are never converted unasked, for a heading may be wrong, and
so is a value that cannot be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from ledger.faults import Fault
from quality.errors import UnitMismatch, UnknownUnit
from quality.limits import Limits, limits_of
from quality.plausible import PlausibleRange, plausible_range
from quality.unit_table import UNITS
from quality.units import convert, recognise_unit
from quality.values import Groups, decimal, items, part, text

_LIMITS: Final = ("nominal", "lower", "upper")
_MEASURED: Final = ("measurements", "summary")


@dataclass(frozen=True, slots=True)
class AgreedReadings:
    """A report's groups on its specification, what is wrong with them, and what was changed.

    ``faults`` are units that disagree, ``implausible`` values that cannot be.
    """

    groups: dict[str, Any]
    faults: tuple[Fault, ...]
    implausible: tuple[Fault, ...]
    notes: tuple[str, ...]
    limits: Mapping[str, Limits]


def agree_readings(groups: Groups, specification: Groups) -> AgreedReadings:
    """Put the measurements and the summary of a report on a specification.

    Args:
        groups: of an ``inspection-report/v1`` that is not signed yet.
        specification: groups of the ``specification/v1`` that it cites.

    Returns:
        Every characteristic that is found by its number, else by its name, with number, class
        and unit of the specification and without limits; others as they are, and told.
    """
    agreed = items(specification, "characteristics")
    book = _Book(agreed, {})
    changed = {**groups}
    faults: list[Fault] = []
    # A summary has the unit of the values beside it: what is wrong with it is told once.
    told: set[str | None] = set()
    for group in _MEASURED:
        measured = items(groups, group, "characteristics")
        if not measured:
            continue
        made = []
        for position, one in enumerate(measured):
            pointer = f"/{group}/characteristics/{position}"
            found = find_agreed(one, agreed)
            if text(one, "id") not in told:
                faults += _unit_faults(pointer, one, found)
            told.add(text(one, "id"))
            made.append(book.put(one, found, is_summary=group == "summary"))
        changed[group] = {**_members(groups, group), "characteristics": made}
    by_number = {text(one, "number") or "": one for one in agreed}
    implausible = tuple(implausible_faults(changed, by_number))
    limits = {number: limits_of(one) for number, one in by_number.items()}
    return AgreedReadings(changed, tuple(faults), implausible, tuple(book.notes), limits)


def own_readings(groups: Groups) -> AgreedReadings:
    """A report that cites no specification: judged by the limits and units that it types."""
    measured = items(groups, "measurements", "characteristics")
    own = {text(one, "id") or "": one for one in measured}
    limits = {number: limits_of(one) for number, one in own.items()}
    return AgreedReadings({**groups}, (), tuple(implausible_faults(groups, own)), (), limits)


def find_agreed(measured: object, agreed: Sequence[object]) -> object | None:
    """The characteristic of a specification that a measured one is, by number, else by name."""
    given = [text(measured, name) for name in ("id", "name")]
    for one in agreed:
        if given[0] is not None and given[0] == text(one, "number"):
            return one
    names = {_plain(name) for name in given if name}
    found = [one for one in agreed if _plain(text(one, "name") or "") in names]
    # Of two of one name neither is meant more than the other.
    return found[0] if len(found) == 1 else None


def implausible_faults(groups: Groups, agreed: Mapping[str, object]) -> Iterator[Fault]:
    """Values that cannot be; of a summary without its values, its extremes.

    Args:
        groups: of a report.
        agreed: by id, what is known of a characteristic: of its specification, or its own.
    """
    valued = set()
    for position, one in enumerate(items(groups, "measurements", "characteristics")):
        valued.add(text(one, "id"))
        known = _range(one, agreed)
        for at, value in enumerate(items(one, "values")):
            pointer = f"/measurements/characteristics/{position}/values/{at}/value"
            yield from _implausible(pointer, decimal(value, "value"), known)
    for position, one in enumerate(items(groups, "summary", "characteristics")):
        if text(one, "id") not in valued:
            known = _range(one, agreed)
            for name in ("minimum", "maximum"):
                pointer = f"/summary/characteristics/{position}/{name}"
                yield from _implausible(pointer, decimal(one, name), known)


def _implausible(pointer: str, value: Decimal | None, known: PlausibleRange) -> Iterator[Fault]:
    if value is not None and known.excludes(value):
        yield Fault(pointer, f"a plausible value, {known}", f"{value:f}")


def _range(one: object, agreed: Mapping[str, object]) -> PlausibleRange:
    known = agreed.get(text(one, "id") or "")
    if known is None or not _is_same_unit(text(one, "unit"), text(known, "unit")):
        # Numbers of another unit say nothing; that it is another one is told by itself.
        return plausible_range({"unit": text(one, "unit")}) if known is None else PlausibleRange()
    return plausible_range(known)


@dataclass(frozen=True, slots=True)
class _Book:
    """Puts characteristics on the agreed ones; the notes stand once each."""

    agreed: Sequence[object]
    notes: dict[str, None]

    def put(self, measured: object, found: object | None, *, is_summary: bool) -> Any:
        if not isinstance(measured, dict):
            return measured
        name = text(measured, "id") or text(measured, "name") or "?"
        if found is None:
            self._tell(f"the specification has no characteristic {name!r}: it has no limits")
            return measured
        number = text(found, "number")
        if text(measured, "id") != number:
            self._tell(f"{name!r} is {number} {text(found, 'name')!r} of the specification")
        kept = {key: value for key, value in measured.items() if key not in _LIMITS}
        kept = {**kept, "id": number}
        kept.setdefault("name", text(found, "name"))
        if part(measured, "unit") is None or _is_same_unit(
            text(measured, "unit"), text(found, "unit")
        ):
            kept["unit"] = text(found, "unit")
        if not is_summary:
            kept["class"] = text(found, "class")
            self._compare(str(number), limits_of(measured), limits_of(found))
        return kept

    def _compare(self, number: str, typed: Limits, agreed: Limits) -> None:
        for side, given, wanted in (
            ("lower", typed.lower, agreed.lower),
            ("upper", typed.upper, agreed.upper),
        ):
            if given is not None and given != wanted:
                self._tell(
                    f"{number}: the file has the {side} limit {given:f}, the specification "
                    f"{'none' if wanted is None else f'{wanted:f}'}: the specification counts"
                )

    def _tell(self, text_of: str) -> None:
        self.notes[text_of] = None


def _unit_faults(pointer: str, measured: object, agreed: object | None) -> Iterator[Fault]:
    given, wanted = text(measured, "unit"), text(agreed, "unit")
    if given is None or wanted is None or _is_same_unit(given, wanted):
        return
    code = _code(given)
    yield Fault(
        f"{pointer}/unit",
        f"{_named(wanted)} as the specification has it",
        f"{_named(code)}{_conversion(code, wanted)}",
    )


def _conversion(given: str, wanted: str) -> str:
    """What one of the given unit is in the wanted one, in words; a temperature has an offset."""
    try:
        one = convert(Decimal(1), given, target=wanted)
        zero = convert(Decimal(0), given, target=wanted)
    except UnknownUnit:
        return ""
    except UnitMismatch:
        return ", which nothing converts"
    offset = f" plus {zero:f}" if zero else ""
    factor = f"{one - zero:.12f}".rstrip("0").rstrip(".")
    return f": {given} times {factor}{offset} is {wanted}; convert the values, or mend the unit"


def _named(unit: str) -> str:
    return f"{unit} ({UNITS[unit].en})" if unit in UNITS else unit


def _is_same_unit(given: str | None, wanted: str | None) -> bool:
    return given is not None and wanted is not None and _code(given) == _code(wanted)


def _code(spelling: str) -> str:
    try:
        return recognise_unit(spelling)
    except UnknownUnit:
        return spelling


def _plain(name: str) -> str:
    return "".join(name.casefold().split())


def _members(groups: Groups, name: str) -> dict[str, Any]:
    found = groups.get(name)
    return dict(found) if isinstance(found, Mapping) else {}
