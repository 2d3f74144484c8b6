"""Why a row stands out: shares that sum, expectations, first exceedance; and the sentence."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.anomaly.exceedance import beyond
from scoring.anomaly.explanation import Explanation, shapley
from scoring.anomaly.model import Kind
from scoring.anomaly.port import Detail
from scoring.anomaly.reference_detector import ReferenceDetector
from scoring.anomaly.rules import ParameterRules, RuleSet
from scoring.anomaly.sentences import sentence
from scoring.anomaly.specification import Limit, Limits
from scoring.anomaly.table import Numbers
from scoring.anomaly.verdict import Level, Reason, Verdict
from tests.scoring.anomaly.lines import a_line, a_model, a_watch, law, push_parts, timed


@cache
def told(size: float = 8.0) -> list[Verdict]:
    """Good rows, in the last of which p2 is off by so many deviations; p4 has limits."""
    values = law(60, 3)
    values[59, 2] += size * values[:, 2].std()
    line = replace(a_line(), limits=Limits({"p2": Limit(-30.0, 30.0), "p4": Limit(None, 30.0)}))
    return push_parts(a_watch(line), [(0, timed(values))]).verdicts


def explained() -> Explanation:
    """Why the last row stands out."""
    found = told()[59].explanation
    assert found is not None
    return found


@pytest.mark.item("7.3")
@settings(max_examples=40, derandomize=True, database=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 30.0))
def test_shares_sum_to_the_distance_of_the_row(seed: int, size: float) -> None:
    level = a_model().level
    z = np.random.default_rng(seed).normal(scale=size, size=len(level.centre))
    x = (z - level.centre) / level.spread
    assert shapley(level, z).sum() == pytest.approx(x @ level.precision @ x, rel=1e-9)


@pytest.mark.item("7.3")
def test_an_alarm_names_the_parameter_its_side_and_what_was_expected() -> None:
    found = explained()
    first = found.top[0]
    assert (first.parameter, first.sign) == ("p2", 1)
    assert first.residual > 3.0
    assert first.value is not None
    assert first.value > first.expected
    deviation = law(60, 3)[:, 2].std()
    assert first.value - first.expected == pytest.approx(8.0 * deviation, rel=0.5)
    assert first.lower == -30.0
    assert first.position == pytest.approx((first.value + 30.0) / 60.0)
    assert sum(each.part for each in found.top) + found.rest == pytest.approx(found.t2, rel=1e-9)
    assert sum(each.share for each in found.top) == pytest.approx(1.0)
    assert told()[59].fired == found.statistic


def test_a_parameter_below_its_expectation_has_the_other_sign() -> None:
    verdict = told(-8.0)[59]
    assert verdict.explanation is not None
    assert verdict.explanation.top[0].sign == -1


@pytest.mark.item("7.3")
def test_the_first_exceedance_is_when_the_parameter_left_and_not_when_the_line_called() -> None:
    values = law(60, 5)
    values[50:, 2] += 5.0 * values[:50, 2].std()
    found = push_parts(a_watch(), [(0, timed(values))]).verdicts
    first = next(row for row in range(50, 60) if found[row].level is not Level.NONE)
    last = found[59].explanation
    assert last is not None
    lead = last.top[0]
    assert lead.parameter == "p2"
    assert lead.rows_ago is not None
    assert 50 <= 59 - lead.rows_ago <= first
    assert lead.first_us == found[59 - lead.rows_ago].at_us


@pytest.mark.item("7.3")
def test_what_all_parameters_do_together_is_beyond_though_it_leaves_no_residual() -> None:
    level, detail = a_model().level, detail_of(law(3, 5))
    for size, expected in ((2.9, False), (3.1, True)):
        common = np.tile(level.centre + size * level.spread, (3, 1))
        found = beyond(a_model(), replace(detail, z=common, residuals={}, averages={}))
        assert (found == expected).all()


def test_a_spread_that_has_grown_is_beyond_while_each_row_is_inside() -> None:
    model, detail = a_model(), detail_of(law(60, 5))
    name = next(s.name for s in model.statistics if s.kind is Kind.SPREAD)
    loud = {name: np.full_like(detail.z, 30.0)}
    still = replace(detail, z=detail.z * 0, residuals={}, averages={name: np.ones_like(detail.z)})
    assert not beyond(model, still).any()
    assert beyond(model, replace(still, averages=loud)).all()


def detail_of(values: Numbers) -> Detail:
    """What the model makes of rows."""
    detector = ReferenceDetector(a_model())
    found = detector.score(timed(values), detector.start(), with_detail=True).detail
    assert found is not None
    return found


def test_a_quiet_row_is_not_explained() -> None:
    assert told()[20].level is Level.NONE
    assert told()[20].explanation is None


@pytest.mark.item("7.3.sentence")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Red: p2 is ", " sigma above the ", "among good rows", ".")),
        ("zh", ("红色报警：p2 为 ", "个标准差", "在正常数据中", "。")),
    ],
)
def test_an_alarm_is_a_plain_sentence(language: str, words: tuple[str, ...]) -> None:
    verdict = replace(told()[59], level=Level.RED, model_level=Level.RED)
    found = sentence(verdict, "zh" if language == "zh" else "en")
    assert found.startswith(words[0])
    assert found.endswith(words[-1])
    assert all(each in found for each in words)
    assert verdict.explanation is not None
    (first, *others) = verdict.explanation.top
    slow = replace(verdict.explanation, is_slow=True, top=(replace(first, residual=2.0), *others))
    drifted = sentence(replace(verdict, explanation=slow), "zh" if language == "zh" else "en")
    assert ("has drifted above" if language == "en" else "已连续多行偏高") in drifted


@pytest.mark.item("7.3.sentence")
def test_a_violation_is_told_before_anything_else() -> None:
    line = replace(a_line(), limits=Limits({"p0": Limit(None, -50.0)}))
    (verdict,) = push_parts(a_watch(line), [(0, timed(law(1, 3)))]).verdicts
    english, chinese = sentence(verdict, "en"), sentence(verdict, "zh")
    assert english.startswith("Red: p0 violates its specification: ")
    assert english.endswith("above the upper limit of -50.")
    assert "高于上限 -50" in chinese


def test_normal_missing_and_learning_rows_have_their_sentences() -> None:
    quiet = told()[20]
    assert sentence(quiet, "en") == "Normal: nothing stands out."
    values = law(2, 3)
    values[1, :4] = np.nan
    gone = push_parts(a_watch(), [(0, timed(values))]).verdicts[1]
    assert sentence(gone, "en") == (
        "Not scored: too few of the parameters have a value (p0, p1, p2, p3)."
    )
    assert sentence(gone, "zh").startswith("未评分")


@pytest.mark.item("7.4.rules")
@pytest.mark.parametrize(("upper", "level"), [(30.0, Level.NONE), (1.0, Level.YELLOW)])
def test_a_control_limit_of_an_engineer_is_yellow_by_itself(upper: float, level: Level) -> None:
    rules = RuleSet(parameters=(ParameterRules("p1", upper=upper),), version=2)
    values = law(30, 3)
    values[:, 1] = np.minimum(values[:, 1], 0.5)
    values[20, 1] = 1.5
    found = push_parts(a_watch(a_line(rules)), [(0, timed(values))]).verdicts[20]
    assert found.level is level
    assert (Reason.CONTROL_LIMIT in found.reasons) is (level is Level.YELLOW)
    if level is Level.YELLOW:
        assert "beyond its control limit: 1.5, above" in sentence(found, "en")
