"""Plain text files of numbers: delimited with a heading, or a matrix without one.

Delimiter, heading, encoding and a row of units are found out of the beginning, unless they are
said. A matrix whose lines are parameters (52 lines of 500 numbers) is turned, and that is told.
Nothing is held but one batch.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from typing import Final

import numpy as np

from quality.errors import MeasurementFileRefused, UnknownUnit
from quality.readers.delimited import TextForm, read_delimited_rows
from quality.readers.lines import Lines, guess_encoding
from quality.readers.rows import TableRow
from quality.units import recognise_unit
from scoring.anomaly.cells import is_missing, number_of, numbers_of
from scoring.anomaly.files import BATCH_ROWS, ColumnBatch, is_transposed
from scoring.errors import MalformedTable

WHITESPACE: Final = " "
_HEAD_BYTES: Final = 1 << 18
_HEAD_LINES: Final = 30
#: Cells of one batch, so that a wide file takes no more memory than a long one.
_BATCH_CELLS: Final = 4_000_000
_CELLS_MAX: Final = 200_000
_DELIMITERS: Final = (";", "\t", ",", "|")


@dataclass(frozen=True, slots=True)
class TextAsked:
    """What is said of a text file; None is found out."""

    delimiter: str | None = None
    has_heading: bool | None = None
    has_units: bool | None = None
    is_transposed: bool | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file of which the beginning is known: headings, units, and batches to be read once."""

    names: tuple[str, ...]
    units: tuple[str, ...]
    first: ColumnBatch
    rest: Iterator[ColumnBatch]
    has_heading: bool
    is_transposed: bool
    delimiter: str

    def batches(self) -> Iterator[ColumnBatch]:
        """Every batch, once."""
        return chain([self.first], self.rest)


def read_text_file(chunks: Iterable[bytes], asked: TextAsked | None = None) -> TextFile:
    """Look at the beginning of a text file.

    Raises:
        MalformedTable: no rows, or a row with more or fewer cells than the first.
        MeasurementFileRefused: bytes that are no text, an open quote, or beyond a bound.
    """
    asked = asked or TextAsked()
    head, chunks = _head(iter(chunks))
    encoding = asked.encoding or _encoding(head)
    lines = _first_lines(head, encoding)
    if not lines:
        raise MalformedTable("expected a row or more, found none")
    delimiter = asked.delimiter or find_delimiter(lines)
    rows = _without_comments(_rows(chunks, encoding, delimiter))
    return _Opened(rows, delimiter, asked).file()


def find_delimiter(lines: Sequence[str]) -> str:
    """What cells are apart by, seen in the first lines; a space stands for any white space.

    Decimal commas make white space look like commas: ``0,25 0,26`` has two cells, not three.
    """
    shown = [line for line in lines if line.strip()][:_HEAD_LINES]
    if _are_numbers_apart_by_space(shown):
        return WHITESPACE
    # What all lines agree on wins: `1,2;3,4` has more commas, and its heading has none.
    best, most = WHITESPACE, (False, 0)
    for delimiter in _DELIMITERS:
        widths = Counter(_width(line, delimiter) for line in shown)
        width, count = widths.most_common(1)[0]
        rank = (count == len(shown), width)
        if width > 1 and count * 2 > len(shown) and rank > most:
            best, most = delimiter, rank
    return best


def _are_numbers_apart_by_space(lines: Sequence[str]) -> bool:
    tokens = [line.split() for line in lines[1:] or lines]
    return (
        all("\t" not in line for line in lines)
        and len({len(line) for line in tokens}) == 1
        and len(tokens[0]) > 1
        and all(
            number_of(cell, is_comma=True) is not None or is_missing(cell)
            for line in tokens
            for cell in line
        )
    )


