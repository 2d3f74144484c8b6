"""Tables out of files of either kind: delimited text, or a sheet of a workbook.

In a sheet a table may stand anywhere: lines of a title above its headings and empty columns
beside it are no part of it. The headings are the first row of different texts that no row
below is wider than.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from typing import Final

from api.cli.formula_cells import restore
from api.cli.table import REASONS, Row, Table, TableOptions, check_headings, no_rows, read_table
from api.cli.table_errors import TableUnreadable
from api.cli.workbook.reading import Sheet, is_workbook, read_workbook
from api.cli.workbook.sheet import SheetRow, cell_name
from ledger import limits

WORKBOOK: Final = "xlsx"
_PROBED_ROWS: Final = 50
_BLANK: Final = " \t\r\n\u00a0\u3000\ufeff"


def read_any_table(data: bytes, options: TableOptions) -> Table:
    """Read a table, of a workbook or of delimited text.

    Raises:
        TableUnreadable: no table, or beyond its bounds.
        FormUnclear: it can be read in two ways.
    """
    return _without_reasons(_read(data, options))


def _read(data: bytes, options: TableOptions) -> Table:
    if is_workbook(data):
        return sheet_table(read_workbook(data, sheet=options.sheet), options.heading_row)
    if options.sheet is not None:
        raise TableUnreadable(
            f"expected a workbook with a sheet {options.sheet!r}, found delimited text",
            remedy="Leave --sheet out.",
        )
    return read_table(data, options)


def _without_reasons(table: Table) -> Table:
    """The table without the column that an earlier run put behind rows that it left out."""
    if table.headings[-1] != REASONS:
        return table
    # A workbook says by itself what is a text; what it holds was never marked.
    read = restore if table.sheet is None else str
    rows = tuple(replace(row, cells=tuple(map(read, row.cells[:-1]))) for row in table.rows)
    return replace(
        table,
        headings=tuple(map(read, table.headings[:-1])),
        rows=tuple(row for row in rows if any(row.cells)),
        positions=table.positions[:-1],
    )


def sheet_table(sheet: Sheet, heading_row: int | None) -> Table:
    """The table that stands in a sheet; ``heading_row`` None is found out.

    Raises:
        TableUnreadable: headings are missing or stand twice, or there are no rows below.
    """
    at = _find_headings(sheet.rows) if heading_row is None else _at(sheet.rows, heading_row)
    if at is not None and at + 1 == len(sheet.rows):
        raise no_rows(f"in sheet {sheet.name!r}")
    if at is None or at + 1 >= len(sheet.rows):
        raise TableUnreadable(
            f"expected headings and rows below them in sheet {sheet.name!r}, found "
            f"{len(sheet.rows)} rows",
            remedy="Name the row of the headings with --heading-row, or a sheet with --sheet.",
        )
    named, body = sheet.rows[at], sheet.rows[at + 1 :]
    positions = tuple(sorted(column for column in named.cells if _text(named, column)))
    headings = tuple(_text(named, column) for column in positions)
    _check_columns(sheet, named, body, positions)
    check_headings(headings)
    rows = tuple(row for row in (_row(row, positions) for row in body) if any(row.cells))
    if len(rows) > limits.TABLE_ROWS_MAX:
        raise TableUnreadable(
            f"expected at most {limits.TABLE_ROWS_MAX} rows, found more", remedy="Split the sheet."
        )
    return Table(
        WORKBOOK,
        "",
        headings,
        rows,
        named.number,
        sheet=sheet.name,
        positions=positions,
        notes=sheet.notes,
    )


def _at(rows: Sequence[SheetRow], heading_row: int) -> int | None:
    return next((at for at, row in enumerate(rows) if row.number >= heading_row), None)


def _find_headings(rows: Sequence[SheetRow]) -> int | None:
    probed = rows[:_PROBED_ROWS]
    fitting = [at for at, row in enumerate(probed) if _is_heading(row)]
    for at in fitting:
        below = rows[at + 1 : at + 1 + _PROBED_ROWS]
        if below and all(row.cells.keys() <= probed[at].cells.keys() for row in below):
            return at
    # Something stands beside the table: its headings are the widest row of texts then.
    return max(fitting, key=lambda at: len(probed[at].cells), default=None)


def _is_heading(row: SheetRow) -> bool:
    texts = [cell.text for cell in row.cells.values()]
    is_text = not any(cell.is_number or cell.is_date for cell in row.cells.values())
    return is_text and len(set(texts)) == len(texts)


def _check_columns(
    sheet: Sheet, named: SheetRow, body: Sequence[SheetRow], positions: Sequence[int]
) -> None:
    headed = frozenset(positions)
    for row in body:
        _check_row(sheet.name, named.number, row, headed)


def _check_row(sheet: str, heading_row: int, row: SheetRow, headed: Set[int]) -> None:
    stray = next((at for at in row.cells.keys() - headed if _text(row, at)), None)
    if stray is not None:
        raise TableUnreadable(
            f"expected a heading in cell {cell_name(heading_row, stray)} of sheet "
            f"{sheet!r}, since cell {cell_name(row.number, stray)} is filled, found none",
            remedy="Fill it in, empty the cells below, or name another --heading-row.",
        )


def sheet_row(row: SheetRow, table: Table) -> Row:
    """A row of the sheet that a table stands in.

    Raises:
        TableUnreadable: a cell is filled where the table has no heading.
    """
    _check_row(table.sheet or "", table.heading_row, row, frozenset(table.positions))
    return _row(row, table.positions)


def _text(row: SheetRow, column: int) -> str:
    cell = row.cells.get(column)
    return cell.text.strip(_BLANK) if cell is not None else ""


def _row(row: SheetRow, positions: Sequence[int]) -> Row:
    numbers = dates = 0
    faults: dict[int, str] = {}
    for at, column in enumerate(positions):
        cell = row.cells.get(column)
        if cell is None:
            continue
        numbers |= cell.is_number << at
        dates |= cell.is_date << at
        if cell.fault:
            faults[at] = cell.fault
    return Row(row.number, tuple(_text(row, at) for at in positions), numbers, dates, faults)
