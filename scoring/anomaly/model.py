"""What a trained model is: numbers alone, from which the graph and every score follow.

Distances are in robust deviations of the training rows ("sigma"): ``z`` is a standardised row,
``R_j = (P z)_j / sqrt(P_jj)`` the regression-adjusted variable of Hawkins (1991), what parameter
j is away from its expectation given all others. All arrays that enter the graph hold float32
numbers in float64, so that the graph may keep them in half the bytes and lose nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.anomaly.table import Numbers
from scoring.anomaly.tail import beyond

#: Changes with what the same numbers would score.
FORMAT: Final = "lotmark.anomaly/v1"
#: No limit in a tail is searched beyond this score.
_SCORE_MAX: Final = 1e12


class Stage(StrEnum):
    """How much a model knows, by the effective number of its training rows."""

    LEARNING = "learning"
    PRIOR = "prior"
    OWN = "own"
    DYNAMIC = "dynamic"


class ChannelName(StrEnum):
    """What the statistics are computed of."""

    LEVEL = "level"
    INNOVATION = "innovation"


class Kind(StrEnum):
    """What a statistic is; the maximum is over parameters."""

    LARGEST_Z = "largest-z"  # max |x|, x = (z - centre) / spread, levels alone
    LARGEST = "largest"  # max |R| of the row
    DRIFT = "drift"  # max |EWMA(R)|, in its own deviations
    SPREAD = "spread"  # max EWMA(R^2)
    TOTAL = "total"  # EWMA(sum R^2)
    DISTANCE = "distance"  # T2 = z'Pz of the row
    JOINT = "joint"  # max (x_j^2 + sum of R_j^2 over the channels) of the row


@dataclass(frozen=True, slots=True)
class Statistic:
    """One of the figures whose largest is the score; ``decay`` is the EWMA's weight, 1: none."""

    channel: ChannelName
    kind: Kind
    decay: float = 1.0

    @property
    def name(self) -> str:
        """As it is called in verdicts: ``level/drift@0.3``."""
        weight = "" if self.decay == 1.0 else f"@{self.decay:g}"
        return f"{self.channel}/{self.kind}{weight}"


@dataclass(frozen=True, slots=True)
class Settings:
    """The hyper-parameters, one configuration for all data; docs/spec/anomaly.md tells each.

    ``yellow`` is three quarters of the 1 % that is promised: of autocorrelated rows few stretches
    decide the limit, which is uncertain by as much.
    """

    ridge: float = 0.005
    var_order: int = 2
    var_ridge: float = 0.05
    clip: float = 30.0
    trim: float = 6.0
    blocks: int = 5
    yellow: float = 0.0075
    drift_decays: tuple[float, ...] = (0.3, 0.1)
    spread_decays: tuple[float, ...] = (0.2, 0.05)
    total_decay: float = 0.1
    prior_weight: float = 60.0
    learning_rows: int = 30
    own_rows: int = 200


@dataclass(frozen=True, slots=True)
class Channel:
    """Residuals of one channel: ``R = (x - centre) / spread @ adjust`` over modelled parameters.

    ``precision`` is P [m, m], the inverse of the shrunken correlation; ``adjust`` [m, m] is P with
    each column divided by sqrt(P_jj) and by the deviation of R_j out of fold; ``residual``
    [m] is that deviation, as it is out of fold.
    """

    name: ChannelName
    centre: Numbers
    spread: Numbers
    precision: Numbers
    adjust: Numbers
    residual: Numbers


