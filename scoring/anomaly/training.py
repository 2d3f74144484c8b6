"""From a table of good rows to a model: the same rows give the same numbers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from scoring.anomaly.blocks import STRETCH_ROWS, stretches
from scoring.anomaly.calibration import calibrate
from scoring.anomaly.cross_fit import Progress, cross_fit
from scoring.anomaly.fitting import Fit, Fitted, Prior, rescaled
from scoring.anomaly.front_end import as_float32, fit_front_end
from scoring.anomaly.inputs import whole_numbers
from scoring.anomaly.lots import fit_lots, lot_rows
from scoring.anomaly.model import Calibration, Model, Settings, Stage, TrainingFacts
from scoring.anomaly.sample_size import effective_rows, stage_of, widening
from scoring.anomaly.shrinkage import Shrinkage, choose_shrinkage
from scoring.anomaly.table import Numbers, ParameterTable
from scoring.errors import TooFewRows

#: Fewer have no spread that would be worth telling.
ROWS_MIN: Final = 10

__all__ = ["Prior", "Progress", "data_digest", "train", "train_lots"]


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

    Returns:
        A model of the stage that the effective number of rows allows. Of a table of more than
        20,000 rows stretches are fitted to (:func:`scoring.anomaly.blocks.stretches`); the facts
        of the model say how many rows were used.

    Raises:
        TooFewRows: fewer than :attr:`Settings.learning_rows` effective rows still make a model
            of stage ``learning``, but there must be ten rows and one column that varies.
    """
    chosen = settings or Settings()
    if len(table) < ROWS_MIN:
        raise TooFewRows(f"expected {ROWS_MIN} rows or more to learn from, found {len(table)}")
    used = stretches(table)
    front = fit_front_end(used.values, used.resolutions)
    if not front.modelled:
        raise TooFewRows("expected a parameter that varies, found constant columns alone")
    z = front.standardise(used.values, chosen.clip)
    told = len(set(table.setups)) if table.setups is not None else None
    stage = stage_of(z, chosen, setups=told)
    shrinkage = _shrinkage(z, stage, chosen)
    fit = Fit(chosen, stage, front, as_float32(widening(z)), shrinkage.amount, prior)
    crossed = cross_fit(used, fit, note=note)
    whole = rescaled(fit(used), crossed.deviations)
    note(chosen.blocks + 1, chosen.blocks + 1)
    facts = _facts(table, whole, z, shrinkage=shrinkage.name)
    trained = _Trained(chosen, stage, calibrate(crossed.statistics), facts)
    return _model(table, whole, trained)


def _facts(table: ParameterTable, whole: Fitted, z: Numbers, *, shrinkage: str) -> TrainingFacts:
    n_eff, rho = effective_rows(z)
    return TrainingFacts(
        rows=len(table),
        n_eff=n_eff,
        setups=len(set(table.setups or ())),
        trimmed=whole.trimmed,
        used=len(z),
        shrinkage=shrinkage,
        missing=tuple(float(share) for share in np.isnan(table.values).mean(axis=0)),
        rho=rho,
        data_digest=data_digest(table.values, whole.front.quantum),
    )


def _shrinkage(z: Numbers, stage: Stage, settings: Settings) -> Shrinkage:
    if stage in (Stage.LEARNING, Stage.PRIOR):
        return Shrinkage(settings.ridge, f"prior {settings.prior_weight:g}")
    return choose_shrinkage(np.nan_to_num(z), blocks=settings.blocks, gap=settings.var_order)


def train_lots(
    table: ParameterTable,
    settings: Settings | None = None,
    *,
    note: Progress = lambda _done, _all: None,
) -> Model:
    """Train on the means and variances of lots instead of single rows.

    Raises:
        MalformedTable: rows do not say which lot they are of.
        TooFewRows: fewer than ten lots, or none of two rows.
    """
    basis = fit_lots(table)
    return replace(train(lot_rows(table, basis), settings, note=note), lots=basis)


def data_digest(values: Numbers, quantum: Numbers) -> str:
    """SHA-256 over rows as whole quanta, little-endian int64, the least one where missing."""
    digest = hashlib.sha256()
    for begin in range(0, len(values), STRETCH_ROWS):
        whole = whole_numbers(values[begin : begin + STRETCH_ROWS], quantum)
        digest.update(whole.astype("<i8").tobytes())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class _Trained:
    settings: Settings
    stage: Stage
    calibration: Calibration
    facts: TrainingFacts


def _model(table: ParameterTable, fitted: Fitted, trained: _Trained) -> Model:
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
