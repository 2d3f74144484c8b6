"""What other rules would do: how many good rows are called before and after.

The rows are those that the model in force was trained on, which count as good. They are called
a little more rarely than rows that the model has not seen, before and after alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from api.anomaly.events import rules_of
from api.anomaly.training_rows import training_rows
from api.anomaly.uploads import limits_of
from quality.deliveries.agreed import Filed
from scoring.anomaly.line import Line
from scoring.anomaly.rule_training import calibrate_rules
from scoring.anomaly.rules import RuleSet
from scoring.anomaly.serving import OnnxDetector
from scoring.anomaly.verdict import Level
from scoring.anomaly.watch import LineWatch
from scoring.errors import MalformedTable

#: The newest rows that are looked at.
ROWS_MAX: Final = 5_000


def effect_of(
    onnx: bytes, trained_on: Sequence[Filed], *, before: dict[str, Any], after: dict[str, Any]
) -> dict[str, Any]:
    """Rows looked at, and how many of them are called with each rule set.

    Args:
        onnx: the model in force.
        trained_on: the uploads that it was trained on.
        before: the group ``rules`` in force, as records write it.
        after: the one that is thought of.

    Raises:
        MalformedTable: rules that are none.
        TooFewRows: no rows.
    """
    detector = OnnxDetector(onnx)
    table = training_rows(trained_on).table
    newest = table.take(slice(-ROWS_MAX, None))
    limits = limits_of(trained_on[-1].groups)
    counts = []
    for group in (before, after):
        rules = _rules(group)
        calibration = calibrate_rules(table, detector, detector.model, rules)
        line = Line(detector.model, limits, rules, calibration)
        watch = LineWatch(detector, line)
        verdicts = watch.push(newest, watch.start()).verdicts
        counts.append(sum(verdict.level is not Level.NONE for verdict in verdicts))
    rows = len(newest)
    return {
        "rows": rows,
        "before": counts[0],
        "after": counts[1],
        "rate_before": counts[0] / rows,
        "rate_after": counts[1] / rows,
    }


def _rules(group: dict[str, Any]) -> RuleSet:
    if not group:
        return RuleSet()
    found = rules_of(Filed(0, "", "", "", {"rules": group, "state": {"version": 1}}))
    if found is None:
        raise MalformedTable("expected rules as rule-limits/v1 writes them, found others")
    return found
