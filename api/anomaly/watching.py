"""The watch of one line by its active model: verdicts, events, regimes, and whole decisions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from api.anomaly.drifting import Drifted, DriftWatch
from api.anomaly.models import OpenModel
from api.anomaly.tracing import Trace, TracingDetector
from api.anomaly.uploads import Upload
from scoring.anomaly.drift import DriftMonitor, DriftState
from scoring.anomaly.drift_reference import DriftReference
from scoring.anomaly.episodes import Episode, EpisodeKind, RowMark
from scoring.anomaly.line import Line
from scoring.anomaly.regime import RegimeEvent, RegimeKind, RegimeMonitor, RegimeRows, RegimeState
from scoring.anomaly.table import Instants
from scoring.anomaly.verdict import Level, Order, Reason, Verdict
from scoring.anomaly.watch import LineWatch, Pushed
from scoring.anomaly.watch_state import WatchState


@dataclass(frozen=True, slots=True)
class OutOfDomain:
    """Since when the line does something that its model does not know, and the event of it.

    What labels have told they can take back; what a change of set-up has told they cannot.
    """

    since_us: int
    event: str
    is_by_labels: bool = False


@dataclass(frozen=True, slots=True)
class Watched:
    """Where the watch of a line stands; ``returned_us`` is when a regime ended last."""

    state: WatchState
    regime: RegimeState | None = None
    out: OutOfDomain | None = None
    returned_us: int | None = None


@dataclass(frozen=True, slots=True)
class RegimeTold:
    """A regime that began or ended: at which row of which record, and since when it is there."""

    event: RegimeEvent
    source: str
    row: int
    at_us: int
    since_us: int

    @property
    def id(self) -> str:
        """The same for everybody who scores the same rows."""
        return f"regime:{self.source}:{self.row}"


@dataclass(frozen=True, slots=True)
class Found:
    """What an upload has led to; ``withdrawn`` are events that count no more.

    ``loud`` are the rows that a regime has, by its event, which the model calls red all the same.
    """

    verdicts: tuple[Verdict, ...]
    episodes: tuple[Episode, ...]
    withdrawn: tuple[str, ...]
    regimes: tuple[RegimeTold, ...]
    paths: dict[tuple[str, int], bytes]
    notes: tuple[str, ...]
    watched: Watched
    loud: Mapping[str, tuple[RowMark, ...]] = field(default_factory=dict)


class Watching:
    """Watches one line. Belongs to one thread."""

    def __init__(self, opened: OpenModel, line: Line, reference: DriftReference | None) -> None:
        """Watch by an open model; without a reference regimes and drift are not looked for."""
        self._tracing = TracingDetector(opened.detector)
        self._watch = LineWatch(self._tracing, line)
        self._monitor = None if reference is None else RegimeMonitor(reference)
        self._drift = None
        if reference is not None:
            self._drift = DriftWatch(opened.model, DriftMonitor(reference))

    def start(self) -> Watched:
        """Before the first row."""
        regime = None if self._monitor is None else self._monitor.start()
        return Watched(self._watch.start(), regime)

    def push(self, upload: Upload, watched: Watched, *, source: str, now_us: int) -> Found:
        """Score an upload.

        Raises:
            ParametersDiffer, UnitsDiffer: not the columns of the model.
            MalformedState: the state is of another model.
        """
        self._tracing.traces.clear()
        pushed = self._watch.push(
            upload.table, watched.state, source=source, first_row=1, now_us=now_us
        )
        verdicts = (*pushed.verdicts, *pushed.again)
        regimes, regime = self._regimes(pushed, watched.regime)
        out = _out_after(regimes, watched.out)
        spans = _quiet_spans(regimes, watched.out)
        loud = _loud(verdicts, spans)
        verdicts = tuple(_quiet(verdict, spans) for verdict in verdicts)
        kept, gone = _split(pushed.episodes, spans)
        wanted = {(mark.source, mark.row) for each in kept for mark in (each.first, each.peak)}
        return Found(
            verdicts,
            kept,
            (*pushed.withdrawn, *gone),
            regimes,
            dict(self._paths(verdicts, wanted)),
            pushed.notes,
            Watched(pushed.state, regime, out, _returned(regimes, watched.returned_us)),
            loud,
        )

    def drift(self, found: Found, state: DriftState | None) -> Drifted | None:
        """Look for drift in the rows just pushed; None where it is not looked for.

        Out of its domain a model has no good rows to compare.
        """
        if self._drift is None or found.regimes or found.watched.out is not None:
            return None
        return self._drift.look(self._tracing.traces, found.verdicts, state)

    def _paths(
        self, verdicts: Sequence[Verdict], wanted: set[tuple[str, int]]
    ) -> Iterator[tuple[tuple[str, int], bytes]]:
        for verdict in verdicts:
            if (verdict.source, verdict.row) in wanted and verdict.score is not None:
                path = self._tracing.path_of(verdict)
                if path is not None:
                    yield (verdict.source, verdict.row), path

    def _regimes(
        self, pushed: Pushed, before: RegimeState | None
    ) -> tuple[tuple[RegimeTold, ...], RegimeState | None]:
        """Rows that came late are not looked at again: set-ups are told apart by rows in order."""
        if self._monitor is None or before is None or pushed.again:
            return (), before
        fresh = {v.at_us: v for v in reversed(pushed.verdicts) if v.order is Order.IN_ORDER}
        # Rows that were scored only to compare units have no detail, and are asked again.
        traces = [trace for trace in self._tracing.traces if trace.scored.detail is not None]
        parts = [_fresh_rows(trace, fresh.keys()) for trace in traces]
        rows = _joined([part for part in parts if len(part[0])])
        if rows is None:
            return (), before
        times, regime_rows = rows
        events, state = self._monitor.push(regime_rows, before)
        return tuple(_told(event, times, fresh) for event in events), state


def _fresh_rows(trace: Trace, fresh: Collection[int | None]) -> tuple[Instants, RegimeRows]:
    """The rows of a question that were pushed, and not scored once more: when, and what."""
    detail, setups, times = trace.scored.detail, trace.table.setups, trace.table.at_us
    assert detail is not None, "a watch asks for detail"
    if times is None:
        times = np.empty(0, np.int64)
    chosen = [n for n, at_us in enumerate(times.tolist()) if at_us in fresh]
    told = tuple((setups[n] or None) if setups else None for n in chosen)
    return times[chosen], RegimeRows(detail.z[chosen], np.asarray(detail.present)[chosen], told)


def _joined(parts: Sequence[tuple[Instants, RegimeRows]]) -> tuple[Instants, RegimeRows] | None:
    if not parts:
        return None
    rows = RegimeRows(
        np.vstack([part.z for _, part in parts]),
        np.vstack([part.present for _, part in parts]),
        tuple(text for _, part in parts for text in part.setups),
    )
    return np.concatenate([times for times, _ in parts]), rows


def _told(event: RegimeEvent, times: Instants, fresh: Mapping[int | None, Verdict]) -> RegimeTold:
    at_us = int(times[event.row])
    # Where the change lies in an earlier upload, it is told from this one's first row on.
    since_us = int(times[max(0, event.row - event.rows_since + 1)])
    verdict = fresh[at_us]
    return RegimeTold(event, verdict.source, verdict.row, at_us, since_us)


def _out_after(regimes: Sequence[RegimeTold], before: OutOfDomain | None) -> OutOfDomain | None:
    found = before
    for told in regimes:
        is_back = told.event.kind is RegimeKind.RETURNED
        found = None if is_back else OutOfDomain(told.since_us, told.id)
    return found


def _returned(regimes: Sequence[RegimeTold], before: int | None) -> int | None:
    ends = [told.at_us for told in regimes if told.event.kind is RegimeKind.RETURNED]
    return ends[-1] if ends else before


@dataclass(frozen=True, slots=True)
class _Span:
    """From when until when the rows are those of a regime's event; None: until further notice."""

    event: str
    first_us: int
    end_us: int | None = None


