"""The bytes of a stream's state: a restart reads them and goes on exactly where it stopped.

Canonical JSON (docs/spec/anomaly.md, state): arrays are base64url of little-endian float64, so
that no digit is lost, and a state has one spelling only. What comes back from a file or a database
is hostile until it is read.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from keys.encoding import decode_base64url, encode_base64url
from keys.errors import MalformedEncoding
from ledger.errors import MalformedJson
from ledger.strict_json import JsonObject, JsonValue, encode_json, parse_json_object
from scoring.anomaly.port import StreamState
from scoring.anomaly.table import Numbers
from scoring.errors import MalformedState

#: Changes with the meaning of the bytes.
FORMAT: Final = "lotmark.anomaly-state/v1"
#: Some forty averages of a thousand parameters.
STATE_BYTES_MAX: Final = 512 * 1024
_ARRAYS_MAX: Final = 64
_AXES_MAX: Final = 3
_AXIS_MAX: Final = 4096
_MEMBERS: Final = ("format", "model", "rows", "last_us", "alpha", "arrays")


def encode_state(state: StreamState) -> bytes:
    """The one spelling of a state."""
    arrays: JsonObject = {name: _array_form(state.arrays[name]) for name in sorted(state.arrays)}
    return encode_json(
        {
            "format": FORMAT,
            "model": state.model,
            "rows": state.rows,
            "last_us": state.last_us,
            "alpha": repr(float(state.alpha)),
            "arrays": arrays,
        }
    )


def decode_state(data: bytes) -> StreamState:
    """Read what :func:`encode_state` wrote.

    Whether the arrays fit a model is the detector's to say.

    Raises:
        MalformedState: other bytes, or another spelling of a state.
    """
    try:
        form = parse_json_object(data, bytes_max=STATE_BYTES_MAX)
    except MalformedJson as fault:
        raise MalformedState(f"expected the JSON of a state, found another: {fault}") from fault
    if tuple(form) != _MEMBERS or form["format"] != FORMAT:
        raise MalformedState(f"expected a state of {FORMAT}, found {sorted(form)[:8]}")
    state = StreamState(
        _text(form["model"]),
        _arrays(form["arrays"]),
        _whole(form["rows"], "rows"),
        None if form["last_us"] is None else _whole(form["last_us"], "last_us", least=None),
        _alpha(form["alpha"]),
    )
    if encode_state(state) != data:
        raise MalformedState("expected the one spelling of a state, found another of the same")
    return state


def _array_form(array: Numbers) -> JsonValue:
    values = encode_base64url(np.ascontiguousarray(array, "<f8").tobytes())
    return {"shape": list(array.shape), "values": values}


def _arrays(found: JsonValue) -> dict[str, Numbers]:
    if not isinstance(found, dict) or len(found) > _ARRAYS_MAX:
        raise MalformedState(f"expected at most {_ARRAYS_MAX} arrays by name, found others")
    return {name: _array(name, form) for name, form in found.items()}


def _array(name: str, form: JsonValue) -> Numbers:
    if not isinstance(form, dict) or tuple(form) != ("shape", "values"):
        raise MalformedState(f"array {name}: expected shape and values, found others")
    shape = _shape(name, form["shape"])
    try:
        data = decode_base64url(_text(form["values"]))
    except MalformedEncoding as fault:
        raise MalformedState(f"array {name}: expected base64url, found other text") from fault
    if len(data) != 8 * math.prod(shape):
        expected = 8 * math.prod(shape)
        raise MalformedState(f"array {name}: expected {expected} bytes, found {len(data)}")
    values = np.frombuffer(data, "<f8").astype(np.float64).reshape(shape)
    if not np.isfinite(values).all():
        raise MalformedState(f"array {name}: expected finite numbers, found others")
    return values


def _shape(name: str, found: JsonValue) -> tuple[int, ...]:
    if not isinstance(found, list) or len(found) > _AXES_MAX:
        raise MalformedState(f"array {name}: expected at most {_AXES_MAX} axes, found others")
    shape = tuple(_whole(axis, name) for axis in found)
    if any(axis > _AXIS_MAX for axis in shape):
        raise MalformedState(f"array {name}: expected axes up to {_AXIS_MAX}, found {shape}")
    return shape


def _text(found: JsonValue) -> str:
    if not isinstance(found, str):
        raise MalformedState("expected a text, found another value")
    return found


def _whole(found: JsonValue, name: str, *, least: int | None = 0) -> int:
    if isinstance(found, bool) or not isinstance(found, int):
        raise MalformedState(f"{name}: expected a whole number, found another value")
    if least is not None and found < least:
        raise MalformedState(f"{name}: expected {least} or more, found {found}")
    return found


def _alpha(found: JsonValue) -> float:
    try:
        alpha = float(_text(found))
    except ValueError as fault:
        raise MalformedState("alpha: expected a number, found other text") from fault
    if not 0.0 < alpha < 1.0:
        raise MalformedState(f"alpha: expected a number between 0 and 1, found {alpha}")
    return alpha
