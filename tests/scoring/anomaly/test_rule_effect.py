"""What new rules would call of good rows is told before they are in force."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.anomaly.reference_detector import ReferenceDetector
from scoring.anomaly.rule_effect import ParameterEffect, RuleEffect, Served, rule_effect
from scoring.anomaly.rules import ParameterRules, RuleSet
from scoring.errors import TooFewRows
from tests.scoring.anomaly.lines import a_model, law, timed

NONE = RuleSet(())


def effect(after: RuleSet, *, newest: int | None = None) -> RuleEffect:
    """In the place of no rules at all, on the training rows."""
    served = Served(a_model(), ReferenceDetector(a_model()))
    return rule_effect(timed(law(400, 1)), served, before=NONE, after=after, newest=newest)


def test_a_narrow_control_limit_is_told_by_its_parameter_and_the_rate_it_makes() -> None:
    values = law(400, 1)[:, 2]
    low, high = np.sort(values)[-41:-39]
    upper = float(low + high) / 2.0
    found = effect(RuleSet((), (ParameterRules("p2", (), upper=upper),)))

    assert found.rows == 400
    assert found.after.alarms - found.before.alarms == found.newly - found.no_more
    assert (found.newly, found.no_more) == (40, 0)
    assert found.before.upper < found.after.lower < 0.1 <= found.after.upper
    assert found.parameters[0] == ParameterEffect("p2", 0, 40)


def test_the_same_rules_change_nothing() -> None:
    found = effect(NONE, newest=150)

    assert (found.rows, found.newly, found.no_more, found.parameters) == (150, 0, 0, ())
    assert found.before == found.after


def test_no_rows_tell_nothing() -> None:
    served = Served(a_model(), ReferenceDetector(a_model()))
    with pytest.raises(TooFewRows, match="found none"):
        rule_effect(timed(law(0, 1)), served, before=NONE, after=NONE)
