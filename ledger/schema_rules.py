"""Schemas of record types: a closed part of JSON Schema 2020-12, judged and compiled.

A schema comes from outside, judges every record of its type, and is never withdrawn
(docs/spec/record-types.md, section 3). So nothing in it fetches, depends on a plug-in or runs
without a bound: references stay inside the document and lead nowhere in a circle, patterns
are matched in linear time, and the schema with its references followed has a bounded size.

Not judged here: whether the schema makes sense, and what it has to do with the groups.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import jsonschema_rs

from ledger import limits
from ledger.errors import MalformedType
from ledger.json_pointer import extend_pointer

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_REFERENCE: Final = re.compile(r"#/\$defs/([A-Za-z0-9_-]{1,80})")
_OF_SCHEMA: Final = frozenset(
    {
        *("items", "additionalProperties", "propertyNames", "contains"),
        *("not", "if", "then", "else"),
    }
)
_OF_SCHEMAS: Final = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_KEYWORDS: Final = frozenset(
    {
        *_OF_SCHEMA,
        *_OF_SCHEMAS,
        *("$ref", "$comment", "title", "description", "type", "enum", "const", "properties"),
        *("required", "dependentRequired", "minProperties", "maxProperties"),
        *("minItems", "maxItems", "uniqueItems", "minContains", "maxContains"),
        *("minLength", "maxLength", "pattern"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    }
)
_ROOT_KEYWORDS: Final = _KEYWORDS | {"$schema", "$defs"}
_TEXT_BOUNDS: Final = frozenset({"maxLength", "pattern", "enum", "const"})
# With these the engine has neither look-around nor back-references, and never backtracks.
_LINEAR_PATTERNS: Final = jsonschema_rs.RegexOptions(
    size_limit=limits.SCHEMA_PATTERN_COMPILED_BYTES_MAX,
    dfa_size_limit=limits.SCHEMA_PATTERN_COMPILED_BYTES_MAX,
)


class Validator(Protocol):
    """The part of a compiled schema that is used."""

    @property
    def document(self) -> Mapping[str, Any]:
        """The schema itself."""

    def is_valid(self, instance: Any) -> bool:
        """Whether the instance meets the schema."""

    def validate(self, instance: Any) -> None:
        """Raise the first fault."""

    def iter_errors(self, instance: Any) -> Iterator[jsonschema_rs.ValidationError]:
        """Every fault; all of them are made before the first one is given."""


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A schema beside the engine made of it, which does not hand it out."""

    document: Mapping[str, Any]
    engine: Any

    def is_valid(self, instance: Any) -> bool:
        return bool(self.engine.is_valid(instance))

    def validate(self, instance: Any) -> None:
        self.engine.validate(instance)

    def iter_errors(self, instance: Any) -> Iterator[jsonschema_rs.ValidationError]:
        errors: Iterator[jsonschema_rs.ValidationError] = self.engine.iter_errors(instance)
        return errors


@dataclass(frozen=True, slots=True)
class _Extent:
    """How much a schema is with its references followed: subschemas, and levels of them."""

    size: int
    height: int


def check_schema(schema: Mapping[str, Any]) -> None:
    """Judge a schema by what it may say (docs/spec/record-types.md, section 3).

    Raises:
        MalformedType: no JSON Schema, a keyword that is not of the closed part, a reference
            that leads out of the document or in a circle, or something without a bound.
    """
    # First of all: the meta-schema that another dialect names would be fetched.
    if schema.get("$schema", DIALECT) != DIALECT:
        raise MalformedType(f"schema/$schema: expected {DIALECT!r}, found another")
    try:
        jsonschema_rs.meta.validate({**schema})
    except ValueError as fault:
        raise MalformedType(f"schema: {str(fault)[:300]}") from fault
    extent = _Walk(schema.get("$defs", {})).measure_root(schema)
    if extent.size > limits.SCHEMA_SIZE_MAX:
        raise MalformedType(
            f"schema: expected at most {limits.SCHEMA_SIZE_MAX} subschemas with references "
            f"followed, found {extent.size}"
        )


