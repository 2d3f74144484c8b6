"""The routes that read the log itself, described (see :mod:`api.openapi`)."""

from __future__ import annotations

from typing import Any, Final

from api import errors
from api.openapi_parts import BYTES, OBJECT, TEXT, cosigned_parameter, get_operation, parameter

_KNOWN: Final[dict[int, tuple[str, dict[str, Any]]]] = {
    errors.NOT_MODIFIED: ("The client has these bytes: If-None-Match named their ETag", {})
}
#: A record id, as an example.
_POLICY: Final = "VUpNLpNHMzWEH2s4dzqcGRUbEfcRfVGN3sD5zPVa4sU"


def log_paths() -> dict[str, Any]:
    """The routes that read the log itself."""
    return {**_tree_paths(), **_told_paths(), **_policy_paths()}


def _tree_paths() -> dict[str, Any]:
    path = parameter("path", "path", "C2SP tile path without `tile/`", "0/000.p/1")
    return {
        "/checkpoint": {
            "get": get_operation(
                "The newest checkpoint (C2SP tlog-checkpoint) that the trust policy accepts",
                TEXT,
                [cosigned_parameter("`false`: the newest that the log signed, cosigned or not")],
                statuses=(errors.NOT_FOUND,),
                others=_KNOWN,
            )
        },
        "/tile/{path}": {
            "get": get_operation(
                "A hash tile or entry bundle (C2SP tlog-tiles); immutable",
                BYTES,
                [path],
                statuses=(errors.BAD_REQUEST, errors.UNAUTHORIZED, errors.NOT_FOUND),
                others=_KNOWN,
            )
        },
    }


def _policy_paths() -> dict[str, Any]:
    return {
        "/v1/policies": {
            "get": get_operation("The versions of the sharing policies, as the log says", OBJECT)
        },
        "/v1/policies/{policy}": {
            "get": get_operation(
                "The text of a sharing policy, byte for byte",
                OBJECT,
                [parameter("policy", "path", "The record that put it in force", _POLICY)],
                statuses=(errors.NOT_FOUND,),
                others=_KNOWN,
            )
        },
    }


def _told_paths() -> dict[str, Any]:
    return {
        "/v1/anchor": {
            "get": get_operation("The trust anchor, a courtesy copy", OBJECT, others=_KNOWN)
        },
        "/v1/parties": {
            "get": get_operation("Parties, standing, roles, keys, as the log says", OBJECT)
        },
        "/v1/proposals": {"get": get_operation("What is being decided, as the log says", OBJECT)},
        "/v1/parameters": {
            "get": get_operation("The parameters in force, codebooks among them", OBJECT)
        },
        "/v1/parameters/{document}": {
            "get": get_operation(
                "The text of parameters in force, byte for byte",
                OBJECT,
                [parameter("document", "path", "Their name", "codebook-defects")],
                statuses=(errors.NOT_FOUND,),
                others=_KNOWN,
            )
        },
        "/v1/openapi.json": {"get": get_operation("This document", OBJECT)},
        "/v1/types/{name}/{version}": {
            "get": get_operation(
                "A record type's definition",
                OBJECT,
                [
                    parameter("name", "path", "Type name", "inspection-report"),
                    parameter("version", "path", "Version", "v1"),
                ],
                statuses=(errors.NOT_FOUND,),
                others=_KNOWN,
            )
        },
        "/parties/{slug}/did.json": {
            "get": get_operation(
                "A party's DID document, a courtesy",
                OBJECT,
                [parameter("slug", "path", "The party's slug", "acme")],
                statuses=(errors.NOT_FOUND,),
            )
        },
    }


def health_paths() -> dict[str, Any]:
    """The routes that tell how the process does."""
    return {
        "/livez": {
            "get": get_operation(
                "The process and its writer live", OBJECT, statuses=(errors.UNAVAILABLE,)
            )
        },
        "/readyz": {
            "get": get_operation("The log takes records", OBJECT, statuses=(errors.UNAVAILABLE,))
        },
        "/metrics": {"get": get_operation("Prometheus figures", TEXT)},
    }
