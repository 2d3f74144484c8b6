"""Charts, capability and studies: worked by hand, and refused where nothing follows."""

from __future__ import annotations

import ast
from collections.abc import Callable
from math import inf, nan, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from quality.errors import (
    MalformedChart,
    MalformedLimits,
    NoVariation,
    StatisticsError,
    TooFewValues,
    ValuesNotFinite,
)
from quality.spc.attributes import beyond_chance, c_chart, np_chart, p_chart, u_chart
from quality.spc.capability import Tolerance, cp_interval, cpk_interval, cpm_interval, performance
from quality.spc.charts import Process, cusum, ewma, individuals, xbar_r, xbar_s
from quality.spc.constants import constants_of, range_divisor
from quality.spc.descriptive import autocorrelation, describe
from quality.spc.gage import arrange, gage_by_anova, gage_by_ranges
from quality.spc.normality import anderson_darling
from quality.spc.proportions import jeffreys, wilson
from quality.spc.runs import Rule
from quality.spc.series import cut_subgroups
from quality.spc.study import study
from tests.quality.spc.gage_trials import measured

ROOM = Path(__file__).resolve().parents[3] / "quality" / "spc"
GROUPS = [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 1.0, 4.0]]
HONEST = np.random.default_rng(11).normal(10.0, 0.1, 200)


@pytest.mark.item("6.3.charts")
def test_means_and_ranges() -> None:
    charts, three = xbar_r(GROUPS), constants_of(3)
    assert charts.location.points.tolist() == pytest.approx([2.0, 4.0, 2.0])
    assert charts.dispersion.points.tolist() == [2.0, 4.0, 3.0]
    assert charts.location.center == pytest.approx(24 / 9)
    assert charts.location.upper[0] == pytest.approx(24 / 9 + three.a2 * 3.0)
    assert charts.dispersion.upper[0] == pytest.approx(three.upper_d4 * 3.0)
    assert charts.dispersion.lower[0] == 0.0


@pytest.mark.item("6.3.charts")
def test_means_and_deviations() -> None:
    charts, three = xbar_s(GROUPS), constants_of(3)
    mean = (1 + 2 + sqrt(3)) / 3
    assert charts.dispersion.center == pytest.approx(mean)
    assert charts.location.lower[0] == pytest.approx(24 / 9 - three.a3 * mean)
    assert charts.dispersion.upper[0] == pytest.approx(three.upper_b4 * mean)


@pytest.mark.item("6.3.charts")
def test_individuals_and_moving_ranges() -> None:
    charts = individuals([10.0, 12.0, 11.0, 14.0])
    assert charts.dispersion.points.tolist() == [2.0, 1.0, 3.0]
    assert charts.process.deviation == pytest.approx(2 / constants_of(2).d2)
    assert charts.location.upper[0] == pytest.approx(11.75 + constants_of(2).e2 * 2)
    assert charts.dispersion.upper[0] == pytest.approx(constants_of(2).upper_d4 * 2)


@pytest.mark.item("6.3.charts")
def test_a_known_process_keeps_its_limits_whatever_is_measured() -> None:
    charts = individuals([10.0, 12.0, 11.0, 14.0], known=Process(10.0, 1.0))
    assert (charts.location.lower[3], charts.location.upper[3]) == (7.0, 13.0)
    assert charts.location.outside().tolist() == [3]


@pytest.mark.item("6.3.charts")
def test_proportions_of_samples_of_several_sizes() -> None:
    chart = p_chart([2, 8, 0], [50, 100, 50])
    assert chart.points.tolist() == [0.04, 0.08, 0.0]
    assert chart.center == 0.05
    assert chart.upper[0] == pytest.approx(0.05 + 3 * sqrt(0.05 * 0.95 / 50))
    assert chart.upper[1] == pytest.approx(0.05 + 3 * sqrt(0.05 * 0.95 / 100))
    assert chart.lower.tolist() == [0.0, 0.0, 0.0]
    counted = np_chart([2, 3], 50)
    assert (counted.center, counted.upper[0]) == (2.5, pytest.approx(2.5 + 3 * sqrt(2.5 * 0.95)))


@pytest.mark.item("6.3.charts")
def test_defects_and_defects_per_unit() -> None:
    chart = c_chart([4, 0, 5])
    assert (chart.center, chart.upper[0]) == (3.0, pytest.approx(3 + 3 * sqrt(3)))
    assert chart.lower[0] == 0.0
    per_unit = u_chart([4, 2], [2, 0.5])
    assert per_unit.points.tolist() == [2.0, 4.0]
    assert per_unit.center == pytest.approx(2.4)
    assert per_unit.upper[1] == pytest.approx(2.4 + 3 * sqrt(2.4 / 0.5))


