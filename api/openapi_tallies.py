"""The routes of tallies in the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from api import errors
from api.openapi_parts import get_operation, object_schema, parameter, problem_answers, schema_ref
from api.submit import JSON
from ledger import limits

_TALLY: Final = "AAECAwQFBgcICQoLDA0ODw"
_STATUSES: Final = (
    errors.BAD_REQUEST,
    errors.UNAUTHORIZED,
    errors.NOT_FOUND,
    errors.TOO_LARGE,
    errors.UNAVAILABLE,
)
_CHANGES: Final = (*_STATUSES, errors.CONFLICT, errors.UNPROCESSABLE)
_LOT: Final = {
    "number": "L-2026-117",
    "part": "GR-1",
    "quantity": "2400",
    "unit": "H87",
    "customer": "did:web:log.example:parties:acme",
    "supplier": "did:web:log.example:parties:gears",
    "specification": {"id": "SP-1", "revision": "A"},
}
_READING: Final = {"measured": {"piece": "1", "characteristic": "D1", "value": "10.02"}}
_OBJECT: Final = {"type": "object"}
_OBJECTS: Final = {"type": "array", "items": _OBJECT}

_OPENING_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["lot", "stage"],
    "additionalProperties": False,
    "properties": {
        "lot": _OBJECT,
        "stage": {"type": "string"},
        "plan": _OBJECT,
        "characteristics": _OBJECTS,
        "severities": _OBJECT,
        "outside": _OBJECT,
    },
}
_READING_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["sequence", "reading"],
    "additionalProperties": False,
    "properties": {
        "sequence": {
            "type": "integer",
            "minimum": 1,
            "maximum": limits.TALLY_READINGS_MAX,
        },
        "reading": _OBJECT,
    },
}


def tally_paths() -> dict[str, Any]:
    """The paths."""
    tally = parameter("tally", "path", "Id of the tally", _TALLY)
    state = {JSON: {"schema": schema_ref("TallyState")}}
    return {
        "/v1/tallies": {
            "post": _open(),
            "get": get_operation(
                "The signer's tallies, the newest first",
                {JSON: {"schema": schema_ref("Tallies")}},
                statuses=_STATUSES,
            ),
        },
        "/v1/tallies/{tally}": {
            "get": get_operation(
                "A tally: its plan, and the state of the lot after the last reading",
                {JSON: {"schema": schema_ref("Tally")}},
                [tally],
                statuses=_STATUSES,
            ),
            "delete": {
                "summary": "Delete a tally with all its readings",
                "security": [{"signature": []}],
                "parameters": [tally],
                "responses": {
                    str(errors.NO_CONTENT): {"description": "Deleted"},
                    **problem_answers(*_STATUSES),
                },
            },
        },
        "/v1/tallies/{tally}/readings": {"post": _read(tally, state)},
        "/v1/tallies/{tally}/draft": {
            "get": get_operation(
                "The draft of the inspection report, once the lot is decided",
                {JSON: {"schema": schema_ref("TallyDraft")}},
                [tally],
                statuses=(*_STATUSES, errors.CONFLICT),
            )
        },
    }


def tally_schemas() -> dict[str, Any]:
    """What is sent and answered."""
    number = {"type": "integer", "minimum": 0}
    head = {
        "tally": {"type": "string"},
        "opened_ms": number,
        "expires_ms": number,
        "sequence": number,
    }
    opened = {
        "lot": _OBJECT,
        "stage": {"type": "string"},
        "plan": _OBJECT,
        "risks": _OBJECT,
        "severities": _OBJECT,
        "sampling_size": {"type": ["integer", "null"]},
        "specification": {"type": ["string", "null"]},
        "flags": _OBJECTS,
        "state": schema_ref("TallyState"),
    }
    return {
        "TallyOpening": _OPENING_SCHEMA,
        "TallyReading": _READING_SCHEMA,
        "Tallies": object_schema({"tallies": {**_OBJECTS, "maxItems": limits.TALLIES_MAX}}),
        "Tally": object_schema({**head, **opened}),
        "TallyState": _state(number),
        "TallyDraft": {
            "type": "object",
            "required": ["type", "groups"],
            "properties": {"type": {"type": "string"}, "groups": _OBJECT, "filing": _OBJECT},
        },
    }


def _state(number: dict[str, Any]) -> dict[str, Any]:
    return object_schema(
        {
            "sequence": number,
            "pieces": _OBJECT,
            "classes": _OBJECTS,
            "decision": {"enum": ["accept", "not-accept", "go-on"]},
            "reasons": _OBJECTS,
            "characteristics": _OBJECTS,
            "held": {"type": "array", "items": number},
            "flags": _OBJECTS,
            "next": _OBJECT,
        }
    )


def _open() -> dict[str, Any]:
    example = {"lot": _LOT, "stage": "receiving"}
    body = {"schema": schema_ref("TallyOpening"), "example": example}
    return {
        "summary": "Open a tally: lot and specification (or a typed plan) in, plan out",
        "security": [{"signature": []}],
        "requestBody": {"required": True, "content": {JSON: body}},
        "responses": {
            str(errors.CREATED): {
                "description": "Opened",
                "headers": {"Location": {"schema": {"type": "string"}}},
                "content": {JSON: {"schema": schema_ref("Tally")}},
            },
            **problem_answers(*_CHANGES),
        },
    }


def _read(tally: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    example = {"sequence": 1, "reading": _READING}
    body = {"schema": schema_ref("TallyReading"), "example": example}
    return {
        "summary": "Take one reading; the same one again is answered as the first time",
        "security": [{"signature": []}],
        "parameters": [tally],
        "requestBody": {"required": True, "content": {JSON: body}},
        "responses": {
            str(errors.OK): {"description": "The state of the lot", "content": state},
            **problem_answers(*_CHANGES),
        },
    }
