"""The OpenAPI document: every route with its media types, examples and problems.

Written out here because the routes are plain ASGI handlers; a test calls every route that
it names and compares what it promises with what is answered.
"""

from __future__ import annotations

from typing import Any, Final

from api import errors
from api.blob_door import CHUNK_TYPE, LENGTH, OFFSET
from api.openapi_accesses import access_paths, access_schemas
from api.openapi_anomaly import anomaly_paths, anomaly_schemas
from api.openapi_deliveries import delivery_paths, delivery_schemas
from api.openapi_erasures import erasure_paths, erasure_schemas
from api.openapi_log import health_paths, log_paths
from api.openapi_masters import master_paths
from api.openapi_parts import (
    BYTES,
    TEXT,
    cosigned_parameter,
    get_operation,
    object_schema,
    parameter,
    problem_answers,
    refusals_parameter,
    schema_ref,
)
from api.openapi_reports import report_paths
from api.openapi_sealed import sealed_paths
from api.openapi_sharing import seen_paths
from api.openapi_tallies import tally_paths, tally_schemas
from api.record_door import VIEW_LINES_TYPE, VIEW_TYPE
from api.search_query import encode_cursor
from api.submit import JSON, JSON_LINES
from ledger import limits

_RECORD_ID: Final = "VUpNLpNHMzWEH2s4dzqcGRUbEfcRfVGN3sD5zPVa4sU"
_DID: Final = "did:web:log.example:parties:acme"
_BLOB_ID: Final = "A" * 22
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
        "paths": {
            **_record_paths(),
            **master_paths(),
            **anomaly_paths(),
            **access_paths(),
            **tally_paths(),
            **seen_paths(),
            **_blob_paths(),
            **log_paths(),
            **health_paths(),
        },
        "components": {"schemas": _schemas(), "securitySchemes": _security()},
    }


def _record_paths() -> dict[str, Any]:
    record_id = parameter("record_id", "path", "Record id: 43 base64url characters", _RECORD_ID)
    return {
        "/v1/records": {"post": _submit(), "get": _search()},
        "/v1/records/{record_id}": {
            "get": get_operation(
                "A record as a view",
                {VIEW_TYPE: {"schema": schema_ref("View")}},
                [record_id, cosigned_parameter("`false`: do not wait for witnesses")],
                statuses=(errors.NOT_FOUND, *_BY_READER),
            )
        },
        "/v1/records/{record_id}/receipt": {
            "get": get_operation(
                "The record's first receipt, a C2SP tlog-proof; equal bytes always. With "
                "`cosigned=true` the one against the first cosigned checkpoint over it",
                TEXT,
                [
                    record_id,
                    cosigned_parameter("Ask for the cosigned one; 404 while there is none"),
                ],
                statuses=(errors.NOT_FOUND,),
            )
        },
        **delivery_paths(record_id),
        **erasure_paths(record_id),
        **sealed_paths(record_id),
        **report_paths(record_id),
        "/v1/records/{record_id}/blobs/{blob}": {
            "get": get_operation(
                "Bytes that a readable group of the record cites, whole or in ranges",
                BYTES,
                [record_id, parameter("blob", "path", "Blob id", _BLOB_ID)],
                statuses=(errors.NOT_FOUND, errors.RANGE_NOT_SATISFIABLE, *_BY_READER),
                others={errors.PARTIAL_CONTENT: ("The range that was asked for", BYTES)},
            )
        },
    }


