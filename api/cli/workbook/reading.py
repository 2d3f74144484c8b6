"""From the bytes of a workbook to the rows of one of its sheets."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from api.cli.table_errors import WorkbookRefused
from api.cli.workbook.archive import OLE_MAGIC, ZIP_MAGIC, Archive
from api.cli.workbook.contents import Contents, SheetEntry, read_cell_forms, read_contents
from api.cli.workbook.parts import stream_part
from api.cli.workbook.sheet import (
    Area,
    SheetCell,
    SheetElements,
    SheetRow,
    column_letters,
)
from ledger import limits

_TOLD_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its rows that have something in them, and what a reader should be told."""

    name: str
    rows: tuple[SheetRow, ...]
    notes: tuple[str, ...] = ()


def is_workbook(data: bytes) -> bool:
    """Whether bytes begin like a workbook, new or old."""
    return data.startswith((ZIP_MAGIC, OLE_MAGIC))


def read_workbook(data: bytes, *, sheet: str | None = None) -> Sheet:
    """Read one sheet of a workbook.

    Args:
        data: the bytes of the file.
        sheet: its name; by default the first that is not hidden and has something in it.

    Raises:
        WorkbookRefused: damaged, protected, hostile, beyond its bounds, or without that sheet.
    """
    archive = Archive(data)
    contents = read_contents(archive)
    forms = read_cell_forms(archive, contents)
    for entry in choose_sheets(contents, sheet):
        elements = SheetElements(forms)
        rows = _read_rows(archive, entry, elements)
        if rows:
            filled = _fill_merged(rows, elements.areas)
            return Sheet(entry.name, tuple(filled), tuple(_notes(contents, entry, rows, elements)))
    raise WorkbookRefused(
        f"expected rows in {'a sheet' if sheet is None else repr(sheet)}, found none",
        remedy=f"Name a sheet with --sheet: {_names(contents)}.",
    )


def sheet_names(data: bytes) -> tuple[str, ...]:
    """The names of the sheets of a workbook, in their order, hidden ones too.

    Raises:
        WorkbookRefused: damaged, protected, hostile, or beyond its bounds.
    """
    return tuple(entry.name for entry in read_contents(Archive(data)).sheets)


def read_sheets(data: bytes, names: Sequence[str]) -> dict[str, Sheet]:
    """Read several sheets of a workbook, each by its exact name; empty ones too.

    Raises:
        WorkbookRefused: damaged, protected, hostile, beyond its bounds as a whole, or without
            one of them.
    """
    archive = Archive(data)
    contents = read_contents(archive)
    forms = read_cell_forms(archive, contents)
    found: dict[str, Sheet] = {}
    left = limits.TABLE_CELLS_MAX
    for name in names:
        entry = choose_sheets(contents, name)[0]
        elements = SheetElements(forms)
        rows = _read_rows(archive, entry, elements)
        left -= sum(len(row.cells) for row in rows)
        if left < 0:
            raise WorkbookRefused(
                f"expected at most {limits.TABLE_CELLS_MAX} cells in all sheets, found more"
            )
        filled = _fill_merged(rows, elements.areas)
        found[name] = Sheet(name, tuple(filled))
    return found


def choose_sheets(contents: Contents, name: str | None) -> Sequence[SheetEntry]:
    """The sheet of a name, or those that are not hidden.

    Raises:
        WorkbookRefused: none has that name.
    """
    if name is None:
        return [entry for entry in contents.sheets if not entry.is_hidden]
    exact = [entry for entry in contents.sheets if entry.name == name]
    alike = [entry for entry in contents.sheets if entry.name.casefold() == name.casefold()]
    if not exact and not alike:
        raise WorkbookRefused(
            f"expected a sheet {name!r}, found none of that name",
            remedy=f"Its sheets are: {_names(contents)}.",
        )
    return (exact or alike)[:1]


def _names(contents: Contents) -> str:
    return ", ".join(repr(entry.name) for entry in contents.sheets[:20])


def _read_rows(archive: Archive, entry: SheetEntry, elements: SheetElements) -> list[SheetRow]:
    rows: list[SheetRow] = []
    cells = characters = 0
    for _ in stream_part(archive.chunks(entry.part), elements, name=entry.part):
        for row in elements.rows:
            cells += len(row.cells)
            # A text that is kept once may be shown a million times.
            characters += sum(len(cell.text) for cell in row.cells.values())
        rows += elements.rows
        elements.rows.clear()
        _check_size(entry, rows=len(rows), cells=cells, characters=characters)
    return rows


def _check_size(entry: SheetEntry, *, rows: int, cells: int, characters: int) -> None:
    for found, most, what in (
        # One for the headings, and some for what stands above them.
        (rows, limits.TABLE_ROWS_MAX + 100, "rows"),
        (cells, limits.TABLE_CELLS_MAX, "cells"),
        (characters, limits.TABLE_BYTES_MAX, "characters"),
    ):
        if found > most:
            raise WorkbookRefused(
                f"expected at most {most} {what} in sheet {entry.name!r}, found more",
                remedy="Split the sheet.",
            )


def _fill_merged(rows: Sequence[SheetRow], areas: Sequence[Area]) -> list[SheetRow]:
    """Cells merged downwards show their value in every row; across, they belong to no column."""
    filled = list(rows)
    numbers = [row.number for row in rows]
    left = limits.TABLE_CELLS_MAX
    for area in areas:
        first = bisect_left(numbers, area.top)
        if first == len(rows) or numbers[first] != area.top:
            continue
        cell = rows[first].cells.get(area.left)
        if cell is None:
            continue
        if area.right > area.left:
            cell = replace(cell, fault=f"a value merged across {area.name}")
        for at in range(first, len(rows)):
            if numbers[at] > area.bottom:
                break
            left -= 1
            if left < 0:
                raise WorkbookRefused(
                    f"expected at most {limits.TABLE_CELLS_MAX} cells, found more merged ones",
                    remedy="Take the merging back.",
                )
            filled[at] = _with_cell(filled[at], area.left, cell)
    return filled


def _with_cell(row: SheetRow, column: int, cell: SheetCell) -> SheetRow:
    return replace(row, cells={**row.cells, column: cell})


def _notes(
    contents: Contents, entry: SheetEntry, rows: Sequence[SheetRow], elements: SheetElements
) -> Iterator[str]:
    if entry.is_hidden:
        yield f"sheet {entry.name!r} is hidden in the workbook"
    others = [item for item in contents.sheets if item is not entry]
    if others:
        shown = [f"{item.name!r}{' (hidden)' * item.is_hidden}" for item in others[:_TOLD_MAX]]
        yield f"not read: {_some('sheet', shown, len(others))}; --sheet names one"
    hidden = [str(row.number) for row in rows if row.is_hidden]
    if hidden:
        yield f"hidden {_some('row', hidden[:_TOLD_MAX], len(hidden))} read like the others"
    columns = sorted(elements.hidden_columns & {at for row in rows for at in row.cells})
    if columns:
        letters = [column_letters(at) for at in columns[:_TOLD_MAX]]
        yield f"hidden {_some('column', letters, len(columns))} read like the others"
    merged = [area.name for area in elements.areas if area.bottom > area.top]
    if merged:
        told = _some("cell", merged[:_TOLD_MAX], len(merged))
        yield f"merged {told}: the value counts for every row of them"
    if contents.has_macros:
        yield "macros are not run"


def _some(noun: str, shown: Sequence[str], count: int) -> str:
    more = f" and {count - len(shown)} more" if count > len(shown) else ""
    return f"{noun}{'s' if count > 1 else ''} {', '.join(shown)}{more}"
