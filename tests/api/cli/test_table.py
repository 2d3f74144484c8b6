"""Tables are read as they are meant, or refused where they could be meant in two ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cli.table import Table, TableOptions, read_table
from api.cli.table_errors import FormUnclear, TableUnreadable
from ledger import limits

pytestmark = pytest.mark.item("2.7")

PLAIN = "lot;value\nA-1;12,5\nA-2;13,0\n"


def read(text: str, encoding: str = "utf-8", **options: object) -> Table:
    return read_table(text.encode(encoding), TableOptions(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize("delimiter", [";", "\t", ",", "|"])
def test_the_delimiter_is_found_out(delimiter: str) -> None:
    table = read(f"lot{delimiter}value\nA-1{delimiter}12\n")
    assert table.delimiter == delimiter
    assert table.headings == ("lot", "value")


def test_a_decimal_comma_does_not_pass_for_a_delimiter() -> None:
    assert read("lot;a;b\nA;1,5;2,5\nB;1,5;2,5\n").delimiter == ";"


def test_two_delimiters_that_fit_equally_are_refused_and_an_option_decides() -> None:
    text = "a;b,c\n1;2,3\n"
    with pytest.raises(FormUnclear, match="delimiter"):
        read(text)
    assert read(text, delimiter=";").headings == ("a", "b,c")


def test_excels_own_hint_decides_and_counts_as_a_row() -> None:
    table = read("sep=,\na;b,c\n1;2,3\n")
    assert (table.delimiter, table.headings) == (",", ("a;b", "c"))
    assert table.rows[0].number == 3


@pytest.mark.parametrize(
    ("encoding", "named"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("gb18030", "gb18030")],
)
def test_chinese_headings_are_read_in_every_encoding_of_excel(encoding: str, named: str) -> None:
    table = read("批号;测量值\nA-1;12,5\n", encoding)
    assert (table.encoding, table.headings) == (named, ("批号", "测量值"))


@pytest.mark.parametrize("heading", ["Prüfmaß", "Länge", "Durchmesser Ø", "Übergang"])
def test_lone_accents_are_western(heading: str) -> None:
    assert read(f"{heading};b\n1;2\n", "cp1252").encoding == "cp1252"


def test_bytes_that_read_as_chinese_and_as_german_are_refused_and_an_option_decides() -> None:
    text = "Größe;b\n1;2\n"
    with pytest.raises(FormUnclear, match="Größe") as refused:
        read(text, "cp1252")
    assert "--encoding" in refused.value.remedy
    assert read_table(text.encode("cp1252"), TableOptions(encoding="cp1252")).headings[0] == "Größe"


def test_a_named_encoding_that_does_not_fit_is_refused() -> None:
    with pytest.raises(TableUnreadable, match="utf-8"):
        read_table("Maß;b\n1;2\n".encode("cp1252"), TableOptions(encoding="utf-8"))


def test_rows_are_numbered_as_the_spreadsheet_numbers_them() -> None:
    table = read('lot;note\nA;"two\nlines"\n;\nB;x\n')
    assert [row.number for row in table.rows] == [2, 4]


def test_line_ends_blanks_and_empty_columns_at_the_end_are_not_content() -> None:
    table = read("lot ; value;;\r\n A-1 ;\u00a012,5\u3000;;\r\n;;;\r\n")
    assert table.headings == ("lot", "value")
    assert table.rows[0].cells == ("A-1", "12,5")
    assert len(table.rows) == 1


def test_headings_may_stand_below_a_title() -> None:
    text = "Report of the week;;\n\nlot;value;unit\nA;1;mm\n"
    table = read(text, heading_row=3)
    assert table.headings == ("lot", "value", "unit")
    assert table.rows[0].number == 4


@pytest.mark.parametrize("delimiter", ["  ", "ab", '"', "\n", "\r"])
def test_a_delimiter_that_cannot_be_one_is_refused(delimiter: str) -> None:
    with pytest.raises(TableUnreadable, match="expected a delimiter of one character"):
        read_table(b"a;b\n1;2\n", TableOptions(delimiter=delimiter))
    assert read_table(b"a;b\n1;2\n", TableOptions(delimiter=";")).headings == ("a", "b")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("lot;lot\n1;2\n", "columns A and B"),
        ("lot;;c\n1;2;3\n", "column B"),
        ("lot;value\n", "row 1, found none: no rows filled in yet"),
        ("lot;value\nA;1\nB;2;3\n", "row 3"),
        ('lot;value\nA;"1\n', "row 2"),
    ],
)
def test_what_is_no_table_is_refused_at_its_place(text: str, place: str) -> None:
    with pytest.raises(TableUnreadable, match=place):
        read(text, delimiter=";")
    assert read(PLAIN, delimiter=";").rows


def test_bounds_on_bytes_rows_and_columns_hold() -> None:
    row = "1;" * (limits.TABLE_COLUMNS_MAX - 1) + "1"
    heading = ";".join(f"c{at}" for at in range(limits.TABLE_COLUMNS_MAX))
    assert len(read(f"{heading}\n{row}\n", delimiter=";").headings) == limits.TABLE_COLUMNS_MAX
    with pytest.raises(TableUnreadable, match="columns"):
        read(f"{heading};x\n{row};1\n", delimiter=";")
    with pytest.raises(TableUnreadable, match="bytes"):
        read_table(bytes(limits.TABLE_BYTES_MAX + 1), TableOptions())
    rows = "1\n" * limits.TABLE_ROWS_MAX
    assert len(read(f"a\n{rows}", delimiter=";").rows) == limits.TABLE_ROWS_MAX
    with pytest.raises(TableUnreadable, match="rows"):
        read(f"a\n1\n{rows}", delimiter=";")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_a_refusal(data: bytes) -> None:
    try:
        table = read_table(data, TableOptions())
    except (TableUnreadable, FormUnclear):
        return
    assert all(len(row.cells) == len(table.headings) for row in table.rows)
