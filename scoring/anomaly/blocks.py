"""Contiguous blocks of rows: to leave out by turns, and to stand for a table that is too long."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.anomaly.table import ParameterTable

#: Rows that a model is fitted to at most; of a longer table evenly spaced stretches are taken.
ROWS_MAX: Final = 20_000
STRETCH_ROWS: Final = 1_000


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


def stretches(table: ParameterTable) -> ParameterTable:
    """The table, or 20 stretches of 1,000 rows evenly over it, the first and the last among them.

    Contiguous, because what rows tell of the rows behind them is learnt too; evenly, so that
    every season of the table has its say. The same table gives the same rows.
    """
    if len(table) <= ROWS_MAX:
        return table
    starts = np.linspace(0, len(table) - STRETCH_ROWS, ROWS_MAX // STRETCH_ROWS).astype(int)
    return table.take((starts[:, None] + np.arange(STRETCH_ROWS)).ravel())
