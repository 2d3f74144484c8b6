"""The statistics of rows in plain NumPy: what training calibrates, and the graph is held to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from scoring.anomaly.correlation import residuals
from scoring.anomaly.innovations import innovations
from scoring.anomaly.model import Calibration, Channel, ChannelName, Kind, Statistic
from scoring.anomaly.parts import Parts
from scoring.anomaly.table import Numbers

__all__ = ["Computed", "Parts", "compute", "standardise", "start_arrays"]

#: What an EWMA begins at: R has mean 0, R^2 mean 1, sum R^2 the number of parameters.
_START = {Kind.DRIFT: 0.0, Kind.SPREAD: 1.0}


@dataclass(frozen=True, slots=True)
class Computed:
    """Raw statistics [n, s], residuals [n, m] by channel, EWMAs by statistic, the state behind."""

    statistics: Numbers
    residuals: Mapping[str, Numbers]
    averages: Mapping[str, Numbers]
    state: Mapping[str, Numbers]


def start_arrays(parts: Parts) -> dict[str, Numbers]:
    """The state before any row: arrays by the name of their statistic, ``lags`` and ``seen``.

    ``seen`` [1] counts the rows that ``lags`` [order, m] holds, newest first: an innovation is
    known from the row on that has ``order`` rows before it, and counts 0 until then. ``gaps``
    [order, m] says which of ``lags`` were filled in (:mod:`scoring.anomaly.filling`).
    """
    m = len(parts.level.centre)
    arrays: dict[str, Numbers] = {}
    for statistic in parts.statistics:
        if statistic.kind is Kind.TOTAL:
            arrays[statistic.name] = np.full(1, float(m))
        elif statistic.kind in _START:
            arrays[statistic.name] = np.full(m, _START[statistic.kind])
    if parts.coefficients is not None:
        arrays["lags"] = np.zeros((len(parts.coefficients) // m, m))
        arrays["seen"] = np.zeros(1)
        arrays["gaps"] = np.zeros(arrays["lags"].shape)
    return arrays


def compute(
    parts: Parts,
    z: Numbers,
    present: npt.NDArray[np.bool_],
    *,
    state: Mapping[str, Numbers],
) -> Computed:
    """The statistics of standardised rows [n, m] in their order, from ``state`` on.

    A missing parameter is left out of every maximum of its row, counts 0 in R and goes into the
    averages as its expectation.
    """
    filled = (z - parts.level.centre) / parts.level.spread
    x = _masked(filled, present)
    found = {ChannelName.LEVEL: _masked(residuals(parts.level, z), present)}
    after: dict[str, Numbers] = {}
    if parts.innovation is not None and parts.coefficients is not None:
        centred = z - parts.level.centre
        fresh = innovations(centred, parts.coefficients, state["lags"])
        order = len(parts.coefficients) // z.shape[1]
        known = present & (state["seen"] + np.arange(len(z)) >= order)[:, None]
        found[ChannelName.INNOVATION] = _masked(residuals(parts.innovation, fresh), known)
        after["seen"] = np.minimum(state["seen"] + len(z), order)
        after["lags"] = np.vstack([centred[::-1], state["lags"]])[:order]
    columns, averages = [], {}
    for statistic in parts.statistics:
        R = found[statistic.channel]  # noqa: N806 - the letter of the literature
        value, average = _statistic(statistic, x, R=R, start=state.get(statistic.name))
        if statistic.kind is Kind.DISTANCE:
            value = _distance(parts.level, filled)
        elif statistic.kind is Kind.JOINT:
            value = (x**2 + sum(each**2 for each in found.values())).max(axis=1)
        columns.append(value)
        if average is not None:
            averages[statistic.name] = average
            after[statistic.name] = average[-1].copy() if len(z) else state[statistic.name]
    return Computed(
        np.column_stack(columns), {str(name): R for name, R in found.items()}, averages, after
    )


def standardise(calibration: Calibration, statistics: Numbers) -> Numbers:
    """Each statistic's cube root (Wilson and Hilferty 1931) by its median and 95 % point."""
    return np.asarray((np.cbrt(statistics) - calibration.centre) / calibration.width)


def _masked(found: Numbers, present: npt.NDArray[np.bool_]) -> Numbers:
    return np.where(present, found, 0.0)


def _distance(channel: Channel, x: Numbers) -> Numbers:
    return np.asarray(np.maximum(np.einsum("ij,jk,ik->i", x, channel.precision, x), 0.0))


def _statistic(
    statistic: Statistic,
    x: Numbers,
    *,
    R: Numbers,  # noqa: N803 - the letter of the literature
    start: Numbers | None,
) -> tuple[Numbers, Numbers | None]:
    weight = statistic.decay
    match statistic.kind:
        case Kind.LARGEST_Z:
            return np.abs(x).max(axis=1), None
        case Kind.LARGEST:
            return np.abs(R).max(axis=1), None
        case Kind.DISTANCE | Kind.JOINT:
            return np.zeros(len(x)), None
        case Kind.DRIFT:
            average = _ewma(R, weight, start)
            return np.abs(average).max(axis=1) / np.sqrt(weight / (2.0 - weight)), average
        case Kind.SPREAD:
            average = _ewma(R**2, weight, start)
            return average.max(axis=1), average
        case Kind.TOTAL:
            average = _ewma((R**2).sum(axis=1, keepdims=True), weight, start)
            return average[:, 0], average


def _ewma(rows: Numbers, weight: float, start: Numbers | None) -> Numbers:
    """a_t = (1 - w) a_(t-1) + w x_t from a_0 = start."""
    if start is None:
        raise ValueError("expected the average that an EWMA goes on from")
    begun = (1.0 - weight) * start[None, :]
    return np.asarray(lfilter([weight], [1.0, weight - 1.0], rows, axis=0, zi=begun)[0])