@dataclass(frozen=True, slots=True)
class PValue:
    """How rare a score is among good rows.

    ``is_extrapolated`` tells that the score is beyond all calibration scores, so that a
    Student-t tail of their logarithms stands in for counting; ``resolution`` is 1 / (n + 1),
    the smallest value that counting can give.
    """

    value: float
    is_extrapolated: bool
    resolution: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a score becomes a p-value.

    ``centre`` and ``width`` [statistics] standardise the cube root (Wilson-Hilferty) of each
    statistic; the score g of a row is the largest. ``scores`` [n], ascending, are g of training
    rows out of fold: p = (1 + #{scores >= g}) / (n + 1), and beyond all of them the tail of
    :mod:`scoring.anomaly.tail`.
    """

    centre: Numbers
    width: Numbers
    scores: Numbers

    @property
    def resolution(self) -> float:
        """The smallest p-value that n scores can give."""
        return 1.0 / (len(self.scores) + 1)

    def p_value(self, score: Numbers) -> Numbers:
        """The conformal p-value of each score [n] (Vovk, Gammerman, Shafer 2005), or its tail's.

        See :meth:`is_extrapolated` for which of them are fitted rather than counted.
        """
        above = len(self.scores) - np.searchsorted(self.scores, score, side="left")
        counted = (1.0 + above) / (len(self.scores) + 1.0)
        return np.asarray(counted * np.where(above == 0, beyond(self.scores, score), 1.0))

    def is_extrapolated(self, score: Numbers) -> npt.NDArray[np.bool_]:
        """Whether each score is beyond all calibration scores, so that its p is the tail's."""
        return np.asarray(score > self.scores[-1])

    def judge(self, score: float) -> PValue:
        """One score's p-value, and whether it was counted."""
        asked = np.array([score])
        found, fitted = self.p_value(asked)[0], self.is_extrapolated(asked)[0]
        return PValue(float(found), bool(fitted), self.resolution)

    def threshold(self, alpha: float) -> float:
        """A score above this has p <= alpha: the ceil((n+1)(1-alpha))-th, or in the tail.

        Where n + 1 < 1 / alpha no score says anything as rare, and the tail is searched.
        """
        n = len(self.scores)
        rank = int(np.ceil((n + 1) * (1.0 - alpha) - 1e-9))
        return float(self.scores[rank - 1]) if rank <= n else self._in_tail(alpha)

    def _in_tail(self, alpha: float) -> float:
        low = float(self.scores[-1])
        high = max(low, 1.0)
        while self.judge(high).value > alpha and high < _SCORE_MAX:
            low, high = high, 2.0 * high
        for _ in range(60):
            middle = (low + high) / 2.0
            low, high = (middle, high) if self.judge(middle).value > alpha else (low, middle)
        return high


@dataclass(frozen=True, slots=True)
class SetUp:
    """The baseline of a set-up: what its rows are away from the model's centre, in sigma [m]."""

    label: str
    offset: Numbers
    rows: int


@dataclass(frozen=True, slots=True)
class LotBasis:
    """What turns the rows of a lot into one row of a lot-level model.

    ``names`` [k] are the measured parameters; ``centre`` [k] their medians over all rows,
    ``within`` [k] the pooled variance within lots, ``typical`` the median number of rows of a lot.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    centre: Numbers
    within: Numbers
    typical: float


@dataclass(frozen=True, slots=True)
class TrainingFacts:
    """What a model was trained on; ``n_eff`` = n (1 - rho) / (1 + rho) by the median rho."""

    rows: int
    n_eff: float
    setups: int
    trimmed: int
    used: int  # rows that were fitted on: all, or blocks of a long table
    shrinkage: str  # which one cross-fit chose: "ridge 0.02", "ledoit-wolf 0.1", "prior 60"
    missing: tuple[float, ...]  # share of missing values, by parameter of `names`
    rho: float  # median lag-1 autocorrelation
    data_digest: str  # SHA-256 over quantised training rows, hex


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model. Arrays [m] are over the modelled parameters, [p] over all of them.

    ``median`` and ``scale`` [m] standardise; ``quantum`` [p] is the step that inputs are rounded
    to before anything else (a power of ten), so that a stored decision can be replayed from
    whole numbers; ``modelled`` holds the columns of ``names`` that vary; the others were
    constant at ``constants`` and are left to rules. ``coefficients`` [order * m, m], lag by lag,
    predict the next level; None without innovations. ``lots`` is there where a row of the model
    is a lot (:mod:`scoring.anomaly.lots`).
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    modelled: tuple[int, ...]
    constants: dict[int, float]
    quantum: Numbers
    median: Numbers
    scale: Numbers
    stage: Stage
    settings: Settings
    level: Channel
    innovation: Channel | None
    coefficients: Numbers | None
    statistics: tuple[Statistic, ...]
    calibration: Calibration
    setups: tuple[SetUp, ...]
    facts: TrainingFacts
    lots: LotBasis | None = None
    format: str = FORMAT
