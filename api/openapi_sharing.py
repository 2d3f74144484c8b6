"""The routes about what others see, and those that sign a browser in, in the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from api import errors
from api.openapi_parts import get_operation, object_schema, parameter, problem_answers
from api.submit import JSON
from ledger.relations import KINDS
from ledger.sharing.decision import NEEDS, RULES

_DID: Final = "did:web:log.example:parties:acme"
_RECORD_ID: Final = "VUpNLpNHMzWEH2s4dzqcGRUbEfcRfVGN3sD5zPVa4sU"
_TEXT: Final = {"type": "string"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_STATUSES: Final = (
    errors.BAD_REQUEST,
    errors.UNAUTHORIZED,
    errors.NOT_FOUND,
    errors.TOO_LARGE,
    errors.UNAVAILABLE,
)


def seen_paths() -> dict[str, Any]:
    """What others see of one's records, and the link to the pages that show it."""
    return {
        "/v1/seen-by": {
            "get": get_operation(
                "What another party sees of the signer's newest records, or of one of them",
                {JSON: {"schema": _seen()}},
                [
                    parameter("reader", "query", "DID of the other party; default anyone", _DID),
                    parameter("type", "query", "Only records of this type", "site/v1"),
                    parameter("record", "query", "Only this record", _RECORD_ID),
                ],
                statuses=_STATUSES,
            )
        },
        "/v1/page-links": {"post": _page_link()},
    }


def _seen() -> dict[str, Any]:
    ground = object_schema(
        {"rule": {"enum": list(RULES)}, "by": {"type": ["string", "null"]}, "records": _COUNT}
    )
    group = object_schema(
        {
            "type": _TEXT,
            "group": _TEXT,
            "tiers": {"type": "array", "items": _TEXT},
            "records": _COUNT,
            "shown": _COUNT,
            "grounds": {"type": "array", "items": ground},
            "needs": {"type": "array", "items": {"enum": list(NEEDS)}},
            "erased": _COUNT,
        }
    )
    return object_schema(
        {
            "reader": {"type": ["string", "null"]},
            "records": _COUNT,
            "has_more": {"type": "boolean"},
            "relations": {"type": "array", "items": {"enum": list(KINDS)}},
            "groups": {"type": "array", "items": group},
        }
    )


def _page_link() -> dict[str, Any]:
    made = {JSON: {"schema": object_schema({"url": _TEXT, "seconds": _COUNT})}}
    statuses = (errors.UNAUTHORIZED, errors.TOO_LARGE, errors.UNAVAILABLE)
    return {
        "summary": "A link that signs a browser in to the signer's own pages, once",
        "security": [{"signature": []}],
        "responses": {
            str(errors.CREATED): {"description": "The link", "content": made},
            **problem_answers(*statuses),
        },
    }
