"""Workbooks of our own making: headings in bold, values as text or as the digits they have."""

from __future__ import annotations

import io
import re
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
_HEADING: Final = Font(bold=True)
_GREY: Final = Font(italic=True, color="00888888")
_WIDTH_MAX: Final = 40
_PROBED_ROWS: Final = 50
#: Reads like an escaped character (22.9.2.19, ST_Xstring): its first sign is escaped itself.
_ESCAPED: Final = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
#: What XML cannot hold, beside what ``openpyxl`` looks for.
_NO_XML: Final = re.compile("[\ufffe\uffff]")


def write_workbook(
    sheets: Mapping[str, Sequence[Sequence[SheetValue]]], *, heading_rows: int = 1
) -> bytes:
    """A workbook of some sheets, the first line of each being its headings.

    Nothing in it is a formula, whatever a text begins with. With more ``heading_rows`` the
    lines below the headings are for programs, and shown in grey.
    """
    book = Workbook(write_only=True)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = f"A{heading_rows + 1}"
        for at in range(len(lines[0]) if lines else 0):
            sheet.column_dimensions[column_letters(at)].width = _width(lines, at)
        for number, line in enumerate(lines):
            font = _HEADING if number == 0 else _GREY if number < heading_rows else None
            sheet.append([_cell(sheet, value, font=font) for value in line])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _width(lines: Sequence[Sequence[SheetValue]], column: int) -> int:
    """As wide as the first cells want it; Chinese characters take two places."""
    texts = [line[column].text[:_WIDTH_MAX] for line in lines[:_PROBED_ROWS] if column < len(line)]
    widths = [sum(2 if letter >= "\u1100" else 1 for letter in text) for text in texts]
    return min(_WIDTH_MAX, max(12, 2 + max(widths)))


def _escaped(text: str) -> str:
    return _NO_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", _ESCAPED.sub("_x005F_", text))


def _cell(sheet: Any, value: SheetValue, *, font: Font | None) -> Any:
    number = _number(value)
    if number is not None:
        cell: Any = WriteOnlyCell(sheet, None)
        # Decimal is taken as it is; the stubs know floats only.
        cell.value = number
        _, _, fraction = value.text.partition(".")
        cell.number_format = f"0.{'0' * len(fraction)}" if fraction else "0"
        return cell
    text = ILLEGAL_CHARACTERS_RE.sub(" ", value.text)[: limits.WORKBOOK_CELL_CHARACTERS_MAX]
    text = _escaped(text)
    cell = WriteOnlyCell(sheet, text)
    # A text that begins with '=' would else be a formula: what a cell says is never run.
    cell.data_type = "s"
    cell.number_format = _TEXT
    if font is not None:
        cell.font = font
    return cell


def _number(value: SheetValue) -> Decimal | None:
    try:
        return Decimal(value.text) if value.is_number else None
    except InvalidOperation:
        return None
