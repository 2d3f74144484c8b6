"""Why a row stands out: shares of parameters in closed form, deterministic.

T2 = z'Pz of a standardised row z with precision P; the share of parameter j is z_j (Pz)_j, its
Shapley value for the quadratic form, and the shares sum to T2. What a parameter was expected to
be, given all others, is x_j - R_j s_j with R the regression-adjusted variable (Hawkins 1991).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from scoring.anomaly.model import Channel, ChannelName, Kind, Model, Statistic
from scoring.anomaly.port import Detail
from scoring.anomaly.table import Numbers

TOP_MAX: Final = 5
_SLOW: Final = (Kind.DRIFT, Kind.SPREAD, Kind.TOTAL)


@dataclass(frozen=True, slots=True)
class Contribution:
    """One parameter's part in an alarm.

    ``residual`` is R, signed, in sigma; ``z`` the plain distance from the usual value; ``sign``
    1 above and -1 below what was expected, of the average where the alarm is a slow one.
    ``part`` is the Shapley value in T2, ``share`` that of the whole; ``weight`` what the
    parameters were ordered by. ``first_us`` and ``rows_ago`` tell when, in this excursion, the
    parameter itself was first beyond 3 sigma. ``position`` is where the value lies in its
    specification: 0 at the lower, 1 at the upper limit, None where one is missing.
    """

    parameter: str
    unit: str
    value: float | None
    expected: float
    residual: float
    z: float
    sign: int
    part: float
    share: float
    weight: float
    lower: float | None
    upper: float | None
    position: float | None
    first_us: int | None = None
    rows_ago: int | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The parameters that an alarm is made of, the largest first.

    ``t2`` is the sum of every parameter's part: those of ``top`` and ``rest``, what all others
    have together. ``is_slow`` says that an average fired and not the row by itself.
    """

    statistic: str
    is_slow: bool
    t2: float
    rest: float
    top: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What the explanation of a row is made of beside its figures.

    ``values`` [m] are its own, ``lower`` and ``upper`` [m] the specification of the modelled
    parameters, infinite where there is none; ``offset`` [m] the baseline of the row's set-up,
    ``exceeded`` [3, m] tells since when
    each was beyond 3 sigma, ``row`` the number of the row in the stream.
    """

    model: Model
    values: Numbers
    lower: Numbers
    upper: Numbers
    offset: Numbers
    exceeded: Numbers
    row: int


def shapley(channel: Channel, z: Numbers) -> Numbers:
    """The part of each parameter in T2 of a standardised row [m]: x_j (P x)_j; they sum to T2."""
    x = (z - channel.centre) / channel.spread
    return np.asarray(x * (channel.precision @ x))


def explain(detail: Detail, at: int, fired: int, context: Context) -> Explanation:
    """Why row ``at`` stands out by its statistic number ``fired``."""
    model = context.model
    statistic = model.statistics[fired]
    weight = _weight(model, statistic, detail, at)
    parts = shapley(model.level, detail.z[at])
    # Where two weigh the same, the first in the order of the columns leads everywhere.
    order = np.argsort(-weight, kind="stable")[:TOP_MAX]
    t2 = math.fsum(parts)
    row = _Row(detail, at, statistic, parts, t2, weight)
    top = tuple(_contribution(int(j), row, context) for j in order)
    others = np.delete(parts, order)
    return Explanation(statistic.name, statistic.kind in _SLOW, t2, math.fsum(others), top)


def _weight(model: Model, statistic: Statistic, detail: Detail, at: int) -> Numbers:
    """What parameters are ordered by [m]: R^2 of the row, or its average for slow alarms."""
    square = np.asarray(detail.residuals[statistic.channel][at] ** 2)
    match statistic.kind:
        case Kind.LARGEST_Z | Kind.JOINT:
            x = (detail.z[at] - model.level.centre) / model.level.spread
            total = np.where(detail.present[at], x**2, 0.0)
            if statistic.kind is Kind.JOINT:
                total = total + sum(each[at] ** 2 for each in detail.residuals.values())
            return np.asarray(total)
        case Kind.DRIFT:
            deviation = statistic.decay / (2.0 - statistic.decay)
            return np.asarray(detail.averages[statistic.name][at] ** 2 / deviation)
        case Kind.SPREAD:
            return np.asarray(detail.averages[statistic.name][at])
        case Kind.TOTAL:
            spread = _spread_beside(statistic, detail)
            return square if spread is None else np.asarray(spread[at])
        case Kind.LARGEST | Kind.DISTANCE:
            return square


def _spread_beside(statistic: Statistic, detail: Detail) -> Numbers | None:
    """EWMA(R^2) by parameter on the channel of a total, the fastest that is there."""
    prefix = f"{statistic.channel}/{Kind.SPREAD}@"
    names = [name for name in detail.averages if name.startswith(prefix)]
    if not names:
        return None
    return detail.averages[max(names, key=lambda name: float(name.removeprefix(prefix)))]


@dataclass(frozen=True, slots=True)
class _Row:
    detail: Detail
    at: int
    statistic: Statistic
    parts: Numbers
    t2: float
    weight: Numbers


def _contribution(j: int, row: _Row, context: Context) -> Contribution:
    model, detail, at = context.model, row.detail, row.at
    column, value = model.modelled[j], float(context.values[j])
    z, scale = float(detail.z[at, j]), float(model.scale[j])
    x = float(model.median[j]) + scale * (z + float(context.offset[j]))
    channel = _channel(model, row.statistic.channel)
    residual = float(detail.residuals[row.statistic.channel][at, j])
    unexplained = residual * float(channel.residual[j] / np.sqrt(channel.precision[j, j]))
    is_present = bool(detail.present[at, j])
    lower, upper = float(context.lower[j]), float(context.upper[j])
    first = context.exceeded[:, j]
    return Contribution(
        parameter=model.names[column],
        unit=model.units[column] if model.units else "",
        value=value if is_present else None,
        expected=x - scale * float(channel.spread[j]) * unexplained,
        residual=residual,
        z=z,
        sign=_sign(row, j, residual),
        part=float(row.parts[j]),
        share=float(row.parts[j]) / row.t2 if row.t2 > 0 else 0.0,
        weight=float(row.weight[j]),
        lower=None if math.isinf(lower) else lower,
        upper=None if math.isinf(upper) else upper,
        position=_position(value, lower, upper) if is_present else None,
        first_us=None if np.isnan(first[1]) else int(first[1]),
        rows_ago=None if np.isnan(first[0]) else context.row - int(first[0]),
    )


def _channel(model: Model, name: ChannelName) -> Channel:
    innovation = model.innovation
    return innovation if name is ChannelName.INNOVATION and innovation is not None else model.level


def _sign(row: _Row, j: int, residual: float) -> int:
    """The side on which a parameter is: of its average where an average of R fired."""
    value = residual
    if row.statistic.kind is Kind.DRIFT:
        value = float(row.detail.averages[row.statistic.name][row.at, j])
    elif row.statistic.kind is Kind.LARGEST_Z:
        value = float(row.detail.z[row.at, j])
    return 1 if value >= 0 else -1


def _position(value: float, lower: float, upper: float) -> float | None:
    if math.isinf(lower) or math.isinf(upper) or upper <= lower:
        return None
    return (value - lower) / (upper - lower)
