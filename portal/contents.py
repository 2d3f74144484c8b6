"""The content of a record as a tree that a template prints: fields, tables, lists, values.

Values are shown as they were signed: a decimal keeps its zeros, a code stays a code. What the
portal adds (a label, a member's name, a code in words) stands beside the value, never instead
of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeAlias

from ledger.fold import PublicFold
from ledger.record import is_digest
from portal.limits import (
    COLUMNS_MAX,
    DEPTH_SHOWN_MAX,
    ITEMS_SHOWN_MAX,
    LONG_TEXT_CHARACTERS,
    SHORT_TEXT_CHARACTERS,
)
from portal.messages import Words
from portal.names import Labels, Name, name_party

#: Fields that hold a record id; others of that form are digests and lead nowhere.
RECORD_FIELDS: Final = frozenset(
    {"of", "corrects", "case", "credential", "policy", "shipment", "change"}
)


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value. ``kind`` is text, long, number, boolean, absent or record."""

    form: ClassVar[str] = "scalar"
    kind: str
    text: str
    gloss: Name | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A named value: its label for people, its name on the log, and whether they differ."""

    label: Name
    name: str
    value: Node


@dataclass(frozen=True, slots=True)
class Fields:
    """The members of an object."""

    form: ClassVar[str] = "fields"
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """The items of an array; ``left_out`` of them are not shown."""

    form: ClassVar[str] = "listing"
    items: tuple[Node, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class Inline:
    """An array of short plain values, side by side; ``left_out`` of them are not shown."""

    form: ClassVar[str] = "inline"
    values: tuple[Scalar, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class Table:
    """An array of objects of plain values, a row each."""

    form: ClassVar[str] = "table"
    columns: tuple[Name, ...]
    rows: tuple[tuple[Scalar | None, ...], ...]
    left_out: int


Node: TypeAlias = Scalar | Fields | Listing | Inline | Table


@dataclass(frozen=True, slots=True)
class Reading:
    """How the values of one record are read: by its type's labels, in one language."""

    labels: Labels
    fold: PublicFold
    words: Words

    def read(self, value: Any, pointer: str) -> Node:
        """The node of a value; recursion is bounded by the depth that strict JSON allows."""
        match value:
            case dict() if value:
                return Fields(
                    tuple(self._field(name, item, pointer) for name, item in value.items())
                )
            case list() if value:
                return self._read_array(value, pointer)
        return self._scalar(value, pointer)

    def _field(self, name: str, value: Any, pointer: str) -> Field:
        place = f"{pointer}/{name}"
        label = self.labels.of_field(place, self.words)
        if _depth(value) > DEPTH_SHOWN_MAX:
            return Field(
                label, name, Scalar("long", json.dumps(value, ensure_ascii=False, indent=1))
            )
        return Field(label, name, self.read(value, place))

    def _read_array(self, values: Sequence[Any], pointer: str) -> Node:
        shown, place = values[:ITEMS_SHOWN_MAX], f"{pointer}/*"
        left_out = len(values) - len(shown)
        columns = _columns(values)
        if all(_is_short(value) for value in values):
            return Inline(tuple(self._scalar(item, place) for item in shown), left_out)
        if not columns:
            return Listing(tuple(self.read(item, place) for item in shown), left_out)
        return Table(
            tuple(self.labels.of_field(f"{place}/{name}", self.words) for name in columns),
            tuple(self._row(item, columns, place) for item in shown),
            left_out,
        )

    def _row(
        self, item: Mapping[str, Any], columns: Sequence[str], place: str
    ) -> tuple[Scalar | None, ...]:
        return tuple(
            self._scalar(item[name], f"{place}/{name}") if name in item else None
            for name in columns
        )

    def _scalar(self, value: Any, pointer: str) -> Scalar:
        match value:
            case bool():
                return Scalar("boolean", self.words.text("value.yes" if value else "value.no"))
            case None:
                return Scalar("absent", self.words.text("value.null"))
            case int():
                return Scalar("number", str(value))
            case str():
                return self._text(value, pointer)
        return Scalar("absent", self.words.text("value.empty"))

    def _text(self, text: str, pointer: str) -> Scalar:
        if len(text) > LONG_TEXT_CHARACTERS or "\n" in text:
            return Scalar("long", text)
        if pointer.rpartition("/")[2] in RECORD_FIELDS and is_digest(text):
            return Scalar("record", text)
        if text in self.fold.parties:
            return Scalar("text", text, name_party(text, self.fold, words=self.words).name)
        key = f"value.{pointer}.{text}"
        return Scalar("text", text, Name(self.words.text(key)) if self.words.has(key) else None)


def _columns(values: Sequence[Any]) -> tuple[str, ...]:
    """The columns of a table, empty where the values are better read one below the other."""
    if not all(isinstance(value, dict) for value in values):
        return ()
    columns = tuple(dict.fromkeys(name for value in values for name in value))
    is_plain = all(_is_short(item) for value in values for item in value.values())
    return columns if is_plain and len(columns) <= COLUMNS_MAX else ()


def _depth(value: Any) -> int:
    """How many objects and arrays enclose one another; strict JSON has at most 32 of them."""
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(_depth, inner), default=0) if isinstance(value, dict | list) else 0


def _is_short(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= SHORT_TEXT_CHARACTERS and "\n" not in value
    return not isinstance(value, dict | list)
