"""The routes about alarms and models in the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from api import errors
from api.anomaly.alarm_query import FORMATS, KINDS, LEVELS, LIMIT_MAX
from api.deliveries_query import TEXT_CHARACTERS_MAX
from api.exchange import LANGUAGES
from api.openapi_parts import get_operation, object_schema, parameter, schema_ref
from api.submit import JSON

_STATUSES: Final = (errors.BAD_REQUEST, errors.UNAUTHORIZED, errors.UNAVAILABLE)
_ALARM: Final = f"anomaly:{'A' * 43}:12"
_LINE: Final = "Key of a line, as /v1/anomaly/lines tells it"


def anomaly_paths() -> dict[str, Any]:
    """The paths."""
    alarm = parameter("alarm", "path", "Id of an alarm", _ALARM)
    found = (errors.NOT_FOUND, *_STATUSES)
    return {
        "/v1/alarms": {
            "get": get_operation(
                "Events of lines whose values the reader may have, the newest first",
                {JSON: {"schema": schema_ref("Alarms")}},
                _alarms(),
                statuses=_STATUSES,
            )
        },
        "/v1/alarms/{alarm}": {
            "get": get_operation(
                "One event: verdicts, contributions, the whole decision, and what it follows from",
                {JSON: {"schema": schema_ref("Alarm")}},
                [alarm],
                statuses=found,
            )
        },
        "/v1/alarms/{alarm}/plot": {
            "get": get_operation(
                "Scores around the event with their limit, and bars of contributions",
                _pictures(),
                [alarm, _choice("format", FORMATS, "png"), _choice("language", LANGUAGES, "en")],
                statuses=found,
            )
        },
    }


def anomaly_schemas() -> dict[str, Any]:
    """The answers."""
    text, whole = {"type": "string"}, {"type": "integer"}
    provenance = {
        "type": "object",
        "required": ["method", "tree_size"],
        "properties": {"method": text, "tree_size": whole},
    }
    head = {
        "id": text,
        "code": text,
        "kind": {"enum": list(KINDS)},
        "level": {"enum": list(LEVELS)},
        "owner": text,
        "line": {"type": "object"},
        "from_us": whole,
        "until_us": whole,
        "record_id": text,
        "acknowledged": {"type": "boolean"},
        "label": {"type": ["string", "null"]},
    }
    alarms = {"type": "array", "items": object_schema(head), "maxItems": LIMIT_MAX}
    return {
        "Alarms": object_schema(
            {"alarms": alarms, "next": {"type": ["string", "null"]}, "provenance": provenance}
        ),
        "Alarm": object_schema(
            {**head, "decision": {"type": ["object", "null"]}, "provenance": provenance}
        ),
    }


def _pictures() -> dict[str, Any]:
    return {
        "image/png": {"schema": {"type": "string", "format": "binary"}},
        "image/svg+xml": {"schema": {"type": "string"}},
    }


def _alarms() -> list[dict[str, Any]]:
    limit = parameter("limit", "query", f"At most {LIMIT_MAX}", "50")
    limit["schema"]["pattern"] = "^([1-9][0-9]?|100)$"
    return [
        _text("owner", "DID of the owner of the lines", "did:web:log.example:parties:acme"),
        _text("line", _LINE, "A" * 22),
        _choice("level", LEVELS, "red"),
        _choice("kind", KINDS, "anomaly"),
        parameter("since", "query", "With rows at or after it, Unix milliseconds", "0"),
        parameter("until", "query", "With rows at or before it, Unix milliseconds", "0"),
        limit,
        parameter("cursor", "query", "Of the page before", "W10"),
        parameter("at_least", "query", "Tree size to wait for, a few seconds", "41"),
    ]


def _text(name: str, description: str, example: str) -> dict[str, Any]:
    found = parameter(name, "query", description, example)
    found["schema"] |= {"minLength": 1, "maxLength": TEXT_CHARACTERS_MAX}
    return found


def _choice(name: str, choices: tuple[str, ...], example: str) -> dict[str, Any]:
    found = parameter(name, "query", f"One of {', '.join(choices)}", example)
    return {**found, "schema": {"type": "string", "enum": list(choices)}}