@pytest.mark.item("6.3.charts")
def test_false_alarms_of_counts_are_those_of_their_own_distribution() -> None:
    # Center 3, limits 0 and 8.196: nine or more of a Poisson distribution of mean 3.
    assert beyond_chance(c_chart([4, 0, 5]), 1) == pytest.approx(0.0038, abs=5e-5)
    assert beyond_chance(u_chart([4, 2], [2, 2]), 2) == pytest.approx(
        beyond_chance(c_chart([4, 2]), 1)
    )
    # Half of 16: limits 2 and 14, so 0, 1, 15 and 16 of 2^16.
    even = 2 * (1 + 16) / 2**16
    assert beyond_chance(np_chart([8, 8], 16), 16) == pytest.approx(even)
    assert beyond_chance(p_chart([8, 8], [16, 16]), [16, 16]) == pytest.approx(even)
    with pytest.raises(MalformedChart, match="expected a chart of counts"):
        beyond_chance(individuals([1.0, 2.0]).location, 1)


@pytest.mark.item("6.3.capability")
def test_a_one_sided_tolerance_has_no_cp_and_no_zero() -> None:
    found = performance(HONEST, Tolerance(upper=10.4))
    assert (found.pp, found.cpm) == (None, None)
    assert found.ppk.value == pytest.approx((10.4 - HONEST.mean()) / (3 * HONEST.std(ddof=1)))
    # A lower limit of 0 is one, far away as it is.
    assert performance(HONEST, Tolerance(0.0, 10.4)).pp is not None


@pytest.mark.item("6.3.capability")
def test_intervals_hold_what_they_promise() -> None:
    """19 of 20 intervals hold the true index, but for the chance of so many studies."""
    generator = np.random.default_rng(12)
    tolerance, held = Tolerance(-4.0, 5.0), {"pp": 0, "ppk": 0, "cpm": 0, "cpk": 0}
    studies = 300
    true = {"pp": 1.5, "ppk": 4 / 3, "cpm": 1.5 / sqrt(1.25), "cpk": 4 / 3}
    for _ in range(studies):
        found = study(generator.standard_normal(60), tolerance)
        assert found.performance is not None
        assert found.capability is not None
        every = {
            "pp": found.performance.pp,
            "ppk": found.performance.ppk,
            "cpm": found.performance.cpm,
            "cpk": found.capability.cpk,
        }
        for name, one in every.items():
            assert one is not None
            held[name] += one.lower <= true[name] <= one.upper
    least, most = binom.interval(0.998, studies, 0.95)
    assert all(least <= count <= most for count in held.values()), (held, least, most)


@pytest.mark.item("6.3.capability")
def test_intervals_of_proportions() -> None:
    found = wilson(0, 20)
    assert (found.lower, round(found.upper, 2)) == (0.0, 0.16)
    # Newcombe's table of 1998: 81 of 263 is 0.2553 to 0.3662.
    assert (round(wilson(81, 263).lower, 4), round(wilson(81, 263).upper, 4)) == (0.2553, 0.3662)
    assert jeffreys(20, 20).upper == 1.0
    # Beta(5.5, 5.5) is symmetrical.
    half = jeffreys(5, 10)
    assert half.lower + half.upper == pytest.approx(1.0)
    assert 0.2 < half.lower < 0.25


@pytest.mark.item("6.3.warnings")
def test_an_unstable_process_is_warned_of_and_a_stable_one_is_not() -> None:
    shifted = np.concatenate([HONEST[:100], HONEST[100:] + 0.2])
    assert study(HONEST).is_stable
    unstable = study(shifted)
    assert not unstable.is_stable
    assert {"process-unstable", "values-follow-one-another"} <= {w.code for w in unstable.warnings}


@pytest.mark.item("6.3.warnings")
def test_one_value_far_away_is_enough() -> None:
    values = HONEST[:30].copy()
    values[10] += 0.8
    assert not study(values).is_stable


@pytest.mark.item("6.3.warnings")
@pytest.mark.parametrize("rule", sorted(set(Rule) - {Rule.N1, Rule.WE1}))
def test_one_subgroup_far_away_is_enough_whatever_rules_were_asked_for(rule: Rule) -> None:
    values = HONEST.copy()
    assert study(values, subgroup=5, rules=(rule,)).is_stable
    values[50:55] += 1.0
    found = study(values, subgroup=5, rules=(rule,))
    assert not found.is_stable
    assert "from the center line" in found.warnings[0].en


