"""Every DFQ sample, value by value, against what was read from the file by eye."""

from __future__ import annotations

import pytest

from quality.readers.model import Characteristic, Event, Fault, Group, Note, Part, Reading
from tests.quality.readers.told import dfq, last, of, said
from tests.vectors import vectors_dir

pytestmark = [pytest.mark.item("6.done.dfq"), pytest.mark.item("6.5.dfq")]

AT = [f"2013-01-{day:02}T15:18:31" for day in range(1, 9)]


def sample(name: str) -> list[Event]:
    """The events of a sample, which has no fault."""
    events = dfq((vectors_dir() / "quality" / "dfq" / f"diribet_{name}.dfq").read_bytes())
    assert of(Fault, events) == []
    return events


def rows(events: list[Event]) -> list[tuple[str, int, str | None, str | None]]:
    """The readings: characteristic, line, value, time; there is nothing else in them."""
    readings = of(Reading, events)
    assert all(
        set(said(reading)) <= {"characteristic", "line", "value", "at"} for reading in readings
    )
    return [(one.characteristic, one.line, one.value, one.at) for one in readings]


def test_counted_characteristic_and_error_log_sheet() -> None:
    assert sample("attributiveDfq_attributiveCharacteristic_and_errorLogSheet") == [
        Part("1", "<part_number_1>", "<part_title_1>"),
        Characteristic("1", "1", "<characteristic_code_1>", is_attributive=True),
        # K0020 counts thousandths: 1000 is one piece, 155000 are 155.
        Reading("1", 8, sample=1, defective=1, at=AT[0]),
        Characteristic("2", "1", "<characteristic_code_2>", is_attributive=True, is_error_log=True),
        Reading("2", 14, sample=155, defective=8, at=AT[0]),
    ]


def test_a_part_without_characteristics() -> None:
    assert sample("basicDfq_singlePart_noCharacteristics") == [
        Part("1", "<part_number_1>", "<part_title_1>", machine="<machine_title1>")
    ]


def test_a_characteristic_without_values() -> None:
    assert sample("basicDfq_singlePart_singleCharacteristic_noValues") == [
        Part("1", "<part_number_1>", "<part_title_1>", machine="<machine_title1>"),
        Characteristic(
            "1", "1", "<characteristic_code_1>", nominal="1.5", lower="1.0", upper="2.0"
        ),
    ]


def test_three_characteristics_of_one_part() -> None:
    events = sample("basicDfq_singlePart_threeCharacteristics")
    assert of(Part, events) == [
        Part("1", "<part_number_1>", "<part_title_1>", machine="<machine_title1>")
    ]
    assert of(Characteristic, events) == [
        Characteristic(
            "1", "1", "<characteristic_code_1>", nominal="1.5", lower="1.0", upper="2.0"
        ),
        Characteristic(
            "2", "1", "<characteristic_code_2>", nominal="3.0", lower="2.0", upper="4.0"
        ),
        Characteristic(
            "3", "1", "<characteristic_code_3>", nominal="4.5", lower="3.0", upper="6.0"
        ),
    ]
    assert rows(events) == [
        ("1", 11, "1.6", AT[0]),
        ("1", 13, "1.7", AT[1]),
        ("1", 15, "1.8", AT[2]),
        ("2", 22, "3.1", AT[0]),
        ("2", 24, "3.2", AT[1]),
        ("2", 26, "3.3", AT[2]),
        ("3", 33, "4.6", AT[0]),
        ("3", 35, "4.7", AT[1]),
        ("3", 37, "4.8", AT[2]),
    ]


def test_three_parts_with_one_three_and_five_characteristics() -> None:
    events = sample("basicDfq_threeParts_differentNumberOfCharacteristics")
    assert of(Part, events) == [
        Part("1", "<part_number_1>", "<part_title_1>", machine="<machine_title1>"),
        Part("2", "<part_number_2>", "<part_title_2>", machine="<machine_title2>"),
        Part("3", "<part_number_3>", "<part_title_3>", machine="<machine_title3>"),
    ]
    described = of(Characteristic, events)
    assert [(one.key, one.part, one.number) for one in described] == [
        ("1", "1", "<characteristic_code_1>"),
        ("2", "2", "<characteristic_code_1>"),
        ("3", "2", "<characteristic_code_2>"),
        ("4", "2", "<characteristic_code_3>"),
        ("5", "3", "<characteristic_code_1>"),
        ("6", "3", "<characteristic_code_2>"),
        ("7", "3", "<characteristic_code_3>"),
        ("8", "3", "<characteristic_code_4>"),
        ("9", "3", "<characteristic_code_5>"),
    ]
    assert [(one.nominal, one.lower, one.upper) for one in described] == [
        ("1.5", "1.0", "2.0"),
        *(("1.5", "1.0", "2.0"), ("3.0", "2.0", "4.0"), ("4.5", "3.0", "6.0")),
        *(("1.5", "1.0", "2.0"), ("3.0", "2.0", "4.0"), ("4.5", "3.0", "6.0")),
        *(("6.0", "4.0", "8.0"), ("7.5", "5.0", "10.0")),
    ]
    first = ["1.6", "1.7", "1.8", "1.9", "2.0", "2.1", "2.2", "2.3"]
    assert rows(events) == [
        *(("1", 11 + 2 * at, value, AT[at]) for at, value in enumerate(first)),
        *(("2", 36, "1.6", AT[0]), ("3", 43, "3.1", AT[0]), ("4", 50, "4.6", AT[0])),
        *(("5", 61, "1.6", AT[0]), ("5", 63, "1.7", AT[1]), ("5", 65, "1.8", AT[2])),
        *(("6", 72, "3.1", AT[0]), ("6", 74, "3.2", AT[1]), ("6", 76, "3.3", AT[2])),
        *(("7", 83, "4.6", AT[0]), ("7", 85, "4.7", AT[1]), ("7", 87, "4.8", AT[2])),
        *(("8", 94, "6.1", AT[0]), ("8", 96, "6.2", AT[1]), ("8", 98, "6.3", AT[2])),
        *(("9", 105, "7.6", AT[0]), ("9", 107, "7.7", AT[1]), ("9", 109, "7.8", AT[2])),
    ]


def test_a_hierarchy_of_groups_and_characteristics_in_any_order() -> None:
    events = sample("characteristicHierarchy_characteristicOrder")
    assert of(Group, events) == [
        Group("g1", "1", name="<group_5>"),
        Group("g2", "1", name="<group_7>"),
    ]
    assert [(one.number, one.parent) for one in of(Characteristic, events)] == [
        ("<characteristic_code_1>", None),
        ("<characteristic_code_4>", None),
        ("<characteristic_code_6>", "g1"),
        ("<characteristic_code_8>", "g2"),
        ("<characteristic_code_2>", None),
        # Node 8 is the fifth characteristic, an error log sheet; this is one of its errors.
        ("<characteristic_code_3>", "5"),
    ]
    assert [one.key for one in of(Characteristic, events) if one.is_error_log] == ["5", "6"]
    assert rows(events) == []


def test_a_group_that_is_told_after_the_values_of_its_characteristics() -> None:
    events = sample("characteristicHierarchy_singlePart_singleGroup_twoCharacteristics")
    assert rows(events) == [("1", 7, "0.1", AT[0]), ("2", 11, "0.1", AT[0])]
    assert of(Group, events) == [Group("g1", "1", name="<group_1>")]
    assert last(events) == {
        "1": Characteristic("1", "1", "<characteristic_code_2>", parent="g1"),
        "2": Characteristic("2", "1", "<characteristic_code_3>", parent="g1"),
    }
    assert of(Note, events) == []
