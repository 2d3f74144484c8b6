"""Rows of one line, one after the other: level, why, and the events that they belong to."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from quality.spc.runs import Rule
from scoring.anomaly.episodes import Episode, EpisodeKind, Following, Loud, grow, quieten
from scoring.anomaly.exceedance import exceed, none_exceeded
from scoring.anomaly.explanation import Context, Explanation, explain
from scoring.anomaly.figures import FigureMaker, Figures
from scoring.anomaly.levels import Evidence, Judged, judge
from scoring.anomaly.line import Line
from scoring.anomaly.port import Detector
from scoring.anomaly.specification import bounds
from scoring.anomaly.stages import stage_text
from scoring.anomaly.table import Numbers
from scoring.anomaly.units import UnitChange
from scoring.anomaly.verdict import Level, Order, RuleHit, Status, Verdict
from scoring.anomaly.watch_state import Position, Rows


@dataclass(frozen=True, slots=True)
class Advanced:
    """Verdicts of rows, the events that they touched as these are now, and where it goes on.

    ``opened`` are the events that opened, each with the number of rows before it.
    """

    verdicts: tuple[Verdict, ...]
    episodes: tuple[Episode, ...]
    opened: tuple[tuple[str, int], ...]
    position: Position


class RowScorer:
    """Scores rows in the order given; it knows no lateness."""

    def __init__(self, detector: Detector, line: Line) -> None:
        """Score by a detector what a line is watched with.

        Raises:
            MalformedModel: the calibration of rules is that of other rules.
        """
        self._detector = detector
        self._line = line
        self._maker = FigureMaker(detector, line)
        modelled = list(line.model.modelled)
        lower, upper = bounds(line.model.names, line.limits)
        self._bounds = (lower[modelled], upper[modelled])
        self._offsets = {setup.label: setup.offset for setup in line.model.setups}
        model = line.model
        self._stage_text = stage_text(model)

    def start(self) -> Position:
        """Before the first row."""
        m = len(self._line.model.modelled)
        return Position(
            self._detector.start(), np.empty((0, m)), none_exceeded(m), self._maker.no_gaps()
        )

    def advance(
        self,
        rows: Rows,
        position: Position,
        orders: tuple[Order, ...],
        *,
        units: tuple[UnitChange, ...] = (),
    ) -> Advanced:
        """Take in rows; ``orders`` say how each one came, ``units`` how the rows seem to be."""
        figures, ahead = self._maker.of(rows, position)
        verdicts: list[Verdict] = []
        touched: dict[str, Episode] = {}
        opened: list[tuple[str, int]] = []
        for n, mark in enumerate(rows.marks):
            verdict, ahead = self._row(figures, n, ahead, order=orders[n])
            if units:
                verdict = replace(verdict, units_suspected=units)
            verdict, ahead, episodes = self._followed(verdict, ahead)
            verdicts.append(verdict)
            for episode in episodes:
                if episode.first == mark:
                    opened.append((episode.id, ahead.rows - 1))
                touched[episode.id] = episode
        return Advanced(tuple(verdicts), tuple(touched.values()), tuple(opened), ahead)

    def _row(
        self, figures: Figures, n: int, before: Position, *, order: Order
    ) -> tuple[Verdict, Position]:
        """The verdict on one row, not yet of any event, and the position behind it."""
        at, mark = figures.at[n], figures.rows.marks[n]
        exceeded = before.exceeded
        if at is not None:
            is_beyond = figures.is_beyond[at]
            exceeded = exceed(exceeded, is_beyond, before.rows, at_us=mark.at_us)
        judged = judge(_evidence(figures, n), self._line.model.stage, before.yellow)
        verdict = self._verdict(figures, n, judged, order=order)
        if at is not None and judged.level is not Level.NONE:
            explanation = self._explanation(figures, n, exceeded, row=before.rows)
            verdict = replace(verdict, explanation=explanation)
        after = replace(
            before, exceeded=exceeded, yellow=judged.memory, rows=before.rows + 1, newest=mark
        )
        return verdict, after

    def _verdict(self, figures: Figures, n: int, judged: Judged, *, order: Order) -> Verdict:
        model, mark, at = self._line.model, figures.rows.marks[n], figures.at[n]
        scored, p_rules = figures.scored, figures.p_rules
        resolution = model.calibration.resolution
        p_model = None if at is None else float(scored.p_value[at])
        absent = np.flatnonzero(np.isnan(figures.rows.values[n]))
        return Verdict(
            source=mark.source,
            row=mark.row,
            at_us=mark.at_us,
            status=Status.MISSING if at is None else Status.SCORED,
            order=order,
            score=None if at is None else float(scored.score[at]),
            p_model=p_model,
            p_rules=None if at is None or p_rules is None else float(p_rules[at]),
            p=None if at is None else float(figures.p[at]),
            alpha=scored.state.alpha,
            level=judged.level,
            model_level=judged.model_level,
            reasons=judged.reasons,
            fired="" if at is None else scored.names[scored.fired[at]],
            rules=() if at is None else self._rule_hits(figures, at),
            violations=figures.violations[n],
            beyond_control=figures.beyond_control[n],
            missing=tuple(model.names[j] for j in absent),
            model=self._detector.digest,
            input_hash=figures.hashes[n],
            stage=model.stage,
            stage_text=self._stage_text,
            resolution=resolution,
            is_extrapolated=at is not None and bool(figures.is_extrapolated[at]),
            is_borderline=at is not None and bool(figures.borderline[at]),
            setup=figures.rows.setups[n],
            gaps=tuple(model.names[j] for j in np.flatnonzero(figures.gaps[n])),
        )

    def _rule_hits(self, figures: Figures, at: int) -> tuple[RuleHit, ...]:
        charts, constants = self._maker.charts, self._maker.constants
        hits = [RuleHit(charts.names[j], charts.rules[r]) for j, r in np.argwhere(figures.hits[at])]
        hits += [RuleHit(constants[j], Rule.N1) for j in np.flatnonzero(figures.moved[at])]
        return tuple(hits)

    def _explanation(self, figures: Figures, n: int, exceeded: Numbers, *, row: int) -> Explanation:
        at, model = figures.at[n], self._line.model
        assert at is not None
        none = np.zeros(len(model.modelled))
        offset = self._offsets.get(figures.rows.setups[n] or "", none)
        values = figures.rows.values[n, list(model.modelled)]
        context = Context(model, values, *self._bounds, offset, exceeded, row)
        return explain(figures.detail, at, int(figures.scored.fired[at]), context)

    def _followed(
        self, verdict: Verdict, position: Position
    ) -> tuple[Verdict, Position, list[Episode]]:
        """The verdict and the position with the events that the row opened, grew or ended."""
        open_ones = {each.episode.kind: each for each in position.following}
        if not open_ones and verdict.level is Level.NONE:
            return verdict, position, []
        assert position.newest is not None
        following: list[Following] = []
        touched: list[Episode] = []
        ids: list[str] = []
        for kind in EpisodeKind:
            loud = _loud(kind, verdict, position)
            before = open_ones.get(kind)
            if loud is not None:
                grown = grow(before, kind, loud)
                following.append(grown)
                touched.append(grown.episode)
                ids.append(grown.episode.id)
            elif before is not None:
                kept, ended = quieten(before, self._line.quiet_rows)
                following += [] if kept is None else [kept]
                touched += [] if ended is None else [ended]
        after = replace(position, following=tuple(following))
        return replace(verdict, episodes=tuple(ids)), after, touched


def _evidence(figures: Figures, n: int) -> Evidence:
    at, alpha = figures.at[n], figures.scored.state.alpha
    p_rules = figures.p_rules
    return Evidence(
        1.0 if at is None else float(figures.p[at]),
        1.0 if at is None else float(figures.scored.p_value[at]),
        1.0 if at is None or p_rules is None else float(p_rules[at]),
        alpha,
        bool(figures.violations[n]),
        bool(figures.beyond_control[n]),
        bool(figures.gaps[n].any()),
    )


def _loud(kind: EpisodeKind, verdict: Verdict, position: Position) -> Loud | None:
    """What a row adds to an event of this kind, None where it is quiet in it."""
    assert position.newest is not None
    level, parameters = Level.RED, tuple(each.parameter for each in verdict.violations)
    if kind is EpisodeKind.ANOMALY:
        level = verdict.model_level
        parameters = (*(each.parameter for each in verdict.beyond_control), *verdict.gaps)
        if level is Level.NONE and parameters:
            level = Level.YELLOW
        elif verdict.explanation is not None and verdict.explanation.top:
            parameters = (verdict.explanation.top[0].parameter,)
        if level is Level.NONE:
            return None
    elif not verdict.violations:
        return None
    return Loud(
        level,
        position.newest,
        1.0 if verdict.p is None else verdict.p,
        0.0 if verdict.score is None else verdict.score,
        parameters,
        verdict.model,
        verdict.units_suspected if kind is EpisodeKind.ANOMALY else (),
    )
