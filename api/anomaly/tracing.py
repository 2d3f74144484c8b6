"""A detector that remembers what it was asked, so that single decisions can be kept whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scoring.anomaly.decision import DecisionPath, Limit, encode_decision
from scoring.anomaly.inputs import input_hash, whole_numbers
from scoring.anomaly.levels import RED_SHARE
from scoring.anomaly.port import Scored, StreamState
from scoring.anomaly.replay import ReplayableDetector, decide
from scoring.anomaly.table import Numbers, ParameterTable
from scoring.anomaly.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Trace:
    """One question: rows, the state before them, and what was found."""

    table: ParameterTable
    before: StreamState
    scored: Scored


class TracingDetector:
    """Serves by another detector. Belongs to one thread."""

    def __init__(self, detector: ReplayableDetector) -> None:
        """Ask ``detector``."""
        self._detector = detector
        self.traces: list[Trace] = []

    @property
    def digest(self) -> str:
        """That of the model."""
        return self._detector.digest

    @property
    def names(self) -> tuple[str, ...]:
        """Those of the model."""
        return self._detector.names

    @property
    def quantum(self) -> Numbers:
        """What each parameter is rounded to."""
        return self._detector.quantum

    def p_value(self, score: Numbers) -> Numbers:
        """How rare each score is."""
        return self._detector.p_value(score)

    def start(self) -> StreamState:
        """The state before the first row."""
        return self._detector.start()

    def score(
        self, table: ParameterTable, state: StreamState, *, with_detail: bool = False
    ) -> Scored:
        """Score rows, and remember them.

        Raises:
            ParametersDiffer, UnitsDiffer, MalformedState: as the detector.
        """
        scored = self._detector.score(table, state, with_detail=with_detail)
        self.traces.append(Trace(table, state, scored))
        return scored

    def path_of(self, verdict: Verdict) -> bytes | None:
        """The decision on one row, with the state right before it; None where it has no score."""
        for trace in reversed(self.traces):
            at = _row_of(trace, verdict, self.quantum)
            if at is not None:
                return encode_decision(self._path(trace, at, alpha=verdict.alpha))
        return None

    def _path(self, trace: Trace, at: int, *, alpha: float) -> DecisionPath:
        before = trace.before
        if at:
            before = self._detector.score(trace.table.take(slice(0, at)), before).state
        limits = (Limit("yellow", alpha), Limit("red", RED_SHARE * alpha))
        row = trace.table.take(slice(at, at + 1))
        return decide(self._detector, row, before, limits=limits)


def _row_of(trace: Trace, verdict: Verdict, quantum: Numbers) -> int | None:
    """The number of a verdict's row among those of a question."""
    at_us, setups = trace.table.at_us, trace.table.setups
    if at_us is None or verdict.at_us is None:
        return None
    for found in np.flatnonzero(at_us == verdict.at_us):
        whole = whole_numbers(trace.table.values[found], quantum)
        setup = None if setups is None else setups[found] or None
        if input_hash(whole, setup) == verdict.input_hash:
            return int(found)
    return None
