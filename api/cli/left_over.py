"""Columns that go nowhere: what people wrote there is not left out of a signed record unsaid."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from api.cli.column_map import ColumnMap
from api.cli.places import parse_pointer
from api.cli.suggestion import known_headings, normal_heading
from api.cli.table import Table
from api.cli.table_errors import MalformedMapping

_DATE_WORDS: Final = ("date", "datum", "日期")
_DECIDED: Final = "/verdict/decided_at"
_NEAR_MAX: Final = 3


def check_left_over(table: Table, mapping: ColumnMap) -> None:
    """Check that every column with values goes somewhere, or was left out on purpose.

    Raises:
        MalformedMapping: some do not; each with the known headings that it is near to.
    """
    filled = [name for name in left_over(table, mapping) if any(table.cells(name))]
    if not filled:
        return
    named = ", ".join(map(repr, filled))
    raise MalformedMapping(
        f"{table.where}expected every column with values to go somewhere, found {named} to go "
        "nowhere",
        remedy=f"Say where: --map '{filled[0]}={likely_place(filled[0], mapping)}'; or leave it "
        f"out on purpose: --map '{filled[0]}='.",
        places=[f"{table.letters(name)} {name!r}: {_why(name, mapping)}" for name in filled],
    )


def _why(heading: str, mapping: ColumnMap) -> str:
    """Why a column goes nowhere: its place is set or taken, or nobody knows one."""
    known = _known_names(mapping.vct).get(normal_heading(heading))
    if known is None:
        return _near(heading, mapping.vct)
    _, place = known
    column = next((name for name, pointer in mapping.columns.items() if pointer == place), None)
    if column is not None:
        return f"{place} is taken by column {column!r}; --map '{heading}=' leaves this one out"
    if place in mapping.constants:
        return f"{place} is set by --set; --map '{heading}=' leaves the column out"
    return _near(heading, mapping.vct)


def left_over(table: Table, mapping: ColumnMap) -> list[str]:
    """The headings that go nowhere and that nobody left out on purpose."""
    used = {
        segment[1:-1]
        for pointer in mapping.columns.values()
        if pointer
        for segment in parse_pointer(pointer)
        if segment.startswith("{")
    }
    # What rows are grouped by has been thought of, too.
    used |= set() if isinstance(mapping.per, str) else {*mapping.per}
    return [name for name in table.headings if name not in mapping.columns and name not in used]


def likely_place(heading: str, mapping: ColumnMap) -> str:
    """Where a column that goes nowhere may belong: a date is mostly that of the verdict."""
    taken = {*mapping.columns.values(), *mapping.constants}
    is_date = any(word in heading.casefold() for word in _DATE_WORDS)
    is_free = mapping.vct == "inspection-report/v1" and _DECIDED not in taken
    return _DECIDED if is_date and is_free else "/PLACE"


def _near(heading: str, vct: str) -> str:
    """Known headings that look like one, each with its place; near are also other words of it."""
    named = _known_names(vct)
    close = get_close_matches(normal_heading(heading), named, n=_NEAR_MAX, cutoff=0.6)
    told = [f"{name!r} ({pointer})" for name, pointer in (named[found] for found in close)]
    return f"is it {' or '.join(told)}?" if told else "no known heading is near"


def _known_names(vct: str) -> dict[str, tuple[str, str]]:
    return {
        normal_heading(name): (name, pointer)
        for pointer, names in known_headings(vct).names.items()
        for name in names
    }
