"""Calibrates run rules on the rows that a model was trained on."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from quality.spc.runs import Bits
from scoring.anomaly.charts import charts_of
from scoring.anomaly.model import Model
from scoring.anomaly.port import Detail, Detector
from scoring.anomaly.rule_calibration import RuleCalibration, rule_set_digest
from scoring.anomaly.rules import RuleSet
from scoring.anomaly.sample_size import lag_one
from scoring.anomaly.table import Numbers, ParameterTable

#: Above it points are no longer taken as independent.
AUTOCORRELATED: Final = 0.2
_WINSOR: Final = 6.0


def calibrate_rules(
    table: ParameterTable, detector: Detector, model: Model, rules: RuleSet
) -> RuleCalibration:
    """How rare hits of these rules are on the rows that a model was trained on.

    Residuals are smaller on rows that a model was fitted to; here they are divided by the
    deviation that they have there, as the model's own are by the one out of fold, so that runs
    are as frequent as on rows that it has not seen.

    Args:
        table: the training rows, in their order.
        detector: serves the model.
        model: what they were trained to.
        rules: which rules watch which parameter.
    """
    detail = detector.score(table, detector.start(), with_detail=True).detail
    assert detail is not None
    on_innovation = _on_innovation(detail, model)
    charts = charts_of(model, rules, on_innovation)
    values = np.rint(table.values / model.quantum) * model.quantum
    none = np.empty((0, len(charts.names)))
    hits, _ = charts.hits(values, _rescaled(detail), none)
    weights = _weights(hits, rules, charts.names)
    scores = np.sort((hits * weights).sum(axis=(1, 2)))
    return RuleCalibration(
        charts.names, charts.rules, weights, scores, on_innovation, rule_set_digest(rules)
    )


def _rescaled(detail: Detail) -> Detail:
    found = {}
    for name, rows in detail.residuals.items():
        deviation = np.sqrt((np.clip(rows, -_WINSOR, _WINSOR) ** 2).mean(axis=0))
        found[name] = np.asarray(rows / np.maximum(deviation, 1e-6))
    return replace(detail, residuals=found)


def _weights(hits: Bits, rules: RuleSet, names: tuple[str, ...]) -> Numbers:
    """-log of the hit rate of each rule on each chart (Laplace's: (h + 1) / (n + 2))."""
    rate = (hits.sum(axis=0) + 1.0) / (len(hits) + 2.0)
    own = np.array([rules.of(name).weight for name in names])
    return np.asarray(-np.log(rate) * own[:, None])


def _on_innovation(detail: Detail, model: Model) -> tuple[bool, ...]:
    """Which parameters are too autocorrelated for runs to be looked for on their values."""
    if model.innovation is None:
        return (False,) * len(model.modelled)
    return tuple(bool(each > AUTOCORRELATED) for each in lag_one(detail.z))
