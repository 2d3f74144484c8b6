"""Tables as ``lotmark study`` reads them: columns of numbers, or the named cells of each row."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.cells import DecimalSign
from api.cli.decimal_sign import find_decimal
from api.cli.faults import CommandFault
from api.cli.measured.row_streams import open_stream
from api.cli.measured.source import WHOLE_BYTES_MAX, silent
from api.cli.options import read_file
from api.cli.table import Row, Table, TableOptions
from api.cli.table_sheet import read_any_table
from ledger import limits
from quality.readers.rows import TableRow

if TYPE_CHECKING:
    from quality.spc.columns import Column


@dataclass(frozen=True, slots=True)
class OpenTable:
    """A table, all of its rows, and the decimal sign of its numbers."""

    table: Table
    rows: Iterable[Row | TableRow]
    sign: DecimalSign | None

    def number(self, row: Row | TableRow, heading: str) -> float | None:
        """A cell as a number; None of one that is empty.

        Raises:
            CommandFault: it is no number.
        """
        at = self.table.column(heading)
        cell = row.cells[at] if at < len(row.cells) else ""
        is_no_number = at in row.faults or row.dates >> at & 1
        found = None if is_no_number or not cell else number_of(cell, self.sign)
        if found is None and (cell or is_no_number):
            raise CommandFault(
                "values-not-finite",
                f"{self.table.place(row.number, heading)}: expected a number, found {cell!r}",
                remedy="Correct the value; leave a cell empty where nothing was measured.",
            )
        return found

    def text(self, row: Row | TableRow, heading: str) -> str:
        """A cell as a name: its text without spaces around it."""
        at = self.table.column(heading)
        return row.cells[at].strip() if at < len(row.cells) else ""

    def name(self, row: Row | TableRow, heading: str) -> str:
        """A cell as a name that is there.

        Raises:
            CommandFault: it is empty.
        """
        if found := self.text(row, heading):
            return found
        raise CommandFault(
            "malformed-chart",
            f"{self.table.place(row.number, heading)}: expected a name, found an empty cell",
            remedy="Say of each value whose it is, or leave out the whole row.",
        )

    def heading(self, name: str, option: str) -> str:
        """The heading of that name, whatever its capitals.

        Raises:
            CommandFault: the table has none.
        """
        for heading in self.table.headings:
            if heading.casefold() == name.casefold():
                return heading
        raise CommandFault(
            "column-missing",
            f"expected a column {name!r}, found {', '.join(self.table.headings)}",
            remedy=f"Name the column with {option}.",
        )

    def only_heading(self, name: str | None, besides: Sequence[str]) -> str:
        """The heading that was named, or the only one besides some others.

        Raises:
            CommandFault: there is none of that name, or several are left.
        """
        if name is not None:
            return self.heading(name, "--column")
        left = [heading for heading in self.table.headings if heading not in besides]
        if len(left) == 1:
            return left[0]
        raise CommandFault(
            "column-missing",
            f"expected one column of values, found {', '.join(left) or 'none'}",
            remedy="Name the column with --column.",
        )


def open_table(file: Path, asked: Mapping[str, Any]) -> OpenTable:
    """A table that the user named; a long one is read as a stream, once.

    Raises:
        TableUnreadable, FormUnclear: it is no table, or one of two.
    """
    options = TableOptions(sheet=asked["sheet"])
    stream = open_stream(file, options, whole_bytes_max=WHOLE_BYTES_MAX) if file.is_file() else None
    if stream is not None:
        return _opened(stream.table, stream.rows(silent), asked["decimal"])
    data = read_file(file, "measurements", bytes_max=limits.DRAFT_BYTES_MAX)
    table = read_any_table(data, options)
    return _opened(table, table.rows, asked["decimal"])


def columns_of_table(opened: OpenTable) -> tuple[Column, ...]:
    """The columns that hold numbers and nothing else, in one pass over the rows."""
    from quality.spc.columns import Column

    headings = opened.table.headings
    numbers: dict[int, array[float]] = {at: array("d") for at in range(len(headings))}
    for row in opened.rows:
        for at in [*numbers]:
            cell = row.cells[at] if at < len(row.cells) else ""
            if cell or at in row.faults:
                is_other = row.dates >> at & 1 or at in row.faults
                value = None if is_other else number_of(cell, opened.sign)
                if value is None:
                    del numbers[at]
                else:
                    numbers[at].append(value)
    return tuple(Column(headings[at], values=values) for at, values in numbers.items() if values)


def number_of(cell: str, sign: DecimalSign | None) -> float | None:
    """A cell as a number; NaN and infinity too, which the statistics refuse by name."""
    try:
        return float(cell.replace(",", ".", 1) if sign is DecimalSign.COMMA else cell)
    except ValueError:
        return None


def _opened(table: Table, rows: Iterable[Row | TableRow], decimal: str | None) -> OpenTable:
    return OpenTable(table, rows, DecimalSign(decimal) if decimal else _sign(table))


def _sign(table: Table) -> DecimalSign | None:
    """The decimal sign that the numbers of a table show, of a long one its beginning.

    Raises:
        FormUnclear: they show both, or only what could as well group thousands.
    """
    is_comma_table = table.delimiter == "," and len(table.headings) > 1
    return find_decimal(_texts(table), is_comma_table=is_comma_table)


def _texts(table: Table) -> Iterator[tuple[str, str]]:
    return (
        (table.place(row.number, heading), cell)
        for heading in table.headings
        for row, cell in table.cells(heading)
        if not row.is_number(table.column(heading))
    )
