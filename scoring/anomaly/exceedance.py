"""Since when each parameter has been beyond 3 sigma: the first exceedance of its excursion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from quality.spc.runs import Bits
from scoring.anomaly.model import Kind, Model
from scoring.anomaly.port import Detail
from scoring.anomaly.table import Numbers

_BEYOND: Final = 3.0
#: Back inside for longer than this, a parameter begins another excursion.
_GAP_ROWS: Final = 20


def none_exceeded(parameters: int) -> Numbers:
    """Nothing seen so far: number and time of the first row, number of the newest, [3, m]."""
    return np.full((3, parameters), np.nan)


def beyond(model: Model, detail: Detail) -> Bits:
    """Which parameters of which rows [n, m] are: x, R of a channel, an average of R or of R^2.

    x by itself, because what all parameters do together leaves no residual; an average of R^2
    where it alone would be yellow.
    """
    x = (detail.z - model.level.centre) / model.level.spread
    found = np.asarray(detail.present & (np.abs(x) > _BEYOND))
    for each in detail.residuals.values():
        found |= np.abs(each) > _BEYOND
    for n, statistic in enumerate(model.statistics):
        if statistic.name not in detail.averages:
            continue
        average, share = detail.averages[statistic.name], statistic.decay / (2.0 - statistic.decay)
        if statistic.kind is Kind.DRIFT:
            found |= np.abs(average) > _BEYOND * np.sqrt(share)
        elif statistic.kind is Kind.SPREAD:
            loud = average > 1.0 + _BEYOND * np.sqrt(2.0 * share)
            # The limit itself is searched in a tail where training rows are few: only if need be.
            if loud.any():
                found |= loud & (average > _limit(model, n))
    return found


def _limit(model: Model, n: int) -> float:
    """The value of a statistic at which the score is yellow by it alone."""
    calibration = model.calibration
    score = calibration.threshold(model.settings.yellow)
    return float((calibration.centre[n] + calibration.width[n] * score) ** 3)


class Excursions:
    """What is known of each parameter, row by row; changed in place, as rows are many."""

    def __init__(self, before: Numbers) -> None:
        """Go on from what was known [3, m]."""
        self._first, self._at, self._newest = before.tolist()

    def take(self, places: Sequence[int], row: int, *, at_us: int | None) -> None:
        """Take in the parameters that are beyond in a row; ``row`` is its number in the stream."""
        for place in places:
            if not row - self._newest[place] <= _GAP_ROWS:
                self._first[place] = float(row)
                self._at[place] = np.nan if at_us is None else float(at_us)
            self._newest[place] = float(row)

    def known(self) -> Numbers:
        """What is known now [3, m]."""
        return np.array([self._first, self._at, self._newest], np.float64)
