"""A decision as it is kept: model, state before it, inputs as whole numbers, and the outcome.

Inputs are whole quanta of their parameter, so that two machines hold the very same ones; the
bytes are canonical JSON (docs/spec/anomaly-graph.md, 3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from keys.encoding import decode_base64url, encode_base64url
from keys.errors import MalformedEncoding
from ledger.errors import MalformedJson
from ledger.strict_json import JsonObject, JsonValue, encode_json, parse_json_object
from scoring.anomaly.state import STATE_BYTES_MAX
from scoring.errors import MalformedDecision

#: Changes with the meaning of the bytes.
FORMAT: Final = "lotmark.anomaly-decision/v1"
#: A state and some thousand rows of two hundred parameters.
DECISION_BYTES_MAX: Final = 8 * 1024 * 1024
ROWS_MAX: Final = 10_000
_WHOLE_MAX: Final = 2**53 - 1
_MEMBERS: Final = ("format", "model", "names", "state", "limits", "rows")
_ROW: Final = ("inputs", "at_us", "setup", "score", "p", "fired", "level")


@dataclass(frozen=True, slots=True)
class Limit:
    """A level and the p-value below which a row has it."""

    level: str
    p: float


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One row: whole quanta by parameter, None where missing, and what was found.

    ``level`` is that of the model alone: rules and specifications are facts of their own. ``p``
    is None for a row without any value.
    """

    inputs: tuple[int | None, ...]
    at_us: int | None
    setup: str | None
    score: float
    p: float | None
    fired: str
    level: str


@dataclass(frozen=True, slots=True)
class DecisionPath:
    """Rows in their order, from ``state`` (bytes of a StreamState) on, by the model ``model``.

    ``limits`` are in the order of the levels, the mildest first.
    """

    model: str
    names: tuple[str, ...]
    state: bytes
    limits: tuple[Limit, ...]
    rows: tuple[DecisionRow, ...]


def level_of(p: float | None, limits: tuple[Limit, ...]) -> str:
    """The gravest level whose limit p is below, or ``none``; no p-value has none."""
    found = "none"
    for limit in limits:
        if p is not None and p < limit.p:
            found = limit.level
    return found


def encode_decision(path: DecisionPath) -> bytes:
    """The one spelling of a decision."""
    form: JsonObject = {
        "format": FORMAT,
        "model": path.model,
        "names": list(path.names),
        "state": encode_base64url(path.state),
        "limits": [[limit.level, limit.p] for limit in path.limits],
        "rows": [_row_form(row) for row in path.rows],
    }
    return encode_json(form, numbers="any")


def decode_decision(data: bytes) -> DecisionPath:
    """Read what :func:`encode_decision` wrote.

    Raises:
        MalformedDecision: other bytes, or another spelling of a decision.
    """
    try:
        form = parse_json_object(data, bytes_max=DECISION_BYTES_MAX, numbers="any")
    except MalformedJson as fault:
        raise MalformedDecision(f"expected the JSON of a decision, found: {fault}") from fault
    if tuple(form) != _MEMBERS or form["format"] != FORMAT:
        raise MalformedDecision(f"expected a decision of {FORMAT}, found {sorted(form)[:8]}")
    path = DecisionPath(
        _text(form["model"]),
        tuple(_text(name) for name in _list(form["names"], "names")),
        _state(form["state"]),
        tuple(_limit(limit) for limit in _list(form["limits"], "limits")),
        tuple(_row(row) for row in _list(form["rows"], "rows")),
    )
    if any(len(row.inputs) != len(path.names) for row in path.rows):
        raise MalformedDecision(f"expected {len(path.names)} inputs a row, found others")
    if encode_decision(path) != data:
        raise MalformedDecision("expected the one spelling of a decision, found another")
    return path


def _row_form(row: DecisionRow) -> JsonValue:
    # Beyond 2^53-1 a JSON number is not one for every reader.
    inputs: list[JsonValue] = [
        value if value is None or abs(value) <= _WHOLE_MAX else str(value) for value in row.inputs
    ]
    return {
        "inputs": inputs,
        "at_us": row.at_us,
        "setup": row.setup,
        "score": row.score,
        "p": row.p,
        "fired": row.fired,
        "level": row.level,
    }


def _row(form: JsonValue) -> DecisionRow:
    if not isinstance(form, dict) or tuple(form) != _ROW:
        raise MalformedDecision(f"expected a row of {', '.join(_ROW)}, found another value")
    at_us, setup = form["at_us"], form["setup"]
    return DecisionRow(
        tuple(_input(value) for value in _list(form["inputs"], "inputs")),
        None if at_us is None else _whole(at_us),
        None if setup is None else _text(setup),
        _number(form["score"]),
        None if form["p"] is None else _number(form["p"]),
        _text(form["fired"]),
        _text(form["level"]),
    )


def _input(value: JsonValue) -> int | None:
    if value is None:
        return None
    if not isinstance(value, str):
        return _whole(value)
    if not value.removeprefix("-").isdecimal() or len(value) > 128:
        raise MalformedDecision(f"expected whole quanta, found {value[:40]!r}")
    return int(value)


def _limit(form: JsonValue) -> Limit:
    found = _list(form, "limit")
    if len(found) != 2:
        raise MalformedDecision(f"expected a level and its limit, found {len(found)} values")
    return Limit(_text(found[0]), _number(found[1]))


def _state(form: JsonValue) -> bytes:
    try:
        state = decode_base64url(_text(form))
    except MalformedEncoding as fault:
        raise MalformedDecision("state: expected base64url, found other text") from fault
    if len(state) > STATE_BYTES_MAX:
        raise MalformedDecision(f"state: expected {STATE_BYTES_MAX} bytes at most, found more")
    return state


def _list(form: JsonValue, name: str) -> list[JsonValue]:
    if not isinstance(form, list) or len(form) > ROWS_MAX:
        raise MalformedDecision(f"{name}: expected at most {ROWS_MAX} values, found others")
    return form


def _text(form: JsonValue) -> str:
    if not isinstance(form, str):
        raise MalformedDecision("expected a text, found another value")
    return form


def _whole(form: JsonValue) -> int:
    if isinstance(form, bool) or not isinstance(form, int):
        raise MalformedDecision("expected a whole number, found another value")
    return form


def _number(form: JsonValue) -> float:
    if isinstance(form, bool) or not isinstance(form, float) or not math.isfinite(form):
        raise MalformedDecision("expected a finite number with a fraction, found another value")
    return form
