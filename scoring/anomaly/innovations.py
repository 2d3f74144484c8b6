"""Vector autoregression by ridge: what a row is away from what the rows before it foretold."""

from __future__ import annotations

import numpy as np

from scoring.anomaly.front_end import as_float32
from scoring.anomaly.table import Numbers


def lagged(rows: Numbers, order: int, before: Numbers) -> Numbers:
    """The ``order`` rows before each row, side by side, newest first; ``before`` [order, m]."""
    longer = np.vstack([before[::-1], rows])
    n = len(rows)
    return np.hstack([longer[order - 1 - lag : order - 1 - lag + n] for lag in range(order)])


def fit_autoregression(rows: Numbers, order: int, ridge: float) -> Numbers:
    """Coefficients [order * m, m] of centred rows in their order; ridge is per row."""
    known = lagged(rows, order, np.zeros((order, rows.shape[1])))[order:]
    target = rows[order:]
    gram = known.T @ known + ridge * len(known) * np.eye(known.shape[1])
    return as_float32(np.asarray(np.linalg.solve(gram, known.T @ target), np.float64))


def innovations(rows: Numbers, coefficients: Numbers, before: Numbers) -> Numbers:
    """Rows less their prediction; ``before`` [order, m] holds the rows before, newest first."""
    order = len(coefficients) // rows.shape[1]
    return np.asarray(rows - lagged(rows, order, before) @ coefficients)
