"""From a table of good rows to a model: the same rows give the same numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.anomaly.calibration import calibrate, folds
from scoring.anomaly.correlation import (
    correlation,
    fit_channel,
    residuals,
    shrink_to_identity,
    shrink_to_prior,
)
from scoring.anomaly.front_end import (
    FrontEnd,
    fill_missing,
    fit_front_end,
    fit_setups,
    take_off_setups,
)
from scoring.anomaly.innovations import fit_autoregression, innovations
from scoring.anomaly.model import (
    Calibration,
    Channel,
    ChannelName,
    Kind,
    Model,
    Settings,
    SetUp,
    Stage,
    Statistic,
    TrainingFacts,
)
from scoring.anomaly.reference import Parts, compute, start_arrays
from scoring.anomaly.sample_size import effective_rows, stage_of
from scoring.anomaly.table import Numbers, ParameterTable
from scoring.errors import TooFewRows

#: Refits without rows that stand out: what a minimum-determinant estimate is bought for.
_TRIMS: Final = 2
_MOST: Final = 0.8

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Prior:
    """The pooled correlation of the same kind of process, by parameter name [m, m]."""

    names: tuple[str, ...]
    correlation: Numbers


@dataclass(frozen=True, slots=True)
class _Fitted:
    front: FrontEnd
    setups: tuple[SetUp, ...]
    parts: Parts
    trimmed: int


def train(
    table: ParameterTable,
    settings: Settings | None = None,
    *,
    prior: Prior | None = None,
    note: Progress = lambda _done, _all: None,
) -> Model:
    """Train on rows that were good, in the order in which they were measured.

    Args:
        table: the rows.
        settings: the hyper-parameters.
        prior: a sister process's correlation, for few rows.
        note: told how many of how many fits are done.

    Raises:
        TooFewRows: fewer than :attr:`Settings.learning_rows` effective rows still make a model
            of stage ``learning``, but there must be ten rows and one column that varies.
    """
    chosen = settings or Settings()
    if len(table) < 10:
        raise TooFewRows(f"expected ten rows or more to learn from, found {len(table)}")
    front = fit_front_end(table.values)
    if not front.modelled:
        raise TooFewRows("expected a parameter that varies, found constant columns alone")
    z = front.standardise(table.values, chosen.clip)
    told = len(set(table.setups)) if table.setups is not None else None
    stage = stage_of(z, chosen, setups=told)
    fit = _Fit(chosen, stage, prior)
    calibration = _cross_fit(table, fit, note=note)
    whole = fit(table)
    n_eff, rho = effective_rows(z)
    facts = TrainingFacts(
        rows=len(table),
        n_eff=n_eff,
        setups=told or 0,
        trimmed=whole.trimmed,
        missing=tuple(float(share) for share in np.isnan(table.values).mean(axis=0)),
        rho=rho,
        data_digest=data_digest(table.values, whole.front.quantum),
    )
    return _model(table, whole, _Trained(chosen, stage, calibration, facts))


def data_digest(values: Numbers, quantum: Numbers) -> str:
    """SHA-256 over rows as whole quanta, little-endian int64, the least one where missing."""
    steps = np.rint(values / quantum)
    whole = np.where(np.isnan(steps), float(np.iinfo(np.int64).min), steps)
    return hashlib.sha256(whole.astype("<i8").tobytes()).hexdigest()


def statistics_of(stage: Stage, settings: Settings) -> tuple[Statistic, ...]:
    """What a model of this stage looks at."""
    level = ChannelName.LEVEL
    if stage in (Stage.LEARNING, Stage.PRIOR):
        return (
            Statistic(level, Kind.LARGEST_Z),
            Statistic(level, Kind.LARGEST),
            Statistic(level, Kind.DISTANCE),
        )
    found = [Statistic(level, Kind.LARGEST_Z), Statistic(level, Kind.LARGEST)]
    # Slow averages of autocorrelated levels wander while nothing is wrong: few independent
    # stretches calibrate them, so innovations carry the slow ones where there are any.
    if stage is Stage.DYNAMIC:
        found.append(Statistic(level, Kind.DRIFT, settings.drift_decays[0]))
        found.append(Statistic(level, Kind.SPREAD, settings.spread_decays[0]))
        slow = ChannelName.INNOVATION
        found.append(Statistic(slow, Kind.LARGEST))
    else:
        slow = level
    found += [Statistic(slow, Kind.DRIFT, weight) for weight in settings.drift_decays]
    found += [Statistic(slow, Kind.SPREAD, weight) for weight in settings.spread_decays]
    found.append(Statistic(slow, Kind.TOTAL, settings.total_decay))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Fit:
    settings: Settings
    stage: Stage
    prior: Prior | None

    def __call__(self, table: ParameterTable) -> _Fitted:
        front = fit_front_end(table.values)
        raw = front.standardise(table.values, self.settings.clip)
        setups = fit_setups(raw, table.setups)
        z = take_off_setups(raw, table.setups, setups)
        names = tuple(table.names[j] for j in front.modelled)
        level, kept = self._level(z, names)
        filled, _ = fill_missing(z, level.precision)
        coefficients, innovation = None, None
        if self.stage is Stage.DYNAMIC:
            coefficients, innovation = self._dynamic(filled - level.centre)
        parts = Parts(level, innovation, coefficients, statistics_of(self.stage, self.settings))
        return _Fitted(front, setups, parts, int(np.count_nonzero(~kept)))

    def _level(self, z: Numbers, names: tuple[str, ...]) -> tuple[Channel, npt.NDArray[np.bool_]]:
        """The channel of levels, without the rows that stand out of it."""
        filled = np.asarray(np.nan_to_num(z))
        kept: npt.NDArray[np.bool_] = np.ones(len(z), np.bool_)
        for _ in range(_TRIMS):
            channel = self._channel(filled[kept], names)
            filled = fill_missing(z, channel.precision)[0]
            largest = np.abs(residuals(channel, filled)).max(axis=1)
            kept = np.asarray(largest <= self.settings.trim)
            if kept.mean() < _MOST:
                # A set that is mostly odd is not mended by leaving most of it out.
                kept = np.ones(len(z), np.bool_)
        return self._channel(filled[kept], names), kept

    def _channel(self, rows: Numbers, names: tuple[str, ...]) -> Channel:
        return fit_channel(ChannelName.LEVEL, rows, self._shrunken(rows, names))

    def _shrunken(self, rows: Numbers, names: tuple[str, ...]) -> Numbers:
        own = correlation(rows)
        if self.stage in (Stage.LEARNING, Stage.PRIOR):
            prior = _prior_for(self.prior, names)
            weight = self.settings.prior_weight
            own = shrink_to_prior(own, len(rows), prior=prior, weight=weight)
        return shrink_to_identity(own, self.settings.ridge)

    def _dynamic(self, centred: Numbers) -> tuple[Numbers, Channel]:
        order = self.settings.var_order
        coefficients = fit_autoregression(centred, order, self.settings.var_ridge)
        fresh = innovations(centred, coefficients, np.zeros((order, centred.shape[1])))[order:]
        scaled = shrink_to_identity(correlation(fresh), self.settings.ridge)
        return coefficients, fit_channel(ChannelName.INNOVATION, fresh, scaled)


def _prior_for(prior: Prior | None, names: tuple[str, ...]) -> Numbers:
    """The prior's correlation of these parameters; with those it does not know, none."""
    found = np.eye(len(names))
    if prior is None:
        return found
    at = {name: n for n, name in enumerate(prior.names)}
    known = [n for n, name in enumerate(names) if name in at]
    source = [at[names[n]] for n in known]
    found[np.ix_(known, known)] = prior.correlation[np.ix_(source, source)]
    return found


