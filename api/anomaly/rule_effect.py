"""What other rules would do: how many good rows are called before and after.

The rows are those that the model in force was trained on, which count as good. They are called
a little more rarely than rows that the model has not seen, before and after alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from api.anomaly.events import rules_of
from api.anomaly.training_rows import training_rows
from api.anomaly.uploads import limits_of
from quality.deliveries.agreed import Filed
from scoring.anomaly.false_alarms import RealisedRate
from scoring.anomaly.rule_effect import Served, rule_effect
from scoring.anomaly.rules import RuleSet
from scoring.anomaly.serving import OnnxDetector
from scoring.errors import MalformedTable

#: The newest rows that are looked at.
ROWS_MAX: Final = 5_000


@dataclass(frozen=True, slots=True)
class TrainedOn:
    """The uploads that a model was trained on, one or more, and rows of them that were left out."""

    records: Sequence[Filed]
    left_out: Mapping[str, frozenset[int]]


def effect_of(
    onnx: bytes, trained_on: TrainedOn, *, before: dict[str, Any], after: dict[str, Any]
) -> dict[str, Any]:
    """Rows looked at, and how many of them are called with each rule set.

    Args:
        onnx: the model in force.
        trained_on: what it was trained on.
        before: the group ``rules`` in force, as records write it.
        after: the one that is thought of.

    Raises:
        MalformedTable: rules that are none.
        TooFewRows: no rows.
    """
    detector = OnnxDetector(onnx)
    served = Served(detector.model, detector, limits_of(trained_on.records[-1].groups))
    effect = rule_effect(
        training_rows(trained_on.records, trained_on.left_out).table,
        served,
        before=_rules(before),
        after=_rules(after),
        newest=ROWS_MAX,
    )
    return {
        "rows": effect.rows,
        "before": effect.before.alarms,
        "after": effect.after.alarms,
        "rate_before": effect.before.rate,
        "rate_after": effect.after.rate,
        "interval_before": _interval(effect.before),
        "interval_after": _interval(effect.after),
        "newly": effect.newly,
        "no_more": effect.no_more,
        "parameters": [asdict(each) for each in effect.parameters],
    }


def _interval(rate: RealisedRate) -> list[float]:
    return [rate.lower, rate.upper]


def _rules(group: dict[str, Any]) -> RuleSet:
    if not group:
        return RuleSet()
    found = rules_of(Filed(0, "", "", "", {"rules": group, "state": {"version": 1}}))
    if found is None:
        raise MalformedTable("expected rules as rule-limits/v1 writes them, found others")
    return found
