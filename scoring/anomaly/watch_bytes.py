"""The bytes of a :class:`~scoring.anomaly.watch_state.WatchState`, there and back."""

from __future__ import annotations

import base64
import json
import math
import re
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from scoring.anomaly.episodes import Episode, EpisodeKind, Following, RowMark
from scoring.anomaly.state import decode_state, encode_state
from scoring.anomaly.table import Numbers
from scoring.anomaly.units import UnitChange
from scoring.anomaly.verdict import Level
from scoring.anomaly.watch_state import Position, Rows, WatchState
from scoring.errors import MalformedState

FORMAT: Final = "lotmark.watch/v1"
#: 1,000 parameters with every row and checkpoint that is kept are some 10 MB.
BYTES_MAX: Final = 1 << 26
#: Values of a state, arrays counting one, and how deep they lie; JSON is many times as large as
#: objects as it is as bytes.
_ITEMS_MAX: Final = 1 << 20
_DEPTH_MAX: Final = 16
#: Texts as a whole, closed or not, without a way back: linear in whatever is sent.
_BRACKETS: Final = re.compile(rb'(?s)"(?:[^"\\]++|\\.)*+"?|[\[{\]}]')
_CELLS_MAX: Final = 1 << 22
_AXES_MAX: Final = 2


def encode_watch_state(state: WatchState) -> bytes:
    """Canonical bytes of a state."""
    content = {
        "aside": None if state.aside is None else _position(state.aside),
        "checkpoints": [_position(each) for each in state.checkpoints],
        "format": FORMAT,
        "kept": {
            "marks": [asdict(mark) for mark in state.kept.marks],
            "setups": list(state.kept.setups),
            "values": _array(state.kept.values),
        },
        "model": state.model,
        "now": _position(state.now),
        "opened": [list(each) for each in state.opened],
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def decode_watch_state(content: bytes) -> WatchState:
    """The state of its bytes.

    Raises:
        MalformedState: not a state, of another format, or beyond a bound.
    """
    if len(content) > BYTES_MAX:
        raise MalformedState(f"expected at most {BYTES_MAX} bytes of state, found {len(content)}")
    _expect_bounded(content)
    try:
        return _state(json.loads(content))
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError) as cause:
        raise MalformedState(f"expected the state of a watch, found {cause}") from cause
    except AttributeError as cause:
        raise MalformedState(f"expected an object, found {cause}") from cause


def _expect_bounded(content: bytes) -> None:
    """Refuse by signs, those within texts counted too, before anything is made of them."""
    opened = content.count(b"[") + content.count(b"{")
    if opened + content.count(b",") > _ITEMS_MAX:
        raise MalformedState(f"expected at most {_ITEMS_MAX} values in a state, found more")
    depth = 0
    for sign in _BRACKETS.finditer(content):
        if sign[0][:1] != b'"':
            depth += 1 if sign[0] in b"[{" else -1
        if depth > _DEPTH_MAX:
            raise MalformedState(f"expected values {_DEPTH_MAX} deep at most, found deeper ones")


def _state(found: Any) -> WatchState:
    if found["format"] != FORMAT:
        raise ValueError(f"format {found['format']!r}, not {FORMAT}")
    kept = found["kept"]
    values = _read_array(kept["values"], axes=2)
    marks = tuple(_mark(each) for each in kept["marks"])
    setups = tuple(None if each is None else _text(each) for each in kept["setups"])
    if not len(values) == len(marks) == len(setups):
        raise ValueError("kept rows of different numbers")
    checkpoints = tuple(_read_position(each) for each in found["checkpoints"])
    opened = tuple((_text(name), _whole(rows)) for name, rows in found["opened"])
    return WatchState(
        _text(found["model"]),
        _read_position(found["now"]),
        checkpoints,
        Rows(values, marks, setups),
        opened,
        None if found["aside"] is None else _read_position(found["aside"]),
    )


