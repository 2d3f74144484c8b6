"""What drift and regimes are judged by: how the training rows of a model lie, in figures.

Written once when a model is trained and kept beside it; the model card names its digest. All
figures are in the model's sigma over modelled parameters. How far the mean of some rows strays
by itself follows from the training rows' own dependence: ``dependence`` is
1 + 2 sum rho_k, what n rows have to be divided by to have as many independent ones (initial
positive sequence of autocorrelations, Geyer 1992).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from scoring.anomaly.correlation import residuals
from scoring.anomaly.front_end import complete, quantise, take_off_setups
from scoring.anomaly.model import Model
from scoring.anomaly.prepare import in_columns
from scoring.anomaly.table import Numbers, ParameterTable

#: Rows behind a change of set-up at which a regime is judged.
LOOKS: Final = (5, 10, 20, 50)
#: Rows from which distributions are compared.
DRIFT_ROWS: Final = 200
BINS: Final = 10
PSI_LEAST: Final = 0.25
_PSI_CHANCE: Final = 1e-3
_RESAMPLES: Final = 400
_SEED: Final = 7


@dataclass(frozen=True, slots=True)
class DriftReference:
    """How training rows lie; arrays [m] are over modelled parameters.

    ``mean`` and ``spread`` are of z, ``dependence`` of z and ``residual_dependence`` of R;
    ``edges`` [m, 9] part z into tenths, ``shares`` [m, 10] is how many rows lie in each;
    ``psi_limit`` [m] is the larger of .25 and what the population stability index of no
    parameter exceeds, at 99.9 %, in resampled blocks of :data:`DRIFT_ROWS` training rows.
    ``distance`` holds mean, deviation and dependence of log T2, ``missing`` the share of missing
    values, ``wander`` [looks, m] the deviation of the mean of :data:`LOOKS` rows about the
    training mean.
    """

    model_rows: int
    names: tuple[str, ...]
    mean: Numbers
    spread: Numbers
    dependence: Numbers
    residual_dependence: Numbers
    edges: Numbers
    shares: Numbers
    psi_limit: Numbers
    distance: tuple[float, float, float]
    missing: Numbers
    wander: Numbers


def drift_reference(model: Model, table: ParameterTable) -> DriftReference:
    """The reference of a model by the rows that it was trained on, in their order."""
    z, present = rows_of_model(model, table)
    found = residuals(model.level, z)
    seen = np.where(present, z, np.nan)  # what is filled in has less spread than what is measured
    edges = np.nanquantile(seen, np.linspace(0, 1, BINS + 1)[1:-1], axis=0).T
    shares = bin_counts(z, present, edges=edges) / np.maximum(present.sum(axis=0), 1)[:, None]
    return DriftReference(
        model_rows=len(z),
        names=tuple(model.names[j] for j in model.modelled),
        mean=np.nanmean(seen, axis=0),
        spread=np.maximum(np.nanstd(seen, axis=0), 1e-6),
        dependence=dependence(seen),
        residual_dependence=dependence(np.where(present, found, np.nan)),
        edges=edges,
        shares=shares,
        psi_limit=_psi_limit(z, present, edges=edges),
        distance=_distance(log_distance(model, z)),
        missing=1.0 - present.mean(axis=0),
        wander=_wander(z),
    )


def rows_of_model(model: Model, table: ParameterTable) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """Rows of a table as the model's z [n, m], missing ones filled, and which were present.

    Raises:
        ParametersDiffer, UnitsDiffer: not the columns of the model.
        MalformedTable: a model of lots, and rows that do not say theirs.
    """
    rows = in_columns(model, table)
    rounded = quantise(rows.values, model.quantum)[:, model.modelled]
    z = np.clip((rounded - model.median) / model.scale, -model.settings.clip, model.settings.clip)
    return complete(take_off_setups(z, rows.setups, model.setups), model.level)


def log_distance(model: Model, z: Numbers) -> Numbers:
    """log T2 of rows; adaptive windows look at it."""
    x = (z - model.level.centre) / model.level.spread
    distance = np.einsum("ij,jk,ik->i", x, model.level.precision, x)
    return np.asarray(np.log(np.maximum(distance, 1e-9)))


def dependence(rows: Numbers) -> Numbers:
    """1 + 2 sum rho_k of each column, 1 at least: sums of pairs of lags while positive.

    A missing value is NaN, and of no pair; pairs that are left stand for those that are not.
    """
    n = len(rows)
    present = ~np.isnan(rows)
    centred = np.where(present, rows - np.nanmean(rows, axis=0), 0.0)
    here = None if present.all() else present.astype(np.float64)
    power = np.maximum(_autocorrelation(centred, here, 0), 1e-300)
    total = -np.ones(rows.shape[1])
    going = np.ones(rows.shape[1], bool)
    for lag in range(0, n // 3, 2):
        pair = _autocorrelation(centred, here, lag) + _autocorrelation(centred, here, lag + 1)
        going &= pair / power > 0.0
        if not going.any():
            break
        total = np.where(going, total + 2.0 * pair / power, total)
    return np.asarray(np.clip(total, 1.0, max(1.0, n / 3.0)))


def bin_counts(z: Numbers, present: npt.NDArray[np.bool_], *, edges: Numbers) -> Numbers:
    """How many present values of each column lie in each bin [m, bins]."""
    return _counted(_bins(z, present, edges=edges), len(edges))


def _bins(z: Numbers, present: npt.NDArray[np.bool_], *, edges: Numbers) -> npt.NDArray[np.intp]:
    """Column times bins plus bin of each value [n, m]; the number behind all where missing."""
    m = len(edges)
    at = np.empty(z.shape, np.intp)
    for column in range(m):
        at[:, column] = np.searchsorted(edges[column], z[:, column], side="right")
    return np.where(present, at + BINS * np.arange(m), BINS * m)


def _counted(at: npt.NDArray[np.intp], m: int) -> Numbers:
    counted = np.bincount(at.ravel(), minlength=BINS * m + 1)[: BINS * m]
    return counted.reshape(m, BINS).astype(np.float64)


def stability_index(counts: Numbers, shares: Numbers) -> Numbers:
    """The population stability index of each row of counts [m, bins] against shares [m, bins].

    Bins count half a value more on both sides, so that an empty one makes no infinite index.
    """
    bins = counts.shape[1]
    now = (counts + 0.5) / (counts.sum(axis=1, keepdims=True) + 0.5 * bins)
    then = (shares + 1e-3) / (1.0 + 1e-3 * bins)
    return np.asarray(((now - then) * np.log(now / then)).sum(axis=1))


def _autocorrelation(centred: Numbers, here: Numbers | None, lag: int) -> Numbers:
    behind = len(centred) - lag
    found = (centred[lag:] * centred[:behind]).sum(axis=0)
    if here is not None:
        found = found * behind / np.maximum((here[lag:] * here[:behind]).sum(axis=0), 1.0)
    return np.asarray(found)


def _psi_limit(z: Numbers, present: npt.NDArray[np.bool_], *, edges: Numbers) -> Numbers:
    """Circular blocks (Politis and Romano 1992), as long as the slowest parameter remembers.

    The chance of .001 is shared out to the parameters. Resampled rows are compared with the rows
    that they are of; fresh ones differ by the chance in both, 1 + 200 / n times as much.
    """
    n, m = z.shape
    at = _bins(z, present, edges=edges)
    shares = _counted(at, m) / np.maximum(present.sum(axis=0), 1)[:, None]
    length = int(np.clip(np.ceil(np.max(dependence(z))), 1, max(1, min(DRIFT_ROWS, n // 3))))
    chance = np.random.default_rng(_SEED)
    found = np.empty((_RESAMPLES, m))
    for turn in range(_RESAMPLES):
        starts = chance.integers(0, n, -(-DRIFT_ROWS // length))
        rows = ((starts[:, None] + np.arange(length)) % n).ravel()[:DRIFT_ROWS]
        found[turn] = stability_index(_counted(at[rows], m), shares)
    # A quantile as far out is told by mean and deviation of the logarithm, not by counting.
    logs = np.log(np.maximum(found, 1e-12))
    far = np.exp(logs.mean(axis=0) + float(-ndtri(_PSI_CHANCE / m)) * logs.std(axis=0))
    return np.asarray(np.maximum(PSI_LEAST, far * (1.0 + DRIFT_ROWS / n)))


def _distance(logs: Numbers) -> tuple[float, float, float]:
    spread = max(float(logs.std()), 1e-6)
    return float(logs.mean()), spread, float(dependence(logs[:, None])[0])


def _wander(z: Numbers) -> Numbers:
    """The deviation of the mean of some rows: that of blocks, and never below what n rows allow."""
    n = len(z)
    sums = np.vstack([np.zeros(z.shape[1]), np.cumsum(z - z.mean(axis=0), axis=0)])
    uncertain = z.var(axis=0) * dependence(z) / n
    found = []
    for look in LOOKS:
        size = min(look, max(1, n // 2))
        means = (sums[size:] - sums[:-size]) / size
        found.append(np.sqrt((means**2).mean(axis=0) + uncertain))
    return np.asarray(found)