def _quiet_spans(regimes: Sequence[RegimeTold], before: OutOfDomain | None) -> list[_Span]:
    """When the model calls nothing by itself."""
    spans = [] if before is None else [_Span(before.event, before.since_us)]
    for told in regimes:
        if told.event.kind is not RegimeKind.RETURNED:
            spans.append(_Span(told.id, told.since_us))
        elif spans:
            spans[-1] = replace(spans[-1], end_us=told.since_us)
    return spans


def _event_at(at_us: int | None, spans: Sequence[_Span]) -> str | None:
    """The event that has the rows of this time."""
    if at_us is None:
        return None
    found = (
        span.event
        for span in spans
        if span.first_us <= at_us and (span.end_us is None or at_us < span.end_us)
    )
    return next(found, None)


def _loud(verdicts: Sequence[Verdict], spans: Sequence[_Span]) -> Mapping[str, tuple[RowMark, ...]]:
    """Rows that are red by the model, by the event of the regime that has them."""
    found: dict[str, tuple[RowMark, ...]] = {}
    for verdict in verdicts:
        event = _event_at(verdict.at_us, spans)
        if event is not None and verdict.model_level is Level.RED:
            mark = RowMark(verdict.source, verdict.row, verdict.at_us)
            found[event] = (*found.get(event, ()), mark)
    return found


def _quiet(verdict: Verdict, spans: Sequence[_Span]) -> Verdict:
    """A verdict of rows that the model does not know: facts alone are left of it."""
    if verdict.level is Level.NONE or _event_at(verdict.at_us, spans) is None:
        return verdict
    kept = tuple(each for each in verdict.reasons if each is Reason.SPECIFICATION)
    return replace(
        verdict,
        level=Level.RED if verdict.violations else Level.NONE,
        model_level=Level.NONE,
        reasons=kept,
        episodes=tuple(
            each for each in verdict.episodes if each.startswith(EpisodeKind.SPECIFICATION)
        ),
    )


def _split(
    episodes: Sequence[Episode], spans: Sequence[_Span]
) -> tuple[tuple[Episode, ...], tuple[str, ...]]:
    """Events that stay, and the ids of those that one regime takes the place of."""
    gone = [
        each.id
        for each in episodes
        if each.kind is EpisodeKind.ANOMALY and _event_at(each.first.at_us, spans) is not None
    ]
    return tuple(each for each in episodes if each.id not in gone), tuple(gone)
