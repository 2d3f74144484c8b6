"""One fit: front end, set-ups, correlation without the rows that stand out, prediction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.anomaly.correlation import (
    correlation,
    fit_channel,
    residuals,
    shrink_to_identity,
    shrink_to_prior,
)
from scoring.anomaly.front_end import (
    FrontEnd,
    as_float32,
    complete,
    fit_setups,
    refit_front_end,
    take_off_setups,
)
from scoring.anomaly.innovations import fit_autoregression, innovations
from scoring.anomaly.model import (
    Channel,
    ChannelName,
    Kind,
    Settings,
    SetUp,
    Stage,
    Statistic,
)
from scoring.anomaly.reference import Parts
from scoring.anomaly.table import Numbers, ParameterTable

#: Refits without rows that stand out: what a minimum-determinant estimate is bought for.
_TRIMS: Final = 2
_MOST: Final = 0.8


@dataclass(frozen=True, slots=True)
class Prior:
    """The pooled correlation of the same kind of process, by parameter name [m, m]."""

    names: tuple[str, ...]
    correlation: Numbers


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a fit found; ``trimmed`` rows stood out and were left out of the correlation."""

    front: FrontEnd
    setups: tuple[SetUp, ...]
    parts: Parts
    trimmed: int

    def standardise(self, table: ParameterTable, clip: float) -> Numbers:
        """Rows in sigma of the baseline of their set-up, NaN where missing."""
        raw = self.front.standardise(table.values, clip)
        return take_off_setups(raw, table.setups, self.setups)


def statistics_of(stage: Stage, settings: Settings) -> tuple[Statistic, ...]:
    """What a model of this stage looks at."""
    level = ChannelName.LEVEL
    found = [Statistic(level, Kind.LARGEST_Z), Statistic(level, Kind.JOINT)]
    if stage in (Stage.LEARNING, Stage.PRIOR):
        return (*found, Statistic(level, Kind.LARGEST), Statistic(level, Kind.DISTANCE))
    found.append(Statistic(level, Kind.LARGEST))
    # Slow averages of autocorrelated levels wander while nothing is wrong: few independent
    # stretches calibrate them, so innovations carry the slow ones where there are any.
    slow = level
    if stage is Stage.DYNAMIC:
        found.append(Statistic(level, Kind.DRIFT, settings.drift_decays[0]))
        found.append(Statistic(level, Kind.SPREAD, settings.spread_decays[0]))
        slow = ChannelName.INNOVATION
        found.append(Statistic(slow, Kind.LARGEST))
    found += [Statistic(slow, Kind.DRIFT, weight) for weight in settings.drift_decays]
    found += [Statistic(slow, Kind.SPREAD, weight) for weight in settings.spread_decays]
    found.append(Statistic(slow, Kind.TOTAL, settings.total_decay))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Fit:
    """How a model of one stage is fitted to a part of the rows or to the whole of them."""

    settings: Settings
    stage: Stage
    whole: FrontEnd
    widening: Numbers
    ridge: float
    prior: Prior | None

    def __call__(self, table: ParameterTable) -> Fitted:
        """Fit to these rows, in their order."""
        front = refit_front_end(table.values, self.whole)
        raw = front.standardise(table.values, self.settings.clip)
        setups = fit_setups(raw, table.setups)
        z = take_off_setups(raw, table.setups, setups)
        names = tuple(table.names[j] for j in front.modelled)
        level, kept = self._level(z, names)
        filled, _ = complete(z, level)
        coefficients, innovation = None, None
        if self.stage is Stage.DYNAMIC:
            coefficients, innovation = self._dynamic(filled - level.centre)
        parts = Parts(level, innovation, coefficients, statistics_of(self.stage, self.settings))
        return Fitted(front, setups, parts, int(np.count_nonzero(~kept)))

    def _level(self, z: Numbers, names: tuple[str, ...]) -> tuple[Channel, npt.NDArray[np.bool_]]:
        """The channel of levels, without the rows that stand out of it."""
        filled = np.asarray(np.nan_to_num(z))
        kept: npt.NDArray[np.bool_] = np.ones(len(z), np.bool_)
        for _ in range(_TRIMS):
            channel = self._channel(filled[kept], names)
            filled = complete(z, channel)[0]
            largest = np.abs(residuals(channel, filled)).max(axis=1)
            kept = np.asarray(largest <= self.settings.trim)
            if kept.mean() < _MOST:
                # A set that is mostly odd is not mended by leaving most of it out.
                kept = np.ones(len(z), np.bool_)
        return widened(self._channel(filled[kept], names), self.widening), kept

    def _channel(self, rows: Numbers, names: tuple[str, ...]) -> Channel:
        return fit_channel(ChannelName.LEVEL, rows, self._shrunken(rows, names))

    def _shrunken(self, rows: Numbers, names: tuple[str, ...]) -> Numbers:
        own = correlation(rows)
        if self.stage in (Stage.LEARNING, Stage.PRIOR):
            prior = prior_for(self.prior, names)
            weight = self.settings.prior_weight
            own = shrink_to_prior(own, len(rows), prior=prior, weight=weight)
        return shrink_to_identity(own, self.ridge)

    def _dynamic(self, centred: Numbers) -> tuple[Numbers, Channel]:
        order = self.settings.var_order
        coefficients = fit_autoregression(centred, order, self.settings.var_ridge)
        fresh = innovations(centred, coefficients, np.zeros((order, centred.shape[1])))[order:]
        scaled = shrink_to_identity(correlation(fresh), self.ridge)
        return coefficients, fit_channel(ChannelName.INNOVATION, fresh, scaled)


def widened(channel: Channel, factors: Numbers) -> Channel:
    """The channel whose deviations [m] are so many times as wide; residuals stay as they are."""
    spread = as_float32(channel.spread * factors)
    by = spread / channel.spread
    return replace(
        channel,
        spread=spread,
        precision=as_float32(channel.precision * by * by[:, None]),
        adjust=as_float32(channel.adjust * by[:, None]),
    )


def prior_for(prior: Prior | None, names: tuple[str, ...]) -> Numbers:
    """The prior's correlation of these parameters; with those it does not know, none."""
    found = np.eye(len(names))
    if prior is None:
        return found
    at = {name: n for n, name in enumerate(prior.names)}
    known = [n for n, name in enumerate(names) if name in at]
    source = [at[names[n]] for n in known]
    found[np.ix_(known, known)] = prior.correlation[np.ix_(source, source)]
    return found


def rescaled(fitted: Fitted, deviations: dict[ChannelName, Numbers]) -> Fitted:
    """The fit whose residuals are divided by these deviations [m], which they have out of fold.

    On the rows that it was fitted to a residual is too small, the more so the better its
    parameter is told by the others; undone, some parameters would use up the false alarms of all.
    """
    parts = fitted.parts
    innovation = parts.innovation
    if innovation is not None:
        innovation = _divided(innovation, deviations[ChannelName.INNOVATION])
    level = _divided(parts.level, deviations[ChannelName.LEVEL])
    return replace(fitted, parts=replace(parts, level=level, innovation=innovation))


def _divided(channel: Channel, deviation: Numbers) -> Channel:
    adjust = as_float32(channel.adjust / deviation)
    return replace(channel, adjust=adjust, residual=channel.residual * deviation)
