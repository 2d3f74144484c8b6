"""Drift: slow change of good operation, which is not an anomaly and makes a model out of date.

Good rows (those that no event is about) are counted in blocks; at the end of each block the
newest 200 and 500 rows are compared with the training rows. What is found is told once. A shift
of one parameter shows in its mean, in the mean of R, which is narrower by what the others tell
of it, and in the distribution; what is common to all in T2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from scoring.anomaly.adaptive_window import AdaptiveWindow, feed_window
from scoring.anomaly.drift_reference import (
    BINS,
    DRIFT_ROWS,
    DriftReference,
    bin_counts,
    log_distance,
    stability_index,
)
from scoring.anomaly.model import ChannelName, Model
from scoring.anomaly.port import Detail
from scoring.anomaly.table import Numbers
from scoring.errors import MalformedState

BLOCK_ROWS: Final = 50
#: Blocks that are kept: 500 rows.
BLOCKS: Final = 10
_WINDOWS: Final = (DRIFT_ROWS // BLOCK_ROWS, BLOCKS)
#: log T2 is scaled to 0..1 over so many deviations on either side of its mean.
_REACH: Final = 3.0


class DriftKind(StrEnum):
    """What has drifted."""

    MEAN = "mean"
    ADJUSTED_MEAN = "adjusted-mean"  # of R: the mean given the other parameters
    SCALE = "scale"
    SHAPE = "shape"  # population stability index
    CORRELATION = "correlation"  # mean R^2 of all parameters
    DISTANCE = "distance"  # log T2, by an adaptive window
    MISSING = "missing"


#: What each parameter is looked at for by :attr:`DriftSettings.chance`.
_BY_PARAMETER: Final = (
    DriftKind.MEAN,
    DriftKind.ADJUSTED_MEAN,
    DriftKind.SCALE,
    DriftKind.MISSING,
)


@dataclass(frozen=True, slots=True)
class DriftSettings:
    """When a difference is drift.

    ``chance`` is that of any false finding at one look, shared out to parameters and kinds;
    ``mean_least`` (in sigma) and ``scale_least`` (a ratio) are what matters at least, whatever
    could be told; ``energy`` bounds the mean of R^2, which is 1 on rows like the training rows.
    """

    chance: float = 1e-4
    mean_least: float = 0.2
    scale_least: float = 1.5
    energy: tuple[float, float] = (0.8, 1.25)
    missing_least: float = 0.02


@dataclass(frozen=True, slots=True)
class DriftRows:
    """Good rows in their order [n, m]: z, R on levels, what was present, and log T2 [n]."""

    z: Numbers
    residuals: Numbers
    present: npt.NDArray[np.bool_]
    log_distance: Numbers


def drift_rows(model: Model, detail: Detail, chosen: npt.NDArray[np.bool_]) -> DriftRows:
    """Those of scored rows that drift is looked for in: ``chosen`` [n] are good, in no event."""
    z = detail.z[chosen]
    level = detail.residuals[ChannelName.LEVEL][chosen]
    return DriftRows(z, level, np.asarray(detail.present[chosen]), log_distance(model, z))


@dataclass(frozen=True, slots=True)
class DriftFinding:
    """Something has drifted: ``value`` is beyond ``limit`` over ``rows`` good rows.

    ``parameter`` is None for what is of all of them.
    """

    kind: DriftKind
    parameter: str | None
    value: float
    limit: float
    rows: int


@dataclass(frozen=True, slots=True)
class DriftState:
    """Blocks of good rows, the newest last and perhaps not full.

    ``sums`` [blocks, 6, m] hold rows present, rows, z, z^2, R and R^2; ``counts`` [blocks, m, bins]
    how z lies in the reference's bins. ``batch`` holds number and sum of log T2 that the window
    has not been fed yet. ``told`` are kind and parameter (-1: none) of what has been found.
    """

    rows: int
    sums: Numbers
    counts: Numbers
    window: AdaptiveWindow
    batch: tuple[int, float]
    told: frozenset[tuple[DriftKind, int]] = frozenset()


class DriftMonitor:
    """Compares the good rows of one line with the training rows. State in, state out."""

    def __init__(self, reference: DriftReference, settings: DriftSettings | None = None) -> None:
        """Compare with this reference."""
        self._reference = reference
        self._settings = settings or DriftSettings()
        looks = 2.0 * len(_WINDOWS) * len(_BY_PARAMETER) * len(reference.names)
        self._chance = self._settings.chance / looks

    def start(self) -> DriftState:
        """The state before any row."""
        m = len(self._reference.names)
        none, bins = np.zeros((0, 6, m)), np.zeros((0, m, BINS))
        return DriftState(0, none, bins, AdaptiveWindow(), (0, 0.0))

    def push(
        self, rows: DriftRows, state: DriftState
    ) -> tuple[tuple[DriftFinding, ...], DriftState]:
        """Take in good rows; what is found at the ends of blocks, each kind and parameter once.

        Raises:
            MalformedState: a state over other parameters.
        """
        m = len(self._reference.names)
        if state.sums.shape[1:] != (6, m) or state.counts.shape[1:] != (m, BINS):
            raise MalformedState(f"expected a state over {m} parameters, found another")
        found: list[DriftFinding] = []
        at = 0
        while at < len(rows.z):
            stop = min(len(rows.z), at + BLOCK_ROWS - state.rows % BLOCK_ROWS)
            fresh, state = self._take(_slice(rows, at, stop), state)
            found += fresh
            at = stop
        return tuple(found), state

    def _take(self, rows: DriftRows, state: DriftState) -> tuple[list[DriftFinding], DriftState]:
        """Rows that end within a block."""
        sums, counts = _block(rows, self._reference.edges)
        older_sums, older_counts = state.sums, state.counts
        if state.rows % BLOCK_ROWS:
            sums, counts = sums + older_sums[-1], counts + older_counts[-1]
            older_sums, older_counts = older_sums[:-1], older_counts[:-1]
        state = replace(
            state,
            rows=state.rows + len(rows.z),
            sums=np.concatenate([older_sums, sums[None]])[-BLOCKS:],
            counts=np.concatenate([older_counts, counts[None]])[-BLOCKS:],
        )
        found, state = self._feed_distance(rows.log_distance, state)
        if state.rows % BLOCK_ROWS == 0 and state.rows >= DRIFT_ROWS:
            found += self._look(state)
        return self._untold(found, state)

    def _untold(
        self, found: list[DriftFinding], state: DriftState
    ) -> tuple[list[DriftFinding], DriftState]:
        fresh, told = [], set(state.told)
        for finding in found:
            name = finding.parameter
            key = (finding.kind, -1 if name is None else self._reference.names.index(name))
            if key not in told:
                told.add(key)
                fresh.append(finding)
        return fresh, replace(state, told=frozenset(told))

    def _feed_distance(
        self, logs: Numbers, state: DriftState
    ) -> tuple[list[DriftFinding], DriftState]:
        """Means of as many rows as depend on each other, scaled to 0..1."""
        centre, spread, apart = self._reference.distance
        size = int(np.ceil(apart))
        window, (number, total) = state.window, state.batch
        found = []
        for value in logs:
            number, total = number + 1, total + float(value)
            if number < size:
                continue
            scaled = 0.5 + (total / number - centre) / spread / (2.0 * _REACH)
            window, cut = feed_window(window, scaled)
            if cut is not None:
                shift, limit = (each * 2.0 * _REACH for each in (cut.moved, cut.allowed))
                rows = window.size * size
                found.append(DriftFinding(DriftKind.DISTANCE, None, shift, limit, rows))
            number, total = 0, 0.0
        return found, replace(state, window=window, batch=(number, total))

    def _look(self, state: DriftState) -> list[DriftFinding]:
        found: list[DriftFinding] = []
        for blocks in _WINDOWS:
            if len(state.sums) >= blocks:
                found += self._compare(state.sums[-blocks:].sum(axis=0))
        counts = state.counts[-_WINDOWS[0] :].sum(axis=0)
        index = stability_index(counts, self._reference.shares)
        limit = self._reference.psi_limit
        return found + self._each(DriftKind.SHAPE, index, limit, rows=DRIFT_ROWS)

    def _compare(self, sums: Numbers) -> list[DriftFinding]:
        """One window against the training rows."""
        reference, chosen = self._reference, self._settings
        there, rows = np.maximum(sums[0], 1.0), int(sums[1].max())
        mean, adjusted = sums[2] / there, sums[4] / there
        fresh = 1.0 / there + 1.0 / reference.model_rows
        width = self._width(reference.dependence) * np.sqrt(reference.dependence * fresh)
        shift = (mean - reference.mean) / reference.spread
        found = self._each(DriftKind.MEAN, shift, np.maximum(chosen.mean_least, width), rows=rows)
        narrow = reference.residual_dependence
        limit = np.maximum(chosen.mean_least, self._width(narrow) * np.sqrt(narrow * fresh))
        found += self._each(DriftKind.ADJUSTED_MEAN, adjusted, limit, rows=rows)
        spread = np.sqrt(np.maximum(sums[3] / there - mean**2, 1e-12)) / reference.spread
        limit = np.maximum(np.log(chosen.scale_least), width)
        found += self._each(DriftKind.SCALE, np.log(spread), limit, rows=rows)
        return found + self._of_all(sums, rows)

    def _of_all(self, sums: Numbers, rows: int) -> list[DriftFinding]:
        reference, chosen = self._reference, self._settings
        found = []
        # R has deviation 1 out of fold; of few training rows that is not told exactly.
        energy = float(sums[5].sum() / max(1.0, float(sums[0].sum())))
        apart = float(np.median(reference.residual_dependence)) / len(reference.names)
        noise = 2.0 * np.sqrt(apart * (1.0 / rows + 1.0 / reference.model_rows))
        noise *= float(np.median(self._width(reference.residual_dependence)))
        low = min(chosen.energy[0], 1.0 - float(noise))
        high = max(chosen.energy[1], 1.0 + float(noise))
        if not low <= energy <= high:
            bound = low if energy < low else high
            found.append(DriftFinding(DriftKind.CORRELATION, None, energy, bound, rows))
        share = 1.0 - sums[0] / np.maximum(sums[1], 1.0)
        usual = np.maximum(reference.missing, 1.0 / reference.model_rows)
        chance = usual * (1.0 - np.minimum(usual, 0.99))
        width = np.sqrt(chance * (1.0 / rows + 1.0 / reference.model_rows))
        width *= self._width(reference.dependence)
        limit = np.maximum(chosen.missing_least, width)
        return found + self._each(DriftKind.MISSING, share - reference.missing, limit, rows=rows)

    def _width(self, apart: Numbers) -> Numbers:
        """The quantile of Student's t: a deviation is told no better than by n / 2 dependence rows.

        Half, because the dependence is estimated from the same rows.
        """
        known = np.maximum(self._reference.model_rows / (2.0 * apart), 3.0)
        return np.asarray(-stdtrit(known, self._chance))

    def _each(
        self, kind: DriftKind, value: Numbers, limit: Numbers, *, rows: int
    ) -> list[DriftFinding]:
        names = self._reference.names
        return [
            DriftFinding(kind, names[j], float(value[j]), float(limit[j]), rows)
            for j in np.flatnonzero(np.abs(value) > limit)
        ]


def _slice(rows: DriftRows, start: int, stop: int) -> DriftRows:
    part = slice(start, stop)
    return DriftRows(
        rows.z[part], rows.residuals[part], rows.present[part], rows.log_distance[part]
    )


def _block(rows: DriftRows, edges: Numbers) -> tuple[Numbers, Numbers]:
    here = rows.present.astype(np.float64)
    z, R = rows.z * here, rows.residuals * here  # noqa: N806 - the letter of the literature
    sums = [here, np.ones_like(here), z, z**2, R, R**2]
    counts = bin_counts(rows.z, rows.present, edges=edges)
    return np.array([each.sum(axis=0) for each in sums]), counts
