"""Correlation, shrunken so that its inverse is one; and the regression adjustment by it."""

from __future__ import annotations

import numpy as np

from scoring.anomaly.front_end import as_float32
from scoring.anomaly.model import Channel, ChannelName
from scoring.anomaly.table import Numbers


def shrunken(rows: Numbers, ridge: float) -> Numbers:
    """The correlation of rows [n, m], (1 - ridge) C + ridge I."""
    return shrink_to_identity(correlation(rows), ridge)


def correlation(rows: Numbers) -> Numbers:
    """The correlation of rows; a column without variance is correlated with none."""
    centred = rows - rows.mean(axis=0)
    spread = np.sqrt((centred**2).mean(axis=0))
    scaled = centred / np.where(spread > 0, spread, 1.0)
    found = scaled.T @ scaled / len(rows)
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)


def shrink_to_identity(found: Numbers, ridge: float) -> Numbers:
    """(1 - ridge) C + ridge I: no parameter is told exactly by the others."""
    return np.asarray((1.0 - ridge) * found + ridge * np.eye(len(found)))


def shrink_to_prior(found: Numbers, rows: float, *, prior: Numbers, weight: float) -> Numbers:
    """The empirical-Bayes mean of own and pooled correlation: (n C + nu C0) / (n + nu)."""
    return np.asarray((rows * found + weight * prior) / (rows + weight))


def fit_channel(name: ChannelName, rows: Numbers, shrunken_correlation: Numbers) -> Channel:
    """The channel of rows [n, m] by this correlation; residuals have deviation 1 on the rows."""
    centre = as_float32(rows.mean(axis=0))
    spread = as_float32(np.maximum(rows.std(axis=0), 1e-6))
    precision = np.linalg.inv(shrunken_correlation)
    precision = (precision + precision.T) / 2.0
    unscaled = precision / np.sqrt(np.diag(precision))
    residual = np.maximum(((rows - centre) / spread @ unscaled).std(axis=0), 1e-6)
    return Channel(
        name, centre, spread, as_float32(precision), as_float32(unscaled / residual), residual
    )


def residuals(channel: Channel, rows: Numbers) -> Numbers:
    """R of rows [n, m]: what each parameter is away from its expectation given the others."""
    return np.asarray((rows - channel.centre) / channel.spread @ channel.adjust)
