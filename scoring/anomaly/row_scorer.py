"""Rows of one line, one after the other: level, why, and the events that they belong to."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from quality.spc.runs import Rule
from scoring.anomaly.episodes import Episode, EpisodeKind, Following, Loud, RowMark, grow, quieten
from scoring.anomaly.exceedance import Excursions, none_exceeded
from scoring.anomaly.explanation import Context, Explanation, explain
from scoring.anomaly.figures import FigureMaker, Figures
from scoring.anomaly.leading import fired_by, led_by
from scoring.anomaly.levels import Evidence, Judged, judge, quiet
from scoring.anomaly.line import Line
from scoring.anomaly.plain_figures import HitNames, PlainFigures, plain_figures
from scoring.anomaly.port import Detector
from scoring.anomaly.specification import bounds
from scoring.anomaly.stages import stage_text
from scoring.anomaly.table import Numbers
from scoring.anomaly.units import UnitChange
from scoring.anomaly.verdict import Level, Moved, Order, RuleHit, Status, Verdict
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
        self._resolution = model.calibration.resolution
        charts = self._maker.charts
        self._names = HitNames(
            [RuleHit(name, rule) for name in charts.names for rule in charts.rules],
            [RuleHit(name, Rule.N1) for name in self._maker.constants],
            model.names,
        )

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
        plain = plain_figures(figures, self._names)
        walk = _Walk(
            Excursions(position.exceeded), position.yellow, position.following, position.rows
        )
        verdicts: list[Verdict] = []
        touched: dict[str, Episode] = {}
        opened: list[tuple[str, int]] = []
        for n, mark in enumerate(rows.marks):
            verdict = self._row(figures, plain, n, walk=walk, order=orders[n])
            if units:
                verdict = replace(verdict, units_suspected=units)
            verdict, episodes = self._followed(verdict, mark, walk)
            verdicts.append(verdict)
            for episode in episodes:
                if episode.first == mark:
                    opened.append((episode.id, walk.rows))
                touched[episode.id] = episode
            walk.rows += 1
        after = replace(
            ahead,
            exceeded=walk.excursions.known(),
            yellow=walk.yellow,
            following=walk.following,
            rows=walk.rows,
            newest=rows.marks[-1] if len(rows) else position.newest,
        )
        return Advanced(tuple(verdicts), tuple(touched.values()), tuple(opened), after)

    def _row(
        self, figures: Figures, plain: PlainFigures, n: int, *, walk: _Walk, order: Order
    ) -> Verdict:
        """The verdict on one row, not yet of any event."""
        at, mark = figures.at[n], figures.rows.marks[n]
        if at is not None:
            walk.excursions.take(plain.beyond[at], walk.rows, at_us=mark.at_us)
        judged = self._judged(figures, plain, n, walk.yellow)
        walk.yellow = judged.memory
        explanation = None
        if at is not None and judged.level is not Level.NONE:
            explanation = self._explanation(figures, n, walk.excursions.known(), row=walk.rows)
        told = _Told(judged, order, explanation)
        verdict = self._verdict(figures, plain, n, told=told)
        if judged.level is Level.NONE or at is None:
            return verdict
        verdict = replace(verdict, moved=self._moved(figures, plain, n, at=at))
        return replace(verdict, fired=fired_by(verdict))

    def _moved(
        self, figures: Figures, plain: PlainFigures, n: int, *, at: int
    ) -> tuple[Moved, ...]:
        model = self._line.model
        places = [model.names.index(name) for name in plain.moved[at]]
        values = figures.rows.values[n]
        return tuple(Moved(model.names[j], float(values[j]), model.constants[j]) for j in places)

    def _judged(
        self, figures: Figures, plain: PlainFigures, n: int, memory: tuple[bool, ...]
    ) -> Judged:
        at = figures.at[n]
        p = 1.0 if at is None else plain.p[at]
        has_fact = figures.violations[n] or figures.beyond_control[n] or plain.gaps[n]
        if not (has_fact or p < figures.scored.state.alpha):
            return quiet(memory)
        return judge(_evidence(figures, plain, n), self._line.model.stage, memory)

    def _verdict(self, figures: Figures, plain: PlainFigures, n: int, *, told: _Told) -> Verdict:
        mark, at, judged = figures.rows.marks[n], figures.at[n], told.judged
        scored, p_rules, model = figures.scored, plain.p_rules, self._line.model
        return Verdict(
            source=mark.source,
            row=mark.row,
            at_us=mark.at_us,
            status=Status.MISSING if at is None else Status.SCORED,
            order=told.order,
            score=None if at is None else plain.score[at],
            p_model=None if at is None else plain.p_model[at],
            p_rules=None if at is None or p_rules is None else p_rules[at],
            p=None if at is None else plain.p[at],
            alpha=scored.state.alpha,
            level=judged.level,
            model_level=judged.model_level,
            reasons=judged.reasons,
            fired="" if at is None else scored.names[plain.fired[at]],
            rules=() if at is None else plain.hits[at],
            violations=figures.violations[n],
            beyond_control=figures.beyond_control[n],
            missing=plain.missing[n],
            model=self._detector.digest,
            input_hash=figures.hashes[n],
            stage=model.stage,
            stage_text=self._stage_text,
            resolution=self._resolution,
            is_extrapolated=at is not None and plain.is_extrapolated[at],
            is_borderline=at is not None and plain.is_borderline[at],
            setup=figures.rows.setups[n],
            gaps=plain.gaps[n],
            explanation=told.explanation,
        )

    def _explanation(self, figures: Figures, n: int, exceeded: Numbers, *, row: int) -> Explanation:
        at, model = figures.at[n], self._line.model
        assert at is not None
        none = np.zeros(len(model.modelled))
        offset = self._offsets.get(figures.rows.setups[n] or "", none)
        values = figures.rows.values[n, list(model.modelled)]
        context = Context(model, values, *self._bounds, offset, exceeded, row)
        return explain(figures.detail, at, int(figures.scored.fired[at]), context)

    def _followed(
        self, verdict: Verdict, mark: RowMark, walk: _Walk
    ) -> tuple[Verdict, list[Episode]]:
        """The verdict with the events that the row opened, grew or ended, and these."""
        if not walk.following and verdict.level is Level.NONE:
            return verdict, []
        open_ones = {each.episode.kind: each for each in walk.following}
        following: list[Following] = []
        touched: list[Episode] = []
        ids: list[str] = []
        for kind in EpisodeKind:
            loud = _loud(kind, verdict, mark)
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
        walk.following = tuple(following)
        return replace(verdict, episodes=tuple(ids)) if ids else verdict, touched


@dataclass(slots=True)
class _Walk:
    """Where it stands between two rows; changed in place, as rows are many."""

    excursions: Excursions
    yellow: tuple[bool, ...]
    following: tuple[Following, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class _Told:
    judged: Judged
    order: Order
    explanation: Explanation | None


def _evidence(figures: Figures, plain: PlainFigures, n: int) -> Evidence:
    at, p_rules = figures.at[n], plain.p_rules
    return Evidence(
        1.0 if at is None else plain.p[at],
        1.0 if at is None else plain.p_model[at],
        1.0 if at is None or p_rules is None else p_rules[at],
        figures.scored.state.alpha,
        bool(figures.violations[n]),
        bool(figures.beyond_control[n]),
        bool(plain.gaps[n]),
    )


def _loud(kind: EpisodeKind, verdict: Verdict, mark: RowMark) -> Loud | None:
    """What a row adds to an event of this kind, None where it is quiet in it."""
    level, parameters = Level.RED, tuple(each.parameter for each in verdict.violations)
    if kind is EpisodeKind.ANOMALY:
        level = verdict.model_level
        if level is Level.NONE and (verdict.beyond_control or verdict.gaps):
            level = Level.YELLOW
        if level is Level.NONE:
            return None
        parameters = led_by(verdict)
    elif not verdict.violations:
        return None
    return Loud(
        level,
        mark,
        1.0 if verdict.p is None else verdict.p,
        0.0 if verdict.score is None else verdict.score,
        parameters,
        verdict.model,
        verdict.units_suspected if kind is EpisodeKind.ANOMALY else (),
    )
