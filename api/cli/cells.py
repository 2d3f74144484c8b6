"""From the text of a cell to the value that a record carries.

Measured values stay the digits that were written; only a decimal comma becomes a point.
A cell that could mean two things is refused, with what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Final

from keys.errors import KeysError
from keys.identifiers import Origin, parse_slug, party_did
from ledger.errors import MalformedDecimal
from ledger.strict_json import check_decimal
from quality.errors import UnknownUnit
from quality.units import recognise_unit

_NUMBER: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?", re.ASCII)
_INTEGER: Final = re.compile(r"-?(0|[1-9]\d{0,15})", re.ASCII)
_OFFSET: Final = re.compile(r"Z|[+-](0\d|1[0-4]):[0-5]\d", re.ASCII)
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_DAY: Final = re.compile(
    r"(?P<y>\d{4})(?:-|/|\.|年)(?P<m>\d{1,2})(?:-|/|\.|月)(?P<d>\d{1,2})日?"
    r"|(?P<d2>\d{1,2})\.(?P<m2>\d{1,2})\.(?P<y2>\d{4})",
    re.ASCII,
)
_TIME: Final = re.compile(
    r"(?P<h>\d{1,2}):(?P<n>\d{2})(?::(?P<s>\d{2})(?P<f>\.\d{1,6})?)?\s*(?P<o>Z|[+-]\d{2}:\d{2})?",
    re.ASCII,
)
_SEPARATORS: Final = re.compile(r"[,;、，；\n]+")
_RANGE: Final = re.compile(r"(\S+?)\s*[-–]\s*(\S+)")
_WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_YES: Final = frozenset({"true", "yes", "ja", "是", "1", "x"})
_NO: Final = frozenset({"false", "no", "nein", "否", "0", ""})


class DecimalSign(Enum):
    """What separates the whole from the fraction."""

    POINT = "point"
    COMMA = "comma"


class Kind(Enum):
    """What the schema of a type wants at a place."""

    TEXT = "text"
    DECIMAL = "decimal"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DAY = "day"
    INSTANT = "instant"
    PARTY = "party"
    UNIT = "unit"
    MEASURE = "unit or code"
    CLOCK = "time of day"
    LIST = "list"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a place takes: a kind, the words it is limited to, and whether it may be null."""

    kind: Kind
    words: tuple[str, ...] = ()
    is_nullable: bool = False


@dataclass(frozen=True, slots=True)
class CellReading:
    """How the cells of one table are read.

    ``offset`` is the time zone of instants that name none, ``clock`` the time of day of those
    that are days alone; ``words`` replaces what a table writes by what the type calls it.
    """

    origin: Origin
    decimal: DecimalSign = DecimalSign.POINT
    offset: str | None = None
    words: Mapping[str, str] | None = None
    clock: str | None = None