def _cross_fit(table: ParameterTable, fit: _Fit, *, note: Progress) -> Calibration:
    blocks = fit.settings.blocks
    found = []
    for done, (train_rows, block) in enumerate(
        folds(len(table), blocks, gap=fit.settings.var_order)
    ):
        note(done, blocks + 1)
        fitted = fit(table.take(train_rows))
        found.append(_statistics(fitted, table, block, settings=fit.settings))
    note(blocks, blocks + 1)
    return calibrate(np.vstack(found))


def _statistics(
    fitted: _Fitted, table: ParameterTable, block: slice, *, settings: Settings
) -> Numbers:
    """Those of a block, begun with the rows of the gap before it, which were not trained on."""
    begun = max(0, block.start - settings.var_order)
    rows = table.take(slice(begun, block.stop))
    raw = fitted.front.standardise(rows.values, settings.clip)
    z = take_off_setups(raw, rows.setups, fitted.setups)
    filled, present = fill_missing(z, fitted.parts.level.precision)
    found = compute(fitted.parts, filled, present, state=start_arrays(fitted.parts))
    return found.statistics[block.start - begun :]


@dataclass(frozen=True, slots=True)
class _Trained:
    settings: Settings
    stage: Stage
    calibration: Calibration
    facts: TrainingFacts


def _model(table: ParameterTable, fitted: _Fitted, trained: _Trained) -> Model:
    front, parts = fitted.front, fitted.parts
    return Model(
        names=table.names,
        units=table.units,
        modelled=front.modelled,
        constants=front.constants,
        quantum=front.quantum,
        median=front.median,
        scale=front.scale,
        stage=trained.stage,
        settings=trained.settings,
        level=parts.level,
        innovation=parts.innovation,
        coefficients=parts.coefficients,
        statistics=parts.statistics,
        calibration=trained.calibration,
        setups=fitted.setups,
        facts=trained.facts,
    )
