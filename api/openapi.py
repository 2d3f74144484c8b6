"""The OpenAPI document: every route with its media types, examples and problems.

Written out here because the routes are plain ASGI handlers; a test calls every route that
it names and compares what it promises with what is answered.
"""

from __future__ import annotations

from typing import Any, Final

from api import errors
from api.blob_door import BYTES_TYPE, CHUNK_TYPE, LENGTH, OFFSET
from api.published import COSIGNED
from api.records import VIEW_LINES_TYPE, VIEW_TYPE
from api.search_query import encode_cursor
from api.submit import JSON, JSON_LINES
from ledger import limits
from ledger.record import DIGEST_FORM

_RECORD_ID: Final = "VUpNLpNHMzWEH2s4dzqcGRUbEfcRfVGN3sD5zPVa4sU"
_DID: Final = "did:web:log.example:parties:acme"
_BLOB_ID: Final = "A" * 22
_TEXT: Final[dict[str, Any]] = {"text/plain": {"schema": {"type": "string"}}}
_BYTES: Final[dict[str, Any]] = {BYTES_TYPE: {"schema": {"type": "string", "format": "binary"}}}
_OBJECT: Final[dict[str, Any]] = {JSON: {"schema": {"type": "object"}}}
#: The forms outside which a parameter is never found or taken, by its name.
_FORMS: Final[dict[str, str]] = {
    "record_id": f"^{DIGEST_FORM}$",
    "blob": "^[A-Za-z0-9_-]{22}$",
    "name": "^[a-z][a-z0-9-]{1,39}$",
    "version": "^v[1-9][0-9]{0,2}$",
    "slug": "^[a-z0-9-]{2,40}$",
    "path": "^(entries|[0-9]{1,2})/(x[0-9]{3}/)*[0-9]{3}([.]p/[1-9][0-9]{0,2})?$",
    **dict.fromkeys(("limit", "since", "until"), "^[0-9]{1,15}$"),
    "mine": "^1$",
    "cursor": "^[A-Za-z0-9_-]+$",
    **dict.fromkeys((LENGTH, OFFSET), "^[0-9]{1,16}$"),
}
#: What any answer may be that depends on who signed the request.
_BY_READER: Final = (
    errors.BAD_REQUEST,
    errors.UNAUTHORIZED,
    errors.TOO_LARGE,
    errors.UNAVAILABLE,
)
_SD_JWT: Final = "eyJhbGciOiJFZERTQSIsImtpZCI6Ii4uLiJ9.eyJpc3MiOiIuLi4ifQ.c2ln~WyJzYWx0Il0~"


def describe_api(title: str, version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the service."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": version,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": (
                "A consortium ledger for quality facts. Records are signed by the party that "
                "states them; every answer can be verified offline from the trust anchor."
            ),
        },
        "paths": {**_record_paths(), **_blob_paths(), **_log_paths(), **_health_paths()},
        "components": {"schemas": _schemas(), "securitySchemes": _security()},
    }


def _record_paths() -> dict[str, Any]:
    record_id = _parameter("record_id", "path", "Record id: 43 base64url characters", _RECORD_ID)
    return {
        "/v1/records": {"post": _submit(), "get": _search()},
        "/v1/records/{record_id}": {
            "get": _read(
                "A record as a view",
                {VIEW_TYPE: {"schema": _ref("View")}},
                [record_id, _cosigned("`false`: do not wait for witnesses")],
                statuses=(errors.NOT_FOUND, *_BY_READER),
            )
        },
        "/v1/records/{record_id}/receipt": {
            "get": _read(
                "The record's first receipt, a C2SP tlog-proof; equal bytes always. With "
                "`cosigned=true` the one against the first cosigned checkpoint over it",
                _TEXT,
                [record_id, _cosigned("Ask for the cosigned one; 404 while there is none")],
                statuses=(errors.NOT_FOUND,),
            )
        },
        "/v1/records/{record_id}/blobs/{blob}": {
            "get": _read(
                "Bytes that a readable group of the record cites, whole or in ranges",
                _BYTES,
                [record_id, _parameter("blob", "path", "Blob id", _BLOB_ID)],
                statuses=(errors.NOT_FOUND, errors.RANGE_NOT_SATISFIABLE, *_BY_READER),
                others={errors.PARTIAL_CONTENT: ("The range that was asked for", _BYTES)},
            )
        },
    }


