"""One sheet's cells as a stream of rows (ECMA-376 part 1, 18.3.1).

What a sheet declares of its size is not believed; rows and cells are counted as they come.
Formulas are not computed: the value that the spreadsheet kept is taken, and a cell without
one is at fault, as is one that shows an error. Styled cells without a value are not there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from api.cli.table_errors import WorkbookRefused
from api.cli.workbook.number_format import (
    GENERAL,
    NumberFormat,
    NumberRefused,
    show_number,
)
from ledger import limits

ROWS_MAX: Final = 1_048_576
COLUMNS_MAX: Final = 16_384
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})", re.ASCII)
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NO_VALUE: Final = "a formula whose value was not kept"


@dataclass(frozen=True, slots=True)
class SheetCell:
    """What a cell shows; ``fault`` is what a reader cannot take for a value."""

    text: str
    is_number: bool = False
    is_date: bool = False
    fault: str = ""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row that has something in it: its number, and its cells by column, counted from 0."""

    number: int
    cells: Mapping[int, SheetCell]
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells that are merged; rows counted from 1, columns from 0."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def name(self) -> str:
        """As a spreadsheet names it, ``B4:B6``."""
        return f"{cell_name(self.top, self.left)}:{cell_name(self.bottom, self.right)}"


@dataclass(frozen=True, slots=True)
class CellForms:
    """What cells are read with: shared texts, number formats by style, and the first day."""

    texts: Sequence[str] = ()
    formats: Sequence[NumberFormat] = ()
    is_1904: bool = False


def column_letters(column: int) -> str:
    """The letters of a column that is counted from 0."""
    letters = ""
    while column >= 0:
        letters = chr(ord("A") + column % 26) + letters
        column = column // 26 - 1
    return letters


def cell_name(row: int, column: int) -> str:
    """A cell as a spreadsheet names it, ``F17``."""
    return f"{column_letters(column)}{row}"


def parse_cell_name(text: str) -> tuple[int, int]:
    """Row and column of a cell's name.

    Raises:
        WorkbookRefused: it names no cell that a sheet has.
    """
    found = _REFERENCE.fullmatch(text)
    if found is not None:
        column = 0
        for letter in found[1]:
            column = column * 26 + ord(letter) - ord("A") + 1
        row = int(found[2])
        if row <= ROWS_MAX and column <= COLUMNS_MAX:
            return row, column - 1
    raise _refuse(f"the cell {text[:20]!r}")


