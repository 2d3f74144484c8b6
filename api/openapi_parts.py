"""The parts that every description of a route is made of (see :mod:`api.openapi`)."""

from __future__ import annotations

from typing import Any, Final

from api import errors
from api.blob_door import BYTES_TYPE, LENGTH, OFFSET
from api.published import COSIGNED
from api.submit import JSON
from ledger.record import DIGEST_FORM

TEXT: Final[dict[str, Any]] = {"text/plain": {"schema": {"type": "string"}}}
BYTES: Final[dict[str, Any]] = {BYTES_TYPE: {"schema": {"type": "string", "format": "binary"}}}
OBJECT: Final[dict[str, Any]] = {JSON: {"schema": {"type": "object"}}}
#: The forms outside which a parameter is never found or taken, by its name.
_FORMS: Final[dict[str, str]] = {
    **dict.fromkeys(("record_id", "policy"), f"^{DIGEST_FORM}$"),
    "blob": "^[A-Za-z0-9_-]{22}$",
    "name": "^[a-z][a-z0-9-]{1,39}$",
    "version": "^v[1-9][0-9]{0,2}$",
    "group": "^[a-z][a-z0-9_]{0,39}$",
    "slug": "^[a-z0-9-]{2,40}$",
    "rule": "^[a-z0-9][a-z0-9-]{0,39}$",
    "alert": "^[0-9]{1,15}$",
    "model": "^[0-9a-f]{64}$",
    "job": "^[A-Za-z0-9_-]{22}$",
    "alarm": "^[a-z]{1,20}:[A-Za-z0-9_-]{43}:[0-9]{1,6}$",
    "path": "^(entries|[0-9]{1,2})/(x[0-9]{3}/)*[0-9]{3}([.]p/[1-9][0-9]{0,2})?$",
    **dict.fromkeys(("limit", "since", "until", "at_least", "as_of_ms"), "^[0-9]{1,15}$"),
    "mine": "^1$",
    **dict.fromkeys(("from", "to"), "^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$"),
    "as_of": "^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
    "cursor": "^[A-Za-z0-9_-]+$",
    **dict.fromkeys((LENGTH, OFFSET), "^[0-9]{1,16}$"),
}


def get_operation(
    summary: str,
    content: dict[str, Any],
    parameters: list[dict[str, Any]] | None = None,
    *,
    statuses: tuple[int, ...] = (),
    others: dict[int, tuple[str, dict[str, Any]]] | None = None,
) -> dict[str, Any]:
    """What a GET answers: the content found, other outcomes, and problems."""
    found = {errors.OK: ("Found", content), **(others or {})}
    answers = {
        str(status): {"description": description, "content": body}
        for status, (description, body) in found.items()
    }
    return {
        "summary": summary,
        "parameters": parameters or [],
        "security": [{}, {"signature": []}],
        "responses": {**answers, **problem_answers(*statuses)},
    }


def problem_answers(*statuses: int) -> dict[str, Any]:
    """The problems of these statuses, each with its codes, and any other refusal."""
    content = {errors.MEDIA_TYPE: {"schema": schema_ref("Problem")}}
    told = {
        str(status): {"description": ", ".join(_codes(status)), "content": content}
        for status in sorted(statuses)
    }
    return {**told, "default": {"description": "Any other refusal", "content": content}}


def _codes(status: int) -> list[str]:
    return sorted(code for code, own in errors.STATUS.items() if own == status)


def cosigned_parameter(description: str) -> dict[str, Any]:
    """The query parameter that asks for witnesses, or says not to wait for them."""
    schema = {"type": "string", "enum": ["true", "false"]}
    return {**parameter(COSIGNED, "query", description, "true"), "schema": schema}


def refusals_parameter() -> dict[str, Any]:
    """The query parameter that asks for signed refusals."""
    description = "Each refusal of a record carries `signed`, a note by the log key"
    schema = {"type": "string", "enum": [errors.SIGNED]}
    return {**parameter(errors.REFUSALS, "query", description, errors.SIGNED), "schema": schema}


def parameter(name: str, place: str, description: str, example: str) -> dict[str, Any]:
    """A parameter by its name, place, description and an example."""
    return {
        "name": name,
        "in": place,
        "required": place != "query",
        "description": description,
        "schema": {"type": "string", **({"pattern": form} if (form := _FORMS.get(name)) else {})},
        "example": example,
    }


def schema_ref(name: str) -> dict[str, str]:
    """A reference to one of the schemas of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def object_schema(properties: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object whose members are all there, but for an optional one."""
    required = [name for name in properties if name != "sealed"]
    return {"type": "object", "properties": properties, "required": required}
