"""The plan of a lot: tables with arrows, c = 0, reduced, the whole lot."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest

from quality.errors import NoSamplingPlan
from quality.sampling.c_zero import c_zero_plan, limiting_units
from quality.sampling.plan import Plan, Severity, plan_for, whole_lot_plan
from quality.sampling.specified import (
    ClassSampling,
    class_plans,
    specified_sampling,
    specified_severities,
)

_DEFAULTS = {
    "critical": ClassSampling("c=0", "II", Decimal("0.65")),
    "major": ClassSampling("c=0", "II", Decimal("1.0")),
    "minor": ClassSampling("c=0", "II", Decimal("2.5")),
}


def _plan(lot: int, aql: str, severity: Severity = Severity.NORMAL) -> Plan:
    return plan_for(lot, level="II", aql=Decimal(aql), severity=severity)


@pytest.mark.item("6.2")
@pytest.mark.item("6.done.tables-alone")
@pytest.mark.parametrize(
    ("lot", "aql", "severity", "expected"),
    [
        (2400, "2.5", "normal", ("K", "K", "none", 125, 7, 8)),
        (2400, "2.5", "tightened", ("K", "K", "none", 125, 5, 6)),
        (500, "0.65", "normal", ("H", "J", "down", 80, 1, 2)),
        (120, "1.0", "normal", ("F", "E", "up", 13, 0, 1)),
        (200, "1.0", "normal", ("G", "H", "down", 50, 1, 2)),
        (8, "2.5", "normal", ("A", "C", "down", 5, 0, 1)),
    ],
)
def test_a_known_plan(
    lot: int, aql: str, severity: str, expected: tuple[str, str, str, int, int, int]
) -> None:
    plan = _plan(lot, aql, Severity(severity))
    found = (plan.letter_asked, plan.letter_used, plan.arrow, plan.sample, plan.accept, plan.reject)
    assert found == expected
    assert not plan.whole_lot


@pytest.mark.item("6.2.whole-lot")
@pytest.mark.parametrize(("lot", "is_whole"), [(50, True), (51, False)])
def test_a_sample_that_is_no_smaller_than_the_lot_is_the_whole_lot(
    lot: int, is_whole: bool
) -> None:
    plan = plan_for(lot, level="III", aql=Decimal("0.25"))
    assert (plan.whole_lot, plan.sample) == (is_whole, min(lot, 50))
    assert (plan.accept, plan.reject) == (0, 1)


@pytest.mark.item("6.2.whole-lot")
def test_the_whole_lot_may_be_asked_for() -> None:
    plan = whole_lot_plan(2400)
    assert (plan.standard, plan.sample, plan.accept, plan.whole_lot) == ("100 %", 2400, 0, True)
    with pytest.raises(NoSamplingPlan, match="found 0"):
        whole_lot_plan(0)


@pytest.mark.item("6.2.reduced")
def test_reduced_is_only_behind_its_severity_and_says_whose_table_it_is() -> None:
    reduced = _plan(2400, "2.5", Severity.REDUCED)
    assert (reduced.label, reduced.sample, reduced.accept, reduced.reject) == (
        "MIL-STD-105E II-C",
        50,
        3,
        6,
    )
    assert reduced.has_gap
    assert _plan(2400, "2.5").label == "ISO 2859-1"
    assert _plan(2400, "2.5") == plan_for(2400, level="II", aql=Decimal("2.5"))


def test_while_inspection_is_discontinued_only_the_whole_lot_can_be_inspected() -> None:
    for make in (plan_for, c_zero_plan):
        plan = make(2400, level="II", aql=Decimal("2.5"), severity=Severity.DISCONTINUED)
        assert plan.whole_lot
        assert plan.severity is Severity.DISCONTINUED


# Acceptance number zero.


def _exact(accept: int, *, sample: int, defective: int, lot: int) -> Fraction:
    ways = (
        math.comb(defective, count) * math.comb(lot - defective, sample - count)
        for count in range(accept + 1)
    )
    return Fraction(sum(ways), math.comb(lot, sample))


@pytest.mark.item("6.2.c0")
@pytest.mark.parametrize("severity", [Severity.NORMAL, Severity.TIGHTENED])
@pytest.mark.parametrize(("lot", "aql"), [(2400, "2.5"), (500, "0.65"), (120, "1.0"), (8, "4.0")])
def test_c_zero_is_the_smallest_sample_that_protects_as_the_table_does(
    lot: int, aql: str, severity: Severity
) -> None:
    """By exact fractions: of all defectives and of all samples the first that will do."""
    model = _plan(lot, aql, severity)
    limit = next(
        units
        for units in range(lot + 1)
        if _exact(model.accept, sample=model.sample, defective=units, lot=lot) <= Fraction(1, 10)
    )
    assert limiting_units(model) == limit
    sample = next(
        size
        for size in range(lot + 1)
        if _exact(0, sample=size, defective=limit, lot=lot) <= Fraction(1, 10)
    )
    plan = c_zero_plan(lot, level="II", aql=Decimal(aql), severity=severity)
    assert (plan.sample, plan.accept, plan.reject) == (sample, 0, 1)
    assert plan.whole_lot == (sample == lot)


@pytest.mark.item("6.2.c0")
def test_c_zero_tightened_never_takes_a_smaller_sample() -> None:
    for lot in (5, 90, 1200, 35_000, 1_000_000_000):
        normal, tightened = (
            c_zero_plan(lot, level="II", aql=Decimal("1.0"), severity=severity).sample
            for severity in (Severity.NORMAL, Severity.TIGHTENED)
        )
        assert normal <= tightened


def test_c_zero_counts_units_so_no_aql_above_ten() -> None:
    assert c_zero_plan(500, level="II", aql=Decimal(10)).accept == 0
    with pytest.raises(NoSamplingPlan, match=r"at most 10.*found 15"):
        c_zero_plan(500, level="II", aql=Decimal(15))


# What a specification asks for


def _characteristic(special: str, **sampling: str) -> dict[str, object]:
    return (
        {"number": "10", "class": special, "sampling": sampling}
        if sampling
        else {
            "number": "10",
            "class": special,
        }
    )


@pytest.mark.item("6.2.c0")
def test_c_zero_is_the_default_with_and_without_a_specification() -> None:
    for specification in (None, {"characteristics": [_characteristic("none")]}):
        plans = class_plans(2400, specified_sampling(specification, defaults=_DEFAULTS))
        assert [plan.standard for plan in plans.values()] == ["c=0"] * 3


@pytest.mark.item("6.2.c0")
@pytest.mark.parametrize(
    ("special", "standards"),
    [
        ("none", ["c=0", "ISO 2859-1", "ISO 2859-1"]),
        ("SC", ["c=0", "c=0", "c=0"]),
        ("CC", ["c=0", "c=0", "c=0"]),
    ],
)
def test_the_tables_are_used_where_asked_but_never_for_what_is_special_or_critical(
    special: str, standards: list[str]
) -> None:
    asked = _characteristic(special, standard="ISO 2859-1", level="II", aql="2.5")
    sampling = specified_sampling({"characteristics": [asked]}, defaults=_DEFAULTS)
    plans = class_plans(2400, sampling, severities={"major": Severity.TIGHTENED})
    assert [plan.standard for plan in plans.values()] == standards
    assert plans["major"].severity is Severity.TIGHTENED
    assert plans["minor"].severity is Severity.NORMAL


@pytest.mark.item("6.2.c0")
def test_a_table_asked_for_the_class_critical_by_the_parameters_is_c_zero_all_the_same() -> None:
    asked = {name: ClassSampling("ISO 2859-1", "II", Decimal("1.0")) for name in _DEFAULTS}
    found = specified_sampling(None, defaults=asked)
    assert [one.standard for one in found.values()] == ["c=0", "ISO 2859-1", "ISO 2859-1"]


def test_of_several_characteristics_the_most_demanding_governs_its_class() -> None:
    characteristics = [
        _characteristic("none", standard="ISO 2859-1", level="II", aql="2.5"),
        _characteristic("none", standard="ISO 2859-1", level="II", aql="0.65"),
        _characteristic("SC", standard="100 %"),
    ]
    found = specified_sampling({"characteristics": characteristics}, defaults=_DEFAULTS)
    assert found["major"].standard == "100 %"
    assert found["minor"] == ClassSampling("ISO 2859-1", "II", Decimal("0.65"))
    assert class_plans(2400, found)["major"].whole_lot


def test_a_specification_may_name_the_severity_to_start_with() -> None:
    characteristics = [
        _characteristic("none", standard="c=0", severity="reduced"),
        _characteristic("SC", standard="c=0", severity="tightened"),
    ]
    assert specified_severities({"characteristics": characteristics}) == {
        "major": Severity.TIGHTENED,
        "minor": Severity.REDUCED,
    }
