"""Workbooks to read: by a writer of somebody else's making, or part by part by hand."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from openpyxl import Workbook

MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006/relationships"


def a_workbook(rows: Iterable[Sequence[Any]], *, formats: Mapping[str, str] | None = None) -> bytes:
    """A workbook of one sheet, ``Teile``, as openpyxl writes it; number formats by cell."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Teile"
    for row in rows:
        sheet.append(list(row))
    for cell, code in (formats or {}).items():
        sheet[cell].number_format = code
    return saved(book)


def saved(book: Workbook) -> bytes:
    """The bytes of a workbook."""
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def a_sheet(rows: str, *, after: str = "", before: str = "") -> str:
    """The XML of a sheet with these rows."""
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def by_hand(sheet: str | bytes, **parts: str | bytes) -> bytes:
    """A workbook of one sheet written by hand; ``styles``, ``texts`` or ``book`` beside it."""
    related = {"sheet": "worksheet", "styles": "styles", "texts": "sharedStrings"}
    book = parts.pop("book", _book())
    inner = {"sheet": sheet, **parts}
    relations = "".join(
        f'<Relationship Id="{name}" Type="{RELATIONS}/{kind}" Target="{name}.xml"/>'
        for name, kind in related.items()
        if name in inner
    )
    return zipped(
        {
            "_rels/.rels": _relations(
                f'<Relationship Id="a" Type="{RELATIONS}/officeDocument" Target="xl/book.xml"/>'
            ),
            "xl/book.xml": book,
            "xl/_rels/book.xml.rels": _relations(relations),
            **{f"xl/{name}.xml": part for name, part in inner.items()},
        }
    )


def zipped(parts: Mapping[str, str | bytes], *, level: int = 6) -> bytes:
    """A zip of some parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return file.getvalue()


def _book() -> str:
    return (
        f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">'
        '<sheets><sheet name="Teile" sheetId="1" r:id="sheet"/></sheets></workbook>'
    )


def _relations(inner: str) -> str:
    return f'<Relationships xmlns="{_PACKAGE}">{inner}</Relationships>'
