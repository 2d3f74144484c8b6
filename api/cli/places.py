"""Places in the content of a record: what a type's schema wants at a pointer, and what is missing.

A pointer of a mapping is a JSON pointer into ``{group: value}`` in which the place in an
array may also be ``*`` (one element for each row) or ``{Heading}`` (one for each value of
that column).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.cli.cells import Kind, Wanted
from api.cli.table_errors import MalformedMapping

EACH: Final = "*"
_POINTER: Final = re.compile(r"(?:/(?:\{[^{}]+\}|[^/{}]+))+")
_SEGMENT: Final = re.compile(r"/(\{[^{}]+\}|[^/{}]+)")
_DECIMAL_PATTERN: Final = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
_NAMED_KINDS: Final[Mapping[str, Kind]] = {
    "decimal": Kind.DECIMAL,
    "day": Kind.DAY,
    "instant": Kind.INSTANT,
    "party": Kind.PARTY,
    "unit": Kind.UNIT,
    "clock": Kind.CLOCK,
}
_TYPED_KINDS: Final[Mapping[str, Kind]] = {
    "integer": Kind.INTEGER,
    "boolean": Kind.BOOLEAN,
    "string": Kind.TEXT,
    "object": Kind.JSON,
    "array": Kind.JSON,
}
#: Places in the closed groups that a table may fill, and what they want.
FILING_PLACES: Final[Mapping[str, Wanted]] = {
    "/filing/number": Wanted(Kind.TEXT),
    "/filing/notes": Wanted(Kind.TEXT),
    "/address/family": Wanted(Kind.TEXT),
    "/address/case": Wanted(Kind.TEXT),
    "/address/to/0": Wanted(Kind.PARTY),
    "/manifest/subject": Wanted(Kind.PARTY),
    "/manifest/corrects": Wanted(Kind.TEXT),
}

Segments = tuple[str, ...]


def parse_pointer(text: str) -> Segments:
    """The segments of a mapping's pointer.

    Raises:
        MalformedMapping: it has another form.
    """
    if not _POINTER.fullmatch(text):
        raise MalformedMapping(
            f"expected a place such as /lot/number, found {text!r}",
            remedy="Places are listed in docs/reference/record-types.md and by --dry-run.",
        )
    return tuple(_SEGMENT.findall(text))


def is_position(segment: str) -> bool:
    """Whether a segment stands for a place in an array."""
    return segment == EACH or segment.isdecimal() or segment.startswith("{")


@dataclass(frozen=True, slots=True)
class Missing:
    """A required place that nothing fills."""

    pointer: str
    wanted: Wanted


class Places:
    """The places of one record type."""

    def __init__(self, definition: str) -> None:
        """Read the schema of a definition's text."""
        members = json.loads(definition)
        self._schema: Mapping[str, Any] = members["schema"]
        self._definitions: Mapping[str, Any] = self._schema.get("$defs", {})
        self.labels: Mapping[str, Mapping[str, str]] = members.get("labels", {})
        self.vct = str(members["vct"])

    def wanted(self, pointer: str) -> Wanted:
        """What stands at a pointer of a mapping.

        Raises:
            MalformedMapping: the type has no such place.
        """
        segments = parse_pointer(pointer)
        if pointer in FILING_PLACES:
            return FILING_PLACES[pointer]
        schema: Mapping[str, Any] = self._schema
        for depth, segment in enumerate(segments):
            found = self._step(schema, segment)
            if found is None:
                raise MalformedMapping(
                    f"{self.vct} has no place {pointer}",
                    remedy=self._siblings(schema, "/" + "/".join(segments[:depth])),
                )
            schema = found
        wanted = self._describe(schema)
        # Types that take any code as a unit are given the code that others compare with.
        is_measure = segments[-1] == "unit" and wanted == Wanted(Kind.TEXT)
        return Wanted(Kind.MEASURE) if is_measure else wanted

    def takes_decimal(self, pointer: str) -> bool:
        """Whether a decimal stands at a pointer of a mapping.

        Raises:
            MalformedMapping: the type has no such place.
        """
        return self.wanted(pointer).kind is Kind.DECIMAL

    def missing(self, groups: Mapping[str, Any]) -> list[Missing]:
        """Every required place of the type that the groups do not fill."""
        return list(self._missing(self._schema, groups, ""))

    def ordered(self, groups: Mapping[str, Any]) -> dict[str, Any]:
        """The groups with all members in the order of the schema."""
        ordered = self._ordered(self._schema, groups)
        assert isinstance(ordered, dict)
        return ordered

    def _ordered(self, schema: Mapping[str, Any], value: Any) -> Any:
        whole, _ = self._resolve(schema)
        if isinstance(value, list):
            return [self._ordered(whole.get("items", {}), item) for item in value]
        if not isinstance(value, dict):
            return value
        properties = whole.get("properties", {})
        names = [name for name in properties if name in value]
        names += [name for name in value if name not in properties]
        return {name: self._ordered(properties.get(name, {}), value[name]) for name in names}

    def _step(self, schema: Mapping[str, Any], segment: str) -> Mapping[str, Any] | None:
        whole, _ = self._resolve(schema)
        found = whole.get("items") if is_position(segment) else None
        if found is None:
            found = whole.get("properties", {}).get(segment)
        return found if isinstance(found, dict) else None

    def _resolve(self, schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
        """The schema behind references and beside null, and the name it was defined under."""
        name = ""
        for _ in range(8):
            if reference := schema.get("$ref"):
                name = str(reference).rpartition("/")[2]
                schema = self._definitions.get(name, {})
            elif "anyOf" in schema:
                choices = [item for item in schema["anyOf"] if item.get("type") != "null"]
                schema = choices[0] if choices else {}
            else:
                break
        return schema, name

    def _describe(self, schema: Mapping[str, Any]) -> Wanted:
        whole, name = self._resolve(schema)
        is_nullable = any(item.get("type") == "null" for item in schema.get("anyOf", ()))
        words = tuple(word for word in whole.get("enum", ()) if isinstance(word, str))
        if words:
            return Wanted(Kind.TEXT, words, is_nullable)
        if whole.get("pattern") == _DECIMAL_PATTERN:
            return Wanted(Kind.DECIMAL, (), is_nullable)
        if whole.get("type") == "array":
            item = self._describe(whole.get("items", {}))
            if item.kind not in {Kind.JSON, Kind.LIST}:
                return Wanted(Kind.LIST, item.words, is_nullable)
        kind = _NAMED_KINDS.get(name) or _TYPED_KINDS.get(str(whole.get("type")), Kind.JSON)
        return Wanted(kind, (), is_nullable)

    def _siblings(self, schema: Mapping[str, Any], place: str) -> str:
        whole, _ = self._resolve(schema)
        if "items" in whole:
            return f"{place} is a list: go on with /0, /* or /{{Heading}}."
        names = ", ".join(whole.get("properties", ()))
        return f"Below {place or '/'} there are: {names}." if names else f"{place} ends there."

    def _missing(self, schema: Mapping[str, Any], value: Any, pointer: str) -> Iterator[Missing]:
        whole, _ = self._resolve(schema)
        if isinstance(value, list):
            for position, item in enumerate(value):
                yield from self._missing(whole.get("items", {}), item, f"{pointer}/{position}")
        if not isinstance(value, dict):
            return
        properties = whole.get("properties", {})
        for name in whole.get("required", ()):
            if name not in value:
                yield from self._absent(properties.get(name, {}), f"{pointer}/{name}")
        for name, item in value.items():
            if name in properties:
                yield from self._missing(properties[name], item, f"{pointer}/{name}")

    def _absent(self, schema: Mapping[str, Any], pointer: str) -> Iterator[Missing]:
        whole, _ = self._resolve(schema)
        if whole.get("required"):
            yield from self._missing(schema, {}, pointer)
        else:
            yield Missing(pointer, self._describe(schema))