def _submit() -> dict[str, Any]:
    one = {"schema": _ref("Submission"), "example": {"sd_jwt": _SD_JWT, "sealed": []}}
    many = {
        "schema": {"type": "string", "description": "One Submission a line"},
        "example": f'{{"sd_jwt":"{_SD_JWT}","sealed":[]}}\n',
    }
    admitted = {JSON: {"schema": _ref("Admitted"), "example": _admitted_example()}}
    return {
        "summary": "Submit one signed record, or many, one a line",
        "description": (
            f"At most {limits.SUBMISSION_LINES_MAX} lines and "
            f"{limits.SUBMISSION_BODY_BYTES_MAX} bytes. Valid lines are committed together; "
            "each line is answered in input order. The same record again gets its first receipt."
        ),
        "parameters": [
            _cosigned(
                f"Wait up to {limits.COSIGNED_WAIT_SECONDS_MAX} s for witnesses; `cosigned` in the "
                "answer says whether the receipt has their cosignatures"
            )
        ],
        "requestBody": {"required": True, "content": {JSON: one, JSON_LINES[0]: many}},
        "responses": {
            str(errors.CREATED): {"description": "Admitted", "content": admitted},
            str(errors.OK): {
                "description": "Was admitted before, or the answers to many, one a line",
                "content": {
                    **admitted,
                    JSON_LINES[0]: {"schema": {"type": "string"}},
                },
            },
            **_problems(
                errors.BAD_REQUEST,
                errors.FORBIDDEN,
                errors.CONFLICT,
                errors.TOO_LARGE,
                errors.UNSUPPORTED,
                errors.UNPROCESSABLE,
                errors.UNAVAILABLE,
            ),
        },
    }


def _search() -> dict[str, Any]:
    parameters = [
        _parameter("limit", "query", f"1..{limits.SEARCH_PAGE_MAX}", "50"),
        _parameter("cursor", "query", "`next` of the page before", encode_cursor(42)),
        _parameter("party", "query", "DID of the signer", _DID),
        _parameter("type", "query", "Type and version", "inspection-report/v1"),
        _parameter("since", "query", "Admitted at or after, Unix milliseconds", "1790000000000"),
        _parameter("until", "query", "Admitted before, Unix milliseconds", "1790000000000"),
        _parameter("mine", "query", "1: what the signer of the request stated or stands in", "1"),
        _parameter("owner", "query", "Owner of the searched value; default the signer", _DID),
        _parameter("field", "query", "A search pointer; signed requests only", "/lot/number"),
        _parameter("value", "query", "The value sought in field", "L-2041"),
    ]
    content = {
        JSON: {"schema": _ref("Page")},
        VIEW_TYPE: {"schema": _ref("View")},
        VIEW_LINES_TYPE: {"schema": {"type": "string"}},
    }
    return _read(
        "Search records, newest first; as JSON, or as one view",
        content,
        parameters,
        statuses=_BY_READER,
    )


def _blob_paths() -> dict[str, Any]:
    blob = _parameter("blob", "path", "Blob id: 22 base64url characters", _BLOB_ID)
    length = _parameter(LENGTH, "header", "Declared size in bytes", "1048576")
    offset = _parameter(OFFSET, "header", "Where the bytes begin", "0")
    chunk = {CHUNK_TYPE: {"schema": {"type": "string", "format": "binary"}}}
    created = {
        str(errors.CREATED): {
            "description": "Created; Location is its address",
            "content": {JSON: {"schema": _ref("Upload")}},
        }
    }
    done = {str(errors.NO_CONTENT): {"description": f"{OFFSET} says where to go on"}}
    common = (errors.BAD_REQUEST, errors.UNAUTHORIZED, errors.NOT_FOUND, errors.UNAVAILABLE)
    return {
        "/v1/blobs": {
            "post": {
                "summary": "Create an upload with its declared size",
                "security": [{"signature": []}],
                "parameters": [length],
                "responses": {
                    **created,
                    **_problems(*common, errors.TOO_LARGE, errors.TOO_MANY),
                },
            }
        },
        "/v1/blobs/{blob}": {
            "patch": {
                "summary": "Send the next bytes",
                "security": [{"signature": []}],
                "parameters": [blob, offset],
                "requestBody": {"required": True, "content": chunk},
                "responses": {
                    **done,
                    **_problems(*common, errors.CONFLICT, errors.TOO_LARGE, errors.UNSUPPORTED),
                },
            },
            "head": {
                "summary": "Where to go on, and the SHA-256 once complete",
                "security": [{"signature": []}],
                "parameters": [blob],
                "responses": {**done, **_problems(*common)},
            },
        },
    }


def _log_paths() -> dict[str, Any]:
    known: dict[int, tuple[str, dict[str, Any]]] = {
        errors.NOT_MODIFIED: ("The client has these bytes: If-None-Match named their ETag", {})
    }
    path = _parameter("path", "path", "C2SP tile path without `tile/`", "0/000.p/1")
    return {
        "/checkpoint": {
            "get": _read(
                "The newest checkpoint (C2SP tlog-checkpoint) that the trust policy accepts",
                _TEXT,
                [_cosigned("`false`: the newest that the log signed, cosigned or not")],
                statuses=(errors.NOT_FOUND,),
                others=known,
            )
        },
        "/tile/{path}": {
            "get": _read(
                "A hash tile or entry bundle (C2SP tlog-tiles); immutable",
                _BYTES,
                [path],
                statuses=(errors.BAD_REQUEST, errors.UNAUTHORIZED, errors.NOT_FOUND),
                others=known,
            )
        },
        "/v1/anchor": {"get": _read("The trust anchor, a courtesy copy", _OBJECT, others=known)},
        "/v1/parties": {"get": _read("Parties, standing, roles, keys, as the log says", _OBJECT)},
        "/v1/proposals": {"get": _read("What is being decided, as the log says", _OBJECT)},
        "/v1/openapi.json": {"get": _read("This document", _OBJECT)},
        "/v1/types/{name}/{version}": {
            "get": _read(
                "A record type's definition",
                _OBJECT,
                [
                    _parameter("name", "path", "Type name", "inspection-report"),
                    _parameter("version", "path", "Version", "v1"),
                ],
                statuses=(errors.NOT_FOUND,),
                others=known,
            )
        },
        "/parties/{slug}/did.json": {
            "get": _read(
                "A party's DID document, a courtesy",
                _OBJECT,
                [_parameter("slug", "path", "The party's slug", "acme")],
                statuses=(errors.NOT_FOUND,),
            )
        },
    }


