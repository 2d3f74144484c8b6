"""What a workbook shows is what is read of it, and a cell without a value is named."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from api.cli.table import TableOptions
from api.cli.table_errors import CellsRefused, TableUnreadable, WorkbookRefused
from api.cli.table_sheet import read_any_table
from api.cli.workbook.number_format import NumberRefused, parse_number_format, show_number
from api.cli.workbook.reading import read_workbook
from tests.api.cli.tables import mapped_table
from tests.api.cli.workbooks import MAIN, a_sheet, a_workbook, by_hand, saved

pytestmark = pytest.mark.item("4.8")


def moment(hour: int, minute: int, second: float = 0) -> datetime:
    """A time of a day; a spreadsheet knows of no time zones."""
    whole = datetime(2026, 11, 20, tzinfo=UTC).replace(tzinfo=None)
    return whole + timedelta(hours=hour, minutes=minute, seconds=second)


def shown(value: Any, code: str = "General") -> str:
    """What is read of a cell with this value and number format."""
    table = read_any_table(a_workbook([["A"], [value]], formats={"A2": code}), TableOptions())
    return table.rows[0].cells[0] if table.rows else ""


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (12, "General", "12"),
        (12.0, "General", "12"),
        (12.5, "General", "12.5"),
        (12.5, "0.00", "12.50"),
        (12.345, "0.00", "12.345"),
        (0.1 + 0.2, "General", "0.3"),
        (1.1000000000000001, "General", "1.1"),
        (-0.25, "General", "-0.25"),
        (1e-7, "General", "0.0000001"),
        (123, "00000", "00123"),
        (1234567, "#,##0", "1234567"),
        (0.125, "0.0%", "12.5%"),
        (12.5, '0.0" kg"', "12.5 kg"),
        (12.5, "0.0_);[Red]\\(0.0\\)", "12.5"),
        (True, "General", "true"),
        ("  text ", "General", "text"),
        ("零件", "General", "零件"),
        (date(2026, 11, 20), "dd.mm.yyyy", "2026-11-20"),
        (date(2026, 11, 20), 'yyyy"年"m"月"d"日"', "2026-11-20"),
        (moment(9, 30), "dd.mm.yyyy hh:mm", "2026-11-20 09:30:00"),
        (
            moment(9, 30, 1.5),
            "yyyy-mm-dd hh:mm:ss",
            "2026-11-20 09:30:01.500",
        ),
        (moment(9, 30), "dd.mm.yyyy", "2026-11-20"),
        (time(9, 30), "hh:mm", "09:30:00"),
        (1.5, "[h]:mm", "36:00:00"),
        (date(1900, 2, 28), "yyyy-mm-dd", "1900-02-28"),
    ],
)
@pytest.mark.item("4.8.cells")
def test_a_cell_is_read_as_it_is_shown(value: Any, code: str, text: str) -> None:
    assert shown(value, code) == text


@pytest.mark.parametrize("code", ["0,,", "#,##0,", "0.0,", '#,##0.0,,"M"', "0,%"])
def test_a_number_of_which_a_thousandth_is_shown_is_refused(code: str) -> None:
    with pytest.raises(NumberRefused, match="shown as thousands or millions"):
        show_number("5000000", parse_number_format(code), is_1904=False)
    assert show_number("5000000", parse_number_format("#,##0"), is_1904=False) == "5000000"


@pytest.mark.parametrize("text", ["1_0", "１２", "NaN", "0x10", "1e", ""])
def test_what_is_kept_as_a_number_is_written_as_one(text: str) -> None:
    form = parse_number_format("General")
    with pytest.raises(NumberRefused):
        show_number(text, form, is_1904=False)
    assert show_number("1.0E+1", form, is_1904=False) == "10"


def test_days_of_a_calendar_that_begins_in_1904_are_the_same_days() -> None:
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    sheet.append(["Tag"])
    sheet.append([date(2026, 11, 20)])
    assert read_any_table(saved(book), TableOptions()).rows[0].cells == ("2026-11-20",)
    form = parse_number_format("yyyy-mm-dd")
    assert show_number("0", form, is_1904=True) == "1904-01-01"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ('<c r="B2"><f>A1*2</f></c>', "expected a value, found a formula whose value was not kept"),
        ('<c r="B2"><f>A1*2</f><v/></c>', "a formula whose value was not kept"),
        ('<c r="B2" t="e"><v>#N/A</v></c>', "found the error #N/A"),
        ('<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c>', "found the error #DIV/0!"),
        ('<c r="B2"><v>1234567890123456</v></c>', "more than 15 digits"),
        ('<c r="B2"><v>1e999</v></c>', "where a number is kept"),
        ('<c r="B2"><v>nan</v></c>', "where a number is kept"),
        ('<c r="B2" s="1"><v>60</v></c>', "29 February 1900 is no day"),
        ('<c r="B2" s="1"><v>46346</v></c>', "expected a text (was it turned into a date?"),
    ],
)
@pytest.mark.item("4.8.cells")
def test_a_cell_without_a_value_is_refused_by_its_name(cell: str, said: str) -> None:
    styles = (
        f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
        "</styleSheet>"
    )
    heads = '<row r="1"><c r="B1" t="inlineStr"><is><t>Charge</t></is></c></row>'
    good = by_hand(a_sheet(f'{heads}<row r="2"><c r="B2"><v>7</v></c></row>'), styles=styles)
    bad = by_hand(a_sheet(f'{heads}<row r="2">{cell}</row>'), styles=styles)
    columns = {"Charge": "/lot/number"}
    (draft,) = mapped_table(read_any_table(good, TableOptions()), columns)
    assert draft.groups["lot"] == {"number": "7"}
    with pytest.raises(CellsRefused) as refused:
        mapped_table(read_any_table(bad, TableOptions()), columns)
    (line,) = refused.value.places
    assert line.startswith("sheet \"Teile\", cell B2 'Charge': ")
    assert said in line


def test_a_value_that_a_formula_kept_is_taken() -> None:
    row = '<row r="1"><c t="str"><v>A</v></c></row><row r="2"><c><f>1+1</f><v>2</v></c></row>'
    assert read_any_table(by_hand(a_sheet(row)), TableOptions()).rows[0].cells == ("2",)


def test_a_table_is_found_below_its_title_and_beside_empty_columns() -> None:
    rows: list[list[object]] = [
        ["", "Teileliste 2026"],
        ["", "Kunde", "Acme"],
        [],
        ["", "Teil", "", "Menge", "Bemerkung"],
        ["", "A-1", "", 5, "neu"],
        ["", "A-2", "", 6],
    ]
    table = read_any_table(a_workbook(rows), TableOptions())
    assert table.headings == ("Teil", "Menge", "Bemerkung")
    assert [(row.number, row.cells) for row in table.rows] == [
        (5, ("A-1", "5", "neu")),
        (6, ("A-2", "6", "")),
    ]
    assert table.place(5, "Menge") == "sheet \"Teile\", cell D5 'Menge'"


def test_the_row_of_the_headings_may_be_named() -> None:
    data = a_workbook([["Teil", "Menge"], ["part", "quantity"], ["A-1", 5]])
    assert read_any_table(data, TableOptions()).headings == ("Teil", "Menge")
    assert read_any_table(data, TableOptions(heading_row=2)).headings == ("part", "quantity")
    with pytest.raises(TableUnreadable, match="headings and rows below them"):
        read_any_table(data, TableOptions(heading_row=9))


def test_a_cell_beside_the_headings_is_named() -> None:
    data = a_workbook([["Teil", "Menge"], ["A-1", 5], ["A-2", 6, "was?"]])
    with pytest.raises(TableUnreadable, match=r"heading in cell C1 .* cell C3 is filled"):
        read_any_table(data, TableOptions())


def test_headings_that_stand_twice_are_named_by_their_columns() -> None:
    data = a_workbook([["Teil", "Teil"], ["A-1", "A-2"]])
    with pytest.raises(TableUnreadable, match="'Teil' in columns A and B"):
        read_any_table(data, TableOptions(heading_row=1))


def several() -> Workbook:
    """An empty sheet, a hidden one, and two with rows."""
    book = Workbook()
    book.create_sheet("intern").append(["x", "y"])
    book["intern"].append(["1", "2"])
    book["intern"].sheet_state = "hidden"
    for name in ("Teile", "Werke"):
        book.create_sheet(name).append(["Nr", "Name"])
        book[name].append([name, "1"])
    return book


def test_the_first_sheet_with_something_in_it_is_read_and_the_others_are_told() -> None:
    found = read_workbook(saved(several()))
    assert found.name == "Teile"
    assert found.notes == (
        "not read: sheets 'Sheet', 'intern' (hidden), 'Werke'; --sheet names one",
    )


def test_a_sheet_is_named_in_any_case_even_a_hidden_one() -> None:
    data = saved(several())
    assert read_workbook(data, sheet="werke").name == "Werke"
    assert read_workbook(data, sheet="intern").notes[0] == (
        "sheet 'intern' is hidden in the workbook"
    )
    with pytest.raises(WorkbookRefused, match="none of that name") as refused:
        read_workbook(data, sheet="Blatt")
    assert "'Teile', 'Werke'" in refused.value.remedy
    with pytest.raises(WorkbookRefused, match="expected rows"):
        read_workbook(data, sheet="Sheet")


def test_cells_merged_downwards_count_for_every_row() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Lief", "Teil"], ["acme", "1"], [None, "2"], ["hoch", "3"]):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    table = read_any_table(saved(book), TableOptions())
    assert [row.cells for row in table.rows] == [("acme", "1"), ("acme", "2"), ("hoch", "3")]
    assert table.notes == ("merged cell A2:A3: the value counts for every row of them",)


@pytest.mark.item("4.8.cells")
def test_a_value_merged_across_two_columns_is_refused_by_its_cell() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Charge", "Teil"], ["L-1", None]):
        sheet.append(row)
    columns = {"Charge": "/lot/number"}
    assert mapped_table(read_any_table(saved(book), TableOptions()), columns)
    sheet.merge_cells("A2:B2")
    with pytest.raises(CellsRefused) as refused:
        mapped_table(read_any_table(saved(book), TableOptions()), columns)
    assert (
        "cell A2 'Charge': expected a value, found a value merged across A2:B2"
        in (refused.value.places[0])
    )


def test_hidden_rows_and_columns_are_read_and_told() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Teil", "Menge"], ["A", 1], ["B", 2]):
        sheet.append(row)
    sheet.row_dimensions[2].hidden = True
    sheet.column_dimensions["B"].hidden = True
    table = read_any_table(saved(book), TableOptions())
    assert len(table.rows) == 2
    assert table.notes == (
        "hidden row 2 read like the others",
        "hidden column B read like the others",
    )


def test_numbers_kept_as_numbers_need_no_decimal_sign_beside_texts_with_a_comma() -> None:
    table = read_any_table(
        a_workbook([["Charge", "Menge"], ["a", 12.5], ["b", "12,5"]]), TableOptions()
    )
    drafts = mapped_table(table, {"Charge": "/lot/number", "Menge": "/lot/quantity"})
    assert [draft.groups["lot"]["quantity"] for draft in drafts] == ["12.5", "12.5"]


def test_a_sheet_is_not_asked_of_delimited_text() -> None:
    assert read_any_table(b"a;b\n1;2\n", TableOptions()).headings == ("a", "b")
    with pytest.raises(TableUnreadable, match="delimited text"):
        read_any_table(b"a;b\n1;2\n", TableOptions(sheet="Teile"))
