"""Cells become values digit for digit, or are refused with what to write instead."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cli.cells import (
    CellReading,
    CellRefused,
    DecimalSign,
    Kind,
    Wanted,
    read_cell,
    read_decimal,
)
from api.cli.decimal_sign import find_decimal
from api.cli.table_errors import FormUnclear
from keys.identifiers import parse_origin

pytestmark = pytest.mark.item("2.7")

ORIGIN = parse_origin("quality.example")
READING = CellReading(ORIGIN)
COMMA = CellReading(ORIGIN, DecimalSign.COMMA, "+01:00")


def read(cell: str, kind: Kind, reading: CellReading = COMMA) -> object:
    return read_cell(cell, Wanted(kind), reading)


@pytest.mark.parametrize(
    ("cell", "value"),
    [("12,50", "12.50"), ("-0,3", "-0.3"), ("120", "120"), ("0,000", "0.000")],
)
def test_a_decimal_comma_becomes_a_point_and_no_digit_changes(cell: str, value: str) -> None:
    assert read(cell, Kind.DECIMAL) == value


@pytest.mark.parametrize(
    "cell", ["1.234,50", "1,2,3", "+1,5", "1,5e3", ",5", "007", "-0,0", "12,5 mm", "", "１,5"]
)
def test_a_number_in_another_form_is_refused(cell: str) -> None:
    with pytest.raises(CellRefused):
        read(cell, Kind.DECIMAL)
    assert read("12,5", Kind.DECIMAL) == "12.5"


def test_a_comma_in_a_table_with_points_is_never_dropped() -> None:
    with pytest.raises(CellRefused, match="--decimal comma"):
        read("1,234", Kind.DECIMAL, READING)
    assert read("1.234", Kind.DECIMAL, READING) == "1.234"


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9
    )
)
def test_every_number_comes_through_a_decimal_comma_unchanged(value: Decimal) -> None:
    text = f"{value:f}" if value else "0.000"
    assert read_decimal(text.replace(".", ","), DecimalSign.COMMA) == text


@pytest.mark.parametrize(
    ("cells", "is_comma_table", "sign"),
    [
        (["1,5", "2"], False, DecimalSign.COMMA),
        (["1.5", "2"], False, DecimalSign.POINT),
        (["1", "2"], False, None),
        # One number that cannot group thousands settles those that could.
        (["1.200", "0.125"], False, DecimalSign.POINT),
        (["1,200", "1234,567"], False, DecimalSign.COMMA),
        # Inside a table of commas a quoted comma may group thousands.
        (["1,234"], True, None),
        (["1.234"], True, DecimalSign.POINT),
    ],
)
def test_the_decimal_sign_is_found_only_where_there_is_one(
    cells: list[str], is_comma_table: bool, sign: DecimalSign | None
) -> None:
    found = find_decimal((("here", cell) for cell in cells), is_comma_table=is_comma_table)
    assert found == sign


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1.200"], "here: .*'1.200', which is 1200 to some and 1.2 to others"),
        (["7", "-12,500"], "which is -12500 to some and -12.5 to others"),
        (["1,5", "1.5"], "with a point and numbers with a comma"),
        (["1,5", "1.200"], "with a point and numbers with a comma"),
    ],
)
def test_a_decimal_sign_that_could_group_thousands_is_never_guessed(
    cells: list[str], expected: str
) -> None:
    with pytest.raises(FormUnclear, match=expected) as refused:
        find_decimal(("here", cell) for cell in cells)
    assert "--decimal comma" in refused.value.remedy


@pytest.mark.parametrize(
    "cell", ["2026-11-20", "2026/11/20", "20.11.2026", "2026年11月20日", "2026-11-20 00:00:00"]
)
def test_days_are_read_where_their_order_is_certain(cell: str) -> None:
    assert read(cell, Kind.DAY) == "2026-11-20"


@pytest.mark.parametrize(
    "cell", ["11/20/2026", "20/11/2026", "31.02.2026", "2026-11-20 09:00", "x"]
)
def test_days_of_uncertain_order_are_refused(cell: str) -> None:
    with pytest.raises(CellRefused):
        read(cell, Kind.DAY)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("2026-11-20 9:30", "2026-11-20T09:30:00+01:00"),
        ("20.11.2026 09:30:15", "2026-11-20T09:30:15+01:00"),
        ("2026-11-20T09:30:00", "2026-11-20T09:30:00+01:00"),
        ("2026/11/20 09:30 +08:00", "2026-11-20T09:30:00+08:00"),
        ("2026-11-20T09:30:00.250Z", "2026-11-20T09:30:00.250Z"),
    ],
)
def test_instants_keep_their_zone_or_get_the_one_that_was_said(cell: str, value: str) -> None:
    assert read(cell, Kind.INSTANT) == value


def test_an_instant_without_a_zone_is_refused_until_one_is_said() -> None:
    with pytest.raises(CellRefused, match="--offset"):
        read("2026-11-20 09:30", Kind.INSTANT, READING)
    assert read("2026-11-20 09:30", Kind.INSTANT, COMMA)


@pytest.mark.parametrize(
    "cell", ["2026-11-20", "09:30", "2026-11-20T25:00:00Z", "T", "20.11.2026 9"]
)
def test_a_day_alone_is_no_instant(cell: str) -> None:
    with pytest.raises(CellRefused):
        read(cell, Kind.INSTANT)


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        (Kind.INTEGER, "80", 80),
        (Kind.BOOLEAN, "ja", True),
        (Kind.BOOLEAN, "否", False),
        (Kind.PARTY, "acme", "did:web:quality.example:parties:acme"),
        (Kind.PARTY, "did:web:a:parties:bb", "did:web:a:parties:bb"),
        (Kind.TEXT, "00123", "00123"),
    ],
)
def test_other_kinds_are_read(kind: Kind, cell: str, value: object) -> None:
    assert read(cell, kind) == value


WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("mon-wed, sat", ["mon", "tue", "wed", "sat"]),
        ("fri-mon, wed", ["fri", "sat", "sun", "mon", "wed"]),
        ("sun-sat", ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
        ("fri-fri", ["fri"]),
    ],
)
def test_a_range_of_weekdays_goes_on_after_sunday(cell: str, value: list[str]) -> None:
    assert read_cell(cell, Wanted(Kind.LIST, WEEK), READING) == value


def test_a_reversed_range_of_what_has_no_week_is_refused_with_its_cell() -> None:
    steps = Wanted(Kind.LIST, ("D3", "D4", "D5"))
    assert read_cell("D3-D5", steps, READING) == ["D3", "D4", "D5"]
    with pytest.raises(CellRefused, match="in the order of D3, D4, D5, found 'D5-D3, D4'"):
        read_cell("D5-D3, D4", steps, READING)


@pytest.mark.parametrize(
    ("kind", "cell"),
    [(Kind.INTEGER, "80,0"), (Kind.INTEGER, "8e1"), (Kind.BOOLEAN, "maybe"), (Kind.PARTY, "A C")],
)
def test_other_kinds_are_refused(kind: Kind, cell: str) -> None:
    with pytest.raises(CellRefused):
        read(cell, kind)


def test_words_of_a_list_are_replaced_first_and_then_bounded() -> None:
    wanted = Wanted(Kind.TEXT, ("accept", "reject"))
    reading = CellReading(ORIGIN, words={"i.O.": "accept"})
    assert read_cell("i.O.", wanted, reading) == "accept"
    with pytest.raises(CellRefused, match="accept, reject"):
        read_cell("fine", wanted, reading)


def test_a_limit_may_be_absent_but_a_value_may_not() -> None:
    assert read_cell("-", Wanted(Kind.DECIMAL, (), is_nullable=True), READING) is None
    with pytest.raises(CellRefused):
        read_cell("-", Wanted(Kind.DECIMAL), READING)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("2026-11-12T14:30+01:00", "2026-11-12T14:30:00+01:00"),
        ("2026-11-12T14:30:05.25Z", "2026-11-12T14:30:05.25Z"),
        ("12.11.2026", "2026-11-12T09:30:00+08:00"),
        ("2026-11-12 14:30", "2026-11-12T14:30:00+08:00"),
    ],
)
def test_the_options_give_the_time_and_the_zone_that_a_cell_does_not(cell: str, value: str) -> None:
    reading = CellReading(ORIGIN, offset="+08:00", clock="09:30")
    assert read_cell(cell, Wanted(Kind.INSTANT), reading) == value


@pytest.mark.parametrize(
    ("cell", "option"), [("2026-11-12", "--time"), ("2026-11-12 14:30", "--offset")]
)
def test_without_them_the_option_that_would_is_named(cell: str, option: str) -> None:
    with pytest.raises(CellRefused, match=option):
        read_cell(cell, Wanted(Kind.INSTANT), CellReading(ORIGIN))
