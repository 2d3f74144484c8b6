"""The routes about erasures and retention in the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from api import errors
from api.openapi_parts import get_operation, object_schema, parameter, schema_ref
from api.submit import JSON
from ledger import limits
from ledger.sharing.retention import STATES

_STATUSES: Final = (errors.BAD_REQUEST, errors.UNAUTHORIZED, errors.UNAVAILABLE)


def erasure_paths(record_id: dict[str, Any]) -> dict[str, Any]:
    """The paths; ``record_id`` is the parameter that names a record."""
    state = parameter("state", "query", "Only records in this state", STATES[2])
    return {
        "/v1/erasures": {
            "get": get_operation(
                "Erasures that concern the signer, newest first: ordered, or done and when",
                {JSON: {"schema": schema_ref("Erasures")}},
                [
                    parameter("limit", "query", f"1..{limits.SEARCH_PAGE_MAX}", "50"),
                    parameter("before", "query", "`next` of the page before", "41"),
                ],
                statuses=_STATUSES,
            )
        },
        "/v1/records/{record_id}/purge": {
            "get": get_operation(
                "Purge reports of a record, or of one act that ordered an erasure",
                {JSON: {"schema": schema_ref("PurgeReports")}},
                [record_id],
                statuses=(errors.NOT_FOUND, *_STATUSES),
            )
        },
        "/v1/retention": {
            "get": get_operation(
                "How long the signer's records are kept; for the operator what is over its maximum",
                {JSON: {"schema": schema_ref("Retention")}},
                [
                    parameter("after", "query", "`next` of the page before", "500"),
                    parameter("as_of_ms", "query", "Instant; default now", "1792108800000"),
                    {**state, "schema": {"type": "string", "enum": list(STATES)}},
                ],
                statuses=_STATUSES,
            )
        },
    }


def erasure_schemas() -> dict[str, Any]:
    """The answers."""
    objects = {"type": "array", "items": {"type": "object"}}
    follows = {"type": ["integer", "null"]}
    return {
        "Erasures": object_schema({"erasures": objects, "next": follows}),
        "PurgeReports": object_schema({"record": {"type": "string"}, "reports": objects}),
        "Retention": object_schema(
            {"as_of_ms": {"type": "integer"}, "records": objects, "next": follows}
        ),
    }
