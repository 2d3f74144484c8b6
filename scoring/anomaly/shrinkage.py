"""How much a correlation is shrunken: the one of a few amounts that foretells best.

Every candidate is (1 - a) C + a I. The amounts are ridges of 0.5 to 5 % and that of Ledoit and
Wolf (2004); the one whose normal density is the highest on blocks that it was not fitted to is
taken. A model of few rows has none of this: there the prior decides (:mod:`.correlation`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from scoring.anomaly.blocks import folds
from scoring.anomaly.correlation import correlation, shrink_to_identity
from scoring.anomaly.table import Numbers

#: Below the least of them, the inverse of a correlation with doubled columns is noise.
RIDGES: Final = (0.005, 0.01, 0.02, 0.05)
#: Squared distances beyond this many times what is expected count as this: outliers choose nothing.
_OUTLIER: Final = 10.0


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """An amount, and what it is called: ``ridge 0.02`` or ``ledoit-wolf 0.106``."""

    amount: float
    name: str


def choose_shrinkage(z: Numbers, *, blocks: int, gap: int) -> Shrinkage:
    """The best shrinkage of standardised rows [n, m] without holes, by block cross-fit."""
    found = [Shrinkage(ridge, f"ridge {ridge:g}") for ridge in RIDGES]
    wolf = ledoit_wolf(z)
    if wolf > RIDGES[0]:
        found.append(Shrinkage(wolf, f"ledoit-wolf {wolf:.4g}"))
    gains = np.zeros(len(found))
    for rows, block in folds(len(z), blocks, gap=gap):
        known = z[rows]
        spread = np.maximum(known.std(axis=0), 1e-6)
        scaled = (z[block] - known.mean(axis=0)) / spread
        own = correlation(known)
        gains += [_density(own, scaled, each.amount) for each in found]
    return found[int(gains.argmax())]


def ledoit_wolf(z: Numbers) -> float:
    """The amount that Ledoit and Wolf (2004) give for the correlation of rows [n, m], 0 to 1."""
    spread = z.std(axis=0)
    scaled = (z - z.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    n, m = scaled.shape
    own = scaled.T @ scaled / n
    away = float(((own - np.eye(m)) ** 2).sum())
    # sum over rows of ||x x' - C||^2 = sum ||x||^4 - n ||C||^2, without the n matrices.
    noise = float(((scaled**2).sum(axis=1) ** 2).sum() / n - (own**2).sum()) / n
    return float(np.clip(noise / away, 0.0, 1.0)) if away > 0 else 1.0


def _density(own: Numbers, rows: Numbers, amount: float) -> float:
    """Twice the logarithm of the normal density of rows, outliers bounded, up to a constant."""
    lower = np.linalg.cholesky(shrink_to_identity(own, amount))
    distances = (np.linalg.solve(lower, rows.T) ** 2).sum(axis=0)
    bounded = np.minimum(distances, _OUTLIER * rows.shape[1])
    return float(-bounded.sum() - len(rows) * 2.0 * np.log(np.diag(lower)).sum())
