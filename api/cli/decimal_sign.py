"""The decimal sign of a table: seen in its numbers, or said by its user, and never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from api.cli.cells import DecimalSign
from api.cli.column_map import ColumnMap
from api.cli.places import Places
from api.cli.table import Table
from api.cli.table_errors import FormUnclear

_SIGNED: Final = re.compile(r"[+-]?\d+(?P<sign>[.,])\d+", re.ASCII)
#: Twelve hundred to one reader and one point two to another; 0.125 and 1200.125 to nobody.
_GROUPED: Final = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
_SIGNS: Final = {".": DecimalSign.POINT, ",": DecimalSign.COMMA}
_REMEDY: Final = "Say which with --decimal point or --decimal comma."


def decimal_of(table: Table, mapping: ColumnMap, places: Places) -> DecimalSign | None:
    """The sign that the numbers of a table show; None where none of them has one.

    Raises:
        FormUnclear: they show both, or only what could as well group thousands.
    """
    columns = [
        heading
        for heading, pointer in mapping.columns.items()
        if pointer and places.takes_decimal(pointer)
    ]
    cells = (
        (table.place(row.number, heading), cell)
        for heading in columns
        for row, cell in table.cells(heading)
        # What a workbook keeps as a number has no sign of its own.
        if not row.is_number(table.column(heading))
    )
    is_comma_table = table.delimiter == "," and len(table.headings) > 1
    return find_decimal(cells, is_comma_table=is_comma_table)


def find_decimal(
    cells: Iterable[tuple[str, str]], *, is_comma_table: bool = False
) -> DecimalSign | None:
    """The sign that numbers show, each with its place; None where none has one.

    In a table that is delimited by commas a comma inside quotes may group thousands and is
    never taken for a decimal comma, and a point is its decimal sign.

    Raises:
        FormUnclear: the numbers show both, or only what could as well group thousands.
    """
    found: dict[DecimalSign, str] = {}
    is_certain, first = False, ("", "")
    for place, cell in cells:
        number = _SIGNED.fullmatch(cell)
        if number is None or (is_comma_table and number["sign"] == ","):
            continue
        found.setdefault(_SIGNS[number["sign"]], f"{place}: {cell!r}")
        if is_comma_table or not _GROUPED.fullmatch(cell):
            is_certain = True
        elif not first[1]:
            first = (place, cell)
    if len(found) > 1:
        raise FormUnclear(
            "expected one decimal sign, found numbers with a point and numbers with a comma",
            remedy=_REMEDY,
            places=tuple(found.values()),
        )
    if found and not is_certain:
        raise _either(*first)
    return next(iter(found), None)


def _either(place: str, cell: str) -> FormUnclear:
    sign = "." if "." in cell else ","
    grouped, fraction = cell.replace(sign, ""), cell.replace(sign, ".").rstrip("0").rstrip(".")
    return FormUnclear(
        f"{place}: expected a number that shows its decimal sign, found {cell!r}, which is "
        f"{grouped} to some and {fraction} to others",
        remedy=f"{_REMEDY} Thousands are never grouped: write {grouped} where that is meant.",
    )
