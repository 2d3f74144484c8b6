"""From the rows of a table to drafts: one record for each row, group of rows, or file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from api.cli.cells import (
    CellReading,
    CellRefused,
    DecimalSign,
    Kind,
    Wanted,
    read_cell,
)
from api.cli.column_map import ColumnMap
from api.cli.decimal_sign import decimal_of
from api.cli.draft_constants import read_constant
from api.cli.drafts import Draft
from api.cli.fault_lines import shorten
from api.cli.places import EACH, FILING_PLACES, Places, is_position, parse_pointer
from api.cli.record_tree import Element, Grown, Leaf, RecordTree, Step
from api.cli.table import Row, Table
from api.cli.table_errors import CellsRefused, MalformedMapping
from keys.identifiers import Origin
from ledger import limits
from ledger.compose import Filing

_CLOSED: Final = ("manifest", "address", "filing")


@dataclass(frozen=True, slots=True)
class _Column:
    """A column and where it goes: ``spread`` columns fill elements that others have made."""

    heading: str
    at: int
    segments: tuple[str, ...]
    wanted: Wanted
    reading: CellReading

    @property
    def is_spread(self) -> bool:
        return self.segments.count(EACH) > 1


@dataclass(frozen=True, slots=True)
class FaultyRows:
    """Rows of one record that have cells at fault, and a line for each of these."""

    rows: tuple[int, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableDrafts:
    """What a table became, and its decimal sign: said or seen, None where no number has one."""

    drafts: tuple[Draft, ...]
    decimal: DecimalSign | None
    faulty: tuple[FaultyRows, ...] = ()


def table_drafts(
    table: Table,
    mapping: ColumnMap,
    *,
    places: Places,
    origin: Origin,
    skips_faulty: bool = False,
) -> TableDrafts:
    """Make drafts of a table; with ``skips_faulty``, of the records whose cells can be read.

    Raises:
        MalformedMapping: the mapping names columns or places that are not there.
        FormUnclear: numbers show both decimal signs, or only what could group thousands.
        CellsRefused: cells that have no value of the kind wanted, each by its place; with
            ``skips_faulty``, every record has some.
    """
    _check_headings(table, mapping)
    decimal = mapping.form.decimal or decimal_of(table, mapping, places)
    sign = decimal or DecimalSign.POINT
    columns = _compile(table, mapping, places, decimal=sign, origin=origin)
    constants = _constants(mapping, places, origin)
    maker = _Maker(table, columns, constants, places)
    groups = list(_group(table, mapping))
    if len(groups) > limits.DRAFTS_MAX:
        raise MalformedMapping(
            f"expected at most {limits.DRAFTS_MAX} records, found {len(groups)}",
            remedy="Split the file, or group its rows with --per.",
        )
    drafts = [maker.draft(rows) for rows in groups]
    faulty = tuple(maker.faulty)
    if faulty and not (skips_faulty and len(faulty) < len(groups)):
        raise _refuse_cells([line for rows in faulty for line in rows.lines], len(table.rows))
    return TableDrafts(tuple(draft for draft in drafts if draft is not None), decimal, faulty)


def _refuse_cells(lines: Sequence[str], total: int) -> CellsRefused:
    return CellsRefused(
        f"{len(lines)} cells cannot be read; nothing was sent",
        remedy="Mend these cells, or map their columns elsewhere, and run this again.",
        places=shorten(lines, total=total),
    )


def _check_headings(table: Table, mapping: ColumnMap) -> None:
    named = [*mapping.columns, *(() if isinstance(mapping.per, str) else mapping.per)]
    for pointer in mapping.columns.values():
        if pointer:
            segments = parse_pointer(pointer)
            named += [segment[1:-1] for segment in segments if segment.startswith("{")]
    absent = [heading for heading in dict.fromkeys(named) if heading not in table.headings]
    if absent:
        raise MalformedMapping(
            f"the table has no column {', '.join(map(repr, absent))}",
            remedy=f"Its headings are: {', '.join(map(repr, table.headings))}.",
        )


def _compile(
    table: Table,
    mapping: ColumnMap,
    places: Places,
    *,
    decimal: DecimalSign,
    origin: Origin,
) -> tuple[_Column, ...]:
    return tuple(
        _Column(
            heading,
            table.column(heading),
            parse_pointer(pointer),
            places.wanted(pointer),
            CellReading(
                origin, decimal, mapping.form.offset, mapping.words.get(pointer), mapping.form.clock
            ),
        )
        for heading, pointer in mapping.columns.items()
        if pointer
    )


def _constants(mapping: ColumnMap, places: Places, origin: Origin) -> dict[str, Any]:
    # Written as the record writes them: the decimal sign of the table is the table's affair.
    reading = CellReading(origin, DecimalSign.POINT, mapping.form.offset, clock=mapping.form.clock)
    return {
        pointer: read_constant(pointer, value, places, reading)
        for pointer, value in mapping.constants.items()
    }


def _group(table: Table, mapping: ColumnMap) -> Iterator[tuple[Row, ...]]:
    if mapping.per == "row":
        yield from ((row,) for row in table.rows)
    elif mapping.per == "file":
        yield table.rows
    else:
        at = [table.column(heading) for heading in mapping.per]
        groups: dict[tuple[str, ...], list[Row]] = {}
        for row in table.rows:
            groups.setdefault(tuple(row.cells[column] for column in at), []).append(row)
        yield from (tuple(rows) for rows in groups.values())


class _Maker:
    """Makes drafts and gathers what is wrong with cells."""

    def __init__(
        self,
        table: Table,
        columns: Sequence[_Column],
        constants: Mapping[str, Any],
        places: Places,
    ) -> None:
        self._places = places
        self._table = table
        self._columns = columns
        self._constants = constants
        self._faults: list[str] = []
        self.faulty: list[FaultyRows] = []

    def draft(self, rows: Sequence[Row]) -> Draft | None:
        """One record of some rows; None where cells are at fault, which are gathered."""
        self._faults = []
        tree = self._fill(rows)
        if self._faults:
            numbers = tuple(row.number for row in rows)
            self.faulty.append(FaultyRows(numbers, tuple(self._faults)))
            return None
        return _finish(tree.grow(), rows, table=self._table, places=self._places)

    def _fill(self, rows: Sequence[Row]) -> RecordTree:
        tree = RecordTree()
        for column in self._columns:
            if not column.is_spread:
                for row in rows:
                    self._put_cell(tree, column, row)
        for column in self._columns:
            if column.is_spread:
                for row in rows:
                    self._put_spread(tree, column, row)
        self._put_constants(tree)
        return tree

    def _put_cell(self, tree: RecordTree, column: _Column, row: Row) -> None:
        if not row.cells[column.at] and not self._holds_place(column, row):
            return
        path = tuple(self._step(segment, row) for segment in column.segments)
        self._put(tree, path, column, row)

    def _holds_place(self, column: _Column, row: Row) -> bool:
        """Whether an empty cell is null: where it may be, and before others of its list.

        Left out instead, what stands behind it would move up into its place.
        """
        *head, last = column.segments
        if not is_position(last) or column.wanted.is_nullable:
            return is_position(last)
        return last.isdecimal() and any(
            tuple(head) == other.segments[:-1]
            and other.segments[-1].isdecimal()
            and int(other.segments[-1]) > int(last)
            and bool(row.cells[other.at])
            for other in self._columns
        )

    def _put_spread(self, tree: RecordTree, column: _Column, row: Row) -> None:
        if not row.cells[column.at]:
            return
        last = len(column.segments) - 1 - column.segments[::-1].index(EACH)
        steps: tuple[Step, ...] = tuple(
            segment if at != last and segment == EACH else self._step(segment, row)
            for at, segment in enumerate(column.segments)
        )
        for path in list(tree.spread(steps)):
            # Only beside a value of the same row: an empty cell there made no element.
            if tree.has(path[: last + 1]):
                self._put(tree, path, column, row)

    def _put(self, tree: RecordTree, path: tuple[Step, ...], column: _Column, row: Row) -> None:
        cell = row.cells[column.at]
        place = self._table.place(row.number, column.heading)
        if column.at in row.faults:
            self._faults.append(f"{place}: expected a value, found {row.faults[column.at]}")
            return
        try:
            value = _read(cell, column, row) if cell else None
        except CellRefused as fault:
            self._faults.append(f"{place}: {fault}")
            return
        before = tree.put(path, Leaf(value, row.number, column.heading))
        if before is not None and before.value != value:
            self._faults.append(
                f"{place}: expected {before.value!r} as in row {before.row}, since these rows "
                f"make one record, found {cell!r}"
            )

    def _step(self, segment: str, row: Row) -> Step:
        if segment == EACH:
            return Element("row", row.number)
        if segment.isdecimal():
            return Element("number", int(segment))
        if segment.startswith("{"):
            return Element("value", row.cells[self._table.column(segment[1:-1])])
        return segment

    def _put_constants(self, tree: RecordTree) -> None:
        # What is said of one element counts more than what is said of all.
        for pointer, value in sorted(self._constants.items(), key=lambda item: EACH in item[0]):
            steps: tuple[Step, ...] = tuple(
                Element("number", int(segment)) if segment.isdecimal() else segment
                for segment in parse_pointer(pointer)
            )
            for path in list(tree.spread(steps)):
                tree.put(path, Leaf(value))


def _read(cell: str, column: _Column, row: Row) -> Any:
    """The value of a cell that is not empty.

    Raises:
        CellRefused: it has none of the kind wanted.
    """
    reading = column.reading
    if row.is_number(column.at):
        reading = replace(reading, decimal=DecimalSign.POINT)
    if row.is_date(column.at) and column.wanted.kind is Kind.TEXT:
        # Spreadsheets turn what looks like a day into one: a part 1-3 is 1 March then.
        raise CellRefused("a text (was it turned into a date? write it as text)", cell)
    return read_cell(cell, column.wanted, reading)


def _finish(grown: Grown, rows: Sequence[Row], *, table: Table, places: Places) -> Draft:
    groups = {name: value for name, value in grown.groups.items() if name not in _CLOSED}
    filled = {
        pointer: _at(grown.groups, pointer)
        for pointer in FILING_PLACES
        if _at(grown.groups, pointer) is not None
    }
    filing = Filing(
        subject=filled.get("/manifest/subject"),
        corrects=filled.get("/manifest/corrects"),
        to=(filled["/address/to/0"],) if "/address/to/0" in filled else (),
        case=filled.get("/address/case"),
        family=filled.get("/address/family"),
        number=filled.get("/filing/number"),
        notes=filled.get("/filing/notes"),
    )
    first, last = rows[0].number, rows[-1].number
    place = f"row {first}" if first == last else f"rows {first} to {last}"
    return Draft(
        places.vct,
        places.ordered(groups),
        filing,
        place,
        grown.sources,
        table=table,
        rows=tuple(row.number for row in rows),
    )


def _at(groups: Mapping[str, Any], pointer: str) -> Any:
    value: Any = groups
    for segment in parse_pointer(pointer):
        if isinstance(value, list):
            value = value[0] if value else None
        elif isinstance(value, dict):
            value = value.get(segment)
        else:
            return None
    return value
