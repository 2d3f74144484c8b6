"""The state of a line's fold as bytes, there and back. Only this module reads what it wrote."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from api.anomaly.life_state import LifeState, life_facts, life_of
from api.anomaly.specified import following_facts, following_of
from api.anomaly.watching import OutOfDomain, Watched
from quality.spc.runs import Rule
from scoring.anomaly.episodes import Following
from scoring.anomaly.regime import RegimeState, regime_arrays, regime_state
from scoring.anomaly.rule_calibration import RuleCalibration
from scoring.anomaly.table import Numbers
from scoring.anomaly.watch_bytes import decode_watch_state, encode_watch_state

_NONE: Final = b""


@dataclass(frozen=True, slots=True)
class FoldState:
    """All that the next upload's verdicts depend on, besides models and rules."""

    watched: Watched | None = None
    following: Following | None = None
    calibration: RuleCalibration | None = None
    life: LifeState = field(default_factory=LifeState)


def encode_fold_state(state: FoldState) -> bytes:
    """Its bytes; none where nothing was scored."""
    if state == FoldState():
        return _NONE
    watched = state.watched
    found = {
        "watch": None if watched is None else encode_watch_state(watched.state).decode(),
        "regime": None if watched is None else _regime(watched.regime),
        "out": None if watched is None or watched.out is None else _out(watched.out),
        "returned_us": None if watched is None else watched.returned_us,
        "following": following_facts(state.following),
        "calibration": _calibration(state.calibration),
        "life": life_facts(state.life),
    }
    return json.dumps(found, sort_keys=True, separators=(",", ":")).encode()


def decode_fold_state(content: bytes) -> FoldState:
    """The state of its bytes.

    Raises:
        MalformedState: another version wrote it.
    """
    if not content:
        return FoldState()
    found = json.loads(content)
    watched = None
    if found["watch"] is not None:
        out = None if found["out"] is None else OutOfDomain(**found["out"])
        state = decode_watch_state(found["watch"].encode())
        watched = Watched(state, _regime_of(found["regime"]), out, found["returned_us"])
    return FoldState(
        watched,
        following_of(found["following"]),
        _calibration_of(found["calibration"]),
        life_of(found["life"]),
    )


def _out(out: OutOfDomain) -> dict[str, Any]:
    return {"since_us": out.since_us, "event": out.event, "is_by_labels": out.is_by_labels}


def _regime(regime: RegimeState | None) -> dict[str, Any] | None:
    if regime is None:
        return None
    arrays = {name: _array(each) for name, each in regime_arrays(regime).items()}
    return {"setup": regime.setup, "before": regime.before, "arrays": arrays}


def _regime_of(found: dict[str, Any] | None) -> RegimeState | None:
    if found is None:
        return None
    arrays = {name: _array_of(each) for name, each in found["arrays"].items()}
    return regime_state(arrays, setup=found["setup"], before=found["before"])


def _calibration(calibration: RuleCalibration | None) -> dict[str, Any] | None:
    if calibration is None:
        return None
    return {
        "names": list(calibration.names),
        "rules": [str(rule) for rule in calibration.rules],
        "weights": _array(calibration.weights),
        "scores": _array(calibration.scores),
        "on_innovation": list(calibration.on_innovation),
        "rule_set": calibration.rule_set,
    }


def _calibration_of(found: dict[str, Any] | None) -> RuleCalibration | None:
    if found is None:
        return None
    return RuleCalibration(
        tuple(found["names"]),
        tuple(Rule(each) for each in found["rules"]),
        _array_of(found["weights"]),
        _array_of(found["scores"]),
        tuple(found["on_innovation"]),
        found["rule_set"],
    )


def _array(values: Numbers) -> dict[str, Any]:
    raw = np.ascontiguousarray(values, "<f8").tobytes()
    return {"f8": base64.b64encode(raw).decode(), "shape": list(values.shape)}


def _array_of(found: dict[str, Any]) -> Numbers:
    raw = base64.b64decode(found["f8"])
    return np.frombuffer(raw, "<f8").astype(np.float64).reshape(found["shape"])
