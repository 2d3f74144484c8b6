"""From statistics out of fold to scores, p-values and what lies beyond the rarest of them."""

from __future__ import annotations

from typing import Final

import numpy as np

from scoring.anomaly.model import Calibration
from scoring.anomaly.sample_size import worth
from scoring.anomaly.table import Numbers

#: Standard errors of a width that are added to it; one is about 1 / sqrt(f) of it.
_CAUTION: Final = 2.0


def calibrate(statistics: Numbers) -> Calibration:
    """The calibration of raw statistics [n, s] that were computed out of fold."""
    roots = np.cbrt(statistics)
    centre = np.median(roots, axis=0)
    width = np.quantile(roots, 0.95, axis=0) - centre
    width = np.maximum(width * _caution(roots), 1e-9)
    scores = ((roots - centre) / width).max(axis=1)
    return Calibration(centre, width, np.sort(scores))


def _caution(roots: Numbers) -> Numbers:
    """By how much the 95 % point of each statistic may be further out than n rows tell.

    A slow average of n rows is few independent ones. Without this its limit is a guess, and the
    false alarms of all are those of the unluckiest guess.
    """
    return 1.0 + _CAUTION / np.sqrt(worth(roots))
