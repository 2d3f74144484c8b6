"""How many independent rows autocorrelated ones are worth, and what may be modelled of them."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import stats

from scoring.anomaly.model import Settings, Stage
from scoring.anomaly.table import Numbers

#: A level that is never told from its own wandering is still told when it is this far away.
WIDENING_MAX: Final = 3.0
#: Set-ups, shifts or lots that few rows have to be spread over.
SETUPS_MIN: Final = 3


def lag_one(z: Numbers) -> Numbers:
    """The lag-1 autocorrelation of each column, 0 where it has no variance; NaN are left out."""
    centred = np.nan_to_num(z - np.nanmean(z, axis=0))
    power = (centred**2).sum(axis=0)
    joint = (centred[1:] * centred[:-1]).sum(axis=0)
    return np.asarray(np.where(power > 0, joint / np.where(power > 0, power, 1.0), 0.0))


def worth(z: Numbers) -> Numbers:
    """How many independent rows each column [m] is worth: n (1 - rho) / (1 + rho), 1 at least."""
    rho = np.clip(lag_one(z), 0.0, 0.999)
    return np.asarray(np.maximum(len(z) * (1.0 - rho) / (1.0 + rho), 1.0))


def effective_rows(z: Numbers) -> tuple[float, float]:
    """n (1 - rho) / (1 + rho) by the median lag-1 autocorrelation, and that rho, 0 at least.

    Below 1 / sqrt(n), its standard error where there is none, rho counts as 0: else half of all
    tables of thirty independent rows would be worth fewer than thirty.
    """
    rho = float(np.clip(np.median(lag_one(z)), 0.0, 0.999)) if len(z) > 2 else 0.0
    if rho * np.sqrt(len(z)) < 1.0:
        rho = 0.0
    return len(z) * (1.0 - rho) / (1.0 + rho), rho


def widening(z: Numbers) -> Numbers:
    """By how much a column's deviation [m] is too small to foretell the next rows of it.

    Of a column that moves slowly, n rows are few independent ones; the next excursion may be the
    widest so far. sqrt(1 + 1/f) times the ratio of the 99.9 % points of Student's t with f - 1
    degrees of freedom and the normal, f = n (1 - rho) / (1 + rho), three at most.
    """
    rows = worth(z)
    ratio = stats.t.isf(0.001, np.maximum(rows - 1.0, 1.0)) / stats.norm.isf(0.001)
    return np.asarray(np.minimum(np.sqrt(1.0 + 1.0 / rows) * ratio, WIDENING_MAX))


def is_autocorrelated(z: Numbers, *, lags: int = 5, level: float = 0.01) -> bool:
    """Whether a tenth of the columns or more are, by Ljung and Box (1978)."""
    n = len(z)
    centred = np.nan_to_num(z - np.nanmean(z, axis=0))
    power = np.maximum((centred**2).sum(axis=0), 1e-300)
    total = np.zeros(z.shape[1])
    for lag in range(1, min(lags, n - 1) + 1):
        r = (centred[lag:] * centred[:-lag]).sum(axis=0) / power
        total += r**2 / (n - lag)
    p = stats.chi2.sf(n * (n + 2) * total, lags)
    return bool((p < level).mean() >= 0.1)


def stage_of(z: Numbers, settings: Settings, *, setups: int | None) -> Stage:
    """The stage that rows [n, m] in their order allow; ``setups`` None where none are stated.

    Own are 200 effective rows, or four a parameter where these are fewer, 100 at least. A
    history of fewer than three set-ups knows too little of what differs between them, until
    there are rows enough for a model of its own.
    """
    n_eff, _ = effective_rows(z)
    m = z.shape[1]
    too_alike = setups is not None and setups < SETUPS_MIN and n_eff < settings.own_rows
    if n_eff < settings.learning_rows or too_alike:
        return Stage.LEARNING
    if len(z) >= 5 * m and len(z) >= settings.own_rows and is_autocorrelated(z):
        return Stage.DYNAMIC
    enough = min(settings.own_rows, max(4 * m, settings.own_rows // 2))
    return Stage.OWN if n_eff >= enough else Stage.PRIOR
