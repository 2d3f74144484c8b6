"""The watch of one line: rows in, verdicts and events out, and the state to go on with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np

from scoring.anomaly.arrival import Arrival, place
from scoring.anomaly.episodes import Episode, RowMark
from scoring.anomaly.front_end import quantise
from scoring.anomaly.line import Line
from scoring.anomaly.lots import last_of_lots
from scoring.anomaly.port import Detector
from scoring.anomaly.prepare import in_columns
from scoring.anomaly.row_scorer import Advanced, RowScorer
from scoring.anomaly.table import ParameterTable
from scoring.anomaly.units import unit_changes
from scoring.anomaly.verdict import Order, Verdict
from scoring.anomaly.watch_state import Position, Rows, WatchState
from scoring.errors import MalformedState

__all__ = ["Line", "LineWatch", "Note", "Pushed"]

#: Rows that are computed at once where nobody can come late before them any more.
_ROWS_AT_ONCE: Final = 1024


class Note(StrEnum):
    """What people are to know of a push beside its verdicts."""

    CLOCK_WENT_BACK = "clock-went-back"  # of rows pushed together, some behind later ones
    SCORED_AGAIN = "scored-again"  # verdicts given before are replaced
    APART = "rows-apart"  # rows older than all that is kept were scored by themselves
    CLOCK_AHEAD = "clock-ahead"  # rows were measured later than now
    UNITS_SUSPECTED = "units-suspected"  # values look as if in another unit; scored as they are


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push has led to.

    ``verdicts`` are of the rows pushed, in the order in which they were pushed; ``again`` those
    of earlier rows that were scored again because a late one came before them: they replace
    theirs. ``episodes`` are those that opened, grew or ended, as they are now; ``withdrawn`` the
    ids of events that late rows have undone.
    """

    verdicts: tuple[Verdict, ...]
    again: tuple[Verdict, ...]
    episodes: tuple[Episode, ...]
    withdrawn: tuple[str, ...]
    notes: tuple[Note, ...]
    state: WatchState


