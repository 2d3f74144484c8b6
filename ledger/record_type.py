"""Record types: what a definition says, checked and compiled (docs/spec/record-types.md).

A definition is a JSON document of a ``record-type/v1`` entry (business types) or of the
charter (governance types). Admission reads types from the log's fold only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final, Protocol

import jsonschema_rs

from keys.encoding import encode_base64url
from ledger import limits
from ledger.disclosure import is_group_name
from ledger.errors import MalformedJson, MalformedType
from ledger.faults import Fault
from ledger.record import GOVERNANCE_VCTS
from ledger.strict_json import parse_json

TIERS: Final = ("public", "consortium", "partner", "restricted", "sealed")
CLOSED_GROUPS: Final = ("manifest", "address", "filing")
ROLES: Final = ("oem", "supplier", "certifier", "laboratory", "auditor", "operator")
FAULTS_MAX: Final = 100


class Validator(Protocol):
    """The part of a compiled schema that is used."""

    def is_valid(self, instance: Any) -> bool:
        """Whether the instance meets the schema."""

    def iter_errors(self, instance: Any) -> Iterator[Any]:
        """Every fault, each with ``instance_path`` and ``message``."""


@dataclass(frozen=True, slots=True)
class GroupRule:
    """One group of a type: whether every record has it, and its range of tiers."""

    required: bool
    floor: str
    default: str
    ceiling: str


@dataclass(frozen=True, slots=True)
class RecordType:
    """A type ready for use. ``sha256`` is that of the UTF-8 bytes of ``text``, base64url."""

    vct: str
    titles: Mapping[str, str]
    governs: bool
    groups: Mapping[str, GroupRule]
    digests: int
    search: tuple[str, ...]
    blobs: tuple[str, ...]
    writer_roles: frozenset[str]
    owner: str
    late_max_seconds: int
    text: str
    sha256: str
    groups_validator: Validator
    body_validator: Validator | None

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
        members = parse_json(text.encode(), bytes_max=limits.ENTRY_BYTES_MAX * 4)
    except MalformedJson as fault:
        raise MalformedType(f"definition: {fault}") from fault
    faults = find_faults(_DEFINITION, members)
    if faults:
        raise MalformedType(f"definition{faults[0].pointer}: {faults[0].expected}")
    assert isinstance(members, dict)
    return _compile(members, text)


def builtin_governance_types() -> tuple[RecordType, ...]:
    """The governance types this version writes into a new charter."""
    folder = resources.files("ledger") / "types"
    names = ("charter", "endorsement", "key", "record-type", "policy", "document-part")
    return tuple(
        parse_record_type((folder / f"{name}.v1.json").read_text(encoding="utf-8"))
        for name in names
    )


def find_faults(validator: Validator, instance: object) -> tuple[Fault, ...]:
    """Every fault of an instance under a schema, at most FAULTS_MAX, with JSON pointers."""
    if validator.is_valid(instance):
        return ()
    faults = []
    for error in validator.iter_errors(instance):
        pointer = "".join(f"/{_escape(str(part))}" for part in error.instance_path)
        found = _abbreviate(resolve_pointer(instance, pointer))
        faults.append(Fault(pointer, str(error.message)[:300], found))
        if len(faults) == FAULTS_MAX:
            break
    return tuple(faults)


def resolve_pointer(value: Any, pointer: str) -> Any:
    """Follow an RFC 6901 pointer; None where it leads nowhere."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _abbreviate(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _compile(members: dict[str, Any], text: str) -> RecordType:
    groups = {name: _group_rule(name, rule) for name, rule in members.get("groups", {}).items()}
    governs = members["vct"] in GOVERNANCE_VCTS
    digests = members.get("sd_length", 0)
    wanted = len(groups) + (0 if governs else len(CLOSED_GROUPS))
    if digests < wanted:
        raise MalformedType(f"expected sd_length of at least {wanted}, found {digests}")
    schema = members.get("group_schema" if governs else "schema", {"type": "object"})
    _check_schema(schema, "", 0)
    if governs:
        _check_schema(members["schema"], "", 0)
    return RecordType(
        vct=members["vct"],
        titles=members["title"],
        governs=governs,
        groups=groups,
        digests=digests,
        search=tuple(members.get("search", ())),
        blobs=tuple(members.get("blobs", ())),
        writer_roles=frozenset(members.get("writers", {}).get("roles", ROLES)),
        owner=members.get("owner", "issuer"),
        late_max_seconds=members.get("late_max_seconds", limits.IAT_BEHIND_SECONDS_MAX),
        text=text,
        sha256=document_digest(text),
        groups_validator=_validator(schema if governs else _with_closed_groups(schema, groups)),
        body_validator=_validator(members["schema"]) if governs else None,
    )


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
        raise MalformedType("expected the schema to describe exactly the groups, and to require 1")
    tiers = {
        name: {"enum": list(TIERS[TIERS.index(rule.floor) : TIERS.index(rule.ceiling) + 1])}
        for name, rule in groups.items()
    }
    return {
        **schema,
        "properties": {**found, **_closed_group_schemas(tiers)},
        "required": [*CLOSED_GROUPS, *required],
        "additionalProperties": False,
    }


