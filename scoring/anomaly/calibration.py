"""Block cross-fit: scores of training rows by models that have not seen them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from scoring.anomaly.model import Calibration
from scoring.anomaly.table import Numbers


def folds(rows: int, blocks: int, *, gap: int) -> Iterator[tuple[npt.NDArray[np.bool_], slice]]:
    """Contiguous blocks to score, each with the rows to train on: all but it and a gap.

    Rows next to a block know it by autocorrelation, so ``gap`` of them on either side are left
    out as well (Racine 2000, hv-block cross-validation).
    """
    edges = np.linspace(0, rows, blocks + 1).astype(int)
    for low, high in pairwise(edges):
        train = np.ones(rows, bool)
        train[max(0, low - gap) : high + gap] = False
        yield train, slice(int(low), int(high))


def calibrate(statistics: Numbers) -> Calibration:
    """The calibration of raw statistics [n, s] that were computed out of fold."""
    roots = np.cbrt(statistics)
    centre = np.median(roots, axis=0)
    width = np.maximum(np.quantile(roots, 0.95, axis=0) - centre, 1e-9)
    scores = ((roots - centre) / width).max(axis=1)
    return Calibration(centre, width, np.sort(scores))
