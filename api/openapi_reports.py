"""The route of reports in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from api import errors
from api.openapi_parts import get_operation, parameter
from api.report_door import FORMS, LANGUAGES

_BINARY = {"schema": {"type": "string", "format": "binary"}}


def report_paths(record_id: dict[str, Any]) -> dict[str, Any]:
    """The path; ``record_id`` is the parameter that names a record."""
    form = parameter("format", "query", "What to write; default `pdf`", "xlsx")
    language = parameter("language", "query", "Language of the report; default `en`", "zh")
    return {
        "/v1/records/{record_id}/report": {
            "get": get_operation(
                "A business record as a report for people; what proves it is its view",
                dict.fromkeys(FORMS.values(), _BINARY),
                [
                    record_id,
                    {**form, "schema": {"type": "string", "enum": list(FORMS)}},
                    {**language, "schema": {"type": "string", "enum": list(LANGUAGES)}},
                ],
                statuses=(
                    errors.BAD_REQUEST,
                    errors.UNAUTHORIZED,
                    errors.NOT_FOUND,
                    errors.UNAVAILABLE,
                ),
            )
        },
    }
