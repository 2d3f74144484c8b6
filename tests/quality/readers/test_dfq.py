"""The traps of the Q-DAS ASCII transfer format."""

from __future__ import annotations

import pytest

from quality.readers.dfq import FAULTS_MAX, DfqForm
from quality.readers.model import Characteristic, Fault, Part, Reading
from tests.quality.readers.told import HEAD, dfq, faults, last, of, said, values

pytestmark = pytest.mark.item("6.5.dfq")

#: Ends of a field and of a characteristic in a line without keys.
F, C = "\x14", "\x0f"


def a_row(*fields: str) -> str:
    """One characteristic of a line without keys."""
    return F.join(fields)


def test_no_index_is_the_first() -> None:
    with_index = "K0100 1\nK1001/1 A\nK2001/1 1\nK2101/1 5\nK0001/1 5.1\n"
    assert dfq(with_index.replace("/1", "")) == dfq(with_index)


def test_an_index_of_nothing_is_the_first() -> None:
    assert of(Part, dfq("K0100 0\nK1001/ A\n")) == [Part("1", "A")]


def test_index_0_is_said_of_all_but_what_says_otherwise() -> None:
    events = dfq(HEAD + "K2142/0 mm\nK2022/0 3\nK2142/2 cm\n")
    assert [(one.unit, one.decimals) for one in last(events).values()] == [("mm", 3), ("cm", 3)]


def test_index_0_is_said_of_all_parts() -> None:
    events = dfq("K0100 0\nK1002/0 Shaft\nK1001/1 A\nK1001/2 B\nK1002/2 Axle\n")
    assert of(Part, events) == [Part("1", "A", "Shaft"), Part("2", "B", "Axle")]


def test_a_field_of_all_values_is_of_the_values_before_it() -> None:
    rounds = "K0001/1 1\nK0001/2 2\nK0010/0 7\nK0001/1 3\nK0010/0 8\nK0001/2 4\n"
    readings = {one.value: one.machine for one in of(Reading, dfq(HEAD + rounds))}
    assert readings == {"1": "7", "2": "7", "3": "8", "4": None}


def test_a_field_of_all_values_before_the_first_is_of_the_first() -> None:
    events = dfq(HEAD + "K0014/0 S1\nK0001/1 1\nK0001/2 2\nK0001/1 3\n")
    assert [(one.value, one.piece) for one in of(Reading, events)] == [
        *(("1", "S1"), ("2", "S1"), ("3", None))
    ]


def test_fields_of_a_value_may_come_before_it() -> None:
    events = dfq(HEAD + "K0004/1 01.02.2024/10:00:00\nK0001/1 1\nK0004/1 02.02.2024\nK0001/1 2\n")
    assert [(one.value, one.at) for one in of(Reading, events)] == [
        ("1", "2024-02-01T10:00:00"),
        ("2", "2024-02-02"),
    ]


def test_a_line_without_keys_holds_ten_fields_of_each_characteristic() -> None:
    first = a_row("1.5", "0", "17.05.2002/05:54:58", "1,3", "#B7", "2", "3", "4", "p9", "5")
    events = dfq(HEAD + first + C + a_row("2,5") + "\n")
    one, two = of(Reading, events)
    assert said(one) == {
        **{"characteristic": "1", "line": 7, "value": "1.5", "at": "2002-05-17T05:54:58"},
        **{"events": "1,3", "batch": "B7", "cavity": "2", "operator": "3", "machine": "4"},
        **{"process": "p9", "gauge": "5"},
    }
    assert said(two) == {"characteristic": "2", "line": 7, "value": "2.5"}


def test_an_empty_place_is_a_characteristic_that_was_not_measured() -> None:
    assert values(dfq(HEAD + f"{C}{a_row('2.5', '0')}\n1.5{F}0{C}\n")) == [
        ("2", "2.5"),
        ("1", "1.5"),
    ]


def test_a_line_of_one_number_is_a_value() -> None:
    assert values(dfq("K0100 1\nK2001 1\n1.5\n-2,50\n")) == [("1", "1.5"), ("1", "-2.50")]


