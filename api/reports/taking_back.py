"""A report's workbook as the draft of a record again: what went out loses nothing.

The second line of each sheet says where its cells belong; sheets without such a line are the
user's own and are left alone. Rows may be changed, added and taken away: an element without
a number stands behind those that have one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from api.cli.cells import CellReading, CellRefused, Kind, Wanted
from api.cli.fault_lines import shorten
from api.cli.places import Places
from api.cli.table_errors import CellsRefused, MalformedMapping, WorkbookRefused
from api.cli.workbook.archive import ZIP_MAGIC
from api.cli.workbook.reading import Sheet, read_sheets, sheet_names
from api.cli.workbook.sheet import SheetCell, SheetRow, cell_name
from api.reports.leaves import EMPTY_LIST, EMPTY_OBJECT, cell_leaf, grow
from api.reports.marks import ABOUT, FORMAT, HEADING_ROWS, PLACE, VALUE
from api.reports.words import word
from keys.identifiers import Origin
from ledger.compose import Filing
from ledger.record import is_digest

_CLOSED: Final = ("manifest", "address", "filing")
_TEXT: Final = Wanted(Kind.TEXT)
#: Places in the closed groups; what is none of them is a place of the type, or refused.
_FILED: Final = re.compile(
    r"/manifest/(owner|subject|corrects|groups/[a-z_]{1,40})|/filing/(number|notes)"
    r"|/address/(case|family|to/\d{1,3}|links/(answers|endorses|cites)/\d{1,3})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a workbook says: groups, how they are filed, and the cell of each place."""

    vct: str
    groups: Mapping[str, Any]
    filing: Filing
    cells: Mapping[str, str]


def is_report(data: bytes) -> bool:
    """Whether bytes are a workbook that a report was written as.

    Raises:
        WorkbookRefused: a workbook that is damaged, protected, hostile or beyond its bounds.
    """
    if not data.startswith(ZIP_MAGIC) or ABOUT not in sheet_names(data):
        return False
    return _about(read_sheets(data, [ABOUT])[ABOUT]).get("Format") == FORMAT


def report_type(data: bytes) -> str:
    """The record type that a report's workbook names.

    Raises:
        WorkbookRefused: it is damaged, or names none.
    """
    found = _about(read_sheets(data, [ABOUT])[ABOUT]).get("Type", "")
    if not found:
        raise WorkbookRefused(f"expected a record type in sheet {ABOUT!r}, found none")
    return found


def report_record(data: bytes) -> str | None:
    """The id of the record that a report's workbook was made of; its word alone.

    Raises:
        WorkbookRefused: it is damaged.
    """
    about = _about(read_sheets(data, [ABOUT])[ABOUT])
    named = (about.get(word("record", language), "") for language in ("en", "zh"))
    return next((text for text in named if is_digest(text)), None)


def take_back(data: bytes, places: Places, *, origin: Origin) -> TakenBack:
    """The record that a report's workbook describes.

    Raises:
        WorkbookRefused: it is damaged or beyond its bounds.
        CellsRefused: cells that have no value of the kind that stands at their place.
    """
    names = [name for name in sheet_names(data) if name != ABOUT]
    reader = _Reader(places, CellReading(origin))
    for sheet in read_sheets(data, names).values():
        reader.take(sheet)
    if reader.faults:
        raise CellsRefused(
            f"{len(reader.faults)} cells cannot be read; nothing was sent",
            remedy="Mend these cells, and run this again.",
            places=shorten(reader.faults, total=reader.rows),
        )
    return _taken(places.vct, reader)


def _taken(vct: str, reader: _Reader) -> TakenBack:
    grown = _grown(reader)
    filed = {name: grown.pop(name, {}) for name in _CLOSED}
    manifest, address, filing = (filed[name] for name in _CLOSED)
    links = address.get("links", {})
    return TakenBack(
        vct,
        grown,
        Filing(
            owner=manifest.get("owner"),
            subject=manifest.get("subject"),
            corrects=manifest.get("corrects"),
            tiers=manifest.get("groups", {}),
            to=tuple(address.get("to", ())),
            case=address.get("case"),
            family=address.get("family"),
            answers=tuple(links.get("answers", ())),
            endorses=tuple(links.get("endorses", ())),
            cites=tuple(links.get("cites", ())),
            number=filing.get("number"),
            notes=filing.get("notes"),
        ),
        reader.cells,
    )


def _grown(reader: _Reader) -> dict[str, Any]:
    try:
        return grow(reader.values)
    except CellRefused as fault:
        where = reader.cells.get(fault.found, fault.found)
        raise CellsRefused(f"{where}: {fault}", remedy="Mend this cell.") from fault


def _about(sheet: Sheet) -> dict[str, str]:
    """The lines of the sheet that says what the workbook is, by their first cell."""
    return {
        row.cells[0].text: row.cells[1].text
        for row in sheet.rows
        if 0 in row.cells and 1 in row.cells
    }


