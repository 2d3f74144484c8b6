"""The parts beside a workbook's sheets: which sheets there are, shared texts, number formats.

ECMA-376 part 1: 18.2 (workbook), 18.4 (shared strings), 18.8 (styles); part 2: 9.3
(relationships). Relationships to places outside the archive are never followed.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from api.cli.table_errors import WorkbookRefused
from api.cli.workbook.archive import Archive
from api.cli.workbook.number_format import NumberFormat, built_in_format, parse_number_format
from api.cli.workbook.parts import read_part
from api.cli.workbook.sheet import CellForms, decode_text
from ledger import limits

_ROOT: Final = "_rels/.rels"
_MACROS: Final = "vbaProject.bin"
_TRUE: Final = frozenset({"1", "true"})


@dataclass(frozen=True, slots=True)
class SheetEntry:
    """A sheet of cells: its name, its part, and whether the workbook hides it."""

    name: str
    part: str
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class Contents:
    """What a workbook holds; ``parts`` are those that its relationships name, by kind."""

    sheets: tuple[SheetEntry, ...]
    is_1904: bool
    parts: Mapping[str, str]
    has_macros: bool


@dataclass(slots=True)
class _Relations:
    """Takes relationships: kind and part by id."""

    folder: str
    found: dict[str, tuple[str, str]] = field(default_factory=dict)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name != "Relationship" or attributes.get("TargetMode") == "External":
            return
        if len(self.found) >= limits.WORKBOOK_PARTS_MAX:
            raise _refuse("more relationships than parts")
        target = attributes.get("Target", "")
        part = posixpath.normpath(posixpath.join("/", self.folder, target)).lstrip("/")
        kind = attributes.get("Type", "").rpartition("/")[2]
        self.found[attributes.get("Id", "")] = (kind, part)

    def end(self, name: str) -> None:
        pass

    def text(self, data: str) -> None:
        pass


@dataclass(slots=True)
class _Workbook:
    """Takes the list of sheets."""

    sheets: list[tuple[str, str, bool]] = field(default_factory=list)
    is_1904: bool = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "workbookPr":
            self.is_1904 = attributes.get("date1904") in _TRUE
        elif name == "sheet":
            if len(self.sheets) >= limits.WORKBOOK_SHEETS_MAX:
                raise _refuse(f"more than {limits.WORKBOOK_SHEETS_MAX} sheets")
            relation = next((v for k, v in attributes.items() if k.endswith(" id")), "")
            is_hidden = attributes.get("state", "visible") != "visible"
            self.sheets.append((decode_text(attributes.get("name", "")), relation, is_hidden))

    def end(self, name: str) -> None:
        pass

    def text(self, data: str) -> None:
        pass


@dataclass(slots=True)
class _Styles:
    """Takes the number format of every style of cells."""

    codes: dict[str, NumberFormat] = field(default_factory=dict)
    formats: list[NumberFormat] = field(default_factory=list)
    _is_in_cells: bool = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.codes) + len(self.formats) >= 2 * limits.WORKBOOK_FORMATS_MAX:
            raise _refuse("more styles than a workbook may have")
        if name == "numFmt":
            code = parse_number_format(attributes.get("formatCode", ""))
            self.codes[attributes.get("numFmtId", "")] = code
        elif name == "cellXfs":
            self._is_in_cells = True
        elif name == "xf" and self._is_in_cells:
            self.formats.append(self._format(attributes.get("numFmtId", "0")))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._is_in_cells = False

    def text(self, data: str) -> None:
        pass

    def _format(self, number: str) -> NumberFormat:
        if number not in self.codes:
            known = (
                int(number) if number.isascii() and number.isdecimal() and len(number) < 4 else 0
            )
            self.codes[number] = built_in_format(known)
        return self.codes[number]


@dataclass(slots=True)
class _Texts:
    """Takes shared texts; how they are to be spoken (``rPh``) is not part of them."""

    texts: list[str] = field(default_factory=list)
    _pieces: list[str] = field(default_factory=list)
    _size: int = 0
    _is_open: bool = False
    _is_phonetic: bool = False

    def start(self, name: str, _: dict[str, str]) -> None:
        if name == "si":
            self._pieces, self._size = [], 0
        elif name == "rPh":
            self._is_phonetic = True
        self._is_open = name == "t" and not self._is_phonetic

    def end(self, name: str) -> None:
        self._is_open = False
        if name == "rPh":
            self._is_phonetic = False
        elif name == "si":
            if len(self.texts) >= limits.WORKBOOK_TEXTS_MAX:
                raise _refuse(f"more than {limits.WORKBOOK_TEXTS_MAX} texts")
            self.texts.append(decode_text("".join(self._pieces)))

    def text(self, data: str) -> None:
        if not self._is_open:
            return
        self._size += len(data)
        if self._size > limits.WORKBOOK_CELL_CHARACTERS_MAX:
            raise _refuse(f"a text of more than {limits.WORKBOOK_CELL_CHARACTERS_MAX} characters")
        self._pieces.append(data)


def read_contents(archive: Archive) -> Contents:
    """What a workbook says it holds.

    Raises:
        WorkbookRefused: it is no workbook, or beyond its bounds.
    """
    root = dict(_relations(archive, _ROOT, "").values())
    part = root.get("officeDocument", "")
    book = _Workbook()
    read_part(archive.chunks(part), book, name=part)
    folder, _, file = part.rpartition("/")
    related = _relations(archive, posixpath.join(folder, "_rels", f"{file}.rels"), folder)
    sheets = tuple(
        SheetEntry(name, related[relation][1], is_hidden)
        for name, relation, is_hidden in book.sheets
        if related.get(relation, ("", ""))[0] == "worksheet"
    )
    if not sheets:
        raise _refuse("no sheet of cells")
    # Last wins among several of a kind; a workbook has one of those that are asked for.
    parts = dict(related.values())
    has_macros = any(name.endswith(_MACROS) for _, name in related.values())
    return Contents(sheets, book.is_1904, parts, has_macros)


def read_cell_forms(archive: Archive, contents: Contents) -> CellForms:
    """What the cells of a workbook are read with.

    Raises:
        WorkbookRefused: a part is damaged or beyond its bounds.
    """
    styles, texts = _Styles(), _Texts()
    if part := contents.parts.get("styles"):
        read_part(archive.chunks(part), styles, name=part)
    if part := contents.parts.get("sharedStrings"):
        read_part(archive.chunks(part), texts, name=part)
    return CellForms(texts.texts, styles.formats, contents.is_1904)


def _relations(archive: Archive, part: str, folder: str) -> Mapping[str, tuple[str, str]]:
    relations = _Relations(folder)
    read_part(archive.chunks(part), relations, name=part)
    return relations.found


def _refuse(found: str) -> WorkbookRefused:
    return WorkbookRefused(
        f"expected a workbook (.xlsx), found {found}",
        remedy="Open it in a spreadsheet program and save it again, or export the sheet as CSV.",
    )
