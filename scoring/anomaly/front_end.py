"""The robust front end: what a column's usual value and spread are, before anything is modelled.

Median and (p95 - p5) / 3.29 stand for mean and deviation, so that a few bad rows of a training
set move neither. A column that does not vary is left to rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.anomaly.model import Channel, SetUp
from scoring.anomaly.table import Numbers, ParameterTable
from scoring.errors import TooFewRows

#: Between the 5 % and the 95 % point of a normal distribution lie 3.29 deviations.
_NORMAL_90: Final = 3.29
#: Inputs are rounded to this share of their spread or finer, a power of ten.
_QUANTUM_SHARE: Final = 1e-4


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """Which columns vary [m], and by what they are standardised; ``quantum`` is over all [p]."""

    modelled: tuple[int, ...]
    constants: dict[int, float]
    quantum: Numbers
    median: Numbers
    scale: Numbers

    def standardise(self, values: Numbers, clip: float) -> Numbers:
        """Rows of all columns [n, p] as sigma of the modelled ones [n, m], NaN where missing."""
        rounded = quantise(values, self.quantum)[:, self.modelled]
        return np.clip((rounded - self.median) / self.scale, -clip, clip)


def fit_front_end(values: Numbers, resolutions: tuple[float, ...] = ()) -> FrontEnd:
    """Look at training rows [n, p], NaN where missing; ``resolutions`` are those of the gauges.

    Raises:
        TooFewRows: fewer than two rows.
    """
    if len(values) < 2:
        raise TooFewRows(f"expected two rows or more, found {len(values)}")
    told = np.array(resolutions) if resolutions else np.zeros(values.shape[1])
    seen = _look(values, told)
    scale = np.where(seen.varies, seen.scale, np.maximum(np.abs(seen.median), 1.0))
    modelled = tuple(int(j) for j in np.flatnonzero(seen.varies))
    still = np.flatnonzero(~seen.varies & ~np.isnan(values).all(axis=0))
    chosen = list(modelled)
    return FrontEnd(
        modelled,
        {int(j): float(seen.median[j]) for j in still},
        _power_of_ten(scale),
        as_float32(seen.median[chosen]),
        as_float32(seen.scale[chosen]),
    )


def refit_front_end(values: Numbers, whole: FrontEnd) -> FrontEnd:
    """The front end of a part of the rows, over the columns that vary in the whole.

    A column that stands still in the part keeps the whole's median and scale.
    """
    columns = values[:, whole.modelled]
    seen = _look(columns, np.zeros(columns.shape[1]))
    return FrontEnd(
        whole.modelled,
        whole.constants,
        whole.quantum,
        as_float32(np.where(seen.varies, seen.median, whole.median)),
        as_float32(np.where(seen.varies, seen.scale, whole.scale)),
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    median: Numbers
    scale: Numbers
    varies: npt.NDArray[np.bool_]


def _look(values: Numbers, resolutions: Numbers) -> _Seen:
    present = ~np.isnan(values)
    filled = np.where(present.any(axis=0), values, 0.0)
    median = np.nanmedian(filled, axis=0)
    low, high = np.nanquantile(filled, [0.05, 0.95], axis=0)
    deviation = np.nanstd(filled, axis=0)
    least = 1e-12 * np.maximum(np.abs(median), 1e-300)
    scale = (high - low) / _NORMAL_90
    # Most values equal, some not: the spread of the quantiles is no measure of them.
    scale = np.where(scale > least, scale, deviation)
    step = np.maximum(_resolution(values), resolutions)
    width = np.nanmax(filled, axis=0) - np.nanmin(filled, axis=0)
    # What stays within one step of its gauge does not vary as far as anybody can tell.
    varies = (deviation > least) & (present.sum(axis=0) >= 2) & (width >= step * (1.0 - 1e-9))
    return _Seen(median, np.maximum(scale, step / np.sqrt(12.0)), varies)


def quantise(values: Numbers, quantum: Numbers) -> Numbers:
    """Values at the nearest whole number of quanta; the same numbers wherever it is computed."""
    return np.asarray(np.rint(values / quantum) * quantum)


def as_float32(values: Numbers) -> Numbers:
    """The float32 numbers nearest to these, in float64: what a graph keeps in half the bytes."""
    return values.astype(np.float32).astype(np.float64)


def fit_setups(z: Numbers, labels: tuple[str, ...] | None, *, least: int = 5) -> tuple[SetUp, ...]:
    """The baseline of each set-up with rows enough, shrunken to none by n / (n + 5)."""
    if labels is None:
        return ()
    told = np.array(labels)
    found = []
    for label in sorted(set(labels)):
        rows = z[told == label]
        if len(rows) < least:
            continue
        # A parameter that the whole set-up lacks is taken to be where it always is.
        known = np.where(np.isnan(rows).all(axis=0), 0.0, rows)
        offset = np.nanmedian(known, axis=0) * len(rows) / (len(rows) + 5.0)
        found.append(SetUp(label, as_float32(offset), len(rows)))
    return tuple(found)


def take_off_setups(
    z: Numbers, labels: tuple[str, ...] | None, setups: tuple[SetUp, ...]
) -> Numbers:
    """Rows less the baseline of their set-up; a set-up that is not known takes nothing off."""
    if not labels or not setups:
        return z
    offsets = {setup.label: setup.offset for setup in setups}
    none = np.zeros(z.shape[1])
    return np.asarray(z - np.array([offsets.get(label, none) for label in labels]))


def fill_missing(z: Numbers, precision: Numbers) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """Missing values by their conditional mean given the present ones, and which were present.

    E[z_m | z_o] = -P_mm^-1 P_mo z_o for a centred normal row with precision P.
    """
    present = ~np.isnan(z)
    filled = np.where(present, z, 0.0)
    for row in np.flatnonzero(~present.all(axis=1)):
        gone = np.flatnonzero(~present[row])
        pull = precision[gone] @ filled[row]
        filled[row, gone] = -np.linalg.solve(precision[np.ix_(gone, gone)], pull)
    return filled, present


def complete(z: Numbers, channel: Channel) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """Rows in sigma without holes, filled by the channel, and which values were present."""
    filled, present = fill_missing((z - channel.centre) / channel.spread, channel.precision)
    return np.where(present, z, filled * channel.spread + channel.centre), present


def _resolution(values: Numbers) -> Numbers:
    """The smallest step between distinct values of each column; 0 where there is none."""
    steps = np.zeros(values.shape[1])
    for column in range(values.shape[1]):
        distinct = np.unique(values[~np.isnan(values[:, column]), column])
        # Many distinct values: no step of a gauge that would matter beside their spread.
        if 1 < len(distinct) <= 20:
            steps[column] = np.diff(distinct).min()
    return steps


def _power_of_ten(scale: Numbers) -> Numbers:
    return np.asarray(10.0 ** np.floor(np.log10(scale * _QUANTUM_SHARE)))


def rows_of(table: ParameterTable, front: FrontEnd, clip: float) -> Numbers:
    """Standardised rows of a table."""
    return front.standardise(table.values, clip)
