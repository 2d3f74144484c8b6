"""Every QIF sample, value by value, against what was read from the document by eye."""

from __future__ import annotations

import pytest

from quality.readers.model import Characteristic, Event, Fault, Note, Part, Reading, Summary
from quality.readers.qif import read_qif
from tests.quality.readers.told import of
from tests.vectors import vectors_dir

pytestmark = [pytest.mark.item("6.done.qif"), pytest.mark.item("6.5.qif")]


def sample(name: str) -> list[Event]:
    """The events of a sample, which has no fault."""
    events = list(read_qif([(vectors_dir() / "quality" / "qif" / name).read_bytes()]))
    assert of(Fault, events) == []
    return events


def a_characteristic(key: str, number: str, *limits: str | None, **others: str) -> Characteristic:
    """One of the coordinate measuring machine: name as number, millimetres, nominal and limits."""
    nominal, lower, upper = limits or (None, None, None)
    said = {"gauge": "CMM", "name": number, **others}
    return Characteristic(
        *(key, "1", number, said["name"], "mm", nominal, lower, upper),
        lower_natural=said.get("lower_natural"),
        criticality=said.get("criticality"),
        gauge=said["gauge"] or None,
    )


def of_the_machine() -> list[Characteristic]:
    """The characteristics of the coordinate measuring machine's results."""
    return [
        # A zone of 4 around the nominal profile; "a uniform profile zone ±2.0" says its comment.
        a_characteristic("14", "5", None, "-2", "2", criticality="MINOR"),
        a_characteristic("23", "1", "2466.729248046875", None, None, criticality="REF"),
        a_characteristic(
            *("27", "2", "774.26989746093795", "774.06989746093795", "774.46989746093795"),
            criticality="MINOR",
        ),
        a_characteristic(
            "31", "3", None, "944.80274658203086", "945.20274658203095", criticality="MAJOR"
        ),
        # "An offset profile zone +1.0/-0.5": 1.5 wide, 1 of it outside.
        a_characteristic("39", "4", None, "-0.5", "1", criticality="CRITICAL"),
        a_characteristic("47", "6", "10", "9.6", "10.4", criticality="MINOR"),
        a_characteristic(
            *("55", "7", None, None, "1"),
            gauge="GAGE PINS",
            lower_natural="0",
            criticality="CRITICAL",
        ),
        a_characteristic("64", "8", None, "9.6", "10.4", gauge="CALIPERS"),
        a_characteristic("72", "9", None, None, "1", lower_natural="0", criticality="MINOR"),
        a_characteristic("80", "10", "30", None, None, gauge=""),
        a_characteristic(
            *("84", "11", "81.208839738425993", "80.708839738425993", "81.708839738425993"),
            name="DIST1",
        ),
    ]


def test_results_of_a_coordinate_measuring_machine() -> None:
    events = sample("QIF_Results_Sample.qif")
    assert of(Part, events) == [
        Part(
            *("1", "QM_X_123456", "WING_MIR_REENF", "1.02", "#1"),
            order="PO123456",
            supplier="North_Fab",
        )
    ]
    assert of(Characteristic, events) == of_the_machine()
    assert [one[:3] for one in of(Reading, events)] == [
        ("14", 752, "-0.020323885080472"),
        ("23", 763, "2466.9000000000001"),
        ("27", 777, "774.30999999999995"),
        ("31", 791, "944.84000000000003"),
        ("39", 805, "-0.886195693015566"),
        ("47", 816, "9.499476"),
        ("55", 827, "0.897298445619386"),
        ("64", 838, "10.199987999999999"),
        ("72", 849, "1.137681133150095"),
        ("80", 860, "30"),
        ("84", 870, "81.220808617516994"),
    ]
    readings = of(Reading, events)
    assert {one.piece for one in readings} == {"Run 3, Bin 17"}
    assert [one.status for one in readings] == [
        *("pass", "basic", "pass", "pass", "fail", "fail"),
        *("pass", "pass", "fail", "basic", "pass"),
    ]
    assert [one.characteristic for one in readings if one.remark == "1234"] == ["39", "47", "72"]
    assert of(Note, events) == [
        Note("inspecting-organization", "Origin International"),
        Note("supplier-code", "North_Fab"),
        Note("purchase-order", "PO123456"),
        Note("report-number", "QIF 1"),
        Note("inspection-scope", "DETAIL"),
        Note("inspection-mode", "FAI_Full"),
        Note("report-preparer", "John Doe"),
        Note("report-prepared-at", "2014-07-30T11:14:06"),
        Note("version", "2.0.0"),
    ]


def test_a_first_article_inspection() -> None:
    events = sample("mitutoyo_statistics_first_article_inspection_sample.qif")
    assert of(Part, events) == [
        Part(
            *("1", "9876543", "Widget"),
            drawing="12345",
            order="1",
            customer="Customer Corporation, Inc.",
        )
    ]
    # Both items have the designator C, which is no number then; no unit is declared. The limits
    # are said to be relative and are not: 2.000 would have to lie from 3.8 to 4.2.
    assert of(Characteristic, events) == [
        Characteristic("5", "1", "Diameter #1", "Diameter #1", None, "2.000", "1.800", "2.200"),
        Characteristic("6", "1", "Diameter #2", "Diameter #2", None, "3.000", "2.800", "3.200"),
    ]
    process = {"piece": "1ABC-DEFG", "machine": "214-West"}
    assert [one._asdict() for one in of(Reading, events)] == [
        Reading("5", 96, "2.001", status="pass", remark="0")._asdict()
        | {**process, "process": "Drill: Tool # 1"},
        Reading("6", 120, "3.234", status="fail", remark="1")._asdict()
        | {**process, "process": "Drill: Tool # 2"},
    ]
    assert of(Note, events) == [
        *(
            Note(
                "tolerance",
                f"line {line}, Tolerance: taken as absolute limits, for relative ones would "
                f"exclude {target}",
            )
            for line, target in ((35, "2.000"), (43, "3.000"))
        ),
        Note("FirstArticleStudyResults", "FAIL; InSpecRatio 0.5"),
        Note("version", "2.0.0"),
        Note("inspecting-organization", "Supplier Corporation, Inc."),
        Note("customer-organization", "Customer Corporation, Inc."),
        Note("purchase-order", "1"),
        Note("report-number", "0001-00002"),
        Note("inspection-start", "2014-06-03T13:47:30Z"),
        Note("report-preparer", "John Smith"),
        Note("report-prepared-at", "2014-06-03T13:47:30Z"),
    ]


def test_a_study_of_two_values() -> None:
    events = sample("mitutoyo_statistics_sample.qif")
    assert of(Part, events) == [Part("")]
    assert of(Characteristic, events) == [
        Characteristic(
            *("3", "", "Diameter #1", "Diameter #1", None, "2.000", "1.800", "2.200"),
            gauge="1234-5678",
            gauge_resolution="0.0005",
        )
    ]
    assert of(Reading, events) == [
        Reading("3", 96, "1.999", at="2014-04-01T15:13:44-05:00", status="pass"),
        Reading("3", 115, "2.001", status="pass"),
    ]
    # Its largest value is smaller than its smallest: figures of a document are only shown.
    assert of(Summary, events) == [
        Summary(
            "3",
            (
                *(("TotalNumber", "2"), ("NumberSubgroups", "2"), ("Maximum", "1.999")),
                *(("Minimum", "2.001"), ("Range", "0.002"), ("NumberOutOfTolerance", "0")),
                *(("Cpk", "1.6667"), ("Ppk", "1.3333")),
            ),
        )
    ]
