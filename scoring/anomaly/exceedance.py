"""Since when each parameter has been beyond 3 sigma: the first exceedance of its excursion."""

from __future__ import annotations

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
    """Which parameters of which rows [n, m] are: R of a channel, or an average of R."""
    found = np.zeros(detail.z.shape, np.bool_)
    for each in detail.residuals.values():
        found |= np.abs(each) > _BEYOND
    for statistic in model.statistics:
        if statistic.kind is Kind.DRIFT and statistic.name in detail.averages:
            deviation = np.sqrt(statistic.decay / (2.0 - statistic.decay))
            found |= np.abs(detail.averages[statistic.name]) > _BEYOND * deviation
    return found


def exceed(before: Numbers, is_beyond: Bits, row: int, *, at_us: int | None) -> Numbers:
    """What is known behind a row; ``row`` is its number in the stream."""
    if not is_beyond.any():
        return before
    is_new = is_beyond & ~(row - before[2] <= _GAP_ROWS)
    after = before.copy()
    after[0, is_new] = row
    after[1, is_new] = np.nan if at_us is None else at_us
    after[2, is_beyond] = row
    return after
