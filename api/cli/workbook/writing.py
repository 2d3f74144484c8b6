"""Workbooks of our own making: headings in bold, values as text or as the digits they have."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from api.cli.workbook.sheet import column_letters
from api.cli.workbook.values import SheetValue
from ledger import limits

_TEXT: Final = "@"
_WIDTH_MAX: Final = 40


def write_workbook(sheets: Mapping[str, Sequence[Sequence[SheetValue]]]) -> bytes:
    """A workbook of some sheets, the first line of each being its headings.

    Nothing in it is a formula, whatever a text begins with.
    """
    book = Workbook(write_only=True)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for at, heading in enumerate(lines[0] if lines else ()):
            width = min(_WIDTH_MAX, max(12, 2 + len(heading.text)))
            sheet.column_dimensions[column_letters(at)].width = width
        for number, line in enumerate(lines):
            sheet.append([_cell(sheet, value, is_bold=number == 0) for value in line])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cell(sheet: Any, value: SheetValue, *, is_bold: bool) -> Any:
    number = _number(value)
    if number is not None:
        cell: Any = WriteOnlyCell(sheet, None)
        # Decimal is taken as it is; the stubs know floats only.
        cell.value = number
        _, _, fraction = value.text.partition(".")
        cell.number_format = f"0.{'0' * len(fraction)}" if fraction else "0"
        return cell
    text = ILLEGAL_CHARACTERS_RE.sub(" ", value.text)[: limits.WORKBOOK_CELL_CHARACTERS_MAX]
    cell = WriteOnlyCell(sheet, text)
    # A text that begins with '=' would else be a formula: what a cell says is never run.
    cell.data_type = "s"
    cell.number_format = _TEXT
    if is_bold:
        cell.font = Font(bold=True)
    return cell


def _number(value: SheetValue) -> Decimal | None:
    try:
        return Decimal(value.text) if value.is_number else None
    except InvalidOperation:
        return None