def _health_paths() -> dict[str, Any]:
    return {
        "/livez": {
            "get": _read("The process and its writer live", _OBJECT, statuses=(errors.UNAVAILABLE,))
        },
        "/readyz": {"get": _read("The log takes records", _OBJECT, statuses=(errors.UNAVAILABLE,))},
        "/metrics": {"get": _read("Prometheus figures", _TEXT)},
    }


def _read(
    summary: str,
    content: dict[str, Any],
    parameters: list[dict[str, Any]] | None = None,
    *,
    statuses: tuple[int, ...] = (),
    others: dict[int, tuple[str, dict[str, Any]]] | None = None,
) -> dict[str, Any]:
    found = {errors.OK: ("Found", content), **(others or {})}
    answers = {
        str(status): {"description": description, "content": body}
        for status, (description, body) in found.items()
    }
    return {
        "summary": summary,
        "parameters": parameters or [],
        "security": [{}, {"signature": []}],
        "responses": {**answers, **_problems(*statuses)},
    }


def _problems(*statuses: int) -> dict[str, Any]:
    content = {errors.MEDIA_TYPE: {"schema": _ref("Problem")}}
    told = {
        str(status): {"description": ", ".join(_codes(status)), "content": content}
        for status in sorted(statuses)
    }
    return {**told, "default": {"description": "Any other refusal", "content": content}}


def _codes(status: int) -> list[str]:
    return sorted(code for code, own in errors.STATUS.items() if own == status)


def _cosigned(description: str) -> dict[str, Any]:
    schema = {"type": "string", "enum": ["true", "false"]}
    return {**_parameter(COSIGNED, "query", description, "true"), "schema": schema}


def _parameter(name: str, place: str, description: str, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": place != "query",
        "description": description,
        "schema": {"type": "string", **({"pattern": form} if (form := _FORMS.get(name)) else {})},
        "example": example,
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _admitted(text: dict[str, Any]) -> dict[str, Any]:
    numbers = {"index": {"type": "integer"}, "cosigned": {"type": "boolean"}}
    return _object({"record_id": text, "receipt": text, **numbers})


def _admitted_example() -> dict[str, Any]:
    receipt = "c2sp.org/tlog-proof@v1\n..."
    return {"record_id": _RECORD_ID, "index": 41, "receipt": receipt, "cosigned": False}


def _security() -> dict[str, Any]:
    return {
        "signature": {
            "type": "apiKey",
            "in": "header",
            "name": "Signature",
            "description": "RFC 9421 request signature with tag lotmark-request/v1",
        }
    }


def _schemas() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "Submission": _object({"sd_jwt": text, "sealed": {"type": "array", "maxItems": 0}}),
        "Admitted": _admitted(text),
        "Upload": _object({"blob": text, "bytes": {"type": "integer"}}),
        "Page": _object(
            {
                "records": {"type": "array", "items": {"type": "object"}},
                "next": {"type": ["string", "null"]},
            }
        ),
        "View": _object(
            {
                "format": {"const": "lotmark.view/v1"},
                "checkpoint": text,
                "entries": {"type": "array", "items": {"type": "object"}},
                "records": {"type": "array", "items": {"type": "object"}},
            }
        ),
        "Problem": {
            "type": "object",
            "required": ["type", "title", "status", "detail", "code", "remedy"],
            "properties": {
                "type": text,
                "title": text,
                "status": {"type": "integer"},
                "detail": text,
                "code": {"enum": sorted(errors.STATUS)},
                "remedy": text,
                "line": {"type": "integer", "description": "In answers to many: from 1"},
                "server_time": {"type": "integer", "description": "Unix seconds"},
                "skew_seconds": {"type": "integer", "description": "What to add to your clock"},
                "service_url": {
                    "type": "string",
                    "description": "The address that the signature should have covered",
                },
                "errors": {
                    "type": "array",
                    "items": _object({"pointer": text, "expected": text, "found": text}),
                },
            },
        },
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    required = [name for name in properties if name != "sealed"]
    return {"type": "object", "properties": properties, "required": required}
