"""Missing values in a stream, and which residuals are still worth something beside them.

Where a model has innovations, a missing value is what the rows before foretell plus the mean of
its innovation given those of the values that are there. A residual is not judged where a value is
missing that tells more than half of it: of two columns that say nearly the same, one without the
other is foretold badly, and as a deviation of what it is with the other that would be an alarm.
The same holds for the rows behind a gap, of innovations that were foretold from what was filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.anomaly.front_end import complete, fill_missing
from scoring.anomaly.model import Channel
from scoring.anomaly.parts import Parts
from scoring.anomaly.table import Numbers

Flags = npt.NDArray[np.bool_]

#: A residual that loses more of its precision, or gains more deviations, is not judged.
_HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class Completed:
    """Rows in sigma without holes [n, m], which values were there, which residuals are judged.

    ``gaps`` [order, m] tells which values of the last rows were missing, newest first; it has no
    rows where nothing is foretold.
    """

    z: Numbers
    present: Flags
    judged: Flags
    gaps: Numbers


def complete_in_order(z: Numbers, parts: Parts, state: Mapping[str, Numbers]) -> Completed:
    """Fill rows, going on from ``lags``, ``seen`` and ``gaps`` of a state.

    Rows that have too few before them are filled by the channel of levels alone.
    """
    filled, present = complete(z, parts.level)
    holed = np.flatnonzero(~present.all(axis=1))
    judged = present.copy()
    for row in holed:
        judged[row] &= ~_is_lost(parts.level, ~present[row])
    if parts.innovation is None or parts.coefficients is None:
        return Completed(filled, present, judged, np.zeros((0, z.shape[1])))
    _fill_in_order(filled, present, parts, state=state)
    for row in holed:
        judged[row] &= ~_is_lost(parts.innovation, ~present[row])
    if not len(z):
        return Completed(filled, present, judged, state["gaps"])
    order = len(state["lags"])
    gaps = np.vstack([state["gaps"][::-1], ~present])
    for row in np.flatnonzero(gaps[:-1].any(axis=1)):
        for lag in range(1, order + 1):
            after = row - order + lag
            if gaps[row].any() and 0 <= after < len(z):
                judged[after] &= ~_is_misled(parts, gaps[row] > 0, lag)
    return Completed(filled, present, judged, gaps[-order:][::-1].astype(np.float64))


def _fill_in_order(
    filled: Numbers, present: Flags, parts: Parts, *, state: Mapping[str, Numbers]
) -> None:
    """Fill in place what rows with a past have no value of."""
    assert parts.innovation is not None
    assert parts.coefficients is not None
    lags, centre = state["lags"], parts.level.centre
    order = len(lags)
    for row in np.flatnonzero(~present.all(axis=1)):
        if state["seen"][0] + row < order:
            continue
        known = filled[max(0, row - order) : row][::-1] - centre
        before = np.vstack([known, lags])[:order].ravel()
        foretold = before @ parts.coefficients + centre
        fresh = np.where(present[row], filled[row] - foretold, np.nan)
        gone = ~present[row]
        filled[row, gone] = (foretold + _innovation(parts.innovation, fresh))[gone]


def _innovation(channel: Channel, fresh: Numbers) -> Numbers:
    """Innovations [m] with the missing ones at their mean given the others."""
    filled, _ = fill_missing(((fresh - channel.centre) / channel.spread)[None], channel.precision)
    return np.asarray(filled[0] * channel.spread + channel.centre)


def _is_lost(channel: Channel, gone: Flags) -> Flags:
    """Whose residual [m] has less than half of its precision left without the ``gone``."""
    precision = channel.precision
    pull = precision[:, gone]
    inner = np.linalg.solve(precision[np.ix_(gone, gone)], pull.T)
    return np.asarray((pull * inner.T).sum(axis=1) > _HALF * np.diag(precision))


def _is_misled(parts: Parts, gone: Flags, lag: int) -> Flags:
    """Whose innovation [m] is off by half a deviation, so many rows behind values filled in."""
    channel, coefficients = parts.innovation, parts.coefficients
    assert channel is not None
    assert coefficients is not None
    m = len(channel.centre)
    weights = coefficients[(lag - 1) * m : lag * m][gone]
    doubt = (channel.spread / np.sqrt(np.diag(channel.precision)))[gone]
    off = doubt[:, None] * (weights / channel.spread @ channel.adjust)
    return np.asarray(np.sqrt((off**2).sum(axis=0)) > _HALF)
