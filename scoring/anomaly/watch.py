"""The watch of one line: rows in, verdicts and events out, and the state to go on with."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from scoring.anomaly.episodes import Episode
from scoring.anomaly.model import Model
from scoring.anomaly.port import Detector
from scoring.anomaly.rule_calibration import RuleCalibration
from scoring.anomaly.rules import RuleSet
from scoring.anomaly.specification import Limits
from scoring.anomaly.table import ParameterTable
from scoring.anomaly.verdict import Verdict
from scoring.anomaly.watch_state import KeptRows, Position, WatchState


@dataclass(frozen=True, slots=True)
class Line:
    """What a line is watched with.

    Args:
        model: what the detector serves (``read_model`` of its bytes).
        limits: the specification of its parameters.
        rules: which run rules watch which parameter.
        calibration: how rare rule hits are on good rows, for this model and these rules; None:
            rules are shown and count nothing.
        alpha: p below it is yellow; the state's own level takes its place once labels have
            moved it.
        quiet_rows: so many quiet rows end an episode.
        kept_rows: so many rows are kept to put late ones in their place.
    """

    model: Model
    limits: Limits = field(default_factory=Limits)
    rules: RuleSet = field(default_factory=RuleSet)
    calibration: RuleCalibration | None = None
    alpha: float = 0.01
    quiet_rows: int = 20
    kept_rows: int = 128


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push has led to.

    ``verdicts`` are of the rows pushed, in the order in which they were pushed; ``again`` those
    of earlier rows that were scored again because a late one came before them: they replace
    theirs. ``episodes`` are those that opened, grew or ended, as they are now; ``withdrawn`` the
    ids of events that late rows have undone. ``notes`` are for people (``clock-went-back``, ...).
    """

    verdicts: tuple[Verdict, ...]
    again: tuple[Verdict, ...]
    episodes: tuple[Episode, ...]
    withdrawn: tuple[str, ...]
    notes: tuple[str, ...]
    state: WatchState


class LineWatch:
    """Scores the rows of one line by one model. Belongs to one thread."""

    def __init__(self, detector: Detector, line: Line) -> None:
        """Watch a line with this detector; ``line.model`` is the model that it serves."""
        self._detector = detector
        self._line = line

    @property
    def line(self) -> Line:
        """What the line is watched with."""
        return self._line

    def start(self) -> WatchState:
        """The state before the first row."""
        model = self._line.model
        none = np.empty((0, len(model.names)))
        now = Position(self._detector.start(), none)
        kept = KeptRows(none, np.empty(0, np.int64), (), ())
        return WatchState(self._detector.digest, now, (), kept)

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
            table: the rows; its columns are those of the model, in any order.
            state: of :meth:`start` or of the push before.
            source: what the rows are from (a record's id, a file's name).
            first_row: the number of the first row in its source.
            now_us: rows measured after it are scored by themselves: their clock is ahead.

        Raises:
            ParametersDiffer, UnitsDiffer: not the columns of the model.
            MalformedState: the state is of another model.
        """
        raise NotImplementedError