@pytest.mark.item("6.3.warnings")
def test_values_of_another_distribution_are_warned_of() -> None:
    codes = {w.code for w in study(np.exp(10 * (HONEST - 10))).warnings}
    assert "not-normal" in codes
    assert "not-normal" not in {w.code for w in study(HONEST).warnings}


@pytest.mark.item("6.3.warnings")
def test_stable_normal_values_are_called_unstable_no_more_often_than_stated() -> None:
    generator = np.random.default_rng(13)
    codes = [
        warning.code
        for _ in range(300)
        for warning in study(generator.standard_normal(100)).warnings
    ]
    assert codes.count("process-unstable") <= 0.05 * 300 + 11
    assert codes.count("not-normal") <= 0.05 * 300 + 11
    assert codes.count("values-follow-one-another") <= 0.01 * 300 + 5


def test_few_values_are_warned_of() -> None:
    assert "few-values" in {warning.code for warning in study(HONEST[:24]).warnings}
    assert "few-values" not in {warning.code for warning in study(HONEST[:25]).warnings}


@pytest.mark.item("6.3.gage")
def test_gage_study_by_analysis_of_variance_is_the_published_one() -> None:
    found = gage_by_anova(measured())
    assert found.is_pooled
    assert round(found.repeatability, 6) == 0.199933
    assert round(found.reproducibility, 6) == 0.226838
    assert round(found.gage, 6) == 0.302372
    assert round(found.parts, 6) == 1.042327
    assert (round(100 * found.share_of_study, 1), found.distinct) == (27.9, 4)


@pytest.mark.item("6.3.gage")
def test_gage_study_by_averages_and_ranges_is_the_published_one() -> None:
    found = gage_by_ranges(measured())
    assert round(found.repeatability, 4) == 0.2019
    assert round(found.reproducibility, 4) == 0.2297
    assert round(found.gage, 4) == 0.3058
    assert round(found.parts, 4) == 1.1045
    assert round(found.total, 3) == 1.146
    assert found.distinct == 5


@pytest.mark.item("6.3.gage")
def test_an_interaction_is_kept_where_there_is_one() -> None:
    cube = measured() + np.array([[[0.4], [-0.4], [0.0]], [[-0.4], [0.4], [0.0]]] * 5)
    found = gage_by_anova(cube)
    assert not found.is_pooled
    assert found.interaction > found.repeatability
    assert [row.source for row in found.table] == [
        "part",
        "operator",
        "operator by part",
        "repeatability",
    ]


@pytest.mark.item("6.3.gage")
def test_rows_of_a_gage_study_are_arranged_or_the_gap_is_named() -> None:
    parts, operators = ["1", "1", "2", "2"] * 2, ["A"] * 4 + ["B"] * 4
    values = [1.0, 1.1, 2.0, 2.1, 1.2, 1.3, 2.2, 2.3]
    cube = arrange(parts, operators, values=values)
    assert cube.tolist() == [[[1.0, 1.1], [1.2, 1.3]], [[2.0, 2.1], [2.2, 2.3]]]
    with pytest.raises(MalformedChart, match="part 2, operator B: expected 2 trials, found 1"):
        arrange(parts[:-1], operators[:-1], values=values[:-1])


ROWS: dict[str, Callable[[Any], object]] = {
    "describe": describe,
    "autocorrelation": autocorrelation,
    "individuals": individuals,
    "ewma": lambda v: ewma(v, process=Process(0.0, 1.0)),
    "cusum": lambda v: cusum(v, process=Process(0.0, 1.0)),
    "c_chart": c_chart,
    "p_chart": lambda v: p_chart(v, 10),
    "performance": lambda v: performance(v, Tolerance(0.0, 1.0)),
    "anderson_darling": anderson_darling,
    "study": study,
}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize(
    "values",
    [[1.0, nan, 2.0], [1.0, inf, 2.0], [1.0, 1e200], [1.0, None], ["1", "2"], [True, [2]]],
    ids=["nan", "inf", "huge", "none", "text", "ragged"],
)
def test_what_is_no_finite_number_is_refused_by_name(name: str, values: object) -> None:
    with pytest.raises(ValuesNotFinite, match="expected"):
        ROWS[name](values)


@pytest.mark.parametrize("name", ROWS)
def test_nothing_follows_from_nothing(name: str) -> None:
    with pytest.raises(TooFewValues, match="expected at least"):
        ROWS[name]([])


