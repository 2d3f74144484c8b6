"""The figures of many rows at once: scores, hits of rules, violations, what is borderline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from quality.spc.runs import Bits
from scoring.anomaly.charts import Charts, charts_of
from scoring.anomaly.exceedance import beyond
from scoring.anomaly.fusion import fuse
from scoring.anomaly.inputs import input_hash, whole_numbers
from scoring.anomaly.levels import RED_SHARE
from scoring.anomaly.line import Line
from scoring.anomaly.missing import missing_rate
from scoring.anomaly.model import Model
from scoring.anomaly.port import Detail, Detector, Scored
from scoring.anomaly.rule_calibration import rule_set_digest
from scoring.anomaly.rules import RuleSet
from scoring.anomaly.specification import Limit, Limits, violations
from scoring.anomaly.table import Numbers, ParameterTable
from scoring.anomaly.verdict import Violation
from scoring.anomaly.watch_state import Position, Rows
from scoring.errors import MalformedModel

#: A score this close to a limit may be on its other side on another machine.
BORDERLINE: Final = 1e-6
#: A row with fewer of its parameters than this is not scored.
PRESENT_LEAST: Final = 0.5


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of ``rows``.

    ``at`` tells the number of a row among those that were scored, None where it has too few
    values; what is by scored row: ``scored``, ``detail``, ``hits`` [n, m, rules], ``p_rules``,
    ``p``, ``borderline``, ``is_extrapolated``, ``is_beyond`` [n, m]. By row: ``violations`` of
    the specification, ``beyond_control`` limits that somebody has set, ``hashes`` of the inputs,
    ``gaps`` [n, p]: which parameters are missing too often.
    """

    rows: Rows
    at: tuple[int | None, ...]
    scored: Scored
    detail: Detail
    hits: Bits
    moved: Bits
    p_rules: Numbers | None
    p: Numbers
    borderline: Bits
    is_extrapolated: Bits
    is_beyond: Bits
    violations: list[tuple[Violation, ...]]
    beyond_control: list[tuple[Violation, ...]]
    hashes: tuple[str, ...]
    gaps: Bits


class FigureMaker:
    """Makes the figures of one line's rows."""

    def __init__(self, detector: Detector, line: Line) -> None:
        """Score by a detector what a line is watched with.

        Raises:
            MalformedModel: the calibration of rules is that of other rules.
        """
        model, calibration = line.model, line.calibration
        if calibration is not None and calibration.rule_set != rule_set_digest(line.rules):
            raise MalformedModel(
                f"expected the calibration of rule set {rule_set_digest(line.rules)[:12]},"
                f" found that of {calibration.rule_set[:12]}: calibrate these rules first"
            )
        self._detector = detector
        self._line = line
        told = None if calibration is None else calibration.on_innovation
        self._control = _control_limits(model, line.rules)
        self._constants = list(model.constants)
        self._missing = missing_rate(model)
        self.charts: Charts = charts_of(model, line.rules, told)

    @property
    def constants(self) -> tuple[str, ...]:
        """The parameters that did not vary, in the order of ``Figures.moved``."""
        return tuple(self._line.model.names[j] for j in self._constants)

    def of(self, rows: Rows, position: Position) -> tuple[Figures, Position]:
        """The figures of rows from a position on, and the position behind them."""
        model = self._line.model
        present = ~np.isnan(rows.values[:, list(model.modelled)])
        chosen = np.flatnonzero(present.mean(axis=1) >= PRESENT_LEAST)
        table = _table(model, rows, [int(n) for n in chosen])
        scored = self._detector.score(table, position.stream, with_detail=True)
        detail = scored.detail
        assert detail is not None
        hits, points = self.charts.hits(table.values, detail, position.points)
        moved = self._moved(table.values)
        p_rules = self._p_rules(hits)
        numbers = {int(row): n for n, row in enumerate(chosen)}
        gaps, sums = self._gaps(rows, position)
        figures = Figures(
            rows,
            tuple(numbers.get(n) for n in range(len(rows))),
            scored,
            detail,
            hits,
            moved,
            p_rules,
            self._fused(scored.p_value, p_rules, moved),
            self._borderline(scored, p_rules, moved),
            model.calibration.is_extrapolated(scored.score),
            beyond(model, detail),
            violations(model.names, rows.values, self._line.limits),
            violations(model.names, rows.values, self._control),
            _hashes(model, rows),
            gaps,
        )
        return figures, replace(position, stream=scored.state, points=points, gaps=sums)

    def no_gaps(self) -> Numbers:
        """Where the watch of missing rates is before the first row [p]."""
        return self._missing.start()

    def _gaps(self, rows: Rows, position: Position) -> tuple[Bits, Numbers]:
        if not position.gaps.any() and not np.isnan(rows.values).any():
            return np.zeros(rows.values.shape, np.bool_), position.gaps
        return self._missing.push(rows.values, position.gaps)

    def _p_rules(self, hits: Bits) -> Numbers | None:
        calibration = self._line.calibration
        return None if calibration is None else calibration.p_value(calibration.statistic(hits))

    def _fused(self, p_model: Numbers, p_rules: Numbers | None, moved: Bits) -> Numbers:
        """The p of model and rules, and of constants that moved.

        By the rule of succession one of c parameters that stood still for n rows moves in the
        next one with c / (n + 2) at most.
        """
        rows = self._line.model.facts.rows
        of_moved = min(1.0, len(self._constants) / (rows + 2.0))
        return np.minimum(fuse(p_model, p_rules), np.where(moved.any(axis=1), of_moved, 1.0))

    def _moved(self, values: Numbers) -> Bits:
        """Which constants are no longer what they were [n, constants]."""
        model = self._line.model
        constant = np.array([model.constants[j] for j in self._constants])
        half = model.quantum[self._constants] / 2.0
        return np.asarray(np.abs(values[:, self._constants] - constant) > half)

    def _borderline(self, scored: Scored, p_rules: Numbers | None, moved: Bits) -> Bits:
        """Whether p is on another side of a limit where the score is 1e-6 more or less."""
        p_value = self._line.model.calibration.p_value
        found = np.zeros(len(scored.score), np.bool_)
        below, above = (
            self._fused(p_value(scored.score + step), p_rules, moved)
            for step in (-BORDERLINE, BORDERLINE)
        )
        for limit in (scored.state.alpha, RED_SHARE * scored.state.alpha):
            found |= (below < limit) != (above < limit)
        return found


def _table(model: Model, rows: Rows, chosen: list[int]) -> ParameterTable:
    at_us = [rows.marks[n].at_us for n in chosen]
    setups = [rows.setups[n] for n in chosen]
    known = all(each is not None for each in at_us)
    return ParameterTable(
        model.names,
        rows.values[chosen],
        np.array(at_us, np.int64) if known else None,
        tuple(each or "" for each in setups) if any(setups) else None,
        units=model.units,
    )


def _hashes(model: Model, rows: Rows) -> tuple[str, ...]:
    whole = whole_numbers(rows.values, model.quantum)
    return tuple(input_hash(row, setup) for row, setup in zip(whole, rows.setups, strict=True))


def _control_limits(model: Model, rules: RuleSet) -> Limits:
    """The control limits that somebody has set, as limits."""
    chosen = [each for each in rules.parameters if each.parameter in model.names]
    return Limits({each.parameter: Limit(each.lower, each.upper) for each in chosen})
