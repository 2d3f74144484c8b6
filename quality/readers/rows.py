"""Rows of a table as they come: what every format of a table gives to whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

_NONE: Final[Mapping[int, str]] = MappingProxyType({})


class TableRow(NamedTuple):
    """One row: its number as a spreadsheet counts, and the text of its cells by column.

    Of a workbook, ``numbers`` and ``dates`` say by a bit a column which cells are kept as such,
    and ``faults`` what is wrong with a cell whatever it is taken for.
    """

    number: int
    cells: Sequence[str]
    numbers: int = 0
    dates: int = 0
    faults: Mapping[int, str] = _NONE
