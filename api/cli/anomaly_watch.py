"""A plain file scored batch by batch: verdicts, events, decisions, and the series of a plot."""

from __future__ import annotations

import itertools
import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from scoring.anomaly.decision import DecisionPath, DecisionRow, Limit, encode_decision, level_of
from scoring.anomaly.episodes import Episode
from scoring.anomaly.files import FileBatch
from scoring.anomaly.levels import RED_SHARE
from scoring.anomaly.line import Line
from scoring.anomaly.port import Scored, StreamState
from scoring.anomaly.prepare import in_columns
from scoring.anomaly.replay import whole_quanta
from scoring.anomaly.serving import OnnxDetector
from scoring.anomaly.state import encode_state
from scoring.anomaly.table import Instants, Numbers, ParameterTable
from scoring.anomaly.verdict import Verdict
from scoring.anomaly.watch import LineWatch
from scoring.anomaly.watch_state import WatchState

if TYPE_CHECKING:
    from scoring.anomaly.model import Model

#: Rows of one kept decision, so that each is a line of some hundred kilobytes.
_DECISION_ROWS: Final = 500
_LEVELS: Final = ("none", "yellow", "red")


class RecordingDetector:
    """A detector that hands on every decision it has made, whole. Belongs to one thread."""

    def __init__(self, detector: OnnxDetector, keep: Callable[[bytes], None]) -> None:
        """Serve by ``detector`` and give the bytes of each decision to ``keep``."""
        self._detector, self._keep = detector, keep

    @property
    def digest(self) -> str:
        """That of the model."""
        return self._detector.digest

    @property
    def names(self) -> tuple[str, ...]:
        """Those of the model."""
        return self._detector.names

    def start(self) -> StreamState:
        """The state before the first row."""
        return self._detector.start()

    def score(
        self, table: ParameterTable, state: StreamState, *, with_detail: bool = False
    ) -> Scored:
        """Score rows, and hand the decision on.

        Raises:
            ParametersDiffer, UnitsDiffer, MalformedState: as the detector.
        """
        found = self._detector.score(table, state, with_detail=with_detail)
        before = state
        for first in range(0, len(table), _DECISION_ROWS):
            part = table.take(slice(first, first + _DECISION_ROWS))
            scored = self._detector.score(part, before)
            self._keep(encode_decision(_decision(self._detector, part, before, scored=scored)))
            before = scored.state
        return found


def _decision(
    detector: OnnxDetector, table: ParameterTable, before: StreamState, *, scored: Scored
) -> DecisionPath:
    limits = (Limit("yellow", before.alpha), Limit("red", RED_SHARE * before.alpha))
    rows = []
    for n, inputs in enumerate(whole_quanta(table, detector)):
        p = float(scored.p_value[n])
        rows.append(
            DecisionRow(
                inputs,
                None if table.at_us is None else int(table.at_us[n]),
                None if table.setups is None else table.setups[n],
                float(scored.score[n]),
                p,
                scored.names[scored.fired[n]],
                level_of(p, limits),
            )
        )
    return DecisionPath(detector.digest, detector.names, encode_state(before), limits, tuple(rows))


@dataclass(slots=True)
class Series:
    """Scores of rows as they are drawn: some bytes a row, whatever else is known of it."""

    rows: array[int] = field(default_factory=lambda: array("q"))
    at_us: array[int] = field(default_factory=lambda: array("q"))
    scores: array[float] = field(default_factory=lambda: array("d"))
    levels: bytearray = field(default_factory=bytearray)

    def add(self, verdict: Verdict) -> None:
        """Take in the next verdict."""
        self.rows.append(verdict.row)
        if verdict.at_us is not None:
            self.at_us.append(verdict.at_us)
        self.scores.append(float("nan") if verdict.score is None else verdict.score)
        self.levels.append(_LEVELS.index(verdict.level))

    def level_words(self) -> list[str]:
        """The level of each row."""
        return [_LEVELS[level] for level in self.levels]


@dataclass(frozen=True, slots=True)
class Had:
    """The times that a stream has already: those of its kept rows, and all before them."""

    kept: Instants

    def count(self, at_us: Instants) -> int:
        """How many of some times these are."""
        return int(np.count_nonzero(np.isin(at_us, self.kept) | (at_us < self.kept.min())))


def had_of(state: WatchState) -> Had | None:
    """What a state says of the times before it; None of one without any."""
    found = [mark.at_us for mark in state.kept.marks if mark.at_us is not None]
    return Had(np.array(found, np.int64)) if found else None


@dataclass(slots=True)
class FileWatch:
    """Watches one file. ``episodes`` are as they are now, by id, in the order they opened."""

    watch: LineWatch
    state: WatchState
    source: str
    series: Series = field(default_factory=Series)
    episodes: dict[str, Episode] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)
    levels: Counter[str] = field(default_factory=Counter)
    unscored: int = 0
    had: Had | None = None
    repeated: int = 0

    def push(self, batch: FileBatch) -> Iterator[Verdict]:
        """The verdicts of a batch, those that replace earlier ones behind them.

        Raises:
            ParametersDiffer, UnitsDiffer: not the columns of the model.
            MalformedTable: a model of lots, and rows that name none.
        """
        table = in_columns(self.watch.line.model, batch.table)
        if self.had is not None and table.at_us is not None:
            self.repeated += self.had.count(table.at_us)
        for first, last in _runs(batch, table):
            part = table.take(slice(first, last))
            pushed = self.watch.push(
                part, self.state, source=self.source, first_row=batch.numbers[first]
            )
            self.state = pushed.state
            self.notes.update(str(note) for note in pushed.notes)
            for name in pushed.withdrawn:
                self.episodes.pop(name, None)
            self.episodes.update({episode.id: episode for episode in pushed.episodes})
            for verdict in pushed.verdicts:
                self._count(verdict)
                yield verdict
            yield from pushed.again

    def _count(self, verdict: Verdict) -> None:
        self.series.add(verdict)
        self.levels[str(verdict.level)] += 1
        self.unscored += verdict.score is None


def _runs(batch: FileBatch, table: ParameterTable) -> Iterator[tuple[int, int]]:
    """Parts of a batch whose rows follow each other in the file, so that they keep its numbers."""
    if len(table) != len(batch.numbers):
        yield 0, len(table)
        return
    numbers = np.asarray(batch.numbers, np.int64)
    edges = [0, *(np.flatnonzero(np.diff(numbers) != 1) + 1).tolist(), len(numbers)]
    yield from itertools.pairwise(edges)


def verdict_line(verdict: Verdict) -> str:
    """A verdict as one line of JSON."""
    return json.dumps(asdict(verdict), ensure_ascii=False, separators=(",", ":"))


def watch_of(detector: OnnxDetector, line: Line, keep: Callable[[bytes], None] | None) -> LineWatch:
    """The watch of a line; with ``keep`` every decision is handed on."""
    return LineWatch(detector if keep is None else RecordingDetector(detector, keep), line)


def episode_members(episode: Episode) -> dict[str, Any]:
    """An event as plain values."""
    return asdict(episode)


def score_limits(model: Model, alpha: float) -> dict[str, float]:
    """The score at which the model alone calls yellow, and red."""
    calibration = model.calibration
    return {
        "yellow": calibration.threshold(alpha),
        "red": calibration.threshold(RED_SHARE * alpha),
    }


def column_of(table: ParameterTable, name: str) -> Numbers:
    """The values of a parameter."""
    return np.asarray(table.values[:, table.names.index(name)])
