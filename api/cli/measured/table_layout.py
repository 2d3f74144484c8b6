"""From the mapping of a table to the layout by which it can be read as a stream.

A table can, where its rows say nothing but readings and what is the same for all rows of a
record (lot, verdict, parties). One that lists defects beside them, or that makes a record of
every row, is read as a whole, within the bounds of tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from api.cli.column_map import ColumnMap
from api.cli.places import EACH, is_position, parse_pointer
from api.cli.table import Table
from quality.readers.model import Characteristic
from quality.readers.readings_table import ReadingsLayout

_ROOT: Final = "/measurements/characteristics/"
_VALUE: Final = re.compile(rf"{_ROOT}(?P<which>\d+|\{{.+\}})/values/\*/value")
_BESIDE: Final = re.compile(rf"{_ROOT}\*/values/\*/(?P<name>at|piece|cavity|machine|operator)")
_MEMBER: Final = re.compile(
    rf"{_ROOT}(?P<which>\{{.+\}})/(?P<name>id|name|unit|nominal|lower|upper)"
)
_FIXED: Final = ("id", "name", "unit", "nominal", "lower", "upper")


@dataclass(frozen=True, slots=True)
class StreamedLayout:
    """A layout for readings, and the mapping of what all rows of a record share.

    ``numbered`` is the place of each characteristic in the mapping, by its id.
    """

    readings: ReadingsLayout
    heads: tuple[int, ...]
    shared: ColumnMap
    numbered: Mapping[str, str] = field(default_factory=dict)


def streamed_layout(table: Table, mapping: ColumnMap, *, is_comma: bool) -> StreamedLayout | None:
    """The layout of a table under a mapping; None where it has to be read as a whole."""
    if mapping.per == "row":
        return None
    sorting = _Sorting(table, mapping)
    for heading, pointer in mapping.columns.items():
        if pointer and not sorting.sort(heading, pointer):
            return None
    if bool(sorting.wide) == (sorting.value is not None):
        # Neither layout, or both in one table.
        return None
    named = replace(table, file="")
    readings = ReadingsLayout(
        table.headings,
        place=lambda row, column: named.place(row, table.headings[column]),
        wide=sorting.wide,
        value=sorting.value,
        members=sorting.members,
        beside=sorting.beside,
        parts=tuple(map(table.column, mapping.per)) if mapping.per != "file" else (),
        is_comma=is_comma,
    )
    shared = replace(
        mapping,
        columns=sorting.shared,
        constants={p: v for p, v in mapping.constants.items() if not p.startswith(_ROOT)},
    )
    heads = tuple(map(table.column, sorting.shared))
    return StreamedLayout(readings, heads, shared, sorting.numbered)


def fixed_member(mapping: ColumnMap, which: str, name: str) -> Any:
    """What the mapping says of a characteristic by its place, else of all."""
    own = mapping.constants.get(f"{_ROOT}{which}/{name}")
    return mapping.constants.get(f"{_ROOT}{EACH}/{name}") if own is None else own


class _Sorting:
    """Sorts the columns of a table."""

    def __init__(self, table: Table, mapping: ColumnMap) -> None:
        self._table, self._mapping = table, mapping
        self.wide: dict[int, Characteristic] = {}
        self.value: int | None = None
        self.members: dict[str, int] = {}
        self.beside: dict[str, int] = {}
        self.shared: dict[str, str] = {}
        self.numbered: dict[str, str] = {}

    def sort(self, heading: str, pointer: str) -> bool:
        """Take one column; whether it has a place in a stream."""
        at = self._table.column(heading)
        if found := _VALUE.fullmatch(pointer):
            return self._take_value(at, found["which"])
        if found := _BESIDE.fullmatch(pointer):
            self.beside[found["name"]] = at
            return True
        if found := _MEMBER.fullmatch(pointer):
            name = "number" if found["name"] == "id" else found["name"]
            self.members[name] = at
            return True
        if any(is_position(segment) for segment in parse_pointer(pointer)[1:]):
            # Another list: its elements are rows, and those are not kept.
            return pointer == "/address/to/0" and self._share(heading, pointer)
        return self._share(heading, pointer)

    def _share(self, heading: str, pointer: str) -> bool:
        self.shared[heading] = pointer
        return True

    def _take_value(self, at: int, which: str) -> bool:
        if which.startswith("{"):
            self.value = at
            self.members.setdefault("number", self._table.column(which[1:-1]))
            return True
        said = {name: fixed_member(self._mapping, which, name) for name in _FIXED}
        number = str(said.pop("id") or self._table.headings[at])
        self.wide[at] = Characteristic("", "", number=number, **said)
        self.numbered[number] = which
        return True
