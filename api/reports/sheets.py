"""A record as the sheets of a workbook, which :mod:`api.reports.taking_back` reads again.

A sheet of fields, a sheet for each array of objects, and one that says what was verified. The
second line of a sheet says where its cells belong, whatever the language of the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.cli.cells import Kind
from api.cli.places import Places
from api.cli.workbook.values import SheetValue
from api.cli.workbook.writing import write_workbook
from api.reports.inspection import limit_texts, limits_source, outside_of
from api.reports.leaves import decimal_cell, leaf_cell, leaves, tables
from api.reports.marks import ABOUT, FORMAT, HEADING_ROWS, PLACE, VALUE
from api.reports.names import name_of
from api.reports.subject import Subject
from api.reports.verification import verification_lines
from api.reports.words import meaning, word

IGNORED: Final = ""
Line = list[SheetValue]
Sheets = dict[str, Sequence[Sequence[SheetValue]]]
_CLOSED: Final = ("manifest", "address", "filing")
_NOT_IN_A_NAME: Final = re.compile(r"[\[\]:*?/\\']")
_NAME_CHARACTERS_MAX: Final = 31


def report_workbook(subject: Subject) -> bytes:
    """The report as the bytes of a workbook."""
    return write_workbook(report_sheets(subject), heading_rows=HEADING_ROWS)


def report_sheets(subject: Subject) -> Sheets:
    """The sheets of a report by name, the first two lines of each being headings and places."""
    writer = _Writer(subject)
    sheets: Sheets = {word("report", subject.language): writer.fields()}
    for pointer, items in tables(subject.content, ""):
        for table in writer.tables(pointer, [_Item((), item) for item in items]):
            sheets[_free_name(table.name, sheets)] = table.lines
    if limits := list(limit_lines(subject)):
        sheets[_free_name(word("limits", subject.language), sheets)] = limits
    return {**sheets, ABOUT: writer.about()}


def limit_lines(subject: Subject) -> Iterator[Line]:
    """The limits that the specification gives, to look at; nothing where none was shown.

    Nothing here says where it belongs: the record does not type these limits.
    """
    language = subject.language
    source = limits_source(subject) if subject.cited is not None else None
    if source is None or "measurements" not in subject.content:
        return
    names = ("characteristic", "unit", "lower", "nominal", "upper", "count", "outside")
    yield [SheetValue(word(name, language)) for name in names]
    note = f"{word('limits_of', language)}: {source}. {word('limits_read_only', language)}"
    yield [SheetValue(note)]
    for item in subject.limited["measurements"]["characteristics"]:
        outside = outside_of(item)
        told = word("not_compared", language) if outside is None else str(outside)
        yield [
            SheetValue(item["id"]),
            SheetValue(item["unit"]),
            *(decimal_cell(text) for text in limit_texts(item, language)),
            SheetValue(str(len(item["values"])), is_number=True),
            SheetValue(told, is_number=outside is not None),
        ]


@dataclass(frozen=True, slots=True)
class _Item:
    """An element of an array: the positions of those it lies in, from 1, and what it says."""

    within: tuple[int, ...]
    value: Mapping[str, Any]
    called: str = ""


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    lines: Sequence[Sequence[SheetValue]]


class _Writer:
    """Writes the sheets of one record."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._language = subject.language
        self._places = subject.places
        self._kinds: dict[str, Kind] = {}

    def fields(self) -> list[Line]:
        """Every place outside of arrays of objects, a line each."""
        names = ("group", "field", "value", "meaning", "place")
        marks = (IGNORED, IGNORED, VALUE, IGNORED, PLACE)
        headings = [SheetValue(word(name, self._language)) for name in names]
        return [headings, [SheetValue(mark) for mark in marks], *self._field_lines()]

    def _field_lines(self) -> Iterator[Line]:
        labels = self._subject.labels
        for name, group in (*self._subject.content.items(), *self._filed()):
            for leaf in leaves(group, f"/{name}"):
                yield [
                    SheetValue(labels.name(f"/{name}")),
                    SheetValue(name_of(leaf.pointer, labels)),
                    self._cell(leaf.pointer, leaf.value),
                    SheetValue(meaning(leaf.value, self._language)),
                    SheetValue(leaf.pointer),
                ]

    def _filed(self) -> Iterator[tuple[str, Any]]:
        """How the record is addressed and filed, as far as it was shown and says something."""
        for name in _CLOSED:
            group = self._subject.groups.get(name)
            if isinstance(group, dict) and (said := _said(self._without_own(name, group))):
                yield name, said

    def _without_own(self, name: str, group: Mapping[str, Any]) -> dict[str, Any]:
        """What follows from the rest is left out: whoever signs it anew is its owner then."""
        is_own = group.get("owner") == self._subject.issuer
        left_out = {"present"} | ({"owner"} if name == "manifest" and is_own else set())
        kept = {key: value for key, value in group.items() if key not in left_out}
        if isinstance(tiers := kept.get("groups"), dict):
            content = self._subject.content
            kept["groups"] = {key: tier for key, tier in tiers.items() if key in content}
        return kept

    def tables(self, pointer: str, items: Sequence[_Item]) -> Iterator[_Table]:
        """An array of objects as a sheet, and the arrays within it as sheets of their own."""
        depth = pointer.count("*")
        called = name_of(pointer, self._subject.labels)
        rows = [dict(self._row(item.value, f"{pointer}/*")) for item in items]
        columns = list(dict.fromkeys(place for row in rows for place in row))
        numbers = _positions(pointer)
        lines: list[Line] = [
            [SheetValue(text) for text in self._headings(numbers, columns, depth)],
            [SheetValue(text) for text in (*numbers, *[IGNORED] * bool(depth), *columns)],
        ]
        counted: dict[tuple[int, ...], int] = {}
        inner: dict[str, list[_Item]] = {}
        for item, row in zip(items, rows, strict=True):
            own = counted[item.within] = counted.get(item.within, 0) + 1
            at = (*item.within, own)
            key: Line = [SheetValue(str(number), is_number=True) for number in at]
            named = [SheetValue(item.called)] * bool(depth)
            lines.append([*key, *named, *(row.get(place, SheetValue("")) for place in columns)])
            for below, held in _tables_below(item.value, f"{pointer}/*"):
                label = _called(item.value)
                inner.setdefault(below, []).extend(_Item(at, value, label) for value in held)
        yield _Table(called, lines)
        for below, held_items in inner.items():
            yield from self.tables(below, held_items)

    def _headings(
        self, numbers: Sequence[str], columns: Sequence[str], depth: int
    ) -> Iterator[str]:
        labels = self._subject.labels
        for place in numbers[:-1]:
            name = name_of(place.removesuffix("/*"), labels)
            yield word("number_of", self._language, name=name)
        yield word("number", self._language)
        if depth:
            yield name_of(numbers[-2].removesuffix("/*"), labels)
        for place in columns:
            yield name_of(place, labels)

    def _row(self, value: Mapping[str, Any], pointer: str) -> Iterator[tuple[str, SheetValue]]:
        for name, item in value.items():
            for leaf in leaves(item, f"{pointer}/{name}"):
                yield leaf.pointer, self._cell(leaf.pointer, leaf.value)

    def _cell(self, pointer: str, value: Any) -> SheetValue:
        if isinstance(value, str) and self._kind(pointer) is Kind.DECIMAL:
            return decimal_cell(value)
        return leaf_cell(value)

    def _kind(self, pointer: str) -> Kind:
        if pointer not in self._kinds:
            self._kinds[pointer] = kind_at(pointer, self._places)
        return self._kinds[pointer]

    def about(self) -> list[Line]:
        """What was verified, and what a program needs to take the report back."""
        head = [("Format", FORMAT), ("Type", self._subject.kind.vct)]
        title = self._subject.labels.title
        lines = [("", title), ("", ""), *head, *verification_lines(self._subject)]
        return [[SheetValue(name), SheetValue(text)] for name, text in lines]