@pytest.mark.parametrize(
    "name", sorted(ROWS.keys() - {"describe", "ewma", "cusum", "c_chart", "p_chart"})
)
def test_equal_values_have_no_spread_to_divide_by(name: str) -> None:
    with pytest.raises(NoVariation, match="expected"):
        ROWS[name]([0.1] * 10)


@pytest.mark.parametrize("name", sorted(ROWS.keys() - {"ewma", "cusum"}))
def test_one_value_is_too_few(name: str) -> None:
    with pytest.raises(TooFewValues):
        ROWS[name]([1.0])


#: Two operators of whom each reads high where the other reads low, and both always the same.
CROSSED = [[[0, 0], [1, 1]], [[1, 1], [0, 0]]]


@pytest.mark.item("6.3.gage")
def test_an_interaction_alone_is_all_of_the_variance_by_analysis_of_variance() -> None:
    found = gage_by_anova(CROSSED)
    assert (found.share_of_study, found.share_of_variance) == (1.0, 1.0)


WRONG: dict[str, tuple[type[StatisticsError], Callable[[], object]]] = {
    "limits crossed": (MalformedLimits, lambda: Tolerance(2.0, 1.0)),
    "limits equal": (MalformedLimits, lambda: Tolerance(1.0, 1.0)),
    "limit not a number": (MalformedLimits, lambda: Tolerance(nan, 1.0)),
    "no limit": (MalformedLimits, Tolerance),
    "subgroup of one": (MalformedChart, lambda: cut_subgroups(HONEST, 1)),
    "one subgroup": (TooFewValues, lambda: cut_subgroups(HONEST[:9], 5)),
    "ragged subgroups": (ValuesNotFinite, lambda: xbar_r([[1.0, 2.0], [3.0]])),
    "flat subgroups": (NoVariation, lambda: xbar_s([[1.0, 1.0], [2.0, 2.0]])),
    "half a defect": (MalformedChart, lambda: c_chart([1.5, 2.0])),
    "negative defects": (MalformedChart, lambda: c_chart([-1, 2])),
    "more than inspected": (MalformedChart, lambda: p_chart([3, 1], [2, 2])),
    "nothing inspected": (MalformedChart, lambda: u_chart([3, 1], [2, 0])),
    "more units than a sample has": (MalformedChart, lambda: u_chart([3, 1], [2, 1e13])),
    "more defects than are counted": (MalformedChart, lambda: c_chart([3, 1e13])),
    "no defect at all": (NoVariation, lambda: np_chart([0, 0], 5)),
    "all defective": (NoVariation, lambda: np_chart([5, 5], 5)),
    "weight of zero": (MalformedChart, lambda: ewma([1.0], process=Process(0, 1), weight=0.0)),
    "no deviation": (NoVariation, lambda: cusum([1.0], process=Process(0, 0))),
    "size of one": (MalformedChart, lambda: constants_of(1)),
    "no range": (MalformedChart, lambda: range_divisor(2, 0)),
    "no degrees": (MalformedChart, lambda: cp_interval(1.0, 0)),
    "one value": (MalformedChart, lambda: cpk_interval(1.0, 1, degrees=1)),
    "one value of Cpm": (MalformedChart, lambda: cpm_interval(1.0, 1, offset=0.0)),
    "more found than looked at": (MalformedChart, lambda: wilson(3, 2)),
    "certainty": (MalformedChart, lambda: jeffreys(1, 2, confidence=1.0)),
    "no rules": (MalformedChart, lambda: study(HONEST, rules=())),
    "gage of two dimensions": (MalformedChart, lambda: gage_by_anova([[1.0, 2.0]])),
    "gage of one operator": (TooFewValues, lambda: gage_by_ranges(measured()[:, :1])),
    "gage that never moves": (NoVariation, lambda: gage_by_anova(np.ones((2, 2, 2)))),
    "gage of an interaction alone": (NoVariation, lambda: gage_by_ranges(CROSSED)),
    "gage of nothing": (MalformedChart, lambda: gage_by_anova([])),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_makes_no_statistic_is_refused_by_name(name: str) -> None:
    error, call = WRONG[name]
    with pytest.raises(error, match="expected"):
        call()


@pytest.mark.item("6.3.sources")
@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.stem)
def test_every_public_function_names_its_source(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    methods = [node for top in tree.body if isinstance(top, ast.ClassDef) for node in top.body]
    for node in [*tree.body, *methods]:
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
            continue
        is_property = any(ast.unparse(mark) == "property" for mark in node.decorator_list)
        if not is_property:
            assert "\nSource: " in (ast.get_docstring(node) or ""), node.name
