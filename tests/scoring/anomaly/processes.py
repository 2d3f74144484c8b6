"""Rows of a known law, for tests."""

from __future__ import annotations

import numpy as np

from scoring.anomaly.table import Numbers, ParameterTable


def rows(n: int, m: int, *, seed: int = 1, phi: float = 0.0) -> Numbers:
    """Correlated normal rows of one common factor; ``phi`` is their lag-1 autocorrelation."""
    chance = np.random.default_rng(seed)
    fresh = chance.normal(size=(n, m)) + chance.normal(size=(n, 1))
    for row in range(1, n):
        fresh[row] += phi * fresh[row - 1]
    return np.asarray(fresh)


def table(values: Numbers) -> ParameterTable:
    """Rows with names."""
    return ParameterTable(tuple(f"p{j}" for j in range(values.shape[1])), values)
