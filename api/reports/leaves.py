"""The values of a record as places and texts: what a sheet holds, and how it becomes them again.

An object or an array that is empty has a place of its own, ``/bands/`` or ``/plan/classes/-``;
a place with nothing in its cell is absent, and null is a dash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.cli.cells import CellReading, CellRefused, Kind, Wanted, read_cell
from api.cli.workbook.values import SheetValue

NULL: Final = "–"
EMPTY_OBJECT: Final = "/"
EMPTY_LIST: Final = "/-"
#: Spreadsheets compute with doubles: a number of more digits would come back as another.
_DIGITS_EXACT: Final = 15
_NUMBER: Final = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?", re.ASCII)
#: What means something else in a cell, and the same behind marks.
_MARKED: Final = re.compile(r"'*–?")
_MARK: Final = "'"
#: Written as records write them: they stay to the digit what they are.
_RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d))?")
_VERBATIM: Final = frozenset({Kind.DAY, Kind.INSTANT})


@dataclass(frozen=True, slots=True)
class Leaf:
    """A place that ends there: its pointer, and a scalar; None is null."""

    pointer: str
    value: Any


def leaves(value: Any, pointer: str) -> Iterator[Leaf]:
    """Every place in a value but those in arrays of objects, in order."""
    if isinstance(value, dict):
        if not value:
            yield Leaf(pointer + EMPTY_OBJECT, True)
        for name, item in value.items():
            yield from leaves(item, f"{pointer}/{name}")
    elif not isinstance(value, list):
        yield Leaf(pointer, value)
    elif not value:
        yield Leaf(pointer + EMPTY_LIST, True)
    elif not is_table(value):
        for position, item in enumerate(value):
            yield from leaves(item, f"{pointer}/{position}")


def tables(value: Any, pointer: str) -> Iterator[tuple[str, list[Any]]]:
    """Every array of objects in a value and where it stands, but those within another."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from tables(item, f"{pointer}/{name}")
    elif isinstance(value, list):
        if is_table(value):
            yield pointer, value
        else:
            for position, item in enumerate(value):
                yield from tables(item, f"{pointer}/{position}")


def is_table(value: Any) -> bool:
    """Whether a value is an array of objects, of which a sheet has a row each."""
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def leaf_cell(value: Any) -> SheetValue:
    """A scalar as a cell: a number where a spreadsheet keeps it to the digit, else a text."""
    if value is None:
        return SheetValue(NULL)
    if isinstance(value, bool):
        return SheetValue(str(value).lower())
    text = str(value)
    if isinstance(value, int):
        return SheetValue(text, is_number=_is_exact(text))
    return SheetValue(f"{_MARK}{text}" if _MARKED.fullmatch(text) else text)


def decimal_cell(text: str) -> SheetValue:
    """A decimal as a cell: a number that shows its zeros, else the text that it is."""
    return SheetValue(text, is_number=_is_exact(text))


def _is_exact(text: str) -> bool:
    digits = text.lstrip("-0.").replace(".", "")
    return _NUMBER.fullmatch(text) is not None and len(digits) <= _DIGITS_EXACT


def cell_leaf(text: str, wanted: Wanted, reading: CellReading) -> Any:
    """The scalar of a cell that is not empty.

    Raises:
        CellRefused: it has none of the kind that stands at its place.
    """
    if text == NULL:
        return None
    if wanted.kind in _VERBATIM and _RFC_3339.fullmatch(text):
        return text
    if wanted.kind in {Kind.TEXT, Kind.UNIT, Kind.MEASURE, Kind.JSON}:
        text = text.removeprefix(_MARK) if _MARKED.fullmatch(text) else text
        if wanted.words and text not in wanted.words:
            raise CellRefused(f"one of {', '.join(wanted.words)}", text)
        return text
    return read_cell(text.strip(), wanted, reading)


def grow(places: Mapping[str, Any]) -> dict[str, Any]:
    """Places and their scalars as one value; positions of arrays are put in their order."""
    root: dict[str, Any] = {}
    for pointer, value in places.items():
        if pointer.endswith(EMPTY_LIST):
            _put(root, pointer.removesuffix(EMPTY_LIST), [])
        elif pointer.endswith(EMPTY_OBJECT):
            _put(root, pointer.removesuffix(EMPTY_OBJECT), {})
        else:
            _put(root, pointer, value)
    grown = _with_lists(root)
    assert isinstance(grown, dict)
    return grown


def _put(root: dict[str, Any], pointer: str, value: Any) -> None:
    *way, last = pointer.split("/")[1:]
    node = root
    for name in way:
        below = node.setdefault(name, {})
        if not isinstance(below, dict):
            raise CellRefused(f"nothing below a place that ends at {name!r}", pointer)
        node = below
    if node.setdefault(last, value) is not value and not isinstance(value, dict):
        raise CellRefused("every place once", pointer)


def _with_lists(node: Any) -> Any:
    if not isinstance(node, dict) or not node:
        return node
    if all(name.isascii() and name.isdecimal() for name in node):
        ordered = sorted(node.items(), key=lambda item: int(item[0]))
        return [_with_lists(item) for _, item in ordered]
    return {name: _with_lists(item) for name, item in node.items()}
