"""The routes of access receipts in the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from api import errors
from api.accesses.alert_rules import WHENS
from api.openapi_parts import get_operation, object_schema, parameter, problem_answers, schema_ref
from api.search_query import encode_cursor
from api.submit import JSON
from ledger import limits

_DID: Final = "did:web:log.example:parties:acme"
_STATUSES: Final = (
    errors.BAD_REQUEST,
    errors.UNAUTHORIZED,
    errors.TOO_LARGE,
    errors.UNAVAILABLE,
)
_RULE: Final = {"when": WHENS[0], "types": ["inspection-report/v1"], "groups": ["measurements"]}


def access_paths() -> dict[str, Any]:
    """The paths."""
    return {
        "/v1/accesses": {
            "get": get_operation(
                "Who read what of the signer's records: receipts, newest first",
                {JSON: {"schema": schema_ref("Accesses")}},
                _parameters(),
                statuses=_STATUSES,
            )
        },
        "/v1/access-rules": {
            "get": get_operation(
                "The signer's rules for alerts",
                {JSON: {"schema": schema_ref("AlertRules")}},
                statuses=_STATUSES,
            )
        },
        "/v1/access-rules/{rule}": {"put": _put_rule(), "delete": _delete_rule()},
        "/v1/access-alerts": {
            "get": get_operation(
                "Reads that the signer's rules are about, newest first",
                {JSON: {"schema": schema_ref("Alerts")}},
                [
                    parameter("limit", "query", f"1..{limits.SEARCH_PAGE_MAX}", "50"),
                    parameter("cursor", "query", "`next` of the page before", encode_cursor(42)),
                    _flag("all", "`true`: acknowledged ones too"),
                ],
                statuses=_STATUSES,
            )
        },
        "/v1/access-alerts/{alert}/acknowledgement": {"post": _acknowledge()},
    }


def access_schemas() -> dict[str, Any]:
    """The answers."""
    objects = {"type": "array", "items": {"type": "object"}}
    text = {"type": ["string", "null"]}
    names = {"type": "array", "items": {"type": "string"}, "maxItems": 32}
    return {
        "Accesses": {
            "type": "object",
            "required": ["accesses", "mark", "next"],
            "properties": {
                "accesses": {**objects, "maxItems": limits.ACCESSES_PAGE_MAX},
                "mark": {"type": "object", "additionalProperties": {"type": "integer"}},
                "rows": {"type": "array", "items": {"type": "string"}},
                "requests": {"type": "object", "additionalProperties": {"type": "string"}},
                "next": text,
            },
        },
        "AlertRule": {
            "type": "object",
            "required": ["when"],
            "properties": {"when": {"enum": list(WHENS)}, "types": names, "groups": names},
        },
        "AlertRules": object_schema(
            {"rules": {**objects, "maxItems": limits.ALERT_RULES_MAX}},
        ),
        "Alerts": object_schema({"alerts": objects, "next": text}),
    }


def _put_rule() -> dict[str, Any]:
    rule = {"schema": schema_ref("AlertRule")}
    return {
        "summary": "Keep a rule for alerts under a name, in the place of an earlier one",
        "security": [{"signature": []}],
        "parameters": [_rule_name()],
        "requestBody": {"required": True, "content": {JSON: {**rule, "example": _RULE}}},
        "responses": {
            str(errors.OK): {"description": "Kept", "content": {JSON: rule}},
            **problem_answers(*_STATUSES, errors.NOT_FOUND, errors.CONFLICT, errors.UNPROCESSABLE),
        },
    }


def _delete_rule() -> dict[str, Any]:
    return {
        "summary": "Delete a rule, and the alerts by it",
        "security": [{"signature": []}],
        "parameters": [_rule_name()],
        "responses": {
            str(errors.NO_CONTENT): {"description": "Deleted"},
            **problem_answers(*_STATUSES, errors.NOT_FOUND),
        },
    }


def _acknowledge() -> dict[str, Any]:
    return {
        "summary": "Acknowledge an alert: the next read by the same reader makes another one",
        "security": [{"signature": []}],
        "parameters": [parameter("alert", "path", "Number of the alert", "7")],
        "responses": {
            str(errors.NO_CONTENT): {"description": "Acknowledged"},
            **problem_answers(*_STATUSES, errors.NOT_FOUND),
        },
    }


def _rule_name() -> dict[str, Any]:
    return parameter("rule", "path", "Name of the rule", "new-readers")


def _flag(name: str, description: str) -> dict[str, Any]:
    schema = {"type": "string", "enum": ["true", "false"]}
    return {**parameter(name, "query", description, "true"), "schema": schema}


def _parameters() -> list[dict[str, Any]]:
    named = [
        parameter("reader", "query", "DID of the reader", _DID),
        parameter("type", "query", "Type and version", "inspection-report/v1"),
        parameter("group", "query", "A group that was shown", "measurements"),
        parameter("record", "query", "Record id", "VUpNLpNHMzWEH2s4dzqcGRUbEfcRfVGN3sD5zPVa4sU"),
    ]
    length = {"minLength": 1, "maxLength": 64}
    return [
        *({**item, "schema": {**item["schema"], **length}} for item in named),
        parameter("since", "query", "Read at or after, Unix milliseconds", "1790000000000"),
        parameter("until", "query", "Read before, Unix milliseconds", "1790000000000"),
        parameter("limit", "query", f"1..{limits.ACCESSES_PAGE_MAX}", "50"),
        parameter("cursor", "query", "`next` of the page before", encode_cursor(42)),
        _flag("ascending", "`true`: oldest first, as digests count them"),
        _flag("evidence", "`true`: with the rows as they are hashed, and the signed requests"),
    ]
