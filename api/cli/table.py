"""Tables as spreadsheets export them: encoding, delimiter, headings, rows.

Nothing is guessed where two readings are possible: the table is refused, both readings are
shown, and an option decides. Cells stay the text that they are. Rows are numbered as the
spreadsheet numbers them, the first line being row 1.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from api.cli.table_errors import FormUnclear, TableUnreadable
from api.cli.workbook.sheet import column_letters
from ledger import limits

DELIMITERS: Final = (";", "\t", ",", "|")
ENCODINGS: Final = ("utf-8", "gb18030", "cp1252", "utf-16")
#: The heading of what was wrong with rows that were left out; the column is read over.
REASONS: Final = "lotmark: left out because"
_NO_DELIMITERS: Final = frozenset('"\r\n')
_PROBED_ROWS: Final = 50
_BLANK: Final = " \t\u00a0\u3000\ufeff"
_EXCEL_HINT: Final = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
#: A letter of one byte on both sides: how a Western accent looks when it is read as Chinese.
_INSIDE_A_WORD: Final = re.compile(r"[A-Za-z][^\x00-\x7f]+[a-z]")


@dataclass(frozen=True, slots=True)
class TableOptions:
    """What the user said about the form; None is found out."""

    encoding: str | None = None
    delimiter: str | None = None
    heading_row: int | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the spreadsheet, and its cells by column.

    Of a workbook's cells, ``numbers`` and ``dates`` say by a bit a column which are kept as
    such and not as text, and ``faults`` what is wrong with a cell whatever it is taken for.
    """

    number: int
    cells: tuple[str, ...]
    numbers: int = 0
    dates: int = 0
    faults: Mapping[int, str] = field(default_factory=dict)

    def is_number(self, column: int) -> bool:
        """Whether a cell is kept as a number, and has no decimal sign of its own."""
        return bool(self.numbers >> column & 1)

    def is_date(self, column: int) -> bool:
        """Whether a cell is kept as a day or a time."""
        return bool(self.dates >> column & 1)


@dataclass(frozen=True, slots=True)
class Table:
    """A table, its form, and its headings, each once and none empty.

    Of a workbook, ``sheet`` is the name of its sheet; ``positions`` says where a column
    stands that is not the how-manieth of its table, and ``notes`` what should be told.
    """

    encoding: str
    delimiter: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    heading_row: int = 1
    file: str = ""
    sheet: str | None = None
    positions: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    def column(self, heading: str) -> int:
        """The position of a heading that is there."""
        return self.headings.index(heading)

    def cells(self, heading: str) -> Iterator[tuple[Row, str]]:
        """The cells of a column that are not empty, each with its row."""
        at = self.column(heading)
        return ((row, row.cells[at]) for row in self.rows if row.cells[at])

    def letters(self, heading: str) -> str:
        """The letters that a spreadsheet gives a column."""
        at = self.column(heading)
        return column_letters(self.positions[at] if self.positions else at)

    def place(self, row: int, heading: str) -> str:
        """A cell, as its reader finds it."""
        if self.sheet is None:
            return f"{self.where}row {row}, column {self.letters(heading)} {heading!r}"
        return f"{self.where}cell {self.letters(heading)}{row} {heading!r}"

    @property
    def shows_encoding(self) -> bool:
        """Whether a text of it would be another one in another encoding."""
        texts = chain(self.headings, *(row.cells for row in self.rows))
        return self.encoding == "utf-16" or not all(map(str.isascii, texts))

    @property
    def where(self) -> str:
        """The file and the sheet, to stand before the place in it."""
        file = f"{self.file}, " if self.file else ""
        return file if self.sheet is None else f'{file}sheet "{self.sheet}", '


