"""A small business record type for tests, and how to change one place of its definition.

The trade's own types are defined in the room ``quality``; the ledger is tested with this one,
which has each thing a definition can have: groups of both cardinalities, search pointers,
blobs, writers and a correction.
"""

from __future__ import annotations

import copy
from typing import Any, Final

from ledger.strict_json import encode_json

SAMPLE_VCT: Final = "sample-report/v1"
DIGEST_PATTERN: Final = "^[A-Za-z0-9_-]{43}$"
REMOVED: Final = object()


def _closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


def _group(cardinality: str, *tiers: str) -> dict[str, Any]:
    floor, default, ceiling = tiers
    return {"cardinality": cardinality, "floor": floor, "default": default, "ceiling": ceiling}


_CODE: Final = {"type": "string", "minLength": 1, "maxLength": 40}
_FILE: Final = _closed(
    ["blob", "sha256", "bytes"],
    blob={"type": "string", "pattern": "^[A-Za-z0-9_-]{22}$"},
    sha256={"type": "string", "pattern": DIGEST_PATTERN},
    bytes={"type": "integer", "minimum": 0, "maximum": 268_435_456},
)
_DEFINITION: Final[dict[str, Any]] = {
    "vct": SAMPLE_VCT,
    "title": {"en": "Sample report", "zh": "示例报告"},
    "groups": {
        "lot": _group("1", "public", "partner", "restricted"),
        "note": _group("0..1", "public", "partner", "sealed"),
        "values": _group("0..1", "partner", "restricted", "sealed"),
        "evidence": _group("0..1", "partner", "restricted", "sealed"),
        "correction": _group("0..1", "public", "partner", "restricted"),
    },
    "schema": _closed(
        ["lot"],
        lot=_closed(["number", "pieces"], number=_CODE, pieces={"$ref": "#/$defs/count"}),
        note={"type": "string", "maxLength": 100_000},
        values={"type": "array", "maxItems": 5_000, "items": {"$ref": "#/$defs/decimal"}},
        evidence={"type": "array", "maxItems": 8, "items": _FILE},
        correction=_closed(["reason"], reason=_CODE),
    )
    | {
        "$defs": {
            "count": {"type": "integer", "minimum": 0, "maximum": 1_000_000},
            "decimal": {"type": "string", "pattern": "^-?(0|[1-9][0-9]*)(\\.[0-9]+)?$"},
        }
    },
    "sd_length": 8,
    "search": ["/lot/number", "/lot/pieces", "/filing/number"],
    "blobs": ["/evidence"],
    "writers": {"roles": ["supplier", "laboratory"]},
}


def sample_definition(**members: object) -> dict[str, Any]:
    """The definition as a value of the test's own, with other members; REMOVED drops one."""
    whole = copy.deepcopy(_DEFINITION) | members
    return {name: value for name, value in whole.items() if value is not REMOVED}


def sample_type_text(**members: object) -> str:
    """The text of that definition, as it stands in a ``record-type/v1`` entry."""
    return encode_json(sample_definition(**members)).decode()


_PARTY: Final = {"type": "string", "minLength": 1, "maxLength": 640}
_RECORD: Final = {"type": "string", "pattern": DIGEST_PATTERN}
_ACTS: Final = [
    _closed(
        ["act", "kind", "customer", "provider", "families"],
        act={"const": "relation"},
        kind={"enum": ["supply", "certification", "laboratory"]},
        customer=_PARTY,
        provider=_PARTY,
        families={"type": "array", "maxItems": 64, "uniqueItems": True, "items": _CODE},
    ),
    _closed(
        ["act", "of", "meaning"],
        act={"const": "endorse"},
        of=_RECORD,
        meaning={"enum": ["approve", "reject"]},
    ),
    _closed(["act", "of", "reason"], act={"const": "end"}, of=_RECORD, reason=_CODE),
    _closed(["act"], act={"const": "wave"}),
]
ACT: Final[dict[str, Any]] = {
    "vct": "act/v1",
    "title": {"en": "Act", "zh": "行为"},
    "groups": {
        "state": _group("1", "consortium", "partner", "partner"),
        "terms": _group("0..1", "partner", "partner", "restricted"),
    },
    "schema": _closed(["state"], state={"oneOf": _ACTS}, terms=_closed(["note"], note=_CODE)),
    "sd_length": 8,
}
#: What only the customer of a supply relation may write, towards its supplier.
ORDER: Final[dict[str, Any]] = {
    "vct": "sample-order/v1",
    "title": {"en": "Sample order", "zh": "示例订单"},
    "groups": {"lot": _group("1", "public", "partner", "restricted")},
    "schema": _closed(["lot"], lot=_closed(["number"], number=_CODE)),
    "sd_length": 8,
    "writers": {"side": {"relation": "supply", "side": "customer"}},
}
#: The same for the supplier, towards its customer.
DELIVERY: Final[dict[str, Any]] = ORDER | {
    "vct": "sample-delivery/v1",
    "title": {"en": "Sample delivery", "zh": "示例交付"},
    "writers": {"roles": ["supplier"], "side": {"relation": "supply", "side": "provider"}},
}


def type_text(definition: dict[str, Any]) -> str:
    """The text of a definition."""
    return encode_json(definition).decode()
