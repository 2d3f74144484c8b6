"""Record types: what a definition says, checked and compiled (docs/spec/record-types.md).

A definition is a JSON document of a ``record-type/v1`` entry (business types) or of the
charter (governance types). Admission reads types from the log's fold only.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final

from keys.encoding import encode_base64url
from ledger import limits
from ledger.consistency import ConsistencyRule, compile_rules
from ledger.disclosure import is_group_name
from ledger.errors import MalformedJson, MalformedType
from ledger.record import DIGEST_FORM, GOVERNANCE_VCTS, list_names
from ledger.relations import KINDS, SIDES
from ledger.schema_faults import find_faults
from ledger.schema_rules import Validator, check_schema, compile_schema
from ledger.strict_json import parse_json

TIERS: Final = ("public", "consortium", "partner", "restricted", "sealed")
SEALED: Final = TIERS[-1]
CLOSED_GROUPS: Final = ("manifest", "address", "filing")
ROLES: Final = ("oem", "supplier", "certifier", "laboratory", "auditor", "operator")

_POINTER: Final = re.compile(r"(/[^/]{1,80}){1,8}")


@dataclass(frozen=True, slots=True)
class GroupRule:
    """One group of a type: whether every record has it, and its range of tiers."""

    required: bool
    floor: str
    default: str
    ceiling: str


@dataclass(frozen=True, slots=True)
class WriterSide:
    """The side of a relation that may write a type: customer or provider of an addressee."""

    relation: str
    side: str


@dataclass(frozen=True, slots=True)
class RecordType:
    """A type ready for use. ``sha256`` is that of the UTF-8 bytes of ``text``, base64url.

    ``writer_side`` is None where writing it needs no relation.
    """

    vct: str
    titles: Mapping[str, str]
    governs: bool
    groups: Mapping[str, GroupRule]
    digests: int
    search: tuple[str, ...]
    blobs: tuple[str, ...]
    writer_roles: frozenset[str]
    writer_side: WriterSide | None
    owner: str
    late_max_seconds: int
    retention_days: int | None
    consistency: tuple[ConsistencyRule, ...]
    text: str
    sha256: str
    # They follow from the text, by which types are equal.
    groups_validator: Validator = field(compare=False, repr=False)
    body_validator: Validator | None = field(compare=False, repr=False)

    @property
    def required(self) -> frozenset[str]:
        """The groups that every record has."""
        return frozenset(name for name, rule in self.groups.items() if rule.required)

    @property
    def name(self) -> str:
        """The type name without its version."""
        return self.vct.partition("/")[0]


def document_digest(text: str) -> str:
    """base64url(SHA-256(UTF-8 of the text)): how documents are named in entries."""
    return encode_base64url(hashlib.sha256(text.encode()).digest())


def parse_record_type(text: str) -> RecordType:
    """Check a definition and compile its schemas.

    Raises:
        MalformedType: not a definition, or a schema that is unbounded, remote or invalid.
    """
    try:
        members = parse_json(text.encode(), bytes_max=limits.DOCUMENT_BYTES_MAX)
    except MalformedJson as fault:
        raise MalformedType(f"definition: {fault}") from fault
    faults = find_faults(_DEFINITION, members)
    if faults:
        place, expected, found = faults[0].pointer, faults[0].expected, faults[0].found
        raise MalformedType(f"definition{place}: expected {expected}, found {found}")
    assert isinstance(members, dict)
    return _compile(members, text)


@lru_cache(maxsize=limits.TYPES_MAX)
def lenient_validator(text: str) -> Validator:
    """The schema of a business type over its groups, which requires the closed ones only.

    For records with sealed groups: what cannot be read is not judged. ``text`` is that of a
    :class:`RecordType`.
    """
    members: Any = parse_json(text.encode(), bytes_max=limits.DOCUMENT_BYTES_MAX)
    groups = {name: _group_rule(name, rule) for name, rule in members["groups"].items()}
    whole = _with_closed_groups(members["schema"], groups)
    return compile_schema({**whole, "required": list(CLOSED_GROUPS)})


@cache
def builtin_governance_types() -> tuple[RecordType, ...]:
    """The governance types of this version: those that a charter carries."""
    folder = resources.files("ledger") / "types"
    names = (vct.partition("/")[0] for vct in sorted(GOVERNANCE_VCTS))
    return tuple(
        parse_record_type((folder / f"{name}.v1.json").read_text(encoding="utf-8"))
        for name in names
    )


def _compile(members: dict[str, Any], text: str) -> RecordType:
    groups = {name: _group_rule(name, rule) for name, rule in members.get("groups", {}).items()}
    governs = members["vct"] in GOVERNANCE_VCTS
    digests = members.get("sd_length", 0)
    wanted = len(groups) + (0 if governs else len(CLOSED_GROUPS))
    if digests < wanted:
        raise MalformedType(f"expected sd_length of at least {wanted}, found {digests}")
    if "group_schema" in members and not governs:
        raise MalformedType("expected group_schema in governance types only, found it")
    schema = members.get("group_schema", {"type": "object"}) if governs else members["schema"]
    check_schema(members["schema"])
    check_schema(schema)
    writers = members.get("writers", {})
    if governs and "side" in writers:
        raise MalformedType("expected writers.side in business types only, found it")
    return RecordType(
        vct=members["vct"],
        titles=members["title"],
        governs=governs,
        groups=groups,
        digests=digests,
        search=_read_pointers(members.get("search", ())),
        blobs=_read_pointers(members.get("blobs", ())),
        writer_roles=frozenset(writers.get("roles", ROLES)),
        writer_side=WriterSide(**writers["side"]) if "side" in writers else None,
        owner=members.get("owner", "issuer"),
        late_max_seconds=members.get("late_max_seconds", limits.IAT_BEHIND_SECONDS_MAX),
        retention_days=members.get("retention_days"),
        consistency=compile_rules(members.get("consistency", []), groups),
        text=text,
        sha256=document_digest(text),
        groups_validator=compile_schema(
            schema if governs else _with_closed_groups(schema, groups),
        ),
        body_validator=compile_schema(members["schema"]) if governs else None,
    )


def _read_pointers(pointers: Sequence[str]) -> tuple[str, ...]:
    for pointer in pointers:
        if not _POINTER.fullmatch(pointer):
            raise MalformedType(f"expected a pointer of 1..8 steps, found {pointer[:80]!r}")
    return tuple(pointers)


def _group_rule(name: str, rule: dict[str, Any]) -> GroupRule:
    if not is_group_name(name) or name in CLOSED_GROUPS:
        raise MalformedType(f"expected a group name, found {name!r}")
    order = [TIERS.index(rule[key]) for key in ("floor", "default", "ceiling")]
    if order != sorted(order):
        raise MalformedType(f"{name}: expected floor <= default <= ceiling")
    return GroupRule(rule["cardinality"] == "1", rule["floor"], rule["default"], rule["ceiling"])


def _with_closed_groups(schema: dict[str, Any], groups: Mapping[str, GroupRule]) -> dict[str, Any]:
    # One compiled schema judges the type's groups and the three closed ones in one pass.
    required = sorted(name for name, rule in groups.items() if rule.required)
    found = schema.get("properties", {})
    if sorted(found) != sorted(groups) or sorted(schema.get("required", ())) != required:
        raise MalformedType(
            "expected the schema to describe exactly the groups and to require those of "
            f"cardinality 1, found {list_names(found)}"
        )
    if schema.get("type") != "object" or schema.get("additionalProperties") is not False:
        raise MalformedType("expected the schema to be of type object, without other members")
    tiers = {
        name: {"enum": list(TIERS[TIERS.index(rule.floor) : TIERS.index(rule.ceiling) + 1])}
        for name, rule in groups.items()
    }
    return {
        **schema,
        "properties": {**found, **_closed_group_schemas(tiers)},
        "required": [*CLOSED_GROUPS, *required],
    }


def _closed_group_schemas(tiers: dict[str, Any]) -> dict[str, Any]:
    did = {"type": "string", "minLength": 1, "maxLength": 640}
    record = {"type": "string", "pattern": f"^{DIGEST_FORM}$"}
    links = {"type": "array", "maxItems": 64, "items": record}
    names = ("answers", "endorses", "cites")
    return {
        "manifest": _closed(
            owner=did,
            subject=_or_null(did),
            corrects=_or_null(record),
            groups=_closed(**tiers),
        ),
        "address": _closed(
            to={"type": "array", "maxItems": 32, "uniqueItems": True, "items": did},
            case=_or_null(record),
            family=_or_null({"type": "string", "minLength": 1, "maxLength": 64}),
            links=_closed(**dict.fromkeys(names, links)),
        ),
        "filing": _closed(
            present={"type": "array", "maxItems": 64, "items": {"type": "string"}},
            number=_or_null({"type": "string", "minLength": 1, "maxLength": 64}),
            notes=_or_null({"type": "string", "minLength": 1, "maxLength": 2000}),
        ),
    }


def _closed(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"]}


def _writers_schema() -> dict[str, Any]:
    roles = {"type": "array", "minItems": 1, "maxItems": 6, "items": {"enum": list(ROLES)}}
    return {
        "type": "object",
        "minProperties": 1,
        "properties": {
            "roles": roles,
            "side": _closed(relation={"enum": list(KINDS)}, side={"enum": list(SIDES)}),
        },
        "additionalProperties": False,
    }


def _definition_schema() -> dict[str, Any]:
    text = {"type": "string", "minLength": 1, "maxLength": 200}
    titles = {"type": "object", "additionalProperties": text, "maxProperties": 8}
    tier = {"enum": list(TIERS)}
    group = {
        "type": "object",
        "required": ["cardinality", "floor", "default", "ceiling"],
        "properties": {
            "title": titles,
            "cardinality": {"enum": ["1", "0..1"]},
            "floor": tier,
            "default": tier,
            "ceiling": tier,
        },
        "additionalProperties": False,
    }
    pointers = {
        "type": "array",
        "maxItems": 16,
        "items": {"type": "string", "maxLength": 648},
    }
    labels = {"type": "object", "additionalProperties": titles, "maxProperties": 400}
    late_max = {"type": "integer", "minimum": 0, "maximum": 31_536_000}
    return {
        "type": "object",
        "required": ["vct", "title", "schema"],
        "properties": {
            "vct": {"type": "string", "pattern": "^[a-z][a-z0-9-]{1,39}/v[1-9][0-9]{0,2}$"},
            "title": titles,
            "groups": {"type": "object", "maxProperties": 60, "additionalProperties": group},
            "schema": {"type": "object"},
            "group_schema": {"type": "object"},
            "sd_length": {"type": "integer", "minimum": 1, "maximum": 128},
            "search": pointers,
            "blobs": pointers,
            "writers": _writers_schema(),
            "owner": {"enum": ["issuer", "subject"]},
            "late_max_seconds": late_max,
            "retention_days": {"type": "integer", "minimum": 0, "maximum": 36_500},
            "consistency": {"type": "array"},
            "labels": labels,
        },
        "additionalProperties": False,
    }


_DEFINITION: Final = compile_schema(_definition_schema())
