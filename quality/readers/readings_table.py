"""Tables of readings, wide (a column a characteristic) or long (a row a value), as events.

A row is a piece that was measured, or one of its values. Rows that share the cells of some
columns (a lot number) make one :class:`~quality.readers.model.Part`. Where a cell cannot be read
the fault names it and the rest of the row is read on: a day where a number belongs (spreadsheets
turn ``1-3`` into one), the other decimal sign, a formula without its value, an exponent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from quality.errors import MeasurementFileRefused
from quality.readers.model import (
    Characteristic,
    Event,
    Fault,
    Part,
    Reading,
)
from quality.readers.rows import TableRow

CHARACTERISTICS_MAX: Final = 100_000
PARTS_MAX: Final = 100_000
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
_NUMBER_CHARACTERS_MAX: Final = 36
_WITH_COMMA: Final = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_WITH_POINT: Final = re.compile(r"[+-]?\d+\.\d+", re.ASCII)
#: The members of a reading that columns beside the value give, in their order.
_BESIDE: Final = ("at", "operator", "machine", "cavity", "batch", "order", "piece")
#: What a cell says where nothing was measured.
_NOTHING: Final = frozenset({"", "-", "–", "/", "null"})


@dataclass(frozen=True, slots=True)
class ReadingsLayout:
    """Which column says what; columns are counted from 0.

    Args:
        headings: the text above each column, for the names of cells.
        wide: the characteristic that each column of values is of.
        value: in a long table, the column of the values.
        members: in a long table, the column of each member of its characteristics: ``number``,
            ``name``, ``unit``, ``nominal``, ``lower``, ``upper``.
        beside: the column of each member of readings: ``at``, ``piece``, ``cavity``,
            ``machine``, ``operator``, ``batch``, ``order``.
        parts: the columns whose cells together make a part.
        is_comma: whether numbers have a decimal comma.
        place: the name of a cell, by row number and column.
    """

    headings: Sequence[str]
    place: Callable[[int, int], str]
    wide: Mapping[int, Characteristic] = field(default_factory=dict)
    value: int | None = None
    members: Mapping[str, int] = field(default_factory=dict)
    beside: Mapping[str, int] = field(default_factory=dict)
    parts: tuple[int, ...] = ()
    is_comma: bool = False


def read_readings_table(rows: Iterable[TableRow], layout: ReadingsLayout) -> Iterator[Event]:
    """The events of a table of readings; the rows are those below its headings.

    The key of a part is the text of its cells, apart by the unit separator (U+001F).

    Raises:
        MeasurementFileRefused: a row is wider than the headings, or there are more parts or
            characteristics than the bounds allow.
    """
    reading = _TableReading(layout)
    for row in rows:
        yield from reading.read(row)


def part_key(cells: Sequence[str], columns: Sequence[int]) -> str:
    """The key of the part that a row belongs to."""
    return "\x1f".join(cells[at] for at in columns)


class _TableReading:
    """One pass over a table: which parts and characteristics were told already."""

    def __init__(self, layout: ReadingsLayout) -> None:
        self._layout = layout
        self._width = len(layout.headings)
        self._parts: set[str] = set()
        self._last: str | None = None
        self._known: dict[tuple[str, object], Characteristic] = {}
        self._beside = tuple(layout.beside.get(name) for name in _BESIDE)

    def read(self, row: TableRow) -> Iterator[Event]:
        """The events of one row."""
        cells = self._fit(row)
        key = part_key(cells, self._layout.parts)
        if key != self._last:
            # Told again where the rows change: what follows is of this one.
            self._last = key
            self._parts.add(key)
            _check_bound(len(self._parts), PARTS_MAX, what="lots", row=row.number)
            yield Part(key)
        beside = tuple(None if at is None else cells[at] or None for at in self._beside)
        for column, characteristic in self._layout.wide.items():
            if cells[column] not in _NOTHING or column in row.faults:
                one = self._characteristic(key, column, row.number)
                if one is None:
                    one = replace(characteristic, key=f"{key}\x1f{column}", part=key)
                    yield self._tell((key, column), one)
                yield self._value(row, cells, column, of=one.key, beside=beside)
        if self._layout.value is not None:
            yield from self._read_long(row, cells, key, beside=beside)

    def _fit(self, row: TableRow) -> Sequence[str]:
        cells = row.cells
        if len(cells) < self._width:
            return (*cells, *[""] * (self._width - len(cells)))
        if len(cells) > self._width and any(cells[self._width :]):
            raise MeasurementFileRefused(
                f"row {row.number}: expected {self._width} cells, found {len(cells)}"
            )
        return cells

    def _characteristic(self, key: str, name: object, row: int) -> Characteristic | None:
        found = self._known.get((key, name))
        if found is None:
            _check_bound(len(self._known) + 1, CHARACTERISTICS_MAX, what="characteristics", row=row)
        return found

    def _tell(self, known_as: tuple[str, object], one: Characteristic) -> Characteristic:
        self._known[known_as] = one
        return one

    def _read_long(
        self, row: TableRow, cells: Sequence[str], key: str, *, beside: tuple[str | None, ...]
    ) -> Iterator[Event]:
        column = self._layout.value
        assert column is not None, "asked only of a long table"
        if cells[column] in _NOTHING and column not in row.faults:
            return
        members = {name: cells[at] for name, at in self._layout.members.items() if cells[at]}
        number = members.get("number", "")
        for name in ("nominal", "lower", "upper"):
            if name in members:
                read = self._number(row, self._layout.members[name], members[name])
                if isinstance(read, Fault):
                    yield read
                    return
                members[name] = read
        one = self._characteristic(key, number, row.number)
        if one is None:
            one = _described(f"{key}\x1f{number}", key, members)
            yield self._tell((key, number), one)
        elif (contradiction := self._contradiction(row, one, members)) is not None:
            yield contradiction
        yield self._value(row, cells, column, of=one.key, beside=beside)

    def _contradiction(
        self, row: TableRow, one: Characteristic, members: Mapping[str, str]
    ) -> Fault | None:
        """Rows of one characteristic say the same of it, or nothing."""
        for name, told in members.items():
            before = getattr(one, name)
            if before is not None and told != before:
                place = self._layout.place(row.number, self._layout.members[name])
                return Fault(place, f"{before!r} as in the rows above", repr(told))
        return None

    def _value(
        self,
        row: TableRow,
        cells: Sequence[str],
        column: int,
        *,
        of: str,
        beside: tuple[str | None, ...],
    ) -> Event:
        read = self._number(row, column, cells[column])
        if isinstance(read, Fault):
            return read
        return Reading(of, row.number, read, None, None, *beside)

    def _number(self, row: TableRow, column: int, cell: str) -> str | Fault:
        if column in row.faults:
            return self._fault(row, column, "a value", row.faults[column])
        if row.dates >> column & 1:
            return self._fault(
                row, column, "a number (was it turned into a date? write it as text)", repr(cell)
            )
        text = cell
        if self._layout.is_comma and not row.numbers >> column & 1:
            if "." in cell:
                return self._fault(row, column, "a decimal comma and no point", repr(cell))
            text = cell.replace(",", ".", 1)
        if _NUMBER.fullmatch(text) and len(text) <= _NUMBER_CHARACTERS_MAX:
            return text
        return self._fault(row, column, _expected(cell, self._layout.is_comma), repr(cell[:40]))

    def _fault(self, row: TableRow, column: int, expected: str, found: str) -> Fault:
        return Fault(self._layout.place(row.number, column), expected, found)


def _described(key: str, part: str, members: Mapping[str, str]) -> Characteristic:
    return Characteristic(
        key=key,
        part=part,
        number=members.get("number"),
        name=members.get("name"),
        unit=members.get("unit"),
        nominal=members.get("nominal"),
        lower=members.get("lower"),
        upper=members.get("upper"),
    )


def _expected(cell: str, is_comma: bool) -> str:
    if not is_comma and _WITH_COMMA.fullmatch(cell):
        return "a decimal point (or --decimal comma)"
    if is_comma and _WITH_POINT.fullmatch(cell):
        return "a decimal comma (or --decimal point)"
    return "a number such as 12.50 or -0.3, without + or exponent, thousands not grouped"


def _check_bound(found: int, most: int, *, what: str, row: int) -> None:
    if found > most:
        raise MeasurementFileRefused(f"row {row}: expected at most {most} {what}, found more")
