"""What a report on paper shows, in order: sections of fields and tables, whatever draws them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from api.cli.content_words import Labels
from api.reports.leaves import Leaf, leaves, tables
from api.reports.names import name_of
from api.reports.subject import Subject
from api.reports.times import said_time
from api.reports.units import unit_symbol
from api.reports.words import enum_word, meaning, word

#: Rows of a table on paper; the workbook has all of them.
ROWS_SHOWN: Final = 200
_GENERAL: Final = re.compile(r"/\d+(?=/|$)")
#: Columns that a page is wide enough for.
_COLUMNS_SHOWN: Final = 9


@dataclass(frozen=True, slots=True)
class Field:
    """A name and what it says; ``is_alarming`` where a reader must not miss it."""

    name: str
    text: str
    is_alarming: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """A characteristic as a drawing: limits and values on one scale, None where there is none."""

    lower: float | None
    upper: float | None
    least: float
    mean: float
    most: float
    is_outside: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table: a text or a drawing."""

    text: str = ""
    bar: Bar | None = None
    is_alarming: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: headings with their share of the width, rows, and what is said below it."""

    headings: tuple[tuple[str, float], ...]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report under a title."""

    title: str
    fields: Sequence[Field] = ()
    grids: Sequence[Grid] = field(default_factory=tuple)
    lines: Sequence[str] = ()


def group_section(subject: Subject, name: str) -> Section:
    """A group as it stands: its fields, and a table for each array of objects."""
    group, labels = subject.groups[name], subject.labels
    return Section(
        labels.name(f"/{name}"),
        tuple(fields_of(group, f"/{name}", subject)),
        tuple(array_grid(items, pointer, subject) for pointer, items in tables(group, f"/{name}")),
    )


def fields_of(value: Any, pointer: str, subject: Subject) -> Iterator[Field]:
    """Every place of a value but those in arrays of objects; scalars of a list in one line."""
    gathered: dict[str, list[str]] = {}
    for leaf in leaves(value, pointer):
        place, _, last = leaf.pointer.rpartition("/")
        if last not in {"", "-"}:
            key = place if last.isdecimal() else leaf.pointer
            gathered.setdefault(key, []).append(_told(leaf, subject))
    for place, texts in gathered.items():
        yield Field(name_of(place, subject.labels), ", ".join(texts))


def _told(leaf: Leaf, subject: Subject) -> str:
    """A scalar in words: a unit by its symbol, a time with its offset, a word by its meaning."""
    value, language = leaf.value, subject.language
    if not isinstance(value, str):
        return said(value, language)
    if leaf.pointer.endswith("/unit"):
        return meaning(value, language) or unit_symbol(value)
    if value in subject.places.wanted(_GENERAL.sub("/*", leaf.pointer)).words:
        return enum_word(value, language)
    return said_time(value) or said(value, language)


def array_grid(items: Sequence[Mapping[str, Any]], pointer: str, subject: Subject) -> Grid:
    """An array of objects as a table; what lies deeper is told by its number."""
    shown = items[:ROWS_SHOWN]
    found = [dict(_row(item, f"{pointer}/*", subject)) for item in shown]
    columns = list(dict.fromkeys(place for row in found for place in row))[:_COLUMNS_SHOWN]
    widest = {place: max(len(row.get(place, "")) for row in found) for place in columns}
    return Grid(
        tuple(
            (_heading(place, subject.labels), min(40.0, max(8.0, widest[place])))
            for place in columns
        ),
        tuple(tuple(Cell(row.get(place, "")) for place in columns) for row in found),
        note=more_note(len(shown), len(items), subject.language),
        title=name_of(pointer, subject.labels),
    )


def _heading(place: str, labels: Labels) -> str:
    return name_of(place, labels)


def _row(item: Mapping[str, Any], pointer: str, subject: Subject) -> Iterator[tuple[str, str]]:
    for name, value in item.items():
        place = f"{pointer}/{name}"
        for held in fields_of(value, place, subject):
            yield f"{place}/{held.name}" if isinstance(value, dict) else place, held.text
        for below, inner in tables(value, place):
            yield below, str(len(inner))


def more_note(shown: int, count: int, language: str) -> str:
    """That not everything is shown, and where it is; empty where it is."""
    if shown == count:
        return ""
    return word("more_rows", language, shown=shown, count=count)


def said(value: Any, language: str) -> str:
    """A scalar in words: what a code means, of a party its short name, else its own digits."""
    if value is None:
        return word("nothing", language)
    return meaning(value, language) or str(value)
