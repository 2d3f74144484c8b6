"""The routes about alarms and models in the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from api import errors
from api.anomaly.alarm_query import FORMATS, KINDS, LEVELS, LIMIT_MAX
from api.deliveries_query import TEXT_CHARACTERS_MAX
from api.exchange import LANGUAGES
from api.openapi_parts import (
    BYTES,
    get_operation,
    object_schema,
    parameter,
    problem_answers,
    schema_ref,
)
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
        **_line_paths(),
        **_model_paths(found),
    }


def _model_paths(found: tuple[int, ...]) -> dict[str, Any]:
    return {
        "/v1/anomaly/models/{model}": {
            "get": get_operation(
                "A model of the reader's line: its cards, and its ONNX bytes by `Accept`",
                {JSON: {"schema": schema_ref("Model")}, **BYTES},
                [parameter("model", "path", "SHA-256 of the ONNX file, hex", "0" * 64)],
                statuses=found,
            )
        },
        "/v1/anomaly/jobs/{job}": {
            "get": get_operation(
                "A training: how far it is, and the card to sign",
                {JSON: {"schema": schema_ref("Training")}},
                [parameter("job", "path", "Id of a training", "A" * 22)],
                statuses=found,
            )
        },
        "/v1/anomaly/rules/preview": {
            "post": _post(
                "How many good rows other rules would call, before they are changed",
                {"line": "A" * 22, "rules": {"parameters": []}},
                answers={errors.OK: ("Found", {JSON: {"schema": schema_ref("Effect")}})},
            )
        },
    }


def _line_paths() -> dict[str, Any]:
    line = _text("line", f"{_LINE}; default all of the reader's", "A" * 22)
    found = (errors.NOT_FOUND, *_STATUSES)
    rows = {JSON: {"schema": schema_ref("Lines")}}
    train = _post(
        "Train a model of a line on uploads of it, or on all that count as good",
        {"line": "A" * 22, "records": [], "challenger": False},
        answers={errors.ACCEPTED: ("Asked for", {JSON: {"schema": schema_ref("Training")}})},
    )
    listed = "The model cards of lines: who approved them, and where each stands"
    models = {JSON: {"schema": schema_ref("Models")}}
    return {
        "/v1/anomaly/lines": {
            "get": get_operation("The reader's lines", rows, [], statuses=_STATUSES)
        },
        "/v1/anomaly/models": {
            "get": get_operation(listed, models, [line], statuses=found),
            "post": train,
        },
        "/v1/anomaly/far": {
            "get": get_operation(
                "The realised false-alarm rate of lines, with its interval",
                rows,
                [line],
                statuses=found,
            )
        },
    }


def _post(
    summary: str, example: dict[str, Any], *, answers: dict[int, tuple[str, dict[str, Any]]]
) -> dict[str, Any]:
    """What a POST of a signed JSON object answers."""
    statuses = (errors.NOT_FOUND, errors.UNPROCESSABLE, errors.CONFLICT, *_STATUSES)
    told = {
        str(status): {"description": words, "content": content}
        for status, (words, content) in answers.items()
    }
    names: dict[str, Any] = {name: {} for name in example}
    schema = {
        "type": "object",
        "required": ["line"],
        "properties": {**names, "line": {"type": "string"}},
        "additionalProperties": False,
    }
    body = {JSON: {"schema": schema, "example": example}}
    return {
        "summary": summary,
        "parameters": [],
        "security": [{"signature": []}],
        "requestBody": {"required": True, "content": body},
        "responses": {**told, **problem_answers(*statuses)},
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
    objects = {"type": "array", "items": {"type": "object"}}
    return {
        "Lines": {"type": "object", "required": ["lines"], "properties": {"lines": objects}},
        "Models": object_schema({"models": objects}),
        "Model": object_schema({"model": text, "line": text, "bytes": whole, "cards": objects}),
        "Training": object_schema({"job": text, "line": text, "status": text}),
        "Effect": object_schema({"line": text, "rows": whole, "before": whole, "after": whole}),
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
