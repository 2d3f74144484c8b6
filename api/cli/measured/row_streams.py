"""Tables that are too long to be held: the beginning as a table, all of it as a stream."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from api.cli.measured.source import Progress, read_chunks, silent
from api.cli.options import read_file
from api.cli.table import Table, TableOptions, decode, read_table
from api.cli.table_errors import TableUnreadable
from api.cli.table_sheet import sheet_row, sheet_table
from api.cli.workbook.archive import ZIP_MAGIC
from api.cli.workbook.reading import Sheet
from api.cli.workbook.streaming import SheetStream
from ledger import limits
from quality.errors import MeasurementFileRefused
from quality.readers.delimited import TextForm, read_delimited_rows
from quality.readers.rows import TableRow

_PROBED_ROWS: Final = 2_000


class RowStream(Protocol):
    """A table whose beginning is known; its rows come as often as they are asked for."""

    @property
    def table(self) -> Table:
        """Headings, form and the first rows."""

    def rows(self, progress: Progress) -> Iterator[TableRow]:
        """Every row below the headings.

        Raises:
            TableUnreadable: it cannot be read to its end.
        """


def open_stream(path: Path, options: TableOptions, *, whole_bytes_max: int) -> RowStream | None:
    """The stream of a long table; None of one that is read as a whole, and of other files.

    Args:
        path: the file.
        options: what is known of its form.
        whole_bytes_max: so many bytes, of a workbook unpacked, are read as a whole.

    Raises:
        TableUnreadable, FormUnclear: its beginning is no table, or one of two.
    """
    beginning = next(read_chunks(path), b"")
    if beginning.startswith(ZIP_MAGIC):
        stream = SheetStream(read_file(path, "records", bytes_max=limits.TABLE_BYTES_MAX))
        return _sheet(stream, options) if stream.size > whole_bytes_max else None
    size = path.stat().st_size
    is_long = size > whole_bytes_max or (
        size > limits.TABLE_ROWS_MAX
        and sum(chunk.count(b"\n") for chunk in read_chunks(path)) >= limits.TABLE_ROWS_MAX
    )
    return _text(path, options) if is_long else None


@dataclass(frozen=True, slots=True)
class _TextStream:
    path: Path
    table: Table

    def rows(self, progress: Progress) -> Iterator[TableRow]:
        form = TextForm(self.table.encoding, self.table.delimiter)
        try:
            for row in read_delimited_rows(read_chunks(self.path, progress), form):
                if row.number > self.table.heading_row:
                    yield row
        except MeasurementFileRefused as fault:
            raise TableUnreadable(
                f"{self.path}: {fault}",
                remedy="Look at that place, or name another --encoding or --delimiter.",
            ) from fault


@dataclass(frozen=True, slots=True)
class _WorkbookStream:
    stream: SheetStream
    table: Table

    def rows(self, progress: Progress) -> Iterator[TableRow]:
        heading_row = self.table.heading_row
        for row in self.stream.rows(self.table.sheet, progress, heading_row=heading_row):
            if row.number > heading_row:
                made = sheet_row(row, self.table)
                yield TableRow(made.number, made.cells, made.numbers, made.dates, made.faults)


def _text(path: Path, options: TableOptions) -> _TextStream:
    encoding = options.encoding or _find_encoding(path)
    beginning = next(read_chunks(path))
    text = codecs.getincrementaldecoder(encoding)("replace").decode(beginning)
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)[: _PROBED_ROWS + 10]
    whole = "".join(lines if len(lines) <= _PROBED_ROWS else lines[:_PROBED_ROWS])
    whole = whole[: whole.rfind("\n") + 1] or whole
    table = read_table(whole.encode(), replace(options, encoding="utf-8"))
    return _TextStream(path, replace(table, encoding=encoding, file=path.name))


def _find_encoding(path: Path) -> str:
    """The encoding, seen in the first piece that has more than ASCII in it.

    Raises:
        FormUnclear, TableUnreadable: as of any table.
    """
    for at, chunk in enumerate(read_chunks(path)):
        if at == 0 and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if not chunk.isascii():
            # Whole lines: a piece may begin and end within a character.
            first = chunk.find(b"\n") + 1 if at else 0
            return decode(chunk[first : chunk.rfind(b"\n") + 1] or chunk, None)[0]
    return "utf-8"


def _sheet(stream: SheetStream, options: TableOptions) -> _WorkbookStream:
    name = stream.choose(options.sheet)
    rows = tuple(islice(stream.rows(name, silent), _PROBED_ROWS))
    table = sheet_table(Sheet(name, rows, stream.notes(name)), options.heading_row)
    return _WorkbookStream(stream, table)