@dataclass(slots=True)
class _Reader:
    """Gathers values by place, and what is wrong with cells."""

    places: Places
    reading: CellReading
    values: dict[str, Any] = field(default_factory=dict)
    cells: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    rows: int = 0
    _wanted: dict[str, Wanted] = field(default_factory=dict)

    def take(self, sheet: Sheet) -> None:
        """Take the values of a sheet."""
        marks = next((row for row in sheet.rows if row.number == HEADING_ROWS), None)
        columns = {at: cell.text for at, cell in marks.cells.items()} if marks else {}
        by_mark = {text: at for at, text in columns.items()}
        body = [row for row in sheet.rows if row.number > HEADING_ROWS]
        self.rows += len(body)
        if {PLACE, VALUE} <= by_mark.keys():
            for row in body:
                self._take_field(sheet, row, by_mark)
        elif any(text.startswith("/") for text in columns.values()):
            _Elements(self, sheet, columns).take(body)

    def _take_field(self, sheet: Sheet, row: SheetRow, columns: Mapping[str, int]) -> None:
        place, at = row.cells.get(columns[PLACE]), columns[VALUE]
        cell = row.cells.get(at)
        if place is not None and cell is not None:
            self.put(place.text.strip(), cell, _cell_place(sheet, row.number, at))

    def put(self, pointer: str, cell: SheetCell, where: str) -> None:
        """Take the value of one cell, or note what is wrong with it."""
        if pointer in self.values:
            self.faults.append(f"{where}: expected every place once, found {pointer} again")
            return
        if cell.fault:
            self.faults.append(f"{where}: expected a value, found {cell.fault}")
            return
        try:
            self.values[pointer] = self._value(pointer, cell)
            self.cells[pointer] = where
        except (CellRefused, MalformedMapping) as fault:
            self.faults.append(f"{where}: {fault}")

    def _value(self, pointer: str, cell: SheetCell) -> Any:
        wanted = self._wanted_at(pointer.removesuffix(EMPTY_LIST).removesuffix(EMPTY_OBJECT))
        if pointer.endswith((EMPTY_LIST, EMPTY_OBJECT)):
            return True
        if cell.is_date and wanted.kind is Kind.TEXT:
            # Spreadsheets turn what looks like a day into one: a part 1-3 is 1 March then.
            raise CellRefused("a text (was it turned into a date? write it as text)", cell.text)
        return cell_leaf(cell.text, wanted, self.reading)

    def _wanted_at(self, pointer: str) -> Wanted:
        general = "/".join("*" if part.isdecimal() else part for part in pointer.split("/"))
        if general not in self._wanted:
            self._wanted[general] = self._find(pointer)
        return self._wanted[general]

    def _find(self, pointer: str) -> Wanted:
        return _TEXT if _FILED.fullmatch(pointer) else self.places.wanted(pointer)


class _NumberRefused(ValueError):
    """The number of an element that is none, or stands twice."""


@dataclass(slots=True)
class _Elements:
    """The elements of one array, a row each."""

    reader: _Reader
    sheet: Sheet
    columns: Mapping[int, str]
    _seen: set[tuple[int, ...]] = field(default_factory=set)
    _last: dict[tuple[int, ...], int] = field(default_factory=dict)

    def take(self, rows: list[SheetRow]) -> None:
        """Take every row that has something in it."""
        numbers = [at for at, place in sorted(self.columns.items()) if place.endswith("/*")]
        if not numbers:
            return
        for row in rows:
            if any(cell.text for cell in row.cells.values()):
                self._take_row(row, numbers)

    def _take_row(self, row: SheetRow, numbers: list[int]) -> None:
        try:
            at = tuple(self._numbers(row, numbers))
        except _NumberRefused as fault:
            self.reader.faults.append(str(fault))
            return
        whole = self._place(self.columns[numbers[-1]], at)
        filled = [
            (self.columns[column], column, cell)
            for column, cell in sorted(row.cells.items())
            if cell.text and self.columns.get(column, "").startswith("/") and column not in numbers
        ]
        if not filled:
            self.reader.values.setdefault(f"{whole}/", True)
        for place, column, cell in filled:
            where = _cell_place(self.sheet, row.number, column)
            self.reader.put(self._place(place, at), cell, where)

    def _numbers(self, row: SheetRow, columns: list[int]) -> Iterator[int]:
        within: tuple[int, ...] = ()
        for column in columns:
            cell, is_own = row.cells.get(column), column == columns[-1]
            where = _cell_place(self.sheet, row.number, column)
            if is_own and (cell is None or not cell.text):
                number = self._last.get(within, 0) + 1
            else:
                number = _position(cell.text if cell else "", where)
            if is_own and (*within, number) in self._seen:
                raise _NumberRefused(f"{where}: expected every number once, found {number} again")
            within = (*within, number)
            yield number
        self._seen.add(within)
        self._last[within[:-1]] = max(self._last.get(within[:-1], 0), within[-1])

    def _place(self, place: str, at: tuple[int, ...]) -> str:
        """A place with its positions, which count from 0 there and from 1 in a sheet."""
        pieces = place.split("*")
        if len(pieces) != len(at) + 1:
            return place
        inner = (f"{number - 1}{piece}" for number, piece in zip(at, pieces[1:], strict=True))
        return pieces[0] + "".join(inner)


def _position(text: str, where: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 7 and int(text):
        return int(text)
    raise _NumberRefused(f"{where}: expected a number from 1 on, found {text[:20]!r}")


def _cell_place(sheet: Sheet, row: int, column: int) -> str:
    return f'sheet "{sheet.name}", cell {cell_name(row, column)}'