def read_table(data: bytes, options: TableOptions) -> Table:
    """Read a table.

    Raises:
        TableUnreadable: no table, beyond its bounds, or a delimiter that cannot be one.
        FormUnclear: it can be read in two ways.
    """
    encoding, text = decode(data, options.encoding)
    text, hinted = _take_excel_hint(text)
    heading_row = options.heading_row or 1
    delimiter = options.delimiter or hinted or find_delimiter(text, heading_row)
    _check_delimiter(delimiter)
    # Excel counts its own "sep=" line too.
    rows = _read_rows(text, delimiter, first_number=2 if hinted else 1)
    return _headed(encoding, delimiter, rows, heading_row)


def _check_delimiter(delimiter: str) -> None:
    if len(delimiter) != 1 or delimiter in _NO_DELIMITERS:
        raise TableUnreadable(
            f"expected a delimiter of one character, no quote and no end of line, "
            f"found {delimiter[:20]!r}",
            remedy="Name one with --delimiter: ';', tab, ',' or '|'.",
        )


def decode(data: bytes, encoding: str | None) -> tuple[str, str]:
    """The encoding and the text.

    Raises:
        TableUnreadable: too large, or not of the encoding that was named.
        FormUnclear: neither UTF-8 nor clearly one of the others.
    """
    if len(data) > limits.TABLE_BYTES_MAX:
        raise TableUnreadable(
            f"expected at most {limits.TABLE_BYTES_MAX} bytes, found {len(data)}",
            remedy="Split the file.",
        )
    if encoding is not None:
        return encoding, _decode_as(data, encoding)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", _decode_as(data, "utf-16")
    utf8 = _try(data, "utf-8")
    if utf8 is not None:
        return "utf-8", utf8.removeprefix("\ufeff")
    return _decode_legacy(data)


def _decode_as(data: bytes, encoding: str) -> str:
    text = _try(data, encoding)
    if text is None:
        raise TableUnreadable(
            f"expected text in {encoding}, found other bytes",
            remedy=f"Name another --encoding: {', '.join(ENCODINGS)}.",
        )
    return text.removeprefix("\ufeff")


def _decode_legacy(data: bytes) -> tuple[str, str]:
    chinese, western = _try(data, "gb18030"), _try(data, "cp1252")
    if western is not None and (chinese is None or _has_lone_accents(data)):
        return "cp1252", western
    if chinese is not None and western is not None and _INSIDE_A_WORD.search(chinese):
        raise FormUnclear(
            f"the file could be Chinese (gb18030: {_sample(chinese)!r}) or Western "
            f"(cp1252: {_sample(western)!r})",
            remedy="Say which with --encoding gb18030 or --encoding cp1252.",
        )
    if chinese is not None:
        return "gb18030", chinese
    raise TableUnreadable(
        "expected text in UTF-8, GB 18030 or Windows-1252, found other bytes",
        remedy="Export the table as 'CSV UTF-8'.",
    )


def _has_lone_accents(data: bytes) -> bool:
    """Whether bytes above ASCII stand alone, as accents do; Chinese takes two and more."""
    runs = {len(run) for run in re.findall(rb"[\x80-\xff]+", data)}
    return 1 in runs and max(runs) <= 2


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _sample(text: str) -> str:
    """A piece of the text around its first character that is not ASCII."""
    at = next((at for at, character in enumerate(text) if not character.isascii()), 0)
    return text[max(0, at - 12) : at + 12].replace("\r", " ").replace("\n", " ")


def _take_excel_hint(text: str) -> tuple[str, str | None]:
    found = _EXCEL_HINT.match(text)
    return (text[found.end() :], found[1]) if found else (text, None)


def find_delimiter(text: str, heading_row: int) -> str:
    """The delimiter that gives the headings and the rows below them the same width.

    Raises:
        FormUnclear: two do so equally well.
    """
    widths = {sign: _width(text, sign, heading_row) for sign in DELIMITERS}
    widest = max(widths.values())
    found = [sign for sign, width in widths.items() if width == widest]
    if widest <= 1:
        return ","
    if len(found) > 1:
        raise FormUnclear(
            f"expected one delimiter, found {' and '.join(map(repr, found))} to fit equally",
            remedy="Say which with --delimiter.",
        )
    return found[0]


