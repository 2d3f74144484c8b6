"""Making a decision again from its model and inputs, and saying where it differs.

Machines differ in the last digits of a sum. So inputs are whole quanta, which are equal or are
not; scores agree within 1e-6; and a level within 1e-6 of its limit is said to be borderline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from scoring.anomaly.decision import DecisionPath, DecisionRow, Limit, level_of
from scoring.anomaly.port import Detector, StreamState
from scoring.anomaly.state import decode_state, encode_state
from scoring.anomaly.table import Numbers, ParameterTable
from scoring.errors import ParametersDiffer, ReplayDiffers

#: How far apart scores of two machines may be.
SCORE_TOLERANCE: Final = 1e-6


class ReplayableDetector(Detector, Protocol):
    """A detector that tells the steps of its inputs, and how rare a score is."""

    @property
    def quantum(self) -> Numbers:
        """What each parameter is rounded to [p]."""
        ...

    def p_value(self, score: Numbers) -> Numbers:
        """How rare each score is among good rows."""
        ...

    def rows_of(self, table: ParameterTable) -> ParameterTable:
        """The table in the columns of the model, one row a lot where the model is of lots."""
        ...


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """A decision that was made again: ``largest_difference`` is of scores, as told and as found.

    ``borderline`` numbers the rows whose score is within 1e-6 of a limit; of ``moved`` among
    them the level is another on this machine.
    """

    model: str
    rows: int
    largest_difference: float
    borderline: tuple[int, ...]
    moved: tuple[int, ...]


def decide(
    detector: ReplayableDetector,
    table: ParameterTable,
    state: StreamState,
    *,
    limits: tuple[Limit, ...],
) -> DecisionPath:
    """Score rows, and keep all that it takes to do so again."""
    of_model = detector.rows_of(table)
    scored = detector.score(of_model, state)
    rows = []
    for n, inputs in enumerate(whole_quanta(of_model, detector)):
        p = _known(scored.p_value[n])
        rows.append(
            DecisionRow(
                inputs,
                None if of_model.at_us is None else int(of_model.at_us[n]),
                None if of_model.setups is None else str(of_model.setups[n]),
                float(scored.score[n]),
                p,
                scored.names[scored.fired[n]],
                level_of(p, limits),
            )
        )
    return DecisionPath(detector.digest, detector.names, encode_state(state), limits, tuple(rows))


def whole_quanta(
    table: ParameterTable, detector: ReplayableDetector
) -> tuple[tuple[int | None, ...], ...]:
    """Rows as whole numbers of what each parameter is rounded to, None where missing.

    Raises:
        ParametersDiffer: not the detector's parameters in its order.
    """
    if table.names != detector.names:
        raise ParametersDiffer("expected the parameters of the model in its order, found others")
    steps = np.rint(table.values / detector.quantum)
    return tuple(tuple(None if np.isnan(value) else int(value) for value in row) for row in steps)


def replay(path: DecisionPath, detector: ReplayableDetector) -> ReplayReport:
    """Make a decision again.

    Raises:
        ReplayDiffers: another model; inputs that are not those; a score that is further than
            1e-6 from the one that was kept; or another level that is not borderline.
        MalformedState: the kept state is none, or not one of this model.
    """
    if (path.model, path.names) != (detector.digest, detector.names):
        raise ReplayDiffers(f"expected model {path.model}, found {detector.digest}")
    table = _table(path, detector)
    if whole_quanta(table, detector) != tuple(row.inputs for row in path.rows):
        raise ReplayDiffers("expected the inputs of the decision, found others by rounding")
    scored = detector.score(table, decode_state(path.state))
    told = np.array([row.score for row in path.rows])
    apart = np.abs(scored.score - told)
    if len(apart) and apart.max() > SCORE_TOLERANCE:
        row = int(apart.argmax())
        raise ReplayDiffers(
            f"row {row + 1}: expected a score of {told[row]!r}, found {scored.score[row]!r}"
        )
    borderline, moved = _levels(path, detector, scored.score)
    largest = float(apart.max()) if len(apart) else 0.0
    return ReplayReport(path.model, len(path.rows), largest, borderline, moved)


def _known(p: float) -> float | None:
    return None if np.isnan(p) else float(p)


def _table(path: DecisionPath, detector: ReplayableDetector) -> ParameterTable:
    rows = [
        [np.nan if value is None else float(value) for value in row.inputs] for row in path.rows
    ]
    steps = np.array(rows).reshape(len(rows), len(path.names))
    at_us = [row.at_us for row in path.rows]
    setups = [row.setup for row in path.rows]
    return ParameterTable(
        path.names,
        steps * detector.quantum,
        None if None in at_us else np.array(at_us, np.int64),
        None if None in setups else tuple(str(setup) for setup in setups),
    )


def _levels(
    path: DecisionPath, detector: ReplayableDetector, score: Numbers
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Rows at a limit, and those of them whose level is another here."""
    below, here, above = (
        detector.p_value(score + step) for step in (-SCORE_TOLERANCE, 0.0, SCORE_TOLERANCE)
    )
    borderline, moved = [], []
    for n, row in enumerate(path.rows):
        if row.p is None:
            continue
        found = level_of(float(here[n]), path.limits)
        at_limit = level_of(float(below[n]), path.limits) != level_of(float(above[n]), path.limits)
        if at_limit:
            borderline.append(n)
        if found != row.level and not at_limit:
            raise ReplayDiffers(f"row {n + 1}: expected level {row.level}, found {found}")
        if found != row.level:
            moved.append(n)
    return tuple(borderline), tuple(moved)
