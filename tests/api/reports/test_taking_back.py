"""A report goes out as a workbook and comes back as the record that it was."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from api.cli.places import Places
from api.cli.table_errors import CellsRefused
from api.reports.sheets import report_workbook
from api.reports.taking_back import TakenBack, is_report, report_type, take_back
from ledger.compose import Filing, closed_groups
from tests.api.cli.tables import KINDS, ORIGIN
from tests.api.reports.made_up import NASTY, records
from tests.api.reports.subjects import INSPECTION, ISSUER, RECORD_ID, a_subject
from tests.quality.examples import VCTS, changed, example


def there_and_back(groups: dict[str, Any], *, vct: str = INSPECTION, language: str) -> TakenBack:
    """What comes back of a report that went out."""
    data = report_workbook(a_subject(groups, vct=vct, language=language))
    assert is_report(data)
    assert report_type(data) == vct
    return take_back(data, Places(KINDS[vct].text), origin=ORIGIN)


@pytest.mark.item("6.5.round-trip")
@settings(max_examples=25)
@given(groups=records(INSPECTION), language=st.sampled_from(["en", "zh"]))
def test_a_report_comes_back_as_it_went_out(groups: dict[str, Any], language: str) -> None:
    assert there_and_back(groups, language=language).groups == groups


@pytest.mark.long
@pytest.mark.timeout(600)
@settings(max_examples=500)
@given(groups=records(INSPECTION), language=st.sampled_from(["en", "zh"]))
def test_many_reports_come_back_as_they_went_out(groups: dict[str, Any], language: str) -> None:
    assert there_and_back(groups, language=language).groups == groups


@pytest.mark.parametrize("vct", VCTS)
def test_a_record_of_any_type_comes_back(vct: str) -> None:
    groups = example(vct)
    assert there_and_back(groups, vct=vct, language="zh").groups == groups


@pytest.mark.parametrize("text", NASTY)
def test_a_text_that_spreadsheets_take_for_more_stays_a_text(text: str) -> None:
    groups = changed(example(INSPECTION), "/verdict/remark", text)
    data = report_workbook(a_subject(groups))
    assert take_back(data, Places(KINDS[INSPECTION].text), origin=ORIGIN).groups == groups
    cells = [
        cell
        for sheet in load_workbook(io.BytesIO(data))
        for row in sheet.iter_rows()
        for cell in row
    ]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
    assert all(cell.number_format == "@" for cell in cells if cell.data_type == "s" and cell.value)


DECIMALS = ("12.50", "0", "0.10", "100", "-0.5", "0.000000000000001", "9" * 34, "1." + "0" * 33)


@pytest.mark.parametrize("digits", DECIMALS)
def test_a_number_stays_the_digits_that_it_was(digits: str) -> None:
    at = "/measurements/characteristics/0/values/0/value"
    groups = changed(example(INSPECTION), at, digits)
    assert there_and_back(groups, language="en").groups == groups


def test_a_report_comes_back_addressed_and_filed_as_it_was() -> None:
    kind, groups = KINDS[INSPECTION], example(INSPECTION)
    filing = Filing(
        to=(ISSUER,),
        family="GEARS",
        number="007",
        notes="=1+1",
        case="c" * 43,
        cites=("x" * 43, "y" * 43),
        corrects="z" * 43,
        tiers={"lot": "consortium"},
    )
    closed = closed_groups(kind, groups, filing=filing, iss=ISSUER)
    back = there_and_back({**groups, **closed}, language="en")
    assert back.groups == groups
    assert closed_groups(kind, back.groups, filing=back.filing, iss=ISSUER) == closed


def test_what_was_withheld_is_not_made_up() -> None:
    groups = example(INSPECTION)
    del groups["measurements"]
    assert there_and_back(groups, language="en").groups == groups


def edited(groups: dict[str, Any], sheet: str, cells: dict[str, Any]) -> bytes:
    """A report's workbook in which somebody wrote."""
    book = load_workbook(io.BytesIO(report_workbook(a_subject(groups))))
    for name, value in cells.items():
        book[sheet][name] = value
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def taken(data: bytes) -> TakenBack:
    return take_back(data, Places(KINDS[INSPECTION].text), origin=ORIGIN)


def test_a_row_that_was_added_stands_behind_the_others() -> None:
    groups = example(INSPECTION)
    before = groups["measurements"]["characteristics"][0]["values"]
    row = 3 + sum(len(item["values"]) for item in groups["measurements"]["characteristics"])
    data = edited(groups, "Values", {f"A{row}": 1, f"D{row}": "0.999"})
    found = taken(data).groups["measurements"]["characteristics"][0]["values"]
    assert found == [*before, {"value": "0.999"}]


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"D3": "1,006"}, 'sheet "Values", cell D3'),
        ({"D3": "=1+1"}, "a formula whose value was not kept"),
        ({"B4": 1}, 'sheet "Values", cell B4: expected every number once, found 1 again'),
        ({"A3": "one"}, "sheet \"Values\", cell A3: expected a number from 1 on, found 'one'"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(cells: dict[str, Any], told: str) -> None:
    with pytest.raises(CellsRefused) as refused:
        taken(edited(example(INSPECTION), "Values", cells))
    assert any(told in place for place in refused.value.places)


def test_a_place_that_the_type_does_not_have_is_refused_by_its_cell() -> None:
    with pytest.raises(CellsRefused) as refused:
        taken(edited(example(INSPECTION), "Report", {"E3": "/manifest/" + "a/" * 5_000}))
    assert 'sheet "Report", cell C3' in refused.value.places[0]


@pytest.mark.item("6.5.report-xlsx")
@pytest.mark.parametrize(
    ("language", "sheets", "told"),
    [
        ("en", ["Report", "By defect class"], "the log holds the record as entry 41 of 60"),
        ("zh", ["报告", "按缺陷等级"], "未向本读者提供"),
    ],
)
def test_a_workbook_says_in_its_language_what_was_verified_and_withheld(
    language: str, sheets: list[str], told: str
) -> None:
    groups = example(INSPECTION)
    subject = a_subject(groups, language=language, withheld=("evidence",))
    book = load_workbook(io.BytesIO(report_workbook(subject)))
    assert book.sheetnames[:2] == sheets
    about = [str(cell.value) for row in book["lotmark"].iter_rows() for cell in row]
    assert any(told in text for text in about)
    assert RECORD_ID in about
    assert any("lotmark verify" in text for text in about)
