"""The routes about deliveries and sampling in the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from api import errors
from api.deliveries_query import MONTHS_MAX, TEXT_CHARACTERS_MAX
from api.derived.answering import ROWS_MAX
from api.openapi_parts import get_operation, parameter, schema_ref
from api.submit import JSON
from quality.sampling.parameters import CLASSES
from quality.sampling.told import ROWS

_DID: Final = "did:web:log.example:parties:acme"
_STATUSES: Final = (
    errors.BAD_REQUEST,
    errors.UNAUTHORIZED,
    errors.TOO_LARGE,
    errors.UNAVAILABLE,
)


def delivery_paths(record_id: dict[str, Any]) -> dict[str, Any]:
    """The paths; ``record_id`` is the parameter that names a record."""
    content = {JSON: {"schema": schema_ref("Deliveries")}}
    flags = {JSON: {"schema": schema_ref("Flags")}}
    return {
        "/v1/deliveries/monthly": {
            "get": get_operation(
                "Delivered units, bad units and PPM by part and month, for supplier or customer",
                content,
                _parameters(),
                statuses=_STATUSES,
            )
        },
        "/v1/deliveries/differences": {
            "get": get_operation(
                "What was shipped and received otherwise, for supplier or customer",
                content,
                _parameters(),
                statuses=_STATUSES,
            )
        },
        "/v1/sampling": {
            "get": get_operation(
                "The severity in force for the next lot of a part, every lot and switch, and why",
                {JSON: {"schema": schema_ref("Sampling")}},
                _sampling_parameters(),
                statuses=_STATUSES,
            )
        },
        "/v1/records/{record_id}/flags": {
            "get": get_operation(
                "What a record shows only beside others, for who reads it whole",
                flags,
                [record_id],
                statuses=(errors.NOT_FOUND, *_STATUSES),
            )
        },
    }


def delivery_schemas() -> dict[str, Any]:
    """The answers."""
    objects = {"type": "array", "items": {"type": "object"}, "maxItems": ROWS_MAX}
    names = {"type": "array", "items": {"type": "string"}, "maxItems": ROWS_MAX}
    provenance = {
        "type": "object",
        "required": ["method", "tree_size"],
        "properties": {"method": {"type": "string"}, "tree_size": {"type": "integer"}},
    }
    return {
        "Deliveries": {
            "type": "object",
            "required": ["rows", "provenance"],
            "properties": {
                "rows": objects,
                "provenance": provenance,
                "entries": names,
                "erased": names,
            },
        },
        "Sampling": {
            "type": "object",
            "required": [*ROWS, "provenance"],
            "properties": {
                **dict.fromkeys(ROWS, objects),
                "provenance": provenance,
                **dict.fromkeys(("entries", "erased", "withdrawn"), names),
            },
        },
        "Flags": _flags_schema(objects),
    }


def _flags_schema(objects: dict[str, Any]) -> dict[str, Any]:
    missing = {"type": "array", "items": {"enum": ["deliveries", "sampling"]}, "maxItems": 2}
    return {
        "type": "object",
        "required": ["record_id", "flags", "missing", "provenance"],
        "properties": {
            "record_id": {"type": "string"},
            "flags": objects,
            "missing": missing,
            "provenance": {
                "type": "object",
                "required": ["method", "tree_size"],
                "properties": {
                    "method": {"type": "string"},
                    "tree_size": {"type": ["integer", "null"]},
                },
            },
        },
    }


def _named(*more: dict[str, Any]) -> list[dict[str, Any]]:
    length = {"minLength": 1, "maxLength": TEXT_CHARACTERS_MAX}
    named = [
        parameter("customer", "query", "DID of the customer; default any of yours", _DID),
        parameter("supplier", "query", "DID of the supplier; default any of yours", _DID),
        parameter("part", "query", "The customer's part number; default any", "GR-1001"),
        *more,
    ]
    return [{**item, "schema": {**item["schema"], **length}} for item in named]


def _inputs() -> dict[str, Any]:
    ids = parameter("inputs", "query", "`true`: with the ids of all records it rests on", "true")
    return {**ids, "schema": {"type": "string", "enum": ["true", "false"]}}


def _at_least() -> dict[str, Any]:
    return parameter("at_least", "query", "Tree size to wait for, a few seconds", "41")


def _sampling_parameters() -> list[dict[str, Any]]:
    defects = parameter("class", "query", "Class of defects; default all", "major")
    return [
        *_named(parameter("site", "query", "The inspected site; default any", "NB-1")),
        {**defects, "schema": {"type": "string", "enum": list(CLASSES)}},
        parameter("as_of_ms", "query", "Moment of looking at draws; default now", "1792108800000"),
        _at_least(),
        _inputs(),
    ]


def _parameters() -> list[dict[str, Any]]:
    return [
        *_named(),
        parameter("from", "query", f"First month, of at most {MONTHS_MAX}", "2026-10"),
        parameter("to", "query", "Last month; default that of `as_of`", "2026-10"),
        parameter("as_of", "query", "Day of looking at shipments; default today", "2026-11-30"),
        _at_least(),
        _inputs(),
    ]
