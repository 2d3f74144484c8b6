"""What the life of a line's models goes on from, as JSON, there and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from scoring.anomaly.drift import DriftState
from scoring.anomaly.drift_bytes import decode_drift_state, encode_drift_state
from scoring.anomaly.port import StreamState
from scoring.anomaly.state import decode_state, encode_state


@dataclass(frozen=True, slots=True)
class ShadowStream:
    """Where a model in shadow stands on its line; ``called`` of its ``rows`` it would have told."""

    stream: StreamState
    rows: int = 0
    called: int = 0


@dataclass(frozen=True, slots=True)
class LifeState:
    """What has become of a line since its model is in force.

    ``drifted`` is the one event of drift as it is told; ``set_ups`` were seen; ``good`` rows were
    confirmed good, ``line_p`` is the p-value of the line at its newest upload. ``wanted`` tells
    since when each reason for a new model holds, in the order in which they came up. ``shadows``
    are by card, and so are ``reports``, each with what speaks against its card.
    """

    drift: DriftState | None = None
    drifted: Mapping[str, Any] | None = None
    set_ups: frozenset[str] = frozenset()
    good: int = 0
    line_p: float | None = None
    wanted: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    shadows: Mapping[str, ShadowStream] = field(default_factory=lambda: MappingProxyType({}))
    reports: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def life_facts(life: LifeState) -> dict[str, Any]:
    """A state as JSON takes it."""
    return {
        "drift": None if life.drift is None else encode_drift_state(life.drift).decode(),
        "drifted": None if life.drifted is None else dict(life.drifted),
        "set_ups": sorted(life.set_ups),
        "good": life.good,
        "line_p": life.line_p,
        "wanted": list(life.wanted.items()),
        "shadows": {
            card: [encode_state(each.stream).decode(), each.rows, each.called]
            for card, each in life.shadows.items()
        },
        "reports": dict(life.reports),
    }


def life_of(found: Mapping[str, Any]) -> LifeState:
    """The state of its JSON.

    Raises:
        MalformedState: another version wrote it.
    """
    drift = found["drift"]
    return LifeState(
        drift=None if drift is None else decode_drift_state(drift.encode()),
        drifted=found["drifted"],
        set_ups=frozenset(found["set_ups"]),
        good=int(found["good"]),
        line_p=found["line_p"],
        wanted={str(name): int(since) for name, since in found["wanted"]},
        shadows={
            card: ShadowStream(decode_state(stream.encode()), int(rows), int(called))
            for card, (stream, rows, called) in found["shadows"].items()
        },
        reports=found["reports"],
    )