def _closed_group_schemas(tiers: dict[str, Any]) -> dict[str, Any]:
    did = {"type": "string", "minLength": 1, "maxLength": 640}
    record = {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"}
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
    return {"anyOf": [schema, {"type": "null"}]}


def _refuse_retrieval(uri: str) -> Any:
    raise ValueError(f"a schema may not refer to {uri}")


def _validator(schema: dict[str, Any]) -> Validator:
    try:
        return jsonschema_rs.Draft202012Validator(schema, retriever=_refuse_retrieval)
    except ValueError as fault:
        raise MalformedType(f"schema: {str(fault)[:300]}") from fault


def _check_schema(schema: object, place: str, depth: int) -> None:
    # A schema from outside must not fetch, must not depend on format plug-ins, and must
    # bound what it lets through; jsonschema-rs itself would fetch a remote $ref.
    if depth > limits.JSON_DEPTH_MAX:
        raise MalformedType(f"schema{place}: nested too deeply")
    if isinstance(schema, list):
        for position, item in enumerate(schema):
            _check_schema(item, f"{place}/{position}", depth + 1)
    if not isinstance(schema, dict):
        return
    reference = schema.get("$ref")
    if isinstance(reference, str) and not reference.startswith("#"):
        raise MalformedType(f"schema{place}/$ref: expected '#...', found {reference[:80]!r}")
    for name in ("$id", "$dynamicRef", "$anchor", "$dynamicAnchor", "format"):
        if isinstance(schema.get(name), str):
            raise MalformedType(f"schema{place}/{name}: not allowed in a record type")
    _check_bounds(schema, place)
    for key, item in schema.items():
        _check_schema(item, f"{place}/{_escape(key)}", depth + 1)


def _check_bounds(schema: dict[str, Any], place: str) -> None:
    kind = schema.get("type")
    if kind == "string" and not {"maxLength", "pattern", "enum", "const"} & schema.keys():
        raise MalformedType(f"schema{place}: expected a string to have maxLength or pattern")
    if kind == "array" and "maxItems" not in schema:
        raise MalformedType(f"schema{place}: expected an array to have maxItems")
    if kind == "number":
        raise MalformedType(f"schema{place}: expected integer, or a decimal as string")


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
        "items": {"type": "string", "pattern": "^(/[^/]{1,80}){1,8}$"},
    }
    roles = {"type": "array", "maxItems": 6, "items": {"enum": list(ROLES)}}
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
            "writers": {"type": "object", "properties": {"roles": roles}, "required": ["roles"]},
            "owner": {"enum": ["issuer", "subject"]},
            "late_max_seconds": {"type": "integer", "minimum": 0, "maximum": 31_536_000},
            "retention_days": {"type": "integer", "minimum": 0, "maximum": 36_500},
            "labels": {"type": "object", "additionalProperties": titles, "maxProperties": 400},
        },
        "additionalProperties": False,
    }


_DEFINITION: Final = _validator(_definition_schema())
