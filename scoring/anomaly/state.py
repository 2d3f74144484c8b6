"""The bytes of a stream's state: a restart reads them and goes on exactly where it stopped.

Canonical JSON (docs/spec/anomaly-graph.md, 2): arrays are base64url of little-endian float64, so
that no digit is lost, and a state has one spelling only. What comes back from a file or a database
is hostile until it is read.
"""

from __future__ import annotations

from typing import Final

from ledger.errors import MalformedJson
from ledger.strict_json import JsonObject, JsonValue, encode_json, parse_json_object
from scoring.anomaly.array_form import array_form, array_of, text_of, whole_of
from scoring.anomaly.port import StreamState
from scoring.anomaly.table import Numbers
from scoring.errors import MalformedState

#: Changes with the meaning of the bytes.
FORMAT: Final = "lotmark.anomaly-state/v1"
#: Some forty averages of a thousand parameters.
STATE_BYTES_MAX: Final = 512 * 1024
_ARRAYS_MAX: Final = 64
_MEMBERS: Final = ("format", "model", "rows", "last_us", "alpha", "arrays")


def encode_state(state: StreamState) -> bytes:
    """The one spelling of a state."""
    arrays: JsonObject = {name: array_form(state.arrays[name]) for name in sorted(state.arrays)}
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
        text_of(form["model"]),
        _arrays(form["arrays"]),
        whole_of(form["rows"], "rows"),
        None if form["last_us"] is None else whole_of(form["last_us"], "last_us", least=None),
        _alpha(form["alpha"]),
    )
    if encode_state(state) != data:
        raise MalformedState("expected the one spelling of a state, found another of the same")
    return state


def _arrays(found: JsonValue) -> dict[str, Numbers]:
    if not isinstance(found, dict) or len(found) > _ARRAYS_MAX:
        raise MalformedState(f"expected at most {_ARRAYS_MAX} arrays by name, found others")
    return {name: array_of(name, form) for name, form in found.items()}


def _alpha(found: JsonValue) -> float:
    try:
        alpha = float(text_of(found))
    except ValueError as fault:
        raise MalformedState("alpha: expected a number, found other text") from fault
    if not 0.0 < alpha < 1.0:
        raise MalformedState(f"alpha: expected a number between 0 and 1, found {alpha}")
    return alpha
