"""Every field of an inspection report, what is refused of them by place, and what is flagged."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from quality.agreed_limits import cited_flags, with_agreed_limits
from quality.rules import QualityRules
from tests.quality.examples import HANFENG, LINDQVIST, OEM, Json, changed, example, validator

VCT = "inspection-report/v1"
RULES = QualityRules()
RECORD, OTHER = "r" * 43, "s" * 43


def full() -> dict[str, Json]:
    """A report in which every field of its type stands."""
    groups = example(VCT)
    groups["lot"] |= {
        "site": "HF-1",
        "inspected": {"party": LINDQVIST, "site": "LG-1"},
        "material": "16MnCr5",
        "drawing": "ZJ-10-4",
        "delivery_note": "DN-5",
        "expires_on": "2027-11-02",
        "lots": [
            {"number": "LG-A", "quantity": "300", "manufactured_on": "2026-11-01"},
            {"number": "LG-B", "quantity": "200.0", "expires_on": "2027-11-02"},
        ],
        "shipment": OTHER,
        "resubmission_of": RECORD,
    }
    groups["plan"] |= {"document": "IP-7", "document_revision": "B"}
    groups["plan"]["classes"][1] |= {
        "severity": "normal",
        "letter_used": "J",
        "arrow": "down",
        "sample": 80,
        "defective": 1,
    }
    value = {"cavity": "2", "machine": "CMM-1", "operator": "W3"}
    groups["measurements"]["characteristics"][0]["values"][0] |= value
    groups["measurements"]["characteristics"][0]["gauge"]["resolution"] = "0.001"
    groups["measurements"]["characteristics"][0]["method"] = "two points"
    return groups


def places(groups: dict[str, Json]) -> list[str]:
    """Where a report that its schema admits is refused."""
    assert list(validator(VCT).iter_errors(groups)) == []
    found = RULES.judge(VCT, groups, issuer=HANFENG, roles=frozenset({"supplier"}))
    return [fault.pointer for fault in found]


@pytest.mark.item("6.1")
def test_a_report_with_every_field_is_admitted() -> None:
    assert places(full()) == []


@pytest.mark.item("6.1")
@pytest.mark.parametrize("stage", ["receiving", "outgoing", "in-process", "first-article"])
def test_a_report_says_its_stage(stage: str) -> None:
    assert places(changed(full(), "/verdict/stage", stage)) == []


class Refused(NamedTuple):
    """A value that is allowed and one that is not, in an otherwise equal report."""

    pointer: str
    allowed: Json
    refused: Json
    place: str = ""


REFUSED = [
    Refused("/lot/lots/1/quantity", "200.000", "200.001", "/lot/lots"),
    Refused("/lot/lots/1/number", "LG-C", "LG-A"),
    Refused("/lot/lots/1/manufactured_on", "2027-11-02", "2027-11-03", "/lot/lots/1/expires_on"),
    Refused("/lot/expires_on", "2026-11-02", "2026-11-01"),
    Refused("/lot/inspected/party", LINDQVIST, OEM),
    Refused("/lot/resubmission_of", RECORD, OTHER),
    Refused("/measurements/characteristics/0/gauge/resolution", "0.001", "0"),
    Refused("/disposition/mrb/decided_at", "2026-11-18T00:00:00Z", "2026-11-17T23:59:59Z"),
    Refused("/plan/standard", "skip-lot", "c=0", "/plan/classes/1/accept"),
]


@pytest.mark.item("6.1.refused")
@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.pointer)
def test_what_is_malformed_is_refused_by_its_place(case: Refused) -> None:
    assert places(changed(full(), case.pointer, case.allowed)) == []
    found = places(changed(full(), case.pointer, case.refused))
    assert found[0] == (case.place or case.pointer)


@pytest.mark.item("6.bad.negative")
@pytest.mark.parametrize(
    "pointer",
    [
        "/lot/quantity",
        "/lot/lots/0/quantity",
        "/disposition/quantity",
        "/disposition/deviation/quantity",
    ],
)
def test_a_negative_quantity_is_refused_by_its_place(pointer: str) -> None:
    assert pointer in places(changed(full(), pointer, "-1"))
    assert pointer in places(changed(full(), pointer, "0"))


@pytest.mark.item("6.1.refused")
def test_the_receiver_does_not_inspect_itself() -> None:
    groups = changed(full(), "/lot/supplier", ...)
    assert places(groups) == []
    assert places(changed(groups, "/lot/inspected/party", HANFENG)) == ["/lot/inspected/party"]


@pytest.mark.item("6.1.refused")
def test_a_correction_is_no_resubmission_of_the_record_that_it_corrects() -> None:
    manifest = {"corrects": OTHER}
    assert RULES.find_faults(VCT, {**full(), "manifest": manifest}) == ()
    (fault,) = RULES.find_faults(VCT, {**full(), "manifest": {"corrects": RECORD}})
    assert fault.pointer == "/lot/resubmission_of"


# Plans beside the tables.


def planned(**members: Json) -> dict[str, Json]:
    """500 units at level II and AQL 0.65: H, by the arrow J with 80, 1 and 2."""
    groups = {name: example(VCT)[name] for name in ("verdict", "lot", "plan")}
    groups["plan"]["classes"] = [{"class": "major", "aql": "0.65", "accept": 1, "reject": 2}]
    groups["plan"] |= members
    return groups


def classed(**members: Json) -> dict[str, Json]:
    """The same plan with members of its class changed."""
    (one,) = planned()["plan"]["classes"]
    return planned(classes=[one | members])


@pytest.mark.item("6.bad.ac-re")
@pytest.mark.parametrize(
    ("groups", "place"),
    [
        (classed(accept=2, reject=3), "/plan/classes/0/accept"),
        (classed(reject=3), "/plan/classes/0/reject"),
        (classed(accept=0, reject=1), "/plan/classes/0/accept"),
        (classed(letter_used="H"), "/plan/classes/0/letter_used"),
        (classed(arrow="up"), "/plan/classes/0/arrow"),
        (classed(sample=50), "/plan/classes/0/sample"),
        (classed(aql="0.7"), "/plan/classes/0/aql"),
        (planned(letter_asked="J"), "/plan/letter_asked"),
        (planned(letter_used="H"), "/plan/letter_used"),
        (planned(sample=50), "/plan/sample"),
        (planned(level="III"), "/plan/letter_asked"),
        (planned(severity="tightened"), "/plan/letter_used"),
    ],
)
def test_a_hand_typed_plan_that_contradicts_the_tables_is_refused(
    groups: dict[str, Json], place: str
) -> None:
    assert places(planned()) == []
    assert place in places(groups)


@pytest.mark.item("6.bad.ac-re")
def test_the_fault_names_the_right_plan() -> None:
    found = RULES.find_faults(VCT, classed(accept=2, reject=3))
    words = "the plan being J by the arrow from H at AQL 0.65, normal: n = 80, Ac 1, Re 2"
    assert [(fault.expected, fault.found) for fault in found] == [
        (f"1, {words}", "2"),
        (f"2, {words}", "3"),
    ]


@pytest.mark.item("6.bad.ac-re")
@pytest.mark.parametrize("standard", ["contract", "ISO 3951"])
def test_a_plan_that_no_table_here_knows_is_not_compared(standard: str) -> None:
    assert places(planned(standard=standard, sample=50)) == []


@pytest.mark.item("6.bad.ac-re")
def test_where_no_severity_is_stated_the_plan_is_the_normal_or_the_tightened_one() -> None:
    stated = planned(severity=...)["plan"] | {"sample": 125, "letter_asked": "K"}
    one = {"class": "major", "aql": "2.5"}
    for numbers, refused in (((7, 8), []), ((5, 6), []), ((6, 7), ["accept", "reject"])):
        of_class = one | {"accept": numbers[0], "reject": numbers[1]}
        groups = planned(**{**stated, "letter_used": "K", "classes": [of_class]})
        del groups["plan"]["severity"]
        groups["lot"]["quantity"] = "2400"
        assert places(groups) == [f"/plan/classes/0/{name}" for name in refused]


@pytest.mark.item("6.2.reduced")
@pytest.mark.parametrize(("standard", "refused"), [("MIL-STD-105E", True), ("ISO 2859-1", False)])
def test_a_reduced_plan_is_compared_with_the_table_that_is_known_alone(
    standard: str, refused: bool
) -> None:
    groups = planned(standard=standard, severity="reduced")
    assert bool(places(groups)) == refused


@pytest.mark.item("6.2.c0")
def test_the_class_critical_has_acceptance_number_zero_whatever_the_table_says() -> None:
    for name, refused in (("critical", False), ("major", True)):
        zero = {"class": name, "aql": "0.65", "accept": 0, "reject": 1}
        assert bool(places(planned(classes=[zero]))) == refused


@pytest.mark.item("6.2.c0")
def test_a_class_with_a_sample_of_its_own_and_no_letter_is_inspected_beside_the_tables() -> None:
    assert places(classed(accept=0, reject=1, sample=47)) == []
    assert places(classed(accept=0, reject=1, sample=47, letter_used="J")) != []


@pytest.mark.item("6.2.c0")
@pytest.mark.parametrize(("accept", "refused"), [(0, False), (1, True)])
def test_under_c_zero_no_other_acceptance_number_may_be_typed(accept: int, refused: bool) -> None:
    one = {"class": "minor", "aql": None, "accept": accept, "reject": accept + 1}
    assert bool(places(planned(standard="c=0", classes=[one]))) == refused


@pytest.mark.item("6.2.whole-lot")
def test_the_whole_lot_is_the_whole_lot() -> None:
    whole = {"standard": "100 %", "sample": 500, "whole_lot": True}
    assert places(planned(**whole)) == []
    assert places(planned(**whole | {"whole_lot": False})) == ["/plan/whole_lot"]
    assert places(planned(**whole | {"sample": 499})) == ["/plan/sample"]


def test_a_lot_that_a_draw_skipped_was_not_inspected() -> None:
    skipped = {"standard": "skip-lot", "sample": 0, "skipped_by": RECORD}
    assert places(planned(**skipped)) == []
    assert places(planned(**skipped | {"standard": "contract"})) == ["/plan/standard"]
    assert places(planned(**skipped | {"sample": 5})) == ["/plan/sample"]


# True but bad.


@pytest.mark.item("6.1.flagged")
def test_what_is_true_but_bad_is_admitted_and_flagged() -> None:
    groups = changed(full(), "/lot/expires_on", "2026-11-19")
    assert places(groups) == []
    assert "shelf-life-over" in [flag.code for flag in RULES.flags(VCT, groups)]
    assert "shelf-life-over" not in [flag.code for flag in RULES.flags(VCT, full())]


SPECIFICATION: Json = {
    "characteristics": [
        {
            "number": "D1",
            "nominal": "25.4",
            "lower": "25",
            "upper": "26",
            "unit": "MMT",
            "plausible": {"from": "20", "to": "30"},
        }
    ]
}


def beside(value: str, *, unit: str = "MMT", is_summary: bool = False) -> list[str]:
    """The flags of one rejected value beside the specification that it cites."""
    one: Json = {"id": "D1", "class": "none", "unit": unit}
    group = "summary" if is_summary else "measurements"
    said = {"minimum": value, "maximum": value} if is_summary else {"values": [{"value": value}]}
    groups = {"verdict": {"decision": "reject"}, group: {"characteristics": [one | said]}}
    flags = (
        *RULES.flags(VCT, with_agreed_limits(groups, SPECIFICATION)),
        *cited_flags(groups, SPECIFICATION),
    )
    return [flag.code for flag in flags]


@pytest.mark.item("6.bad.implausible")
@pytest.mark.parametrize("is_summary", [False, True])
@pytest.mark.parametrize(
    ("value", "unit", "codes"),
    [
        ("25.4", "MMT", []),
        ("254", "MMT", ["value-implausible"]),
        ("1.0", "in", ["unit-differs"]),
        ("25.4", "in", ["value-implausible", "unit-differs"]),
    ],
)
def test_a_value_outside_the_plausible_range_of_the_specification_is_flagged_in_any_unit(
    value: str, unit: str, codes: list[str], *, is_summary: bool
) -> None:
    assert sorted(beside(value, unit=unit, is_summary=is_summary)) == sorted(codes)


@pytest.mark.item("6.bad.units")
def test_a_unit_of_another_quantity_than_the_specification_is_flagged() -> None:
    assert beside("25.4", unit="kg") == ["unit-differs"]


@pytest.mark.item("6.bad.implausible")
@pytest.mark.parametrize(
    ("unit", "good", "bad"), [("mm", "0", "-0.1"), ("kg", "0", "-1"), ("CEL", "-273.15", "-274")]
)
def test_a_value_that_its_unit_forbids_is_flagged(unit: str, good: str, bad: str) -> None:
    def flags(value: str) -> list[str]:
        one = {"id": "D1", "unit": unit, "nominal": "20", "values": [{"value": value}]}
        groups = {"measurements": {"characteristics": [one]}}
        return [flag.code for flag in RULES.flags(VCT, groups)]

    assert (flags(good), flags(bad)) == ([], ["value-implausible"])


@pytest.mark.item("6.bad.implausible")
def test_a_deviation_may_be_negative() -> None:
    one: Json = {"id": "P1", "unit": "mm", "values": [{"value": "-0.01"}]}
    for limits in ({"lower": "-0.02", "upper": "0.02"}, {}):
        groups = {"measurements": {"characteristics": [one | limits]}}
        assert RULES.flags(VCT, groups) == ()