def test_fields_with_keys_belong_to_the_line_before_them() -> None:
    rows = f"1{F}0{C}2{F}0\nK0053/1 A1\nK0014/2 S2\n3{F}0{C}4{F}0\nK0009/0 warm\n"
    found = [(one.value, one.order, one.piece, one.remark) for one in of(Reading, dfq(HEAD + rows))]
    assert found == [
        ("1", "A1", None, None),
        ("2", None, "S2", None),
        ("3", None, None, "warm"),
        ("4", None, None, "warm"),
    ]


def test_a_counted_value_begins_with_sample_and_errors() -> None:
    kinds = "K2004/1 1\nK2004/2 5\n"
    first = a_row("20000", "2", "0", "0", "19.04.1994/15:22:44", "1,3,4", "#", "0", "0")
    events = dfq(HEAD + kinds + first + C + a_row("13000", "60", "0", "0") + "\n")
    one, two = of(Reading, events)
    assert said(one) == {
        **{"characteristic": "1", "line": 9, "sample": 20, "defective": 2},
        **{"at": "1994-04-19T15:22:44", "events": "1,3,4"},
    }
    # A log sheet counts errors, and a piece may have many.
    assert (two.sample, two.defective) == (13, 60)


def test_a_counted_value_has_more_fields_where_no_kind_is_told() -> None:
    row = a_row("3000", "1", "0", "0", "", "", "", "", "", "", "", "")
    assert [(one.sample, one.defective) for one in of(Reading, dfq(HEAD + row + "\n"))] == [(3, 1)]


@pytest.mark.parametrize(
    ("pieces", "size", "found"),
    [(False, "50000", [(50, 1)]), (False, "50", []), (True, "50", [(50, 1)])],
)
def test_a_sample_is_in_thousandths_unless_said(
    pieces: bool, size: str, found: list[tuple[int, int]]
) -> None:
    text = HEAD + f"K2004/1 1\nK0020/1 {size}\nK0021/1 1\n"
    events = dfq(text, DfqForm(pieces=pieces))
    assert [(one.sample, one.defective) for one in of(Reading, events)] == found
    assert len(of(Fault, events)) == (not found)


def test_more_defective_than_inspected_is_told() -> None:
    events = dfq(HEAD + "K2004/1 1\nK0020/1 2000\nK0021/1 3\n")
    assert faults(events) == ["line 8, K0021/1: expected at most 2 defective, found 3"]


@pytest.mark.parametrize("attribute", ["255", "256"])
def test_a_value_marked_invalid_is_dropped_and_told(attribute: str) -> None:
    row = a_row("9.9", attribute) + C + a_row("1.5", "0")
    coded = f"K0001/1 9.9\nK0002/1 {attribute}\nK0001/2 1.5\n"
    for text in (row + "\n", coded):
        events = dfq(HEAD + text)
        assert values(events) == [("2", "1.5")]
        (fault,) = of(Fault, events)
        assert fault.is_dropped
        assert fault.place == "line 7, K0002/1"
        assert "'9.9'" in fault.found


@pytest.mark.parametrize("attribute", ["", "0", "1"])
def test_any_other_attribute_leaves_the_value_valid(attribute: str) -> None:
    assert values(dfq(HEAD + a_row("9.9", attribute) + "\n")) == [("1", "9.9")]


def test_a_row_of_a_thousand_dropped_values_is_no_fault_of_the_file() -> None:
    events = dfq(HEAD + f"1{F}255\n" * (FAULTS_MAX + 1))
    assert len(of(Fault, events)) == FAULTS_MAX + 1


@pytest.mark.item("6.bad.decimal-commas")
@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("9,94", "9.94"),
        ("9.940", "9.940"),
        ("-0,5", "-0.5"),
        ("+3", "3"),
        (".5", "0.5"),
        ("007.5", "7.5"),
        ("-0.00", "0.00"),
        ("8.10000000000000E+0001", "81"),
        ("2,49960000000000E+000", "2.4996"),
        ("-2.5e-3", "-0.0025"),
        ("1e3", "1000"),
    ],
)
def test_a_number_keeps_its_digits(written: str, read: str) -> None:
    assert values(dfq(HEAD + f"K0001/1 {written}\n")) == [("1", read)]


