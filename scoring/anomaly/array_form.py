"""Arrays and figures in the JSON of states and references: no digit is lost, one spelling each.

An array is {"shape": [...], "values": base64url of little-endian float64}.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from keys.encoding import decode_base64url, encode_base64url
from keys.errors import MalformedEncoding
from ledger.strict_json import JsonValue
from scoring.anomaly.table import Numbers
from scoring.errors import MalformedState

_AXES_MAX: Final = 3
_AXIS_MAX: Final = 4096


def array_form(array: Numbers) -> JsonValue:
    """The JSON of an array."""
    values = encode_base64url(np.ascontiguousarray(array, "<f8").tobytes())
    return {"shape": list(array.shape), "values": values}


def array_of(name: str, form: JsonValue) -> Numbers:
    """The array of its JSON; ``name`` is told where it is none.

    Raises:
        MalformedState: another form, axes beyond a bound, or numbers that are not finite.
    """
    if not isinstance(form, dict) or tuple(form) != ("shape", "values"):
        raise MalformedState(f"array {name}: expected shape and values, found others")
    shape = _shape(name, form["shape"])
    try:
        data = decode_base64url(text_of(form["values"]))
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
    shape = tuple(whole_of(axis, name) for axis in found)
    if any(axis > _AXIS_MAX for axis in shape):
        raise MalformedState(f"array {name}: expected axes up to {_AXIS_MAX}, found {shape}")
    return shape


def text_of(found: JsonValue) -> str:
    """A text.

    Raises:
        MalformedState: another value.
    """
    if not isinstance(found, str):
        raise MalformedState("expected a text, found another value")
    return found


def whole_of(found: JsonValue, name: str, *, least: int | None = 0) -> int:
    """A whole number from ``least`` on; ``name`` is told where it is none.

    Raises:
        MalformedState: another value, or one below.
    """
    if isinstance(found, bool) or not isinstance(found, int):
        raise MalformedState(f"{name}: expected a whole number, found another value")
    if least is not None and found < least:
        raise MalformedState(f"{name}: expected {least} or more, found {found}")
    return found
