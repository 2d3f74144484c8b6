"""Readings are put on the specification that their report cites; nothing is converted unasked."""

from __future__ import annotations

from typing import Any

import pytest

from quality.agreed_readings import agree_readings, own_readings

SPECIFICATION: dict[str, Any] = {
    "characteristics": [
        {
            "number": "12",
            "name": "Outer diameter",
            "class": "CC",
            "nominal": "12.5",
            "lower": "12.4",
            "upper": "12.6",
            "unit": "MMT",
            "plausible": {"from": "12", "to": "13"},
        },
        {
            "number": "13",
            "name": "Bore",
            "class": "none",
            "lower": "0",
            "upper": "2",
            "unit": "MMT",
        },
        {"number": "14", "name": "Temper", "class": "none", "upper": "90", "unit": "CEL"},
    ]
}


def report(value: str = "12.5", **members: Any) -> dict[str, Any]:
    """A report of one value of one characteristic."""
    one = {"id": "12", "class": "none", "unit": "MMT", "values": [{"value": value}], **members}
    return {"measurements": {"characteristics": [one]}}


def measured(groups: dict[str, Any]) -> dict[str, Any]:
    """Its characteristic on the specification."""
    made: dict[str, Any] = agree_readings(groups, SPECIFICATION).groups
    one: dict[str, Any] = made["measurements"]["characteristics"][0]
    return one


def faults(groups: dict[str, Any]) -> list[str]:
    """What is wrong with it beside the specification."""
    found = agree_readings(groups, SPECIFICATION).faults
    return [f"{fault.pointer}: expected {fault.expected}, found {fault.found}" for fault in found]


@pytest.mark.parametrize("name", ["12", "outer  Diameter"])
def test_number_class_and_unit_are_those_of_the_specification(name: str) -> None:
    one = measured(report(id=name, unit="mm"))
    assert (one["id"], one["class"], one["unit"]) == ("12", "CC", "MMT")
    assert one["name"] == "Outer diameter"


def test_limits_are_never_typed_beside_a_specification_and_other_ones_are_told() -> None:
    made = agree_readings(report(nominal=None, lower="12.3", upper="12.6"), SPECIFICATION)
    one = made.groups["measurements"]["characteristics"][0]
    assert not {"nominal", "lower", "upper"} & one.keys()
    assert made.notes == (
        "12: the file has the lower limit 12.3, the specification 12.4: the specification counts",
    )


def test_a_characteristic_that_the_specification_lacks_stays_and_is_told() -> None:
    made = agree_readings(report(id="99"), SPECIFICATION)
    assert made.groups["measurements"]["characteristics"][0]["id"] == "99"
    assert made.notes == ("the specification has no characteristic '99': it has no limits",)


@pytest.mark.item("6.bad.units")
@pytest.mark.parametrize(
    ("unit", "found"),
    [
        ("mm", []),
        (
            "in",
            [
                "/measurements/characteristics/0/unit: expected MMT (millimetre) as the "
                "specification has it, found INH (inch): INH times 25.4 is MMT; convert the "
                "values, or mend the unit"
            ],
        ),
        (
            "kg",
            [
                "/measurements/characteristics/0/unit: expected MMT (millimetre) as the "
                "specification has it, found KGM (kilogram), which nothing converts"
            ],
        ),
    ],
)
def test_a_unit_that_disagrees_is_refused_with_the_conversion(unit: str, found: list[str]) -> None:
    assert faults(report(unit=unit)) == found


@pytest.mark.item("6.bad.units")
def test_a_temperature_names_its_offset_too() -> None:
    (told,) = faults(report("1", id="14", unit="KEL"))
    assert "KEL times 1 plus -273.15 is CEL" in told


@pytest.mark.item("6.bad.implausible")
@pytest.mark.parametrize(
    ("name", "value", "pointers"),
    [
        ("12", "12", []),
        ("12", "125", ["/measurements/characteristics/0/values/0/value"]),
        ("13", "0", []),
        ("13", "-1", ["/measurements/characteristics/0/values/0/value"]),
    ],
)
def test_a_value_that_cannot_be_is_told_by_its_place(
    name: str, value: str, pointers: list[str]
) -> None:
    made = agree_readings(report(value, id=name), SPECIFICATION)
    assert [fault.pointer for fault in made.implausible] == pointers
    assert made.faults == ()


@pytest.mark.item("6.bad.implausible")
@pytest.mark.parametrize(("value", "count"), [("0", 0), ("-0.1", 1)])
def test_without_a_specification_the_unit_says_what_cannot_be(value: str, count: int) -> None:
    assert len(own_readings(report(value)).implausible) == count


@pytest.mark.item("6.bad.implausible")
def test_of_a_summary_without_its_values_the_extremes_are_told() -> None:
    one = {"id": "12", "unit": "MMT", "count": 9, "minimum": "1", "mean": "12.5", "maximum": "12.6"}
    made = agree_readings({"summary": {"characteristics": [one]}}, SPECIFICATION)
    assert [fault.pointer for fault in made.implausible] == ["/summary/characteristics/0/minimum"]
