"""Readings: what is found on the pieces of a sample, one after another.

A reading is a JSON object of one member that names its kind (docs/spec/tally.md, section 3):
``measured``, ``defect``, ``good`` or ``withdrawn``. This module judges its form alone; whether
it fits what was read before is :mod:`quality.tally.judging`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from ledger import limits
from ledger.errors import MalformedDecimal, MalformedText
from ledger.strict_json import check_decimal, check_text
from quality.errors import MalformedReading
from quality.tally.plan import CLASSES

#: One bulk reading names no more good pieces than a lot has.
PIECES_MAX: Final = 1_000_000_000
CODE_CHARACTERS_MAX: Final = 64
_INSTANT: Final = re.compile(
    r"(?:19|20|21)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
    r"(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])",
    re.ASCII,
)
_NOTED: Final = ("at", "cavity", "machine", "operator")


@dataclass(frozen=True, slots=True)
class Measured:
    """The value of a characteristic on one piece; ``noted`` are time, cavity, machine, operator.

    ``is_confirmed`` says that a value that is hardly possible was looked at again.
    """

    piece: str
    characteristic: str
    value: str
    noted: tuple[tuple[str, str], ...] = ()
    is_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Defect:
    """A defect of a class on one piece: its code, and how often it is there."""

    piece: str
    class_name: str
    code: str
    nonconformities: int = 1


@dataclass(frozen=True, slots=True)
class Good:
    """One piece on which nothing is wrong, or a number of pieces that nobody has named."""

    piece: str | None = None
    pieces: int = 1


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An earlier reading that was made by mistake: it counts no longer."""

    sequence: int


Reading = Measured | Defect | Good | Withdrawn
_Members = Mapping[str, Any]


def parse_reading(members: object) -> Reading:
    """Read one reading.

    Args:
        members: what strict JSON said.

    Raises:
        MalformedReading: not one of the four kinds, an unknown member, or a value outside its
            form; the text names the place.
    """
    if not isinstance(members, dict) or len(members) != 1:
        raise MalformedReading(f"expected one of {', '.join(_KINDS)}, found another form")
    ((kind, said),) = members.items()
    parse = _KINDS.get(kind)
    if parse is None or not isinstance(said, dict):
        raise MalformedReading(f"expected an object under one of {', '.join(_KINDS)}, found none")
    return parse(said)


def reading_members(reading: Reading) -> dict[str, Any]:
    """The inverse of :func:`parse_reading`: the one form of a reading."""
    match reading:
        case Measured():
            confirmed = {"confirmed": True} if reading.is_confirmed else {}
            said: dict[str, Any] = {
                "piece": reading.piece,
                "characteristic": reading.characteristic,
                "value": reading.value,
                **dict(reading.noted),
                **confirmed,
            }
            return {"measured": said}
        case Defect():
            said = {"piece": reading.piece, "class": reading.class_name, "code": reading.code}
            return {"defect": {**said, "nonconformities": reading.nonconformities}}
        case Good():
            named = reading.piece is not None
            return {"good": {"piece": reading.piece} if named else {"pieces": reading.pieces}}
        case Withdrawn():
            return {"withdrawn": {"sequence": reading.sequence}}


def _measured(said: _Members) -> Measured:
    _expect_names("measured", said, {"piece", "characteristic", "value", "confirmed", *_NOTED})
    confirmed = said.get("confirmed", False)
    if not isinstance(confirmed, bool):
        raise MalformedReading("/measured/confirmed: expected true or false, found another")
    noted = [(name, _code(said, "measured", name)) for name in _NOTED if name in said]
    at = said.get("at")
    if at is not None and not _INSTANT.fullmatch(at):
        raise MalformedReading(
            f"/measured/at: expected a day and a time such as 2026-11-20T09:30:00+01:00, "
            f"found {at[:40]!r}"
        )
    piece, number = (_code(said, "measured", name) for name in ("piece", "characteristic"))
    return Measured(piece, number, _value(said.get("value")), tuple(noted), confirmed)


def _defect(said: _Members) -> Defect:
    _expect_names("defect", said, {"piece", "class", "code", "nonconformities"})
    name = said.get("class")
    if not isinstance(name, str) or name not in CLASSES:
        raise MalformedReading(
            f"/defect/class: expected one of {', '.join(CLASSES)}, found {name!r:.40}"
        )
    count = _count(said.get("nonconformities", 1), "/defect/nonconformities")
    return Defect(_code(said, "defect", "piece"), name, _code(said, "defect", "code"), count)


def _good(said: _Members) -> Good:
    _expect_names("good", said, {"piece", "pieces"})
    if len(said) != 1:
        raise MalformedReading("/good: expected piece or pieces, found both or none")
    if "piece" in said:
        return Good(_code(said, "good", "piece"))
    return Good(None, _count(said["pieces"], "/good/pieces"))


def _withdrawn(said: _Members) -> Withdrawn:
    _expect_names("withdrawn", said, {"sequence"})
    return Withdrawn(parse_sequence(said.get("sequence"), "/withdrawn/sequence"))


def parse_sequence(value: object, place: str) -> int:
    """The number of a reading in its tally.

    Raises:
        MalformedReading: no whole number from 1 on.
    """
    number = _count(value, place)
    most = limits.TALLY_READINGS_MAX
    if number > most:
        raise MalformedReading(f"{place}: expected at most {most}, found {number}")
    return number


def _value(found: object) -> str:
    try:
        return str(check_decimal(found)) if isinstance(found, str) else _refuse_value(found)
    except MalformedDecimal:
        return _refuse_value(found)


def _refuse_value(found: object) -> NoReturn:
    raise MalformedReading(
        f'/measured/value: expected a number as a text, such as "12.50", found {found!r:.40}'
    )


def _expect_names(kind: str, said: _Members, known: set[str]) -> None:
    if unknown := sorted(said.keys() - known):
        raise MalformedReading(
            f"/{kind}: expected members of {', '.join(sorted(known))}, found {unknown[0][:60]!r}"
        )


def _code(said: _Members, kind: str, name: str) -> str:
    found = said.get(name)
    if not is_code(found):
        raise MalformedReading(
            f"/{kind}/{name}: expected one line of 1 to {CODE_CHARACTERS_MAX} characters, "
            f"found {found!r:.40}"
        )
    return str(found)


def is_code(found: object) -> bool:
    """Whether it is a code as records hold it: one line of a few characters."""
    if not isinstance(found, str) or not 0 < len(found) <= CODE_CHARACTERS_MAX or "\n" in found:
        return False
    try:
        check_text(found)
    except MalformedText:
        return False
    return True


def _count(found: object, place: str) -> int:
    is_number = isinstance(found, int) and not isinstance(found, bool)
    if not isinstance(found, int) or not is_number or not 1 <= found <= PIECES_MAX:
        raise MalformedReading(f"{place}: expected a whole number from 1 on, found {found!r:.40}")
    return found


_KINDS: Final[Mapping[str, Callable[[_Members], Reading]]] = {
    "measured": _measured,
    "defect": _defect,
    "good": _good,
    "withdrawn": _withdrawn,
}
