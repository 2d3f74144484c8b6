"""Tables of readings: the same events however the bytes come, and every fault names its cell."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from quality.errors import MeasurementFileRefused
from quality.readers.delimited import TextForm, read_delimited_rows
from quality.readers.gathered import Gathered, gather
from quality.readers.model import Characteristic, Event, Fault, Reading
from quality.readers.readings_table import ReadingsLayout, read_readings_table
from quality.readers.rows import TableRow

FORM = TextForm("utf-8", ";")
WIDE = ReadingsLayout(
    ("Charge", "Teil", "D [mm]", "L [mm]"),
    place=lambda row, column: f"{'ABCD'[column]}{row}",
    wide={
        2: Characteristic("", "", number="D", unit="MMT"),
        3: Characteristic("", "", number="L", unit="MMT"),
    },
    beside={"piece": 1},
    parts=(0,),
)
LONG = ReadingsLayout(
    ("Charge", "Merkmal", "Wert", "OTG"),
    place=lambda row, column: f"{'ABCD'[column]}{row}",
    value=2,
    members={"number": 1, "upper": 3},
    parts=(0,),
)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    """Bytes in pieces of one size."""
    return (data[at : at + size] for at in range(0, len(data), size))


def events(text: str, layout: ReadingsLayout = WIDE) -> list[Event]:
    """The events of rows below the headings."""
    rows = read_delimited_rows([text.encode()], TextForm("utf-8", ";", first_row=2))
    return list(read_readings_table(rows, layout))


def gathered(found: Iterable[Event], values_max: int = 100) -> Gathered:
    """What was read, gathered."""
    return gather(found, values_max=values_max, kept_max=1000)


def figures(found: Gathered) -> dict[tuple[str, str | None], tuple[int, str, str]]:
    """Count, minimum and maximum by part and characteristic."""
    return {
        (key, one.said.number): (one.sums.count, str(one.sums.minimum), str(one.sums.maximum))
        for key, part in found.parts.items()
        for one in part.characteristics.values()
    }


@pytest.mark.item("6.5.csv")
def test_wide_and_long_tables_say_the_same() -> None:
    wide = gathered(events("A;1;12.5;7\nA;2;12.75;\nB;3;11;8\n"))
    long = gathered(events("A;D;12.5;13\nA;L;7;8\nA;D;12.75;13\nB;D;11;13\nB;L;8;8\n", LONG))
    assert figures(wide) == figures(long)
    assert figures(wide)["A", "D"] == (2, "12.5", "12.75")


@pytest.mark.item("6.5.csv")
@pytest.mark.item("6.bad.gbk")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_rows_do_not_depend_on_the_pieces_that_the_bytes_come_in(encoding: str, size: int) -> None:
    text = '批号;值\r\n"甲;\r\n""乙""";12,5\r\n\r\n丙;7'
    form = TextForm(encoding.removesuffix("-sig"), ";")
    found = list(read_delimited_rows(pieces(text.encode(encoding), size), form))
    assert found == [
        TableRow(1, ["批号", "值"]),
        TableRow(2, ['甲;\r\n"乙"', "12,5"]),
        TableRow(4, ["丙", "7"]),
    ]


@pytest.mark.item("6.bad.iso-8859-1")
@pytest.mark.parametrize(("encoding", "is_taken"), [("cp1252", True), ("utf-8", False)])
def test_western_bytes_are_text_of_their_own_encoding_only(encoding: str, is_taken: bool) -> None:
    data = "Prüfer;Wert\nMüller;1\n".encode("iso-8859-1")
    rows = read_delimited_rows(pieces(data, 4), TextForm(encoding, ";"))
    if is_taken:
        assert list(rows)[1].cells == ["Müller", "1"]
        return
    with pytest.raises(MeasurementFileRefused, match=r"text in utf-8, found other bytes near byte"):
        list(rows)


