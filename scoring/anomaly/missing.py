"""The missing rate of each parameter, watched as a parameter of its own.

A value that is missing now and then is filled by its expectation and said in the verdict; a
sensor that drops out more often than it did is an event. Each parameter has a Bernoulli CUSUM
(Reynolds and Stoumbos 1999): S = max(0, S + log likelihood ratio) of the rate that it had while
training against one that is ten times that, and 10 % at least. The limit is
log(rows a false event x parameters): by Lorden (1971) the mean run to a false event of one
parameter is not shorter than exp(limit).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.anomaly.model import Model
from scoring.anomaly.table import Numbers

#: Rows of a line to a false event of missing values, on the average at least.
ROWS_TO_FALSE_EVENT: Final = 10_000.0


@dataclass(frozen=True, slots=True)
class MissingRate:
    """The watch of p parameters; all arrays are [p].

    ``usual`` is the rate while training with half a missing row added, ``raised`` the rate that
    is looked for, ``limit`` what S has to pass.
    """

    names: tuple[str, ...]
    usual: Numbers
    raised: Numbers
    limit: float

    def start(self) -> Numbers:
        """S before the first row."""
        return np.zeros(len(self.names))

    def push(self, values: Numbers, sums: Numbers) -> tuple[npt.NDArray[np.bool_], Numbers]:
        """Which parameters are missing too often at each row [n, p], and S behind them."""
        gone = np.isnan(values)
        gain = np.log(self.raised / self.usual)
        loss = np.log((1.0 - self.raised) / (1.0 - self.usual))
        told = np.zeros(gone.shape, np.bool_)
        # Bounded above, so that a sensor that was gone for a week is forgiven within a day.
        most = 2.0 * self.limit
        for row in range(len(gone)):
            sums = np.clip(sums + np.where(gone[row], gain, loss), 0.0, most)
            told[row] = sums > self.limit
        return told, sums


def missing_rate(model: Model) -> MissingRate:
    """The watch of a model's parameters by the rates of its training rows."""
    rows = model.facts.rows
    usual = (np.array(model.facts.missing) * rows + 0.5) / (rows + 1.0)
    raised = np.maximum(0.1, 10.0 * usual)
    # Of what is missing most of the time, ten times as often means: nearly always.
    raised = np.minimum(raised, (1.0 + usual) / 2.0)
    limit = float(np.log(ROWS_TO_FALSE_EVENT * len(model.names)))
    return MissingRate(model.names, usual, raised, limit)