@pytest.mark.item("6.bad.decimal-commas")
@pytest.mark.parametrize("written", ["1.234,5", "1,2,3", "9.9 mm", "NaN", "1e99", "0x1", "٣", "-"])
def test_what_is_no_number_is_told_by_line_and_field(written: str) -> None:
    events = dfq(HEAD + f"K0001/1 {written}\nK0001/2 2\n")
    assert values(events) == [("2", "2")]
    assert faults(events) == [f"line 7, K0001/1: expected a number, found {written!r}"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("12.08.1999/06:05:04", "1999-08-12T06:05:04"),
        ("1.8.99/6:05", "1999-08-01T06:05:00"),
        ("1.8.24 6:05:09,25", "2024-08-01T06:05:09.25"),
        ("12.08.1999", "1999-08-12"),
        ("1999-08-12 06:05:04", "1999-08-12T06:05:04"),
        ("1999/8/12/06:05:04", "1999-08-12T06:05:04"),
        ("1999-08-12T06:05:04+0800", "1999-08-12T06:05:04+08:00"),
        ("1999-08-12T06:05:04Z", "1999-08-12T06:05:04Z"),
    ],
)
def test_a_date_has_the_day_or_the_year_first(written: str, read: str) -> None:
    (reading,) = of(Reading, dfq(HEAD + f"K0001/1 1\nK0004/1 {written}\n"))
    assert reading.at == read


@pytest.mark.item("6.5.cells")
@pytest.mark.parametrize(
    "written", ["08/12/1999 06:05:04", "13/12/1999", "31.02.2024", "1.1.2024/24:00:00", "now"]
)
def test_a_date_that_could_be_another_is_told_and_the_value_kept(written: str) -> None:
    events = dfq(HEAD + f"K0001/1 1\nK0004/1 {written}\n")
    assert [said(one) for one in of(Reading, events)] == [
        {"characteristic": "1", "line": 7, "value": "1"}
    ]
    assert faults(events) == [
        f"line 7, K0004/1: expected a date (dd.mm.yyyy/hh:mm:ss), found {written!r}"
    ]


def test_limits_are_absolute_or_allowances_of_the_nominal_value() -> None:
    events = dfq(HEAD + "K2101/1 10,00\nK2112/1 -0,05\nK2113/1 +0,1\nK2101/2 5\nK2111/2 6\n")
    one, two = last(events).values()
    assert (one.lower, one.nominal, one.upper) == ("9.95", "10.00", "10.10")
    assert (two.lower, two.nominal, two.upper) == (None, "5", "6")


@pytest.mark.parametrize(("allowance", "is_told"), [("-20.0", False), ("-2", True)])
def test_limit_and_allowance_have_to_agree(allowance: str, is_told: bool) -> None:
    events = dfq(HEAD + f"K2101/1 90\nK2110/1 70.0\nK2112/1 {allowance}\n")
    assert last(events)["1"].lower == "70.0"
    told = [f"line 9, K2112/1: expected what leads from 90 to K2110 70.0, found {allowance}"]
    assert faults(events) == (told if is_told else [])


def test_an_allowance_without_a_nominal_value_is_told() -> None:
    assert faults(dfq(HEAD + "K2113/2 1\n")) == [
        "line 7, K2113/2: expected a nominal value (K2101) beside it, found 1"
    ]


@pytest.mark.parametrize(("kind", "lower", "natural"), [("2", None, "0"), ("1", "0", None)])
def test_a_natural_bound_is_no_limit(kind: str, lower: str | None, natural: str | None) -> None:
    events = dfq(HEAD + f"K2110/1 0\nK2111/1 0.11\nK2120/1 {kind}\nK2121/1 1\n")
    one = last(events)["1"]
    assert (one.lower, one.lower_natural, one.upper) == (lower, natural, "0.11")


def test_limits_the_wrong_way_round_are_told() -> None:
    assert faults(dfq(HEAD + "K2110/1 2\nK2111/1 1\n")) == [
        "line 7, K2110/1: expected a lower limit up to the upper one (1), found 2"
    ]


