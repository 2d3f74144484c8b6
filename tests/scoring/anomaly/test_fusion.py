"""Rules beside the model: p-values that are fused, levels, and never one of many by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from quality.spc.runs import NELSON, Rule
from scoring.anomaly.fusion import MODEL_WEIGHT, RULES_WEIGHT, fuse
from scoring.anomaly.levels import Evidence, judge
from scoring.anomaly.model import Stage
from scoring.anomaly.rules import ParameterRules, RuleSet
from scoring.anomaly.table import Numbers
from scoring.anomaly.verdict import Level, Reason, RuleHit
from tests.scoring.anomaly.lines import a_line, a_watch, law, push_parts, timed

NONE = (False,) * 4


def evidence(p: float, *, p_rules: float = 1.0, has_violation: bool = False) -> Evidence:
    """Of a row whose model p is the fused one."""
    return Evidence(p, p, p_rules, 0.01, has_violation, False)


@pytest.mark.item("7.4")
@pytest.mark.parametrize("p_model", [1e-12, 1e-6, 0.001, 0.3])
def test_fused_p_values_are_those_of_the_cauchy_combination(p_model: float) -> None:
    p_rules = np.array([0.004, 0.02, 0.3])
    weighted = MODEL_WEIGHT * stats.cauchy.isf(p_model) + RULES_WEIGHT * stats.cauchy.isf(p_rules)
    found = fuse(np.full(3, p_model), p_rules)
    assert found == pytest.approx(stats.cauchy.sf(weighted), rel=1e-6)


def test_quiet_rules_say_nothing_against_a_row() -> None:
    p = np.array([0.001, 0.001])
    quiet, middling = fuse(p, np.array([1.0, 0.5]))
    assert quiet == middling == pytest.approx(0.001 / MODEL_WEIGHT, rel=1e-3)
    assert fuse(p, None) is p


@pytest.mark.item("7.4")
@pytest.mark.parametrize("p_model", [0.5, 0.999, 1.0])
def test_a_quiet_model_says_nothing_against_rules(p_model: float) -> None:
    found = fuse(np.array([p_model, p_model]), np.array([0.001, 1.0]))
    assert found == pytest.approx([0.001 / RULES_WEIGHT, 0.5], rel=1e-3)


@pytest.mark.item("7.4")
@pytest.mark.parametrize(
    ("given", "stage", "memory", "level"),
    [
        (evidence(0.02), Stage.OWN, NONE, Level.NONE),
        (evidence(0.005), Stage.OWN, NONE, Level.YELLOW),
        (evidence(0.0005), Stage.OWN, NONE, Level.RED),
        (evidence(0.005), Stage.OWN, (True, False, True, False), Level.RED),
        (evidence(0.005), Stage.OWN, (True, False, False, False), Level.YELLOW),
        (evidence(0.005, p_rules=0.005), Stage.OWN, NONE, Level.RED),
        (evidence(0.02, p_rules=0.005), Stage.OWN, NONE, Level.NONE),
        (evidence(0.0005), Stage.PRIOR, (True,) * 4, Level.YELLOW),
        (evidence(0.005, p_rules=0.005), Stage.PRIOR, NONE, Level.RED),
        (evidence(0.0005, p_rules=0.0005), Stage.LEARNING, NONE, Level.NONE),
        (evidence(0.5, has_violation=True), Stage.LEARNING, NONE, Level.RED),
    ],
)
def test_a_level_follows_from_p_values_and_facts(
    given: Evidence, stage: Stage, memory: tuple[bool, ...], level: Level
) -> None:
    assert judge(given, stage, memory).level is level


def test_a_violation_makes_a_yellow_row_red_and_is_told_apart() -> None:
    found = judge(evidence(0.005, has_violation=True), Stage.OWN, NONE)
    assert found.model_level is Level.RED
    assert found.reasons == (Reason.RARE, Reason.SPECIFICATION_AGREES, Reason.SPECIFICATION)


def shares(values: Numbers, rules: RuleSet) -> tuple[float, float]:
    """The shares of rows at which any rule fires, and of rows that are called."""
    found = push_parts(a_watch(a_line(rules)), [(0, timed(values))]).verdicts
    loud = sum(verdict.model_level is not Level.NONE for verdict in found)
    return sum(bool(each.rules) for each in found) / len(found), loud / len(found)


@pytest.mark.item("7.4")
def test_rules_that_fire_all_the_time_call_few_good_rows() -> None:
    fired, called = shares(law(1500, 11), RuleSet(NELSON))
    assert fired > 0.1
    assert called <= 0.025


@pytest.mark.item("7.4.rules")
def test_an_engineer_takes_a_rule_off_one_parameter_and_leaves_it_on_the_others() -> None:
    values = law(200, 12)
    before = push_parts(a_watch(a_line(RuleSet())), [(0, timed(values))]).verdicts
    rules = RuleSet(
        parameters=(ParameterRules("p1", tuple(rule for rule in NELSON if rule is not Rule.N5)),),
        version=2,
    )
    after = push_parts(a_watch(a_line(rules)), [(0, timed(values))]).verdicts
    gone = RuleHit("p1", Rule.N5)
    assert any(gone in verdict.rules for verdict in before)
    for one, other in zip(before, after, strict=True):
        assert other.rules == tuple(hit for hit in one.rules if hit != gone)


def test_a_weight_of_nothing_shows_a_rule_and_counts_it_not() -> None:
    line = a_line(RuleSet(parameters=tuple(ParameterRules(f"p{j}", weight=0.0) for j in range(5))))
    assert line.calibration is not None
    assert not line.calibration.weights.any()
    found = push_parts(a_watch(line), [(0, timed(law(200, 12)))]).verdicts
    assert any(verdict.rules for verdict in found)
    assert {verdict.p_rules for verdict in found} == {1.0}


def test_without_a_calibration_rules_are_shown_and_the_model_decides() -> None:
    line = replace(a_line(), calibration=None)
    found = push_parts(a_watch(line), [(0, timed(law(200, 12)))]).verdicts
    assert any(verdict.rules for verdict in found)
    assert all(verdict.p == verdict.p_model and verdict.p_rules is None for verdict in found)
