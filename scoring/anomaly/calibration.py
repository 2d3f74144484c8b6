"""From statistics out of fold to scores, p-values and what lies beyond the rarest of them."""

from __future__ import annotations

import numpy as np

from scoring.anomaly.model import Calibration
from scoring.anomaly.table import Numbers


def calibrate(statistics: Numbers) -> Calibration:
    """The calibration of raw statistics [n, s] that were computed out of fold."""
    roots = np.cbrt(statistics)
    centre = np.median(roots, axis=0)
    width = np.maximum(np.quantile(roots, 0.95, axis=0) - centre, 1e-9)
    scores = ((roots - centre) / width).max(axis=1)
    return Calibration(centre, width, np.sort(scores))
