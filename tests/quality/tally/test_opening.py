"""What a tally is opened with, and the plan that follows from it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from quality.builtin_parameters import builtin_sampling
from quality.errors import MalformedTally
from quality.sampling.parameters import parse_sampling_parameters
from quality.sampling.plan import Severity
from quality.tally.deciding import GO_ON, NOT_ACCEPT, decide
from quality.tally.fold import tally_up
from quality.tally.opening import Grounds, Planned, parse_opening, plan_lot
from quality.tally.severities import InForce
from tests.quality.tally.tallies import defect

pytestmark = pytest.mark.item("6.4")

LOT = {"number": "L-1", "part": "GR-1", "quantity": "2400", "unit": "H87"}
PARAMETERS = parse_sampling_parameters(builtin_sampling().text)
DIAMETER = {
    "number": "D1",
    "name": "outer diameter",
    "class": "none",
    "lower": "9.9",
    "upper": "10.1",
    "unit": "MMT",
}


def opened(**members: Any) -> bytes:
    """A body."""
    return json.dumps({"lot": LOT, "stage": "receiving", **members}).encode()


def planned(
    *characteristics: dict[str, Any], in_force: dict[str, Severity] | None = None, **members: Any
) -> Planned:
    """The plan of a lot of 2,400, by a specification where it has characteristics."""
    specification = {"characteristics": list(characteristics)} if characteristics else None
    grounds = Grounds(2400, PARAMETERS, specification, InForce(in_force or {}))
    return plan_lot(parse_opening(opened(**members)), grounds)


def test_without_anything_said_the_parameters_decide_with_acceptance_number_zero() -> None:
    made = planned()
    assert [one.name for one in made.plan.classes] == ["critical", "major", "minor"]
    assert {(one.standard, one.accept, one.reject) for one in made.plan.classes} == {("c=0", 0, 1)}
    assert made.severities["major"] == ("normal", "default")
    assert set(made.risks["minor"]) == {"en", "zh"}


def test_a_table_is_used_where_the_specification_asks_for_it() -> None:
    sampling = {"standard": "ISO 2859-1", "level": "II", "aql": "2.5"}
    made = planned({**DIAMETER, "sampling": sampling}).plan
    major = made.of_class("major")
    assert major is not None
    assert (major.sample, major.accept, major.reject, major.letter_used) == (125, 7, 8, "K")
    (diameter,) = made.characteristics
    assert (diameter.defect_class, diameter.pieces, diameter.code) == ("major", 125, "DIM")
    assert (diameter.plausible_from, made.is_cited) == ("0", True)


@pytest.mark.parametrize(
    ("members", "in_force", "expected"),
    [
        ({}, {}, ("normal", "default")),
        ({}, {"major": Severity.TIGHTENED}, ("tightened", "in-force")),
        (
            {"severities": {"major": "normal"}},
            {"major": Severity.TIGHTENED},
            ("normal", "stated"),
        ),
    ],
)
def test_the_severity_says_where_it_comes_from(
    members: dict[str, Any], in_force: dict[str, Severity], expected: tuple[str, str]
) -> None:
    made = planned(in_force=in_force, **members)
    assert made.severities["major"] == expected
    major = made.plan.of_class("major")
    assert major is not None
    assert major.severity == expected[0]


def test_tightened_asks_for_more_than_normal() -> None:
    normal, tightened = (
        planned(in_force={"major": one}).plan.of_class("major")
        for one in (Severity.NORMAL, Severity.TIGHTENED)
    )
    assert normal is not None
    assert tightened is not None
    assert tightened.sample > normal.sample


def test_a_special_characteristic_counts_in_the_class_that_it_governs() -> None:
    made = planned({**DIAMETER, "class": "CC"}, {**DIAMETER, "number": "D2", "class": "SC"}).plan
    assert [one.defect_class for one in made.characteristics] == ["critical", "major"]


def test_the_party_may_say_what_a_value_outside_is_counted_as() -> None:
    outside = {"D1": {"class": "minor", "code": "DIM-DIAMETER"}}
    (one,) = planned(DIAMETER, outside=outside).plan.characteristics
    assert (one.defect_class, one.code) == ("minor", "DIM-DIAMETER")
    with pytest.raises(MalformedTally, match="expected numbers of the plan, found 'D9'"):
        planned(DIAMETER, outside={"D9": {}})


def test_a_typed_plan_is_taken_as_it_is() -> None:
    typed = {
        "standard": "contract",
        "sample": 5,
        "whole_lot": False,
        "classes": [
            {"class": "minor", "aql": None, "accept": 1, "reject": 2, "sample": 3},
            {"class": "major", "aql": "1.0", "accept": 0, "reject": 1},
        ],
    }
    made = planned(plan=typed, characteristics=[DIAMETER])
    major, minor = made.plan.classes
    assert (major.sample, major.reject, minor.sample, minor.accept) == (5, 1, 3, 1)
    assert made.severities["major"] == ("normal", "stated")
    assert not made.plan.is_cited
    with pytest.raises(MalformedTally, match="/plan/classes: expected a class"):
        planned(plan={**typed, "classes": []})


TYPED: dict[str, Any] = {"standard": "ISO 2859-1", "sample": 20, "whole_lot": False}


def typed(aql: str | None, **members: Any) -> dict[str, Any]:
    """A plan of one class."""
    one = {"class": "major", "aql": aql, "accept": 1, "reject": 2}
    return {**TYPED, "classes": [{**one, **members}]}


@pytest.mark.parametrize("plan", [None, typed("1.0"), typed("1.0", severity="tightened")])
@pytest.mark.parametrize(
    ("due", "severity"), [("discontinued", "discontinued"), ("normal", "normal")]
)
def test_what_is_discontinued_stays_so_whatever_is_stated(
    plan: dict[str, Any] | None, due: str, severity: str
) -> None:
    stated: dict[str, Any] = {"plan": plan} if plan else {"severities": {"major": "normal"}}
    made = planned(in_force={"major": Severity(due)}, **stated)
    major = made.plan.of_class("major")
    assert major is not None
    if due == "discontinued":
        assert (major.severity, made.severities["major"]) == (severity, (severity, "in-force"))
        assert "discontinued" in made.flags[0]["en"]
        assert decide(made.plan, tally_up(made.plan, ())).decision == NOT_ACCEPT
    else:
        assert (made.severities["major"][1], made.flags) == ("stated", ())


REDUCED: list[dict[str, Any]] = [
    {"severities": {"major": "reduced"}},
    {"plan": typed("1.0", severity="reduced")},
    {"plan": {**typed("1.0"), "severity": "reduced"}},
]


@pytest.mark.parametrize("members", REDUCED)
def test_nobody_reduces_inspection_by_himself(members: dict[str, Any]) -> None:
    made = planned(in_force={"major": Severity.REDUCED}, **members)
    assert made.severities["major"] == ("reduced", "stated")
    for in_force in ({}, {"major": Severity.NORMAL}):
        with pytest.raises(MalformedTally, match="/severities/major: expected reduced only while"):
            planned(in_force=in_force, **members)


def test_a_specification_reduces_no_inspection_either() -> None:
    sampling = {"standard": "ISO 2859-1", "level": "II", "aql": "2.5", "severity": "reduced"}
    one = {**DIAMETER, "sampling": sampling}
    with pytest.raises(MalformedTally, match="found it by specification, and normal in force"):
        planned(one)
    assert planned(one, in_force={"major": Severity.NORMAL, "minor": Severity.NORMAL}).flags == ()


@pytest.mark.parametrize(
    "members", [{"severities": {"major": "normal"}}, {"plan": typed("1.0")}], ids=["drawn", "typed"]
)
def test_a_looser_severity_than_the_one_in_force_is_flagged(members: dict[str, Any]) -> None:
    (flag,) = planned(in_force={"major": Severity.TIGHTENED}, **members).flags
    assert (flag["flag"], flag["class"]) == ("severity-not-in-force", "major")
    assert "normal inspection is stated, tightened inspection is in force" in flag["en"]
    assert "应采用加严" in flag["zh"]
    assert planned(in_force={"major": Severity.NORMAL}, **members).flags == ()


def test_who_is_told_no_severity_is_told_that_it_is_unknown() -> None:
    for is_told, source in ((True, "default"), (False, "unknown")):
        grounds = Grounds(2400, PARAMETERS, None, InForce(is_told=is_told))
        made = plan_lot(parse_opening(opened()), grounds)
        assert made.severities["major"] == ("normal", source)


@pytest.mark.parametrize(("aql", "is_counted"), [("10", False), ("15", True), (None, False)])
def test_a_typed_plan_above_aql_10_counts_nonconformities(
    aql: str | None, is_counted: bool
) -> None:
    made = planned(plan=typed(aql))
    (major,) = made.plan.classes
    assert major.counts_nonconformities is is_counted
    twice = tally_up(made.plan, [(1, defect("1", "major", count=2))])
    assert decide(made.plan, twice).decision == (NOT_ACCEPT if is_counted else GO_ON)
    words = made.risks["major"]["en"]
    assert ("nonconformities per 100 units" in words) is is_counted
    assert words.startswith("n = 20, Ac 1: a ")
    assert "仍有" in made.risks["major"]["zh"]


def test_a_typed_plan_has_risk_words_however_large_it_is() -> None:
    whole = planned(plan=typed(None, sample=9_000))
    assert "all 2400 units are inspected" in whole.risks["major"]["en"]
    percent = planned(plan={**typed("250"), "standard": "c=0"})
    assert percent.risks["major"]["en"].startswith("n = 20, Ac 1: a ")
    assert planned(plan=typed("15", reject=900_000_000)).risks == {}


CITED = {**LOT, "specification": {"id": "SP-1", "revision": "A"}}
BODIES: list[tuple[dict[str, Any], str]] = [
    ({"lots": 1}, "expected members of characteristics, lot, outside, plan, severities, stage"),
    ({"lot": []}, "expected lot and stage"),
    ({"stage": 1}, "expected lot and stage"),
    ({"plan": []}, "/plan: expected an object"),
    ({"characteristics": {}}, "/characteristics: expected an array"),
    ({"lot": CITED, "characteristics": [DIAMETER]}, "expected none beside a specification"),
    ({"severities": {"major": "discontinued"}}, "/severities: expected normal, tightened"),
    ({"severities": {"grave": "normal"}}, "by class, found 'grave'"),
    ({"outside": {"D1": {"class": "grave"}}}, "/outside/D1: expected class"),
    ({"outside": {"D1": {"code": ""}}}, "/outside/D1: expected class"),
]


@pytest.mark.parametrize(("members", "words"), BODIES)
def test_another_form_is_refused_by_its_place(members: dict[str, Any], words: str) -> None:
    with pytest.raises(MalformedTally, match=words):
        parse_opening(opened(**members))