@pytest.mark.item("6.5.cells")
@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("12,50", "a decimal point (or --decimal comma)"),
        ("1.234.567", "a number such as"),
        ("1E-3", "a number such as"),
        ("+5", "a number such as"),
        ("01.03.2026", "a number such as"),
        ("=A1*2", "a number such as"),
        ("12.5 mm", "a number such as"),
        ("NaN", "a number such as"),
    ],
)
def test_a_cell_that_is_no_number_is_named_and_the_row_is_read_on(cell: str, expected: str) -> None:
    found = events(f"A;1;12.5;7\nA;2;{cell};8\n")
    (fault,) = (event for event in found if isinstance(event, Fault))
    assert fault.place == "C3"
    assert fault.expected.startswith(expected)
    assert repr(cell) in str(fault)
    assert [event.value for event in found if isinstance(event, Reading)] == ["12.5", "7", "8"]


@pytest.mark.item("6.bad.decimal-commas")
@pytest.mark.parametrize(("is_comma", "value"), [(True, ["12.50"]), (False, [])])
def test_a_decimal_comma_is_read_where_it_was_said(is_comma: bool, value: list[str]) -> None:
    found = events("A;1;12,50;\n", replace(WIDE, is_comma=is_comma))
    assert [event.value for event in found if isinstance(event, Reading)] == value


@pytest.mark.item("6.bad.excel-dates")
@pytest.mark.parametrize(("dates", "faults"), [(0, []), (0b100, ["C2"])])
def test_a_day_where_a_number_belongs_is_told_by_its_cell(dates: int, faults: list[str]) -> None:
    row = TableRow(2, ("A", "1", "1", ""), dates=dates)
    found = list(read_readings_table([row], WIDE))
    told = [event for event in found if isinstance(event, Fault)]
    assert [fault.place for fault in told] == faults
    assert all("turned into a date" in fault.expected for fault in told)


@pytest.mark.item("6.bad.formulas")
@pytest.mark.parametrize(("faults", "places"), [({}, []), ({2: "the error #DIV/0!"}, ["C2"])])
def test_a_formula_without_its_value_is_told_by_its_cell(
    faults: dict[int, str], places: list[str]
) -> None:
    row = TableRow(2, ("A", "1", "5", ""), faults=faults)
    found = list(read_readings_table([row], WIDE))
    assert [event.place for event in found if isinstance(event, Fault)] == places


def test_rows_that_contradict_each_other_about_a_limit_are_told() -> None:
    found = events("A;D;12.5;13\nA;D;12.6;14\n", LONG)
    (fault,) = (event for event in found if isinstance(event, Fault))
    assert str(fault) == "D3: expected '13' as in the rows above, found '14'"


@pytest.mark.parametrize(("cells", "is_taken"), [("A;1;2;3", True), ("A;1;2;3;4", False)])
def test_a_row_wider_than_the_headings_is_refused(cells: str, is_taken: bool) -> None:
    if is_taken:
        assert events(cells)
        return
    with pytest.raises(MeasurementFileRefused, match="row 2: expected 4 cells, found 5"):
        events(cells)


def test_an_open_quote_is_refused_by_its_row() -> None:
    with pytest.raises(MeasurementFileRefused, match="row 3: expected cells apart by ';'"):
        list(read_delimited_rows([b'a;b\n1;2\n"3;4\n'], FORM))


def test_a_line_that_does_not_end_is_refused_and_not_gathered() -> None:
    endless = (b"x" * 65536 for _ in range(10_000))
    with pytest.raises(MeasurementFileRefused, match="lines of at most"):
        list(read_delimited_rows(endless, FORM))


def a_column(rows: int) -> Iterator[bytes]:
    """The bytes of a table of one lot, in pieces of a hundred rows."""
    for start in range(0, rows, 100):
        yield "".join(f"A;{n};12.{n % 1000:03};7\n" for n in range(start, start + 100)).encode()


def peak_of(rows: int) -> int:
    """The most memory that gathering a table takes, in bytes."""
    tracemalloc.start()
    try:
        table = read_delimited_rows(a_column(rows), FORM)
        found = gather(read_readings_table(table, WIDE), values_max=500, kept_max=10_000)
        assert sum(one[0] for one in figures(found).values()) == 2 * rows
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.item("6.bad.million-rows")
def test_memory_does_not_grow_with_the_rows() -> None:
    assert peak_of(4_000) < peak_of(1_000) + 200_000


@pytest.mark.long
@pytest.mark.item("6.bad.million-rows")
def test_a_million_rows_take_no_more_memory_than_a_thousand() -> None:
    assert peak_of(1_000_000) < peak_of(1_000) + 1_000_000