def kind_at(pointer: str, places: Places) -> Kind:
    """The kind of the value at a place; a text where it is the place of something empty."""
    if pointer.split("/")[1] in _CLOSED or pointer.endswith(("/", "/-")):
        return Kind.TEXT
    return places.wanted(pointer).kind


def _said(value: Any) -> Any:
    """A closed group without what says nothing."""
    if not isinstance(value, dict):
        return value
    kept = {name: _said(item) for name, item in value.items()}
    return {name: item for name, item in kept.items() if item not in (None, [], {})}


def _positions(pointer: str) -> tuple[str, ...]:
    """The places of an element's numbers: of those that it lies in, and its own."""
    whole = f"{pointer}/*"
    return tuple(whole[: found.end()] for found in re.finditer(r"/\*", whole))


def _tables_below(value: Mapping[str, Any], pointer: str) -> Iterator[tuple[str, list[Any]]]:
    for name, item in value.items():
        yield from tables(item, f"{pointer}/{name}")


def _called(value: Mapping[str, Any]) -> str:
    """What an element is called beside those that lie in it: by its first text."""
    return next((text for text in value.values() if isinstance(text, str)), "")


def _free_name(name: str, taken: Mapping[str, Any]) -> str:
    """A name that a sheet may have, and none has yet."""
    plain = _NOT_IN_A_NAME.sub(" ", name).strip()[:_NAME_CHARACTERS_MAX].strip() or "Sheet"
    used = {ABOUT, *(other.casefold() for other in taken)}
    found, number = plain, 1
    while found.casefold() in used:
        number += 1
        found = f"{plain[: _NAME_CHARACTERS_MAX - 4]} {number}"
    return found