def _submit() -> dict[str, Any]:
    one = {"schema": schema_ref("Submission"), "example": {"sd_jwt": _SD_JWT, "sealed": []}}
    many = {
        "schema": {"type": "string", "description": "One Submission a line"},
        "example": f'{{"sd_jwt":"{_SD_JWT}","sealed":[]}}\n',
    }
    admitted = {JSON: {"schema": schema_ref("Admitted"), "example": _admitted_example()}}
    return {
        "summary": "Submit one signed record, or many, one a line",
        "description": (
            f"At most {limits.SUBMISSION_LINES_MAX} lines and "
            f"{limits.SUBMISSION_BODY_BYTES_MAX} bytes. Valid lines are committed together; "
            "each line is answered in input order. The same record again gets its first receipt."
        ),
        "parameters": [
            cosigned_parameter(
                f"Wait up to {limits.COSIGNED_WAIT_SECONDS_MAX} s for witnesses; `cosigned` in the "
                "answer says whether the receipt has their cosignatures"
            ),
            refusals_parameter(),
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
            **problem_answers(
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


_LIMITS: Final = f"1..{limits.SEARCH_PAGE_MAX}; as lines of a view up to {limits.VIEW_RECORDS_MAX}"


def _search() -> dict[str, Any]:
    parameters = [
        parameter("limit", "query", _LIMITS, "50"),
        parameter("cursor", "query", "`next` of the page before", encode_cursor(42)),
        parameter("party", "query", "DID of the signer", _DID),
        parameter("type", "query", "Type and version", "inspection-report/v1"),
        parameter("since", "query", "Admitted at or after, Unix milliseconds", "1790000000000"),
        parameter("until", "query", "Admitted before, Unix milliseconds", "1790000000000"),
        parameter("mine", "query", "1: what the signer of the request stated or stands in", "1"),
        parameter("owner", "query", "Owner of the searched value; default the signer", _DID),
        parameter("field", "query", "A search pointer; signed requests only", "/lot/number"),
        parameter("value", "query", "The value sought in field", "L-2041"),
    ]
    content = {
        JSON: {"schema": schema_ref("Page")},
        VIEW_TYPE: {"schema": schema_ref("View")},
        VIEW_LINES_TYPE: {"schema": {"type": "string"}},
    }
    return get_operation(
        "Search records, newest first; as JSON, or as one view",
        content,
        parameters,
        statuses=_BY_READER,
    )


def _blob_paths() -> dict[str, Any]:
    blob = parameter("blob", "path", "Blob id: 22 base64url characters", _BLOB_ID)
    length = parameter(LENGTH, "header", "Declared size in bytes", "1048576")
    offset = parameter(OFFSET, "header", "Where the bytes begin", "0")
    chunk = {CHUNK_TYPE: {"schema": {"type": "string", "format": "binary"}}}
    created = {
        str(errors.CREATED): {
            "description": "Created; Location is its address",
            "content": {JSON: {"schema": schema_ref("Upload")}},
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
                    **problem_answers(*common, errors.TOO_LARGE, errors.TOO_MANY),
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
                    **problem_answers(
                        *common, errors.CONFLICT, errors.TOO_LARGE, errors.UNSUPPORTED
                    ),
                },
            },
            "head": {
                "summary": "Where to go on, and the SHA-256 once complete",
                "security": [{"signature": []}],
                "parameters": [blob],
                "responses": {**done, **problem_answers(*common)},
            },
        },
    }


def _admitted(text: dict[str, Any]) -> dict[str, Any]:
    numbers = {"index": {"type": "integer"}, "cosigned": {"type": "boolean"}}
    return object_schema({"record_id": text, "receipt": text, **numbers})


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
        "Submission": object_schema({"sd_jwt": text, "sealed": {"type": "array", "maxItems": 0}}),
        "Admitted": _admitted(text),
        "Upload": object_schema({"blob": text, "bytes": {"type": "integer"}}),
        "Page": object_schema(
            {
                "records": {"type": "array", "items": {"type": "object"}},
                "next": {"type": ["string", "null"]},
            }
        ),
        "View": object_schema(
            {
                "format": {"const": "lotmark.view/v1"},
                "checkpoint": text,
                "entries": {"type": "array", "items": {"type": "object"}},
                "records": {"type": "array", "items": {"type": "object"}},
            }
        ),
        **delivery_schemas(),
        **anomaly_schemas(),
        **access_schemas(),
        **tally_schemas(),
        **erasure_schemas(),
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
                "signed": {**text, "description": "If asked for: a note by the log key"},
                "errors": {
                    "type": "array",
                    "items": object_schema({"pointer": text, "expected": text, "found": text}),
                },
            },
        },
    }
