"""The one interface that champion and challengers are trained, served and compared behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from scoring.anomaly.table import Numbers, ParameterTable


@dataclass(frozen=True, slots=True)
class StreamState:
    """What a stream carries from row to row: named arrays of the model that they belong to.

    ``alpha`` is the adaptive level for yellow (Gibbs and Candes 2021), bounded to [1e-4, .2];
    ``last_us`` when the newest row that is in the state was measured, None before any.
    """

    model: str
    arrays: Mapping[str, Numbers]
    rows: int = 0
    last_us: int | None = None
    alpha: float = 0.0075


@dataclass(frozen=True, slots=True)
class Detail:
    """What explanations need of each row [n, m], over modelled parameters, R in sigma."""

    z: Numbers  # standardised, of the set-up's baseline, missing ones filled in
    present: npt.NDArray[np.bool_]
    residuals: Mapping[str, Numbers]  # R by channel
    averages: Mapping[str, Numbers]  # EWMA vectors by name of their statistic


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of n rows in the order given, and the state behind the last of them.

    ``fired`` is the number of the statistic that is the score; ``statistics`` [n, s] are
    standardised, their largest is ``score``. ``p_value`` is conformal, and not a number for a row
    without any value.
    """

    score: Numbers
    p_value: Numbers
    statistics: Numbers
    fired: npt.NDArray[np.intp]
    state: StreamState
    detail: Detail | None = None
    names: tuple[str, ...] = field(default=())  # of the statistics


class Detector(Protocol):
    """Scores rows of one model. Belongs to one thread."""

    @property
    def digest(self) -> str:
        """SHA-256 of the ONNX bytes, in hex: what model cards and verdicts name."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that it scores."""
        ...

    def start(self) -> StreamState:
        """The state before the first row."""
        ...

    def score(
        self, table: ParameterTable, state: StreamState, *, with_detail: bool = False
    ) -> Scored:
        """Score rows in their order, going on from ``state``.

        Raises:
            ParametersDiffer, UnitsDiffer: not the columns of the model.
            MalformedState: the state is of another model.
        """
        ...
