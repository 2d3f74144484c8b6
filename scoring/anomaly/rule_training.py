"""Calibrates run rules on the rows that a model was trained on, out of fold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from quality.spc.runs import Bits
from scoring.anomaly.blocks import folds, stretches
from scoring.anomaly.charts import HISTORY_MAX, charts_of
from scoring.anomaly.fitting import Fit, Fitted, Prior
from scoring.anomaly.front_end import as_float32, complete, fit_front_end
from scoring.anomaly.lots import lot_rows
from scoring.anomaly.model import Model, Stage
from scoring.anomaly.port import Detail, Detector
from scoring.anomaly.reference import compute, start_arrays
from scoring.anomaly.rule_calibration import RuleCalibration, rule_set_digest
from scoring.anomaly.rules import RuleSet
from scoring.anomaly.sample_size import lag_one, widening
from scoring.anomaly.shrinkage import choose_shrinkage
from scoring.anomaly.table import Numbers, ParameterTable

#: Above it points are no longer taken as independent.
AUTOCORRELATED: Final = 0.2
_WINSOR: Final = 6.0


def calibrate_rules(
    table: ParameterTable,
    detector: Detector,
    model: Model,
    rules: RuleSet,
    *,
    prior: Prior | None = None,
) -> RuleCalibration:
    """How rare hits of these rules are on the rows that a model was trained on.

    Every row is looked at by a fit that has not seen it: on the rows that it was fitted to runs
    are rarer than on any others.

    Args:
        table: the training rows, in their order.
        detector: serves the model; what it makes of the rows decides what runs are looked for on.
        model: what they were trained to.
        rules: which rules watch which parameter.
        prior: what the model was trained with.
    """
    rows = stretches(table if model.lots is None else lot_rows(table, model.lots))
    details = list(_out_of_fold(rows, model, prior))
    deviation = _deviations(details)
    on_innovation = _on_innovation(rows, detector, model)
    charts = charts_of(model, rules, on_innovation)
    found = []
    for each in details:
        none = np.empty((0, len(charts.names)))
        hits, _ = charts.hits(each.values, _rescaled(each.detail, deviation), none)
        found.append(hits[each.before :])
    together = np.concatenate(found)
    weights = _weights(together, rules, charts.names)
    statistic = (together * weights).sum(axis=(1, 2))
    return RuleCalibration(
        charts.names,
        charts.rules,
        weights,
        _independent(statistic),
        on_innovation,
        rule_set_digest(rules),
    )


@dataclass(frozen=True, slots=True)
class _Block:
    """Rows of a block out of fold, with ``before`` rows in front of them that begin its runs."""

    values: Numbers
    detail: Detail
    before: int


def _out_of_fold(table: ParameterTable, model: Model, prior: Prior | None) -> Iterator[_Block]:
    settings = model.settings
    front = fit_front_end(table.values, table.resolutions)
    z = front.standardise(table.values, settings.clip)
    fit = Fit(settings, model.stage, front, as_float32(widening(z)), _ridge(z, model), prior)
    for rows, block in folds(len(table), settings.blocks, gap=settings.var_order):
        begin = max(0, block.start - HISTORY_MAX - settings.var_order)
        part = table.take(slice(begin, block.stop))
        detail = _detail(fit(table.take(rows)), part, clip=settings.clip)
        values = np.rint(part.values / model.quantum) * model.quantum
        yield _Block(values, detail, block.start - begin)


def _ridge(z: Numbers, model: Model) -> float:
    """The shrinkage that training chose."""
    settings = model.settings
    if model.stage in (Stage.LEARNING, Stage.PRIOR):
        return settings.ridge
    chosen = choose_shrinkage(np.nan_to_num(z), blocks=settings.blocks, gap=settings.var_order)
    return chosen.amount


def _detail(fitted: Fitted, part: ParameterTable, *, clip: float) -> Detail:
    z, present = complete(fitted.standardise(part, clip), fitted.parts.level)
    found = compute(fitted.parts, z, present, state=start_arrays(fitted.parts))
    return Detail(z, present, found.residuals, {})


def _deviations(blocks: list[_Block]) -> dict[str, Numbers]:
    """The deviation of each residual [m] out of fold, by channel."""
    found = {}
    for name in blocks[0].detail.residuals:
        rows = np.concatenate([each.detail.residuals[name][each.before :] for each in blocks])
        square = (np.clip(rows, -_WINSOR, _WINSOR) ** 2).mean(axis=0)
        found[name] = np.maximum(np.sqrt(square), 1e-6)
    return found


def _rescaled(detail: Detail, deviation: dict[str, Numbers]) -> Detail:
    residuals = {name: rows / deviation[name] for name, rows in detail.residuals.items()}
    return Detail(detail.z, detail.present, residuals, {})


def _weights(hits: Bits, rules: RuleSet, names: tuple[str, ...]) -> Numbers:
    """-log of the hit rate of each rule on each chart (Laplace's: (h + 1) / (n + 2))."""
    rate = (hits.sum(axis=0) + 1.0) / (len(hits) + 2.0)
    own = np.array([rules.of(name).weight for name in names])
    return np.asarray(-np.log(rate) * own[:, None])


def _independent(statistic: Numbers) -> Numbers:
    """Quantiles of the statistic, as many as its rows are worth independent ones."""
    rho = float(np.clip(lag_one(statistic[:, None])[0], 0.0, 0.99))
    worth = max(1, int(len(statistic) * (1.0 - rho) / (1.0 + rho)))
    return np.asarray(np.quantile(statistic, (np.arange(worth) + 0.5) / worth))


def _on_innovation(table: ParameterTable, detector: Detector, model: Model) -> tuple[bool, ...]:
    """Which parameters are too autocorrelated for runs to be looked for on their values."""
    if model.innovation is None:
        return (False,) * len(model.modelled)
    detail = detector.score(table, detector.start(), with_detail=True).detail
    assert detail is not None
    return tuple(bool(each > AUTOCORRELATED) for each in lag_one(detail.z))
