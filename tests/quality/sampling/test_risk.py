"""What a plan risks, as a number and in words."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.sampling.c_zero import c_zero_plan
from quality.sampling.chances import binomial_at_most, hypergeometric_at_most, poisson_at_most
from quality.sampling.plan import Severity, plan_for, whole_lot_plan
from quality.sampling.risk import passing_chance, risk_words


@pytest.mark.item("6.2.risk")
def test_the_risk_is_told_in_words() -> None:
    plan = plan_for(1200, level="II", aql=Decimal("1.0"))
    assert risk_words(plan) == {
        "en": "n = 80, Ac 2: a 4 % bad lot still passes 37 % of the time",
        "zh": "n = 80, Ac 2：不合格品率 4 % 的批仍有 37 % 的机会被接收",
    }


@pytest.mark.item("6.2.risk")
@pytest.mark.parametrize("aql", ["0.10", "1.0", "6.5", "40"])
@pytest.mark.parametrize("lot", [40, 1200, 35_001, 500_001])
def test_plans_of_an_aql_and_lot_tell_of_the_same_bad_lot(aql: str, lot: int) -> None:
    """Whatever the severity and the level; and a tightened plan passes it no more often."""
    severities = (Severity.REDUCED, Severity.NORMAL, Severity.TIGHTENED)
    plans = [
        plan_for(lot, level=level, aql=Decimal(aql), severity=severity)
        for level in ("I", "II")
        for severity in severities
    ]
    told = {risk_words(plan)["en"].split(": ")[1].partition(" still")[0] for plan in plans}
    assert len(told) == 1


@pytest.mark.item("6.2.risk")
def test_tightened_inspection_passes_the_lot_of_normal_inspection_less_often() -> None:
    normal, tightened = (
        risk_words(plan_for(1200, level="II", aql=Decimal("4.0"), severity=severity))["en"]
        for severity in (Severity.NORMAL, Severity.TIGHTENED)
    )
    assert normal == "n = 80, Ac 7: a 8 % bad lot still passes 69 % of the time"
    assert tightened == "n = 80, Ac 5: a 8 % bad lot still passes 38 % of the time"


@pytest.mark.item("6.2.risk")
def test_in_a_small_lot_the_words_count_units() -> None:
    words = risk_words(plan_for(8, level="II", aql=Decimal("2.5")))
    assert words["en"] == "n = 5, Ac 0: a lot with 1 bad unit in 8 still passes 38 % of the time"
    assert words["zh"] == "n = 5, Ac 0：8 件中有 1 件不合格的批仍有 38 % 的机会被接收"


@pytest.mark.item("6.2.risk")
def test_an_inspected_whole_lot_has_no_risk_of_sampling() -> None:
    assert "all 40 units" in risk_words(whole_lot_plan(40))["en"]
    assert "全检 40 件" in risk_words(whole_lot_plan(40))["zh"]


@pytest.mark.item("6.2.risk")
def test_above_an_aql_of_ten_the_words_tell_of_nonconformities() -> None:
    plan = plan_for(2400, level="II", aql=Decimal(15))
    assert "nonconformities per 100 units" in risk_words(plan)["en"]
    assert "每百件" in risk_words(plan)["zh"]
    assert passing_chance(plan, 0.0) == 1.0
    assert passing_chance(plan, 2.0) < 1e-9


def test_every_plan_has_words_that_never_say_zero_or_a_hundred_percent() -> None:
    for aql in ("0.010", "0.65", "10"):
        for lot in (1, 2, 9, 3200, 10**9):
            for severity in Severity:
                for make in (plan_for, c_zero_plan):
                    plan = make(lot, level="II", aql=Decimal(aql), severity=severity)
                    words = risk_words(plan)
                    assert " 0 %" not in words["en"]
                    assert "passes 100 %" not in words["en"]
                    assert words["zh"].count("%") == words["en"].count("%")


@given(data=st.data())
def test_the_hypergeometric_chance_is_the_exact_one(data: st.DataObject) -> None:
    lot = data.draw(st.integers(1, 200))
    sample, defective = data.draw(st.integers(0, lot)), data.draw(st.integers(0, lot))
    accept = data.draw(st.integers(0, lot))
    ways = sum(
        math.comb(defective, count) * math.comb(lot - defective, sample - count)
        for count in range(min(accept, sample) + 1)
    )
    found = hypergeometric_at_most(accept, sample=sample, defective=defective, lot=lot)
    exact = float(Fraction(ways, math.comb(lot, sample)))
    assert found == pytest.approx(exact, abs=1e-12, rel=1e-9)


@given(st.integers(0, 30), st.integers(1, 100), st.integers(0, 100))
def test_the_binomial_chance_is_the_exact_one(accept: int, sample: int, percent: int) -> None:
    rate = Fraction(percent, 100)
    exact = sum(
        math.comb(sample, count) * rate**count * (1 - rate) ** (sample - count)
        for count in range(min(accept, sample) + 1)
    )
    found = binomial_at_most(accept, sample=sample, rate=float(rate))
    assert found == pytest.approx(float(exact), abs=1e-12, rel=1e-9)


def test_the_poisson_chance_is_the_limit_of_the_binomial() -> None:
    assert poisson_at_most(2, mean=3.0) == pytest.approx(math.exp(-3) * 8.5)


@pytest.mark.parametrize("rate", [-0.01, 1.01])
def test_a_rate_is_from_zero_to_one(rate: float) -> None:
    plan = plan_for(1200, level="II", aql=Decimal("1.0"))
    assert passing_chance(plan, 0.0) == 1.0
    assert passing_chance(plan, 1.0) == 0.0
    with pytest.raises(ValueError, match="expected a defect rate"):
        passing_chance(plan, rate)


def test_a_sample_of_more_than_a_tenth_is_judged_by_what_is_left_of_the_lot() -> None:
    """With one bad unit in eight, five drawn without putting back find it 5 times of 8."""
    assert passing_chance(plan_for(8, level="II", aql=Decimal("2.5")), 0.125) == 0.375
    large = plan_for(100_000, level="II", aql=Decimal("1.0"))
    assert passing_chance(large, 0.02) == binomial_at_most(
        large.accept, sample=large.sample, rate=0.02
    )