def _position(position: Position) -> dict[str, Any]:
    return {
        "exceeded": _array(position.exceeded),
        "following": [
            {"episode": _episode(each.episode), "quiet": each.quiet} for each in position.following
        ],
        "gaps": _array(position.gaps),
        "newest": None if position.newest is None else asdict(position.newest),
        "points": _array(position.points),
        "rows": position.rows,
        "stream": encode_state(position.stream).decode(),
        "yellow": list(position.yellow),
    }


def _read_position(found: Any) -> Position:
    return Position(
        decode_state(_text(found["stream"]).encode("utf-8", "surrogatepass")),
        _read_array(found["points"], axes=2),
        _read_array(found["exceeded"], axes=2),
        _read_array(found["gaps"], axes=1),
        tuple(_flag(each) for each in found["yellow"]),
        tuple(
            Following(_read_episode(each["episode"]), _whole(each["quiet"]))
            for each in found["following"]
        ),
        _whole(found["rows"]),
        None if found["newest"] is None else _mark(found["newest"]),
    )


def _episode(episode: Episode) -> dict[str, Any]:
    return asdict(episode) | {"parameters": [list(each) for each in episode.parameters]}


def _unit_change(found: Any) -> UnitChange:
    return UnitChange(
        _text(found["parameter"]),
        _number(found["factor"]),
        _number(found["offset"]),
        _text(found["what"]),
    )


def _read_episode(found: Any) -> Episode:
    return Episode(
        id=_text(found["id"]),
        kind=EpisodeKind(found["kind"]),
        level=Level(found["level"]),
        first=_mark(found["first"]),
        last=_mark(found["last"]),
        peak=_mark(found["peak"]),
        peak_p=_number(found["peak_p"]),
        peak_score=_number(found["peak_score"]),
        rows=_whole(found["rows"]),
        loud_rows=_whole(found["loud_rows"]),
        parameters=tuple((_text(name), _whole(times)) for name, times in found["parameters"]),
        model=_text(found["model"]),
        is_open=_flag(found["is_open"]),
        units_suspected=tuple(_unit_change(each) for each in found["units_suspected"]),
    )


def _mark(found: Any) -> RowMark:
    at = found["at_us"]
    return RowMark(_text(found["source"]), _whole(found["row"]), None if at is None else _whole(at))


def _array(values: Numbers) -> dict[str, Any]:
    raw = np.ascontiguousarray(values, "<f8").tobytes()
    return {"f8": base64.b64encode(raw).decode(), "shape": list(values.shape)}


def _read_array(found: Any, *, axes: int | None = None) -> Numbers:
    shape = [_whole(each) for each in found["shape"]]
    if len(shape) > _AXES_MAX or (axes is not None and len(shape) != axes):
        raise ValueError(f"an array of {len(shape)} axes")
    cells = int(np.prod(shape, dtype=object)) if shape else 1
    if min(shape, default=0) < 0 or cells > _CELLS_MAX:
        raise ValueError(f"an array of shape {shape}")
    raw = base64.b64decode(_text(found["f8"]), validate=True)
    if len(raw) != 8 * cells:
        raise ValueError(f"{len(raw)} bytes for {cells} numbers")
    return np.frombuffer(raw, "<f8").astype(np.float64).reshape(shape)


def _text(found: Any) -> str:
    if not isinstance(found, str):
        raise TypeError(f"{found!r}, not text")
    return found


def _flag(found: Any) -> bool:
    if not isinstance(found, bool):
        raise TypeError(f"{found!r}, not true or false")
    return found


def _whole(found: Any) -> int:
    if not isinstance(found, int) or isinstance(found, bool) or abs(found) >= 1 << 63:
        raise TypeError(f"{found!r}, not a whole number")
    return found


def _number(found: Any) -> float:
    if not isinstance(found, int | float) or isinstance(found, bool):
        raise TypeError(f"{found!r}, not a number")
    if not math.isfinite(found):
        raise ValueError(f"{found!r}, not a finite number")
    return float(found)