def _width(line: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error:
        return 0


def _head(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _HEAD_BYTES:
            break
    return head, chain([head], chunks)


def _encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return guess_encoding(head[:_HEAD_BYTES]) or "utf-8"


def _first_lines(head: bytes, encoding: str) -> list[str]:
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    lines = text.removeprefix("\ufeff").split("\n")
    whole = lines[:-1] if len(lines) > 1 and len(head) >= _HEAD_BYTES else lines
    told = [line.rstrip("\r") for line in whole if line.strip()]
    return [line for line in told if not line.startswith("#")][:_HEAD_LINES]


def _rows(chunks: Iterable[bytes], encoding: str, delimiter: str) -> Iterator[TableRow]:
    if delimiter != WHITESPACE:
        form = TextForm(encoding, delimiter, cells_max=_CELLS_MAX)
        return read_delimited_rows(chunks, form)
    return _rows_of_words(chunks, None if encoding == "utf-16" else encoding)


def _rows_of_words(chunks: Iterable[bytes], encoding: str | None) -> Iterator[TableRow]:
    for line in Lines(chunks, encoding):
        if not line.is_sound:
            raise MeasurementFileRefused(
                f"line {line.number}: expected text in {encoding}, found other bytes"
            )
        if cells := line.text.split():
            yield TableRow(line.number, cells)


def _without_comments(rows: Iterator[TableRow]) -> Iterator[TableRow]:
    """Rows without those at the top that begin with ``#``."""
    for row in rows:
        if not row.cells[0].startswith("#"):
            yield row
            break
    yield from rows


class _Opened:
    def __init__(self, rows: Iterator[TableRow], delimiter: str, asked: TextAsked) -> None:
        self._rows, self._delimiter, self._asked = rows, delimiter, asked

    def file(self) -> TextFile:
        top = list(islice(self._rows, 3))
        if not top:
            raise MalformedTable("expected a row or more, found none")
        heading, body = self._split(top)
        width = len(body[0].cells) if body else len(heading or ())
        if heading is not None and len(heading) != width:
            raise MalformedTable(
                f"row {body[0].number}: expected {len(heading)} cells as the heading has, found"
                f" {width}"
            )
        names = _names(heading, width)
        units: tuple[str, ...] = ()
        if body and heading and self._has_units(body):
            units = tuple(cell.strip("[]() ") for cell in body[0].cells)
            body = body[1:]
        batches = _batches(chain(body, self._rows), width)
        first = next(batches, ColumnBatch((), tuple(() for _ in names)))
        turned = self._turned(first, heading) if heading is None else None
        if turned is not None:
            names, first = _names(None, len(turned.columns)), turned
        return TextFile(
            names,
            _padded(units, len(names)),
            first,
            batches,
            heading is not None,
            turned is not None,
            self._delimiter,
        )

    def _split(self, top: list[TableRow]) -> tuple[Sequence[str] | None, list[TableRow]]:
        has_heading = self._asked.has_heading
        if has_heading is None:
            has_heading = is_heading(top[0].cells)
        if not has_heading:
            return None, top
        heading = [*top[0].cells]
        if len(top) > 1 and len(top[1].cells) == len(heading) + 1:
            # Written with row names and no heading above them.
            heading.insert(0, "")
        return heading, top[1:]

    def _has_units(self, body: list[TableRow]) -> bool:
        if self._asked.has_units is not None:
            return self._asked.has_units
        return len(body) > 1 and _is_of_units(body[0].cells)

    def _turned(self, first: ColumnBatch, heading: Sequence[str] | None) -> ColumnBatch | None:
        """A matrix whose lines are parameters, by columns; None of one that stands as it is."""
        asked = self._asked.is_transposed
        if asked is False or heading is not None or not first.numbers:
            return None
        if asked is None:
            if len(first.numbers) >= len(first.columns):
                return None
            matrix = np.column_stack(
                [numbers_of(cells, is_comma=False)[0] for cells in first.columns]
            )
            if not is_transposed(matrix):
                return None
        lines = [list(cells) for cells in zip(*first.columns, strict=True)]
        return ColumnBatch(range(1, len(first.columns) + 1), lines)


def is_heading(cells: Sequence[str]) -> bool:
    """Whether a first row names columns: mostly text, or the numbers that a program counts by."""
    told = [cell for cell in cells if not is_missing(cell)]
    found = [number_of(cell, is_comma=True) for cell in told]
    numbers = [number for number in found if number is not None]
    if len(numbers) >= 3 and numbers[0] in {0.0, 1.0}:
        is_counting = all(b - a == 1.0 for a, b in pairwise(numbers))
        if is_counting and all("." not in cell for cell in told if number_of(cell) is not None):
            return True
    return len(numbers) * 2 < len(told) or not told


_UNIT_LIKE: Final = re.compile(r"[\[(]?\s*[^\s\d][^\s]{0,11}\s*[\])]?")


def _is_of_units(cells: Sequence[str]) -> bool:
    """Whether a row holds units: no numbers, all of it short, and some unit that is known."""
    told = [cell.strip() for cell in cells if not is_missing(cell)]
    return (
        bool(told)
        and all(_UNIT_LIKE.fullmatch(cell) and number_of(cell) is None for cell in told)
        and any(_is_unit(cell.strip("[]() ")) for cell in told)
    )


def _is_unit(text: str) -> bool:
    try:
        recognise_unit(text)
    except UnknownUnit:
        return False
    return True


def _names(heading: Sequence[str] | None, width: int) -> tuple[str, ...]:
    if heading is None:
        return tuple(f"c{column}" for column in range(1, width + 1))
    return tuple(name.strip() or f"column {at}" for at, name in enumerate(heading, start=1))


def _padded(units: tuple[str, ...], width: int) -> tuple[str, ...]:
    return units if len(units) == width else ()


def _batches(rows: Iterable[TableRow], width: int) -> Iterator[ColumnBatch]:
    size = max(1, min(BATCH_ROWS, _BATCH_CELLS // max(width, 1)))
    numbers: list[int] = []
    kept: list[Sequence[str]] = []
    for row in rows:
        if len(row.cells) != width:
            raise MalformedTable(
                f"row {row.number}: expected {width} cells, found {len(row.cells)}"
            )
        numbers.append(row.number)
        kept.append(row.cells)
        if len(kept) == size:
            yield ColumnBatch(tuple(numbers), [*zip(*kept, strict=True)])
            numbers, kept = [], []
    if kept:
        yield ColumnBatch(tuple(numbers), [*zip(*kept, strict=True)])
