"""Plain methods beside the model, on the same rows and at the same false-alarm rate.

Each learns from the same training rows. Its limit is set twice: so that its rate on the good rows
that are scored is the wanted one, for all alike (``detection``), and from the training rows alone
by the same cross-fit as the model's (``honest``), which is what a user would get.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import numpy as np

from bench.anomaly.line import Line, learn
from bench.anomaly.runs import Run, Runs
from bench.anomaly.tep import UNSEEN, good_rows
from scoring.anomaly.blocks import folds
from scoring.anomaly.table import Numbers, ParameterTable

RATE: Final = 0.01
_BLOCKS: Final = 5
_LAGS: Final = 2
_VARIANCE: Final = 0.9
_TREES: Final = 200
_SEED: Final = 907

Score: TypeAlias = Callable[[Numbers], Numbers]


class Fit(Protocol):
    """Learns from rows [n, m] of numbers and scores rows, the larger the stranger."""

    def __call__(self, rows: Numbers) -> Score:
        """Learn."""
        ...


@dataclass(frozen=True, slots=True)
class Peer:
    """A method and its parameters, as they are printed."""

    name: str
    fit: Fit
    parameters: Mapping[str, object]


def _spread(rows: Numbers) -> Numbers:
    found = rows.std(axis=0)
    return np.where(found > 0, found, 1.0)


def shewhart(rows: Numbers) -> Score:
    """The largest |z| by mean and deviation (Shewhart 1931)."""
    mean, spread = rows.mean(axis=0), _spread(rows)
    return lambda new: np.asarray(np.abs((new - mean) / spread).max(axis=1))


def _components(rows: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Mean, deviation, loadings for nine tenths of the variance, and their variances."""
    mean, spread = rows.mean(axis=0), _spread(rows)
    values, vectors = np.linalg.eigh(np.cov(((rows - mean) / spread).T))
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = int(np.searchsorted(np.cumsum(values) / values.sum(), _VARIANCE)) + 1
    return mean, spread, vectors[:, :kept], values[:kept]


def pca_t2(rows: Numbers) -> Score:
    """Hotelling's T2 within the principal components (Jackson and Mudholkar 1979)."""
    mean, spread, loadings, variances = _components(rows)
    return lambda new: np.asarray(
        ((((new - mean) / spread @ loadings) ** 2) / variances).sum(axis=1)
    )


def pca_spe(rows: Numbers) -> Score:
    """The squared distance from the principal components."""
    mean, spread, loadings, _ = _components(rows)

    def score(new: Numbers) -> Numbers:
        z = (new - mean) / spread
        return np.asarray(((z - z @ loadings @ loadings.T) ** 2).sum(axis=1))

    return score


def dynamic_pca(rows: Numbers) -> Score:
    """The distance of a row with the rows before it (Ku, Storer and Georgakis 1995)."""
    inner = pca_spe(_with_lags(rows)[_LAGS:])
    return lambda new: inner(_with_lags(new))


def _with_lags(rows: Numbers) -> Numbers:
    before = np.repeat(rows[:1], _LAGS, axis=0)
    longer = np.vstack([before, rows])
    return np.hstack([longer[_LAGS - k : len(longer) - k] for k in range(_LAGS + 1)])


def isolation_forest(rows: Numbers) -> Score:
    """How soon random cuts part a row from the others (Liu, Ting and Zhou 2008)."""
    from sklearn.ensemble import IsolationForest

    forest = IsolationForest(n_estimators=_TREES, random_state=_SEED).fit(rows)
    return lambda new: np.asarray(-forest.score_samples(new))


def robust_distance(rows: Numbers) -> Score:
    """Mahalanobis distance by the minimum covariance determinant (Rousseeuw 1984)."""
    from sklearn.covariance import MinCovDet

    mean, spread = rows.mean(axis=0), _spread(rows)
    shape = MinCovDet(random_state=_SEED, support_fraction=0.9).fit((rows - mean) / spread)
    return lambda new: np.asarray(shape.mahalanobis((new - mean) / spread))


PEERS: Final = (
    Peer("shewhart", shewhart, {"statistic": "max |z|"}),
    Peer("pca_t2", pca_t2, {"variance_kept": _VARIANCE}),
    Peer("pca_spe", pca_spe, {"variance_kept": _VARIANCE}),
    Peer("dynamic_pca", dynamic_pca, {"variance_kept": _VARIANCE, "lags": _LAGS, "of": "SPE"}),
    Peer(
        "isolation_forest",
        isolation_forest,
        {"trees": _TREES, "rows_a_tree": 256, "seed": _SEED},
    ),
    Peer("mcd", robust_distance, {"support": 0.9, "seed": _SEED}),
)


def filled(table: ParameterTable, by: Numbers) -> Numbers:
    """Values with the median of the training rows where one is missing."""
    return np.where(np.isnan(table.values), by, table.values)


def compare(runs: Runs, peers: Sequence[Peer] = PEERS) -> dict[str, dict[str, object]]:
    """The model and its peers, learnt from the first training run."""
    if not runs.training or not runs.faults:
        return {}
    source = runs.training[0]
    by = np.nan_to_num(np.nanmedian(source.table.values, axis=0))
    rows = filled(source.table, by)
    found = {"lotmark": _model(runs, learn(source.table))}
    for peer in peers:
        score = peer.fit(rows)
        limit = _honest_limit(peer.fit, rows)
        told = _figures(runs, source, lambda table: score(filled(table, by)), honest=limit)  # noqa: B023
        found[peer.name] = {**told, "parameters": dict(peer.parameters)}
    return found


def _model(runs: Runs, line: Line) -> dict[str, object]:
    found = _figures(runs, runs.training[0], lambda table: -line.p_values(table), honest=-RATE)
    return {**found, "parameters": "the product's, without any option"}


def _honest_limit(fit: Fit, rows: Numbers) -> float:
    """The limit by scores out of fold: what the training rows alone allow."""
    scores = np.empty(len(rows))
    for train, block in folds(len(rows), _BLOCKS, gap=_LAGS):
        scores[block] = fit(rows[train])(rows[block])
    rank = int(np.ceil((len(rows) + 1) * (1.0 - RATE)))
    return float(np.sort(scores)[min(rank, len(rows)) - 1])


def _figures(
    runs: Runs, source: Run, score: Callable[[ParameterTable], Numbers], *, honest: float
) -> dict[str, object]:
    scores = {run.name: score(run.table) for run in (*runs.faults, *runs.normal, *runs.training)}
    good = np.concatenate([scores[name][:rows] for name, rows in good_rows(runs, source)])
    equal = float(np.quantile(good, 1.0 - RATE, method="higher"))
    return {
        "false_alarms": round(float((good > equal).mean()), 5),
        "detection": round(_detection(runs, scores, equal), 4),
        "honest_false_alarms": round(float((good > honest).mean()), 5),
        "honest_detection": round(_detection(runs, scores, honest), 4),
    }


def _detection(runs: Runs, scores: Mapping[str, Numbers], limit: float) -> float:
    seen: Sequence[float] = [
        float((scores[run.name][run.bad] > limit).mean())
        for run in runs.faults
        if run.bad is not None and run.fault not in UNSEEN
    ]
    return float(np.mean(seen)) if seen else float("nan")
