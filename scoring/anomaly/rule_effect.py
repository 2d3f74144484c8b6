"""What other rules and control limits would do to a line: rows called before and after.

Looked at on rows that count as good, so that every row called is a false alarm. Both rule sets
are calibrated on these rows out of fold, as they would be in force.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from scoring.anomaly.false_alarms import NOMINAL, RealisedRate, realised_rate
from scoring.anomaly.line import Line
from scoring.anomaly.model import Model
from scoring.anomaly.port import Detector
from scoring.anomaly.rule_training import calibrate_rules
from scoring.anomaly.rules import RuleSet
from scoring.anomaly.specification import Limits
from scoring.anomaly.table import ParameterTable
from scoring.anomaly.verdict import Level, Verdict
from scoring.anomaly.watch import LineWatch
from scoring.errors import TooFewRows


@dataclass(frozen=True, slots=True)
class ParameterEffect:
    """Called rows in which a rule or a control limit of the parameter has a part."""

    parameter: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class RuleEffect:
    """The rate of called rows before and after, with Clopper-Pearson intervals.

    ``newly`` rows would be called that are not, ``no_more`` are that would not be.
    ``parameters`` are those with a part in any called row, the largest change first.
    """

    rows: int
    before: RealisedRate
    after: RealisedRate
    newly: int
    no_more: int
    parameters: tuple[ParameterEffect, ...]


@dataclass(frozen=True, slots=True)
class Served:
    """A model, what serves it, and the specification of its line."""

    model: Model
    detector: Detector
    limits: Limits = field(default_factory=Limits)


def rule_effect(
    table: ParameterTable,
    served: Served,
    *,
    before: RuleSet,
    after: RuleSet,
    newest: int | None = None,
) -> RuleEffect:
    """The effect of ``after`` in the place of ``before``.

    Args:
        table: good rows in their order, best those that the model was trained on.
        served: the model in force.
        before: the rules in force.
        after: those that are thought of.
        newest: so many of the last rows are looked at, all of them without it.

    Raises:
        ParametersDiffer, UnitsDiffer: not the columns of the model.
        TooFewRows: none to look at.
    """
    if not len(table):
        raise TooFewRows("expected good rows to look at, found none: give some")
    looked_at = table if newest is None else table.take(slice(-newest, None))
    then, now = (_verdicts(table, looked_at, served, rules=rules) for rules in (before, after))
    pairs = [(_is_called(one), _is_called(other)) for one, other in zip(then, now, strict=True)]
    return RuleEffect(
        len(pairs),
        realised_rate(sum(one for one, _ in pairs), len(pairs), nominal=NOMINAL),
        realised_rate(sum(other for _, other in pairs), len(pairs), nominal=NOMINAL),
        sum(other and not one for one, other in pairs),
        sum(one and not other for one, other in pairs),
        _by_parameter(then, now),
    )


def _verdicts(
    table: ParameterTable, looked_at: ParameterTable, served: Served, *, rules: RuleSet
) -> tuple[Verdict, ...]:
    calibration = calibrate_rules(table, served.detector, served.model, rules)
    line = Line(served.model, served.limits, rules, calibration)
    watch = LineWatch(served.detector, line)
    return watch.push(looked_at, watch.start()).verdicts


def _is_called(verdict: Verdict) -> bool:
    return verdict.level is not Level.NONE


def _by_parameter(
    before: tuple[Verdict, ...], after: tuple[Verdict, ...]
) -> tuple[ParameterEffect, ...]:
    then, now = _parts(before), _parts(after)
    found = [ParameterEffect(name, then[name], now[name]) for name in then.keys() | now.keys()]
    return tuple(sorted(found, key=lambda each: (-abs(each.after - each.before), each.parameter)))


def _parts(verdicts: tuple[Verdict, ...]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for verdict in filter(_is_called, verdicts):
        names = {each.parameter for each in verdict.rules}
        counts.update(names | {each.parameter for each in verdict.beyond_control})
    return counts
