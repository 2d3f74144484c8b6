"""The routes of sealed groups in the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from api import errors
from api.openapi_parts import get_operation, object_schema, parameter, problem_answers
from api.submit import JSON

_ENVELOPE: Final = object_schema({"envelope": {"type": "string"}})


def sealed_paths(record_id: dict[str, Any]) -> dict[str, Any]:
    """The one path; ``record_id`` is the parameter of the records' paths."""
    group = parameter("group", "path", "Name of a sealed group", "recipe")
    content = {JSON: {"schema": _ENVELOPE}}
    get = get_operation(
        "The envelope of a sealed group, for issuer, owner and those whom it is sealed to",
        content,
        [record_id, group],
        statuses=(errors.NOT_FOUND, errors.BAD_REQUEST, errors.UNAUTHORIZED, errors.UNAVAILABLE),
    )
    post = {
        "summary": "The same envelope with more recipients, by the owner of the record",
        "security": [{"signature": []}],
        "parameters": [record_id, group],
        "requestBody": {"required": True, "content": content},
        "responses": {
            str(errors.OK): {"description": "Kept", "content": content},
            **problem_answers(
                errors.BAD_REQUEST,
                errors.UNAUTHORIZED,
                errors.NOT_FOUND,
                errors.CONFLICT,
                errors.TOO_LARGE,
                errors.UNSUPPORTED,
                errors.UNPROCESSABLE,
                errors.UNAVAILABLE,
            ),
        },
    }
    return {"/v1/records/{record_id}/sealed/{group}": {"get": get, "post": post}}