def _width(text: str, delimiter: str, heading_row: int) -> int:
    """The number of columns where this delimiter gives one; 0 where rows disagree."""
    rows = []
    try:
        for number, cells in enumerate(_reader(text, delimiter), start=1):
            if number >= heading_row and any(cells):
                rows.append(cells)
            if len(rows) == _PROBED_ROWS:
                break
    except csv.Error:
        return 0
    if not rows:
        return 0
    heading = len(_without_empty_end(rows[0]))
    return heading if all(len(_without_empty_end(row)) <= heading for row in rows) else 0


def _without_empty_end(cells: Sequence[str]) -> Sequence[str]:
    stop = len(cells)
    while stop and not cells[stop - 1].strip(_BLANK):
        stop -= 1
    return cells[:stop]


def _reader(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _read_rows(text: str, delimiter: str, *, first_number: int) -> list[Row]:
    rows: list[Row] = []
    try:
        for number, cells in enumerate(_reader(text, delimiter), start=first_number):
            if len(rows) > limits.TABLE_ROWS_MAX or len(cells) > limits.TABLE_COLUMNS_MAX:
                raise TableUnreadable(
                    f"expected at most {limits.TABLE_ROWS_MAX} rows and "
                    f"{limits.TABLE_COLUMNS_MAX} columns, found more at row {number}",
                    remedy="Split the file.",
                )
            rows.append(Row(number, tuple(cell.strip(_BLANK) for cell in cells)))
    except csv.Error as fault:
        raise TableUnreadable(
            f"row {len(rows) + first_number}: {fault}",
            remedy="Look at the quotes of that row, or name another --delimiter.",
        ) from fault
    return rows


def _headed(encoding: str, delimiter: str, rows: Sequence[Row], heading_row: int) -> Table:
    headed = [row for row in rows if row.number >= heading_row and any(row.cells)]
    if len(headed) == 1:
        raise no_rows(f"in row {headed[0].number}")
    if not headed:
        raise TableUnreadable(
            f"expected headings in row {heading_row} and rows below them, found {len(headed)} rows",
            remedy="Name the row of the headings with --heading-row.",
        )
    headings = tuple(_without_empty_end(headed[0].cells))
    check_headings(headings)
    kept = tuple(_fit(row, headings) for row in headed[1:])
    return Table(encoding, delimiter, headings, kept, headed[0].number)


def no_rows(where: str) -> TableUnreadable:
    """The error of headings with nothing below them, as of a template that is still empty."""
    return TableUnreadable(
        f"expected rows below the headings {where}, found none: no rows filled in yet",
        remedy="Fill in a row, or name the row of the headings with --heading-row.",
    )


def check_headings(headings: Sequence[str]) -> None:
    """Check that every column has a heading of its own.

    Raises:
        TableUnreadable: one has none, or two have the same.
    """
    for position, heading in enumerate(headings):
        if not heading:
            raise TableUnreadable(
                f"expected a heading in column {column_letters(position)}, found none",
                remedy="Name the row of the headings with --heading-row, or fill it in.",
            )
        if heading in headings[:position]:
            raise TableUnreadable(
                f"expected every heading once, found {heading!r} in columns "
                f"{column_letters(headings.index(heading))} and {column_letters(position)}",
                remedy="Rename one of them.",
            )


def _fit(row: Row, headings: Sequence[str]) -> Row:
    cells = _without_empty_end(row.cells)
    if len(cells) > len(headings):
        raise TableUnreadable(
            f"row {row.number}: expected {len(headings)} cells, found {len(cells)}",
            remedy="Look at the quotes of that row, or name another --delimiter.",
        )
    return Row(row.number, (*cells, *[""] * (len(headings) - len(cells))))