class LineWatch:
    """Scores the rows of one line by one model. Belongs to one thread."""

    def __init__(self, detector: Detector, line: Line) -> None:
        """Watch a line with this detector; ``line.model`` is the model that it serves.

        Raises:
            MalformedModel: the calibration of rules is that of other rules.
        """
        self._detector = detector
        self._line = line
        self._scorer = RowScorer(detector, line)

    @property
    def line(self) -> Line:
        """What the line is watched with."""
        return self._line

    def start(self) -> WatchState:
        """The state before the first row."""
        none = Rows(np.empty((0, len(self._line.model.names))), (), ())
        return WatchState(self._detector.digest, self._scorer.start(), (), none)

    def push(
        self,
        table: ParameterTable,
        state: WatchState,
        *,
        source: str = "",
        first_row: int = 0,
        now_us: int | None = None,
    ) -> Pushed:
        """Score rows, going on from ``state``.

        Rows are taken in by measured time (equal times by source and number), so that the order
        of arrival changes no verdict as long as a late row is not older than the rows kept.
        Without times, rows are taken in as they come.

        Args:
            table: the rows; its columns are those of the model, in any order. Of a model of lots
                whole lots, whose verdicts are those of their last rows.
            state: of :meth:`start` or of the push before.
            source: what the rows are from (a record's id, a file's name).
            first_row: the number of the first row in its source.
            now_us: rows measured after it are scored by themselves: their clock is ahead.

        Raises:
            ParametersDiffer: not the columns of the model.
            UnitsDiffer: a unit is written otherwise.
            MalformedState: the state is of another model.
        """
        self._expect_state(state)
        rows = self._rows(table, source=source, first_row=first_row)
        arrival = place(rows, state, now_us)
        begun = _begin(arrival, state)
        run = self._run(arrival.merged, arrival.orders, begun=begun)
        alone = self._alone(rows, arrival, state)
        return self._pushed(_Outcome(state, arrival, begun, run, alone), len(rows))

    def _expect_state(self, state: WatchState) -> None:
        if state.model != self._detector.digest:
            raise MalformedState(
                f"expected the state of model {self._detector.digest[:12]},"
                f" found that of {state.model[:12]}: start again"
            )
        m, p = len(self._line.model.modelled), len(self._line.model.names)
        aside = () if state.aside is None else (state.aside,)
        positions = (state.now, *state.checkpoints, *aside)
        if state.kept.values.shape[1] != p or any(
            each.points.shape[1] != m or each.exceeded.shape != (3, m) or each.gaps.shape != (p,)
            for each in positions
        ):
            raise MalformedState(f"expected {m} of {p} parameters, found arrays of other shapes")

    def _rows(self, table: ParameterTable, *, source: str, first_row: int) -> Rows:
        model = self._line.model
        chosen = in_columns(model, table)
        values = quantise(chosen.values, model.quantum)
        at_us: list[int | None] = [None] * len(chosen)
        if chosen.at_us is not None:
            at_us = [int(at) for at in chosen.at_us]
        numbers = range(len(table)) if model.lots is None else last_of_lots(table)
        marks = tuple(
            RowMark(source, first_row + n, at) for n, at in zip(numbers, at_us, strict=True)
        )
        setups = chosen.setups or (None,) * len(chosen)
        return Rows(values, marks, tuple(setups))

    def _run(self, merged: Rows, orders: tuple[Order, ...], *, begun: _Begun) -> _Run:
        """Score merged rows from where it begins, a checkpoint before every stride."""
        position, at = begun.position, begun.at
        units = unit_changes(self._line.model, merged.values[at:])
        checkpoints, parts = list(begun.checkpoints), []
        stride, keep = self._line.stride, self._line.kept_rows
        while at < len(merged):
            if not checkpoints or checkpoints[-1].rows < position.rows:
                checkpoints.append(position)
            step = stride - position.rows % stride
            # Long before the end no position is needed to go back to.
            more = (len(merged) - at - keep - step) // stride * stride
            step += max(0, min(more, _ROWS_AT_ONCE))
            chosen = slice(at, at + step)
            part = self._scorer.advance(
                merged.part(chosen.start, chosen.stop), position, orders[chosen], units=units
            )
            parts.append(part)
            position, at = part.position, at + len(part.verdicts)
        return _Run(parts, position, tuple(checkpoints))

    def _alone(self, rows: Rows, arrival: Arrival, state: WatchState) -> list[Advanced]:
        """Rows that cannot be put into their place, as a stream of their own that goes on."""
        position = state.aside or self._scorer.start()
        stream = replace(position.stream, alpha=state.now.stream.alpha)
        position = replace(position, stream=stream)
        parts = []
        for chosen, order in ((arrival.apart, Order.APART), (arrival.ahead, Order.AHEAD)):
            if not chosen:
                continue
            picked = rows.picked(list(chosen))
            units = unit_changes(self._line.model, picked.values)
            found = self._scorer.advance(picked, position, (order,) * len(chosen), units=units)
            position = found.position
            # No row may ever come behind them; an event that goes on all the same is told again.
            ended = tuple(replace(each, is_open=False) for each in found.episodes)
            parts.append(replace(found, episodes=ended))
        return parts

    def _pushed(self, outcome: _Outcome, pushed_rows: int) -> Pushed:
        state, arrival, run = outcome.state, outcome.arrival, outcome.run
        found: dict[int, Verdict] = {}
        again: list[Verdict] = []
        scored = [verdict for part in run.parts for verdict in part.verdicts]
        for at, verdict in enumerate(scored, start=outcome.begun.at):
            if at in arrival.pushed:
                found[arrival.pushed[at]] = verdict
            elif at >= arrival.unchanged:
                again.append(verdict)
        for chosen, alone in zip(
            [each for each in (arrival.apart, arrival.ahead) if each], outcome.alone, strict=True
        ):
            found.update(zip(chosen, alone.verdicts, strict=True))
        episodes = {
            each.id: each for part in (*run.parts, *outcome.alone) for each in part.episodes
        }
        opened = tuple(each for part in run.parts for each in part.opened)
        since = outcome.begun.position.rows
        undone = {name for name, rows in state.opened if rows >= since} - {n for n, _ in opened}
        kept_opened = tuple(each for each in state.opened if each[1] < since)
        return Pushed(
            tuple(found[n] for n in range(pushed_rows)),
            tuple(again),
            tuple(episodes.values()),
            tuple(sorted(undone)),
            _notes(arrival, again, (*found.values(), *again)),
            replace(
                self._state(outcome, kept_opened + opened),
                aside=outcome.alone[-1].position if outcome.alone else state.aside,
            ),
        )

    def _state(self, outcome: _Outcome, opened: tuple[tuple[str, int], ...]) -> WatchState:
        """The state behind a push, with rows and positions for late ones."""
        run, merged, model = outcome.run, outcome.arrival.merged, self._detector.digest
        if any(mark.at_us is None for mark in merged.marks):
            # Rows without times cannot be told to be late.
            return WatchState(model, run.position, (), merged.part(0, 0))
        checkpoints = run.checkpoints
        oldest = [
            n
            for n, each in enumerate(checkpoints)
            if each.rows <= run.position.rows - self._line.kept_rows
        ]
        first = oldest[-1] if oldest else 0
        if not checkpoints:
            return WatchState(model, run.position, (), merged)
        dropped = checkpoints[first].rows - checkpoints[0].rows
        since = checkpoints[first].rows
        return WatchState(
            model,
            run.position,
            checkpoints[first:],
            merged.part(dropped, len(merged)),
            tuple(each for each in opened if each[1] >= since),
        )


@dataclass(frozen=True, slots=True)
class _Begun:
    """Where scoring goes on: number ``at`` among the merged rows, and the positions before."""

    at: int
    position: Position
    checkpoints: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class _Run:
    parts: list[Advanced]
    position: Position
    checkpoints: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class _Outcome:
    state: WatchState
    arrival: Arrival
    begun: _Begun
    run: _Run
    alone: list[Advanced]


def _begin(arrival: Arrival, state: WatchState) -> _Begun:
    """Behind the kept rows where none came late; else at the newest position before those."""
    if arrival.unchanged == len(state.kept):
        return _Begun(len(state.kept), state.now, state.checkpoints)
    first = state.checkpoints[0].rows
    before = [each for each in state.checkpoints if each.rows - first <= arrival.unchanged]
    # What labels have taught since then stays.
    stream = replace(before[-1].stream, alpha=state.now.stream.alpha)
    position = replace(before[-1], stream=stream)
    return _Begun(position.rows - first, position, tuple(before))


def _notes(arrival: Arrival, again: list[Verdict], verdicts: Iterable[Verdict]) -> tuple[Note, ...]:
    told = {
        Note.CLOCK_WENT_BACK: arrival.went_back,
        Note.SCORED_AGAIN: bool(again),
        Note.APART: bool(arrival.apart),
        Note.CLOCK_AHEAD: bool(arrival.ahead),
        Note.UNITS_SUSPECTED: any(verdict.units_suspected for verdict in verdicts),
    }
    return tuple(note for note, is_so in told.items() if is_so)
