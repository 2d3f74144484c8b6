"""The routes about relations and masters in the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from api import errors
from api.agreements_members import CASE_STATES, GRANT_STATES
from api.masters_members import REVISIONS_MAX
from api.masters_query import STATES, characters_max, encode_place
from api.openapi_parts import get_operation, object_schema, parameter
from api.submit import JSON
from ledger import limits
from ledger.relations import KINDS

_DID: Final = "did:web:log.example:parties:acme"
_STATUSES: Final = (
    errors.BAD_REQUEST,
    errors.UNAUTHORIZED,
    errors.TOO_LARGE,
    errors.UNAVAILABLE,
)
_TEXT: Final = {"type": "string"}
_TEXT_OR_NULL: Final = {"type": ["string", "null"]}
_COUNT: Final = {"type": "integer", "minimum": 0}
_FACT: Final = {"entry": _COUNT, "record_id": _TEXT}


def master_paths() -> dict[str, Any]:
    """The paths; each answer is a page."""
    return {**_party_paths(), **_agreement_paths(), **_paths_between()}


def _party_paths() -> dict[str, Any]:
    return {
        "/v1/relations": _page_of(
            "relations",
            "Relations of which the signer of the request is a side",
            _relation(),
            _chosen("party", "DID of the other side; default any", _DID),
            _choice("kind", "Only of this kind", KINDS),
            _choice("state", "Only in this state", STATES),
        ),
        "/v1/sites": _page_of(
            "sites",
            "One's own sites, and those of parties with whom a relation is in force",
            _site(),
            _chosen("party", "DID of whose sites; default all of these", _DID),
        ),
        "/v1/tasks": _page_of(
            "tasks",
            "Offers, cases, parts and requirements that wait for the signer's answer, oldest first",
            {"type": "object", "required": ["about", "from", *_FACT]},
        ),
    }


def _agreement_paths() -> dict[str, Any]:
    return {
        "/v1/grants": _page_of(
            "grants",
            "What the signer of the request granted, may read and passed on, oldest first",
            _grant(),
            _chosen("owner", "DID of whose records; default any", _DID),
            _chosen("reader", "DID of who reads; default any", _DID),
            _choice("state", "Only in this state now", GRANT_STATES),
        ),
        "/v1/cases": _page_of(
            "cases",
            "Cases in which the signer of the request takes part, oldest first",
            _case(),
            _chosen("customer", "DID of the customer; default any of yours", _DID),
            _chosen("supplier", "DID of the supplier; default any of yours", _DID),
            _chosen("number", "Number of the case; default any", "8D-2026-014"),
            _choice("state", "Only in this state", CASE_STATES),
        ),
    }


def _paths_between() -> dict[str, Any]:
    customer = _chosen("customer", "DID of the customer; default any of yours", _DID)
    supplier = _chosen("supplier", "DID of the supplier; default any of yours", _DID)
    part = "The customer's part number; default any"
    return {
        "/v1/parts": _page_of(
            "parts",
            "Parts that the signer of the request buys or supplies",
            _part(),
            customer,
            supplier,
            _chosen("number", part, "GR-1001"),
            _chosen("family", "Part family; default any", "GEARS"),
        ),
        "/v1/specifications": _page_of(
            "specifications",
            "Specifications of these parts, newest revision first",
            _specification(),
            customer,
            supplier,
            _chosen("part", part, "GR-1001"),
            _chosen("specification", "Code; default any", "SP-1001"),
        ),
        "/v1/requirements": _page_of(
            "requirements",
            "What the signer of the request asks of suppliers, and customers of it",
            _requirement(),
            customer,
            supplier,
            _chosen("requirement", "Code; default any", "QR-2026"),
        ),
    }


def _page_of(
    name: str, summary: str, item: dict[str, Any], *parameters: dict[str, Any]
) -> dict[str, Any]:
    size = limits.SEARCH_PAGE_MAX
    gap = object_schema({"party": _TEXT, "entry": _COUNT})
    members = {
        "origin": _TEXT,
        "charter": _TEXT,
        "size": _COUNT,
        "incomplete": {"type": "array", "items": gap},
        name: {"type": "array", "items": item, "maxItems": size},
        "next": _TEXT_OR_NULL,
    }
    paging = [
        parameter("limit", "query", f"1..{size}", "50"),
        parameter("cursor", "query", "`next` of the page before", encode_place(("a",))),
    ]
    content = {JSON: {"schema": object_schema(members)}}
    return {"get": get_operation(summary, content, [*parameters, *paging], statuses=_STATUSES)}


def _chosen(name: str, description: str, example: str) -> dict[str, Any]:
    schema = {**_TEXT, "minLength": 1, "maxLength": characters_max(name)}
    return {**parameter(name, "query", description, example), "schema": schema}


def _choice(name: str, description: str, values: tuple[str, ...]) -> dict[str, Any]:
    schema = {**_TEXT, "enum": [*values]}
    return {**parameter(name, "query", description, values[0]), "schema": schema}


def _fact() -> dict[str, Any]:
    return object_schema(_FACT)


def _fact_or_null() -> dict[str, Any]:
    return {"anyOf": [_fact(), {"type": "null"}]}


def _some(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item, "maxItems": REVISIONS_MAX}


def _relation() -> dict[str, Any]:
    return object_schema(
        {
            "kind": {"enum": [*KINDS]},
            "customer": _TEXT,
            "provider": _TEXT,
            "families": {"type": "array", "items": _TEXT},
            "state": {"enum": [*STATES]},
            "offered_by": _TEXT,
            "offered": _fact(),
            "in_force": _fact_or_null(),
            "ended": _fact_or_null(),
        }
    )


def _grant() -> dict[str, Any]:
    texts_or_null = {"anyOf": [{"type": "array", "items": _TEXT}, {"type": "null"}]}
    opening = object_schema({"type": _TEXT, "groups": {"type": "array", "items": _TEXT}})
    return object_schema(
        {
            **dict.fromkeys(("owner", "reader", "granted_by", "purpose"), _TEXT),
            "of": _TEXT_OR_NULL,
            "opens": {"type": "array", "items": opening},
            "reads": object_schema({"from": _COUNT, "until": _COUNT}),
            "families": texts_or_null,
            "records": {"type": ["object", "null"]},
            "case": _TEXT_OR_NULL,
            "delegable": {"type": "boolean"},
            "state": {"enum": [*GRANT_STATES]},
            "granted": _fact(),
            "revoked": _fact_or_null(),
        }
    )


def _case() -> dict[str, Any]:
    return object_schema(
        {
            **dict.fromkeys(("customer", "supplier", "number", "opened_by"), _TEXT),
            "state": {"enum": [*CASE_STATES]},
            "opened": _fact(),
            "acknowledged": _fact_or_null(),
            "closed": _fact_or_null(),
        }
    )


def _site() -> dict[str, Any]:
    return object_schema(
        {
            "party": _TEXT,
            "site": _TEXT,
            "kind": _TEXT,
            "closed_from": _TEXT_OR_NULL,
            "said": _fact(),
            "groups": {"type": "object"},
        }
    )


def _part() -> dict[str, Any]:
    revision = object_schema(
        {
            "revision": _TEXT,
            "supplier_number": _TEXT_OR_NULL,
            "family": _TEXT,
            "unit": _TEXT,
            "pieces_per_unit": _TEXT_OR_NULL,
            "safety": {"type": "boolean"},
            "site": _TEXT_OR_NULL,
            "proposed": _fact(),
            "in_force": _fact_or_null(),
        }
    )
    revision_or_null = {"anyOf": [revision, {"type": "null"}]}
    return object_schema(
        {
            **dict.fromkeys(("customer", "supplier", "number", "family"), _TEXT),
            "in_force": revision_or_null,
            "proposed": revision_or_null,
            "earlier": _some(revision),
            "earlier_count": _COUNT,
            "moves": _some(object_schema({"family": _TEXT, "said": _fact()})),
            "moves_count": _COUNT,
        }
    )


def _specification() -> dict[str, Any]:
    revision = object_schema({"revision": _TEXT, "in_force_from": _TEXT, "said": _fact()})
    return object_schema(
        {
            **dict.fromkeys(("customer", "supplier", "part", "specification"), _TEXT),
            "revisions": _some(revision),
            "revisions_count": _COUNT,
        }
    )


def _requirement() -> dict[str, Any]:
    revision = object_schema(
        {
            "revision": _TEXT,
            "families": {"type": "array", "items": _TEXT},
            "in_force_from": _TEXT,
            "proposed": _fact(),
            "acknowledged": _fact_or_null(),
        }
    )
    return object_schema(
        {
            **dict.fromkeys(("customer", "supplier", "requirement"), _TEXT),
            "proposed": {"anyOf": [revision, {"type": "null"}]},
            "acknowledged": _some(revision),
            "acknowledged_count": _COUNT,
        }
    )