def decode_text(text: str) -> str:
    """A text with its escaped characters, ``_x000D_`` (22.9.2.19, ST_Xstring)."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    # Half of a pair is no character: it stays as it is written.
    return found[0] if 0xD800 <= code <= 0xDFFF else chr(code)


@dataclass(slots=True)
class _OpenCell:
    """A cell whose element is open."""

    column: int
    kind: str
    style: str
    value: str = ""
    formula: str = ""
    has_formula: bool = False


@dataclass(slots=True)
class SheetElements:
    """Takes the elements of a sheet; finished rows wait in ``rows`` until they are taken."""

    forms: CellForms
    rows: list[SheetRow] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)
    hidden_columns: set[int] = field(default_factory=set)
    _row: int = 0
    _is_hidden: bool = False
    _column: int = -1
    _cells: dict[int, SheetCell] = field(default_factory=dict)
    _cell: _OpenCell | None = None
    _open: str = ""
    _phonetic: bool = False
    _texts: dict[str, str] = field(default_factory=dict)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if self._cell is not None:
            self._start_within(self._cell, name)
        elif name == "c":
            self._start_cell(attributes)
        elif name == "row":
            self._start_row(attributes)
        elif name == "mergeCell":
            self._add_area(attributes.get("ref", ""))
        elif name == "col" and attributes.get("hidden") in {"1", "true"}:
            self._hide_columns(attributes)

    def end(self, name: str) -> None:
        """An element ends."""
        if name == "c" and self._cell is not None:
            self._end_cell(self._cell)
            self._cell = None
        elif name == "row":
            self._end_row()
        elif name == "rPh":
            self._phonetic = False
        if name == self._open:
            self._open = ""

    def text(self, data: str) -> None:
        """Text of a value, an inline text or a formula."""
        cell = self._cell
        if cell is None or not self._open or self._phonetic:
            return
        if self._open == "f":
            cell.formula = (cell.formula + data)[:80]
            return
        if len(cell.value) + len(data) > limits.WORKBOOK_CELL_CHARACTERS_MAX:
            raise _refuse(
                f"more than {limits.WORKBOOK_CELL_CHARACTERS_MAX} characters in cell "
                f"{cell_name(self._row, cell.column)}"
            )
        cell.value += data

    def _start_within(self, cell: _OpenCell, name: str) -> None:
        if name == "rPh":
            self._phonetic = True
        elif name in {"v", "t", "f"}:
            self._open = name
            cell.has_formula |= name == "f"

    def _start_row(self, attributes: Mapping[str, str]) -> None:
        number = _number(attributes.get("r", str(self._row + 1)), most=ROWS_MAX)
        if number <= self._row:
            raise _refuse(f"row {number} after row {self._row}")
        self._row, self._column, self._cells = number, -1, {}
        self._is_hidden = attributes.get("hidden") in {"1", "true"}

    def _end_row(self) -> None:
        if self._cells:
            self.rows.append(SheetRow(self._row, self._cells, self._is_hidden))
            self._cells = {}

    def _start_cell(self, attributes: Mapping[str, str]) -> None:
        reference = attributes.get("r")
        row, column = (
            (self._row, self._column + 1) if reference is None else parse_cell_name(reference)
        )
        if row != self._row or column <= self._column or column >= COLUMNS_MAX:
            raise _refuse(f"cell {cell_name(row, column)} out of its place")
        self._column = column
        self._cell = _OpenCell(column, attributes.get("t", "n"), attributes.get("s", "0"))

    def _end_cell(self, cell: _OpenCell) -> None:
        self._phonetic = False
        shown = self._show(cell)
        if not shown.text and not shown.fault:
            return
        if cell.column >= limits.TABLE_COLUMNS_MAX:
            raise _refuse(
                f"something in cell {cell_name(self._row, cell.column)}, beyond the "
                f"{limits.TABLE_COLUMNS_MAX} columns that are read"
            )
        self._cells[cell.column] = shown

    def _show(self, cell: _OpenCell) -> SheetCell:
        value = cell.value
        if cell.has_formula and not value and cell.kind != "str":
            return SheetCell(f"={cell.formula}", fault=_NO_VALUE)
        match cell.kind:
            case "s":
                return SheetCell(self._shared(value))
            case "str" | "inlineStr":
                return SheetCell(decode_text(value))
            case "b":
                return SheetCell({"1": "true", "0": "false"}.get(value, value))
            case "d":
                return SheetCell(value.replace("T", " ", 1), is_date=True)
            case "e":
                return SheetCell(value or "#ERROR", fault=f"the error {value[:20]}")
        return self._number(cell) if value else SheetCell("")

    def _shared(self, value: str) -> str:
        if not value:
            return ""
        return self.forms.texts[
            _number(value, most=len(self.forms.texts) - 1, what="a shared text")
        ]

    def _number(self, cell: _OpenCell) -> SheetCell:
        form = self._format(cell.style)
        try:
            shown = show_number(cell.value.strip(), form, is_1904=self.forms.is_1904)
        except NumberRefused as fault:
            return SheetCell(cell.value.strip()[:40], fault=str(fault))
        # Equal texts are one object: a column of dates costs what its different days cost.
        shown = self._texts.setdefault(shown, shown) if form.is_clock else shown
        return SheetCell(shown, is_number=not form.is_clock, is_date=form.is_clock)

    def _format(self, style: str) -> NumberFormat:
        formats = self.forms.formats
        if not formats:
            return GENERAL
        return formats[_number(style, most=len(formats) - 1, what="a style")]

    def _add_area(self, reference: str) -> None:
        if len(self.areas) >= limits.WORKBOOK_MERGES_MAX:
            raise _refuse(f"more than {limits.WORKBOOK_MERGES_MAX} merged cells")
        first, _, last = reference.partition(":")
        top, left = parse_cell_name(first)
        bottom, right = parse_cell_name(last or first)
        if bottom < top or right < left:
            raise _refuse(f"the merged cells {reference[:20]!r}")
        self.areas.append(Area(top, left, bottom, right))

    def _hide_columns(self, attributes: Mapping[str, str]) -> None:
        first = _number(attributes.get("min", "1"), most=COLUMNS_MAX)
        last = _number(attributes.get("max", str(first)), most=COLUMNS_MAX)
        self.hidden_columns.update(range(first - 1, min(last, limits.TABLE_COLUMNS_MAX)))


def _number(text: str, *, most: int, what: str = "a number") -> int:
    if text.isascii() and text.isdecimal() and len(text) < 10 and int(text) <= most:
        return int(text)
    raise _refuse(f"{what} {text[:20]!r}, which is not there")


def _refuse(found: str) -> WorkbookRefused:
    return WorkbookRefused(
        f"expected the cells of a sheet, found {found}",
        remedy="Open it in a spreadsheet program and save it again, or export the sheet as CSV.",
    )