def test_what_a_characteristic_says() -> None:
    fields = {
        **{"K2004": "0", "K2005": "4", "K2022": "2", "K2142": "mm"},
        **{"K2401": "CMM 7", "K2404": "0,001"},
    }
    text = "".join(f"{key}/2 {value}\n" for key, value in fields.items())
    assert said(last(dfq(HEAD + text))["2"]) == {
        **{"key": "2", "part": "1", "number": "2", "name": "Length", "unit": "mm"},
        **{"criticality": "4", "gauge": "CMM 7", "gauge_resolution": "0.001", "decimals": 2},
    }


def test_what_a_part_says() -> None:
    fields = {
        **{"K1002": "Shaft", "K1004": "C", "K1041": "D-1", "K1302": "L7", "K1053": "A5"},
        **{"K1082": "Lathe", "K1072": "Rheintal", "K1061": "C9", "K1203": "First article"},
        **{"K1900": "warm\t "},
    }
    text = "".join(f"{key}/1 {value}\n" for key, value in fields.items())
    assert of(Part, dfq("K0100 0\nK1001/1 4711\n" + text)) == [
        Part(
            *("1", "4711", "Shaft", "C", "D-1", "L7", "A5", "Lathe"),
            *("Rheintal", "C9", "First article", "warm"),
        )
    ]


def test_a_catalogue_names_operator_machine_nest_and_gauge() -> None:
    catalogue = "K4092/3 Huber\nK4062/4 M-04\nK4063/4 Lathe\nK4252/2 Cavity B\nK4072/5 G-17\n"
    row = a_row("1.5", "0", "", "", "", "2", "3", "4", "", "5") + C + a_row("1", *[""] * 5, "9")
    one, two = of(Reading, dfq(HEAD + catalogue + row + "\n"))
    assert (one.cavity, one.operator, one.machine, one.gauge) == (
        *("Cavity B", "Huber", "M-04", "G-17"),
    )
    assert two.operator == "9"


def test_the_simple_hierarchy_puts_a_characteristic_under_another() -> None:
    events = dfq(HEAD + "K2030/1 1\nK2031/1 0\nK2030/2 0\nK2031/2 1\n")
    assert [one.parent for one in last(events).values()] == [None, "1"]


def test_a_value_by_its_number_is_the_open_one_or_the_next() -> None:
    events = dfq(HEAD + "K0001/1/1 1\nK0014/1/1 S1\nK0001/1/2 2\nK0014/1/2 S2\nK0014/1/1 S9\n")
    assert [(one.value, one.piece) for one in of(Reading, events)] == [("1", "S1"), ("2", "S2")]
    assert faults(events) == [
        "line 11, K0014/1: expected a field of value 2, which it stands beside, found 1"
    ]


def test_two_indices_are_of_values_only() -> None:
    assert faults(dfq(HEAD + "K2002/1/1 Bore\n")) == [
        "line 7, K2002/1/1: expected one index, as only values have two, found 'K2002/1/1'"
    ]


def test_values_belong_to_the_description_before_them() -> None:
    events = dfq(HEAD + "K0001/1 1\nK2142/1 mm\nK0001/1 2\n")
    kinds = [
        (event.unit if isinstance(event, Characteristic) else event.value)
        for event in events
        if isinstance(event, Characteristic | Reading) and said(event).get("key", "1") == "1"
    ]
    assert kinds == [None, "1", "mm", "2"]


def test_a_characteristic_that_is_described_again_alike_is_one() -> None:
    once = "K0100 1\nK1001/1 A\nK2001/1 1\nK2101/1 5\nK0001/1 5.1\n"
    events = dfq(once + once.replace("5.1", "5.2"))
    assert len(of(Characteristic, events)) == 1
    assert values(events) == [("1", "5.1"), ("1", "5.2")]


def test_a_characteristic_that_is_described_again_otherwise_is_another() -> None:
    once = "K0100 1\nK1001/1 A\nK2001/1 1\nK2101/1 5\nK0001/1 5.1\n"
    events = dfq(once + once.replace("K2101/1 5", "K2101/1 6"))
    assert [(one.key, one.nominal) for one in of(Characteristic, events)] == [
        ("1", "5"),
        ("2/1", "6"),
    ]
    assert values(events) == [("1", "5.1"), ("2/1", "5.1")]
