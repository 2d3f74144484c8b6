"""Delimited text (RFC 4180 and its relatives) as a stream of rows, whatever its length.

The encoding and the delimiter are said by the caller, who has seen the beginning or asked. A
quoted cell may hold ends of lines; rows are counted as a spreadsheet counts them. Nothing is
held but the piece that is read and one open line.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from quality.errors import MeasurementFileRefused
from quality.readers.rows import TableRow

#: A line without an end is one that somebody's memory is filled with.
LINE_CHARACTERS_MAX: Final = 1024 * 1024
ROW_CELLS_MAX: Final = 500
ROWS_MAX: Final = 10_000_000
_BLANK: Final = " \t\u00a0\u3000\ufeff"


@dataclass(frozen=True, slots=True)
class TextForm:
    """How delimited text is written; ``first_row`` is the number of its first line."""

    encoding: str
    delimiter: str
    first_row: int = 1
    cells_max: int = ROW_CELLS_MAX


def read_delimited_rows(chunks: Iterable[bytes], form: TextForm) -> Iterator[TableRow]:
    """The rows of delimited text, those without any text left out.

    Raises:
        MeasurementFileRefused: other bytes than of the encoding, an open quote, or beyond a
            bound; it names the row.
    """
    number = form.first_row - 1
    reader = csv.reader(_lines(chunks, form.encoding), delimiter=form.delimiter, strict=True)
    try:
        for number, cells in enumerate(reader, start=form.first_row):
            if number > ROWS_MAX or len(cells) > form.cells_max:
                raise MeasurementFileRefused(
                    f"row {number}: expected at most {ROWS_MAX} rows of {form.cells_max} cells, "
                    f"found {len(cells)} cells"
                )
            stripped = [cell.strip(_BLANK) for cell in cells]
            if any(stripped):
                yield TableRow(number, stripped)
    except csv.Error as fault:
        raise MeasurementFileRefused(
            f"row {number + 1}: expected cells apart by {form.delimiter!r}, found: {fault}"
        ) from fault


def _lines(chunks: Iterable[bytes], encoding: str) -> Iterator[str]:
    """Lines with their ends; a carriage return alone ends none, as old as that is."""
    rest = ""
    for text in _texts(chunks, encoding):
        *lines, rest = (rest + text).split("\n")
        for line in lines:
            yield line + "\n"
        if len(rest) > LINE_CHARACTERS_MAX:
            raise MeasurementFileRefused(
                f"expected lines of at most {LINE_CHARACTERS_MAX} characters, found a longer one"
            )
    if rest:
        yield rest


def _texts(chunks: Iterable[bytes], encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    done, is_first = 0, True
    try:
        for chunk in chunks:
            text = decoder.decode(chunk)
            done += len(chunk)
            yield text.removeprefix("\ufeff") if is_first else text
            is_first = is_first and not text
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as fault:
        found = fault.object[fault.start : fault.start + 4].hex(" ")
        raise _no_text(encoding, f"near byte {done + fault.start + 1}: {found}") from fault
    except UnicodeError as fault:
        # UTF-16 that does not begin with its byte order mark.
        raise _no_text(encoding, f"at its beginning: {fault}") from fault


def _no_text(encoding: str, where: str) -> MeasurementFileRefused:
    return MeasurementFileRefused(f"expected text in {encoding}, found other bytes {where}")