def compile_schema(schema: Mapping[str, Any]) -> Validator:
    """Compile a schema that :func:`check_schema` has judged, or one of our own.

    Raises:
        MalformedType: a pattern is not one of the linear engine, or too large for it.
    """
    try:
        engine = jsonschema_rs.Draft202012Validator(
            {**schema}, offline=True, pattern_options=_LINEAR_PATTERNS
        )
    except ValueError as fault:
        raise MalformedType(f"schema: {str(fault)[:300]}") from fault
    return _Compiled(schema, engine)


class _Walk:
    """Walks a schema once, each definition included, and measures it."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions
        self._known: dict[str, _Extent] = {}
        self._patterns = 0

    def measure_root(self, schema: Mapping[str, Any]) -> _Extent:
        for name in self._definitions:
            self._measure_definition(name, 1)
        return self._measure(schema, "", 0, keywords=_ROOT_KEYWORDS)

    def _measure(
        self, schema: Any, place: str, depth: int, *, keywords: frozenset[str] = _KEYWORDS
    ) -> _Extent:
        if depth > limits.SCHEMA_DEPTH_MAX:
            raise MalformedType(
                f"schema{place[:200]}: expected at most {limits.SCHEMA_DEPTH_MAX} levels with "
                "references followed, found more or a circle"
            )
        if isinstance(schema, bool):
            return _Extent(1, 1)
        for name in sorted(schema.keys() - keywords):
            raise MalformedType(f"schema{place}/{name[:80]}: not allowed in a record type")
        self._check_bounds(schema, place)
        inner = [
            self._measure(child, f"{place}{step}", depth + 1) for step, child in _children(schema)
        ]
        if "$ref" in schema:
            inner.append(self._follow(schema["$ref"], place, depth + 1))
        size = 1 + sum(extent.size for extent in inner)
        return _Extent(size, 1 + max((extent.height for extent in inner), default=0))

    def _follow(self, reference: str, place: str, depth: int) -> _Extent:
        form = _REFERENCE.fullmatch(reference)
        if form is None or form[1] not in self._definitions:
            raise MalformedType(
                f"schema{place}/$ref: expected '#/$defs/...' of this schema, "
                f"found {reference[:80]!r}"
            )
        return self._measure_definition(form[1], depth)

    def _measure_definition(self, name: str, depth: int) -> _Extent:
        known = self._known.get(name)
        if known is None or depth + known.height > limits.SCHEMA_DEPTH_MAX:
            place = extend_pointer("/$defs", name)
            self._known[name] = known = self._measure(self._definitions[name], place, depth)
        return known

    def _check_bounds(self, schema: Mapping[str, Any], place: str) -> None:
        named = schema.get("type", [])
        kinds = {named} if isinstance(named, str) else set(named)
        if "number" in kinds:
            raise MalformedType(f"schema{place}: expected integer, or a decimal as string")
        if "string" in kinds and not _TEXT_BOUNDS & schema.keys():
            raise MalformedType(f"schema{place}: expected a string to have maxLength or pattern")
        if "array" in kinds and "maxItems" not in schema:
            raise MalformedType(f"schema{place}: expected an array to have maxItems")
        if "pattern" in schema:
            self._patterns += 1
        if self._patterns > limits.SCHEMA_PATTERNS_MAX:
            raise MalformedType(f"schema: expected at most {limits.SCHEMA_PATTERNS_MAX} patterns")


def _children(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every subschema that is not a definition, and the step to it."""
    for name, child in schema.get("properties", {}).items():
        yield extend_pointer("/properties", name), child
    for keyword in _OF_SCHEMA & schema.keys():
        yield f"/{keyword}", schema[keyword]
    for keyword in _OF_SCHEMAS & schema.keys():
        for position, child in enumerate(schema[keyword]):
            yield f"/{keyword}/{position}", child