class CellRefused(ValueError):
    """A cell that has no value of the kind: what was expected, and what to do."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found!r}")
        self.expected = expected
        self.found = found


def is_number(cell: str) -> bool:
    """Whether a cell is a number in either notation."""
    return _NUMBER.fullmatch(cell) is not None


def is_offset(text: str) -> bool:
    """Whether a text is the offset of a time zone, ``Z`` or ``+08:00``."""
    return _OFFSET.fullmatch(text) is not None


def is_clock(text: str) -> bool:
    """Whether a text is a time of day, ``09:30``."""
    return _CLOCK.fullmatch(text) is not None


def read_cell(cell: str, wanted: Wanted, reading: CellReading) -> Any:
    """The value of a cell that is not empty.

    Raises:
        CellRefused: it has none of the kind wanted.
    """
    cell = (reading.words or {}).get(cell, cell)
    if wanted.is_nullable and cell.lower() in {"null", "-", "–", "/"}:
        return None
    match wanted.kind:
        case Kind.DECIMAL:
            return read_decimal(cell, reading.decimal)
        case Kind.INTEGER:
            return _integer(cell)
        case Kind.BOOLEAN:
            return _boolean(cell)
        case Kind.DAY:
            return _day(cell).isoformat()
        case Kind.INSTANT:
            return _instant(cell, reading)
        case Kind.PARTY:
            return _party(cell, reading.origin)
        case Kind.UNIT:
            return _unit(cell)
        case Kind.MEASURE:
            return _measure(cell)
        case Kind.CLOCK:
            return _clock(cell)
        case Kind.LIST:
            return _list(cell, wanted.words, reading.words or {})
    if wanted.words and cell not in wanted.words:
        raise CellRefused(f"one of {', '.join(wanted.words)}", cell)
    return cell


def read_decimal(cell: str, decimal: DecimalSign) -> str:
    """A decimal as a record writes it.

    Raises:
        CellRefused: another form; thousands are not grouped, and there is no exponent.
    """
    if decimal is DecimalSign.COMMA:
        if "." in cell:
            raise CellRefused("a decimal comma and no point (this table uses commas)", cell)
        text = cell.replace(",", ".", 1)
    else:
        text = cell
    if "," in text:
        hint = (
            "no comma" if decimal is DecimalSign.COMMA else "a decimal point (or --decimal comma)"
        )
        raise CellRefused(f"{hint}, thousands not grouped", cell)
    try:
        check_decimal(text)
    except MalformedDecimal as fault:
        raise CellRefused("a number such as 12.50 or -0.3, without + or exponent", cell) from fault
    return text


def _unit(cell: str) -> str:
    try:
        return recognise_unit(cell)
    except UnknownUnit as fault:
        hint = str(fault).partition(": did you mean ")[2].removesuffix("?")
        meant = f", perhaps {hint}" if hint else ""
        raise CellRefused(f"a unit of UN/ECE Recommendation 20{meant}", cell) from fault


def _measure(cell: str) -> str:
    """A unit where other codes may stand, too: a hardness has a scale, and no unit."""
    try:
        return recognise_unit(cell)
    except UnknownUnit:
        return cell


def _clock(cell: str) -> str:
    found = _TIME.fullmatch(cell)
    text = f"{int(found['h']):02}:{found['n']}" if found and not found["o"] else cell
    if (_CLOCK.fullmatch(text) or text == "24:00") and not (found and found["f"]):
        return text
    raise CellRefused("a time of day such as 07:30", cell)


def _list(cell: str, known: tuple[str, ...], words: Mapping[str, str]) -> list[str]:
    """The items of a cell, apart by commas; of items that have an order, ``mon-fri`` too."""
    items: list[str] = []
    for piece in filter(None, (part.strip() for part in _SEPARATORS.split(cell))):
        span = _RANGE.fullmatch(piece) if known else None
        ends = [words.get(end, end) for end in span.groups()] if span else []
        if ends and all(end in known for end in ends):
            items += _span(ends[0], ends[1], known=known, cell=cell)
        else:
            items.append(words.get(piece, piece))
    strange = next((item for item in items if known and item not in known), None)
    if strange is not None or not items:
        raise CellRefused(f"items of {', '.join(known)}" if known else "items", strange or cell)
    return list(dict.fromkeys(items))


def _span(first: str, last: str, *, known: tuple[str, ...], cell: str) -> tuple[str, ...]:
    """Everything from one item to another; a week goes on after its last day."""
    begin, end = known.index(first), known.index(last)
    if begin <= end:
        return known[begin : end + 1]
    if known == _WEEK:
        return (*known[begin:], *known[: end + 1])
    raise CellRefused(f"a range in the order of {', '.join(known)}", cell)


def _integer(cell: str) -> int:
    if not _INTEGER.fullmatch(cell):
        raise CellRefused("a whole number", cell)
    return int(cell)


def _boolean(cell: str) -> bool:
    if cell.lower() in _YES:
        return True
    if cell.lower() in _NO:
        return False
    raise CellRefused("yes or no", cell)


def _day(cell: str) -> date:
    # Spreadsheets append midnight to a day when they export it.
    text = re.sub(r"[ T]0?0:00(:00)?$", "", cell)
    found = _DAY.fullmatch(text)
    if found is None:
        raise CellRefused("a day such as 2026-11-20, 2026/11/20 or 20.11.2026", cell)
    parts = [found[name] or found[f"{name}2"] for name in ("y", "m", "d")]
    try:
        return date(*(int(part) for part in parts))
    except ValueError as fault:
        raise CellRefused("a day that exists", cell) from fault


def _instant(cell: str, reading: CellReading) -> str:
    day_text, _, time_text = cell.replace("T", " ", 1).partition(" ")
    if not time_text.strip() and _DAY.fullmatch(day_text):
        if reading.clock is None:
            raise CellRefused("a time of day: write '2026-11-20 09:30', or say --time 09:30", cell)
        time_text = reading.clock
    found = _TIME.fullmatch(time_text.strip())
    if found is None:
        raise CellRefused("a day and a time such as 2026-11-20 09:30", cell)
    zone = found["o"] or reading.offset
    if zone is None:
        raise CellRefused("a time zone: write 09:30+08:00, or say --offset +08:00", cell)
    clock = f"{int(found['h']):02}:{found['n']}:{found['s'] or '00'}{found['f'] or ''}"
    if not _CLOCK.fullmatch(clock[:5]):
        raise CellRefused("a time of day that exists", cell)
    return f"{_day(day_text).isoformat()}T{clock}{zone}"


def _party(cell: str, origin: Origin) -> str:
    if cell.startswith("did:"):
        return cell
    try:
        return party_did(origin, parse_slug(cell))
    except KeysError as fault:
        raise CellRefused("a party's short name or its DID", cell) from fault
