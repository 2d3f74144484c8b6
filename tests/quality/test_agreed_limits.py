"""Limits stand in the specification alone, and are read from there."""

from __future__ import annotations

from typing import Any

import pytest

from quality.agreed_limits import cited_flags, with_agreed_limits
from quality.rules import QualityRules
from quality.values import items

pytestmark = pytest.mark.item("4.4.cited")

VCT = "inspection-report/v1"
SPECIFICATION: dict[str, Any] = {
    "characteristics": [
        {"number": "D1", "nominal": "20.0", "lower": "19.5", "upper": None, "unit": "MMT"}
    ]
}


def inspected(value: str, *, number: str = "D1", unit: str = "MMT") -> dict[str, Any]:
    """An accepted lot with one value, and a specification cited in the place of limits."""
    measured = {"id": number, "class": "none", "unit": unit, "values": [{"value": value}]}
    return {
        "verdict": {"decision": "accept", "stage": "receiving"},
        "measurements": {"characteristics": [measured]},
    }


def flags(groups: Any) -> list[str]:
    """The codes of what is true but bad."""
    return [flag.code for flag in QualityRules().flags(VCT, groups)]


def test_a_value_outside_the_agreed_limits_is_found_as_if_they_were_typed() -> None:
    inside, outside = (
        with_agreed_limits(inspected(value), SPECIFICATION) for value in ("19.5", "19.4")
    )
    assert flags(inside) == []
    assert flags(outside) == ["outside-limits-accepted"]
    (measured,) = items(outside, "measurements", "characteristics")
    assert isinstance(measured, dict)
    assert (measured["nominal"], measured["lower"], measured["upper"]) == ("20.0", "19.5", None)


def test_a_characteristic_that_was_not_agreed_stays_without_limits() -> None:
    groups = inspected("19.4", number="D2")
    assert with_agreed_limits(groups, SPECIFICATION) == groups


def test_the_groups_that_were_given_are_left_as_they_are() -> None:
    groups = inspected("19.4")
    with_agreed_limits(groups, SPECIFICATION)
    assert groups == inspected("19.4")


def test_an_inspection_without_measurements_is_returned_as_it_is() -> None:
    groups = {"verdict": {"decision": "accept", "stage": "receiving"}}
    assert with_agreed_limits(groups, SPECIFICATION) is groups


@pytest.mark.parametrize(
    ("value", "unit", "codes"),
    [
        ("19.5", "mm", []),
        ("1.95", "CMT", ["unit-differs"]),
        ("1.94", "CMT", ["outside-limits-accepted", "unit-differs"]),
        ("19.4", "KGM", ["unit-differs"]),
        ("19.4", "strides", ["unit-differs"]),
    ],
)
def test_limits_are_read_in_the_unit_that_was_measured_in(
    value: str, unit: str, codes: list[str]
) -> None:
    groups = inspected(value, unit=unit)
    beside = [flag.code for flag in cited_flags(groups, SPECIFICATION)]
    assert flags(with_agreed_limits(groups, SPECIFICATION)) + beside == codes


@pytest.mark.parametrize(
    ("minimum", "codes"), [("19.5", []), ("19.4", ["outside-limits-accepted"])]
)
def test_extremes_are_compared_where_no_values_are_in_the_report(
    minimum: str, codes: list[str]
) -> None:
    summary: dict[str, Any] = {"id": "D1", "unit": "MMT", "minimum": minimum, "maximum": "20.0"}
    groups = {"verdict": {"decision": "accept"}, "summary": {"characteristics": [summary]}}
    assert [flag.code for flag in cited_flags(groups, SPECIFICATION)] == codes
    rejected = {**groups, "verdict": {"decision": "reject"}}
    assert [flag.code for flag in cited_flags(rejected, SPECIFICATION)] == []
