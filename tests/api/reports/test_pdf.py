"""A report as a PDF: what it says can be read, searched and checked, in English and Chinese."""

from __future__ import annotations

import io
import re
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf.generic import ContentStream

from api.reports.inspection import VALUES_OF_ALL
from api.reports.pdf import report_pdf
from api.reports.subject import Subject
from tests.api.reports.made_up import records
from tests.api.reports.subjects import INSPECTION, RECORD_ID, a_subject
from tests.quality.examples import VCTS, changed, example

pytestmark = pytest.mark.item("6.5.report-pdf")


def pages(subject: Subject) -> list[str]:
    """The text of each page without white space, as its font's table of characters gives it."""
    reader = PdfReader(io.BytesIO(report_pdf(subject)))
    return ["".join("".join(drawn(page, reader)).split()) for page in reader.pages]


def drawn(page: Any, reader: PdfReader) -> list[str]:
    """The texts of a page, each as it was drawn in one piece."""
    (font,) = (item.get_object() for item in page["/Resources"]["/Font"].values())
    table = font["/ToUnicode"].get_object().get_data().decode("ascii")
    letters = {
        int(code, 16): bytes.fromhex(text).decode("utf-16-be")
        for code, text in re.findall(r"^<(\w{4})> <(\w+)>$", table, re.MULTILINE)
    }
    stream = ContentStream(page["/Contents"], reader)
    shown = (
        operands[0].original_bytes for operands, operator in stream.operations if operator == b"Tj"
    )
    return ["".join(letters[code] for (code,) in struct.iter_unpack(">H", one)) for one in shown]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ["accepted", "LG-2026-0417", "中间轴齿轮", "1.00067", "stillpasses", "Page1of2"]),
        ("zh", ["检验报告", "接收", "进货检验", "中间轴齿轮", "仍有", "第1页，共2页", "复核方法"]),
    ],
)
def test_a_pdf_says_in_its_language_what_the_record_says(language: str, told: list[str]) -> None:
    found = pages(a_subject(example(INSPECTION), language=language))
    whole = "".join(found)
    assert [text for text in told if text not in whole] == []
    assert all(RECORD_ID in page for page in found)


def test_withheld_groups_are_said_to_be_withheld() -> None:
    groups = example(INSPECTION)
    del groups["measurements"]
    whole = "".join(pages(a_subject(groups, withheld=("measurements",))))
    assert "Measurements:withheldfromthisreader,ornotpartoftherecord" in whole
    assert "Valuesof" not in whole


def test_the_font_is_embedded_as_a_subset_that_gives_its_text_back() -> None:
    data = report_pdf(a_subject(example(INSPECTION), language="zh"))
    page: Any = PdfReader(io.BytesIO(data)).pages[0]
    for font in (item.get_object() for item in page["/Resources"]["/Font"].values()):
        assert "+NotoSansSC" in font["/BaseFont"]
        assert "/ToUnicode" in font
        assert "/FontFile3" in font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
    assert len(data) < 120_000


def test_the_same_subject_makes_the_same_bytes() -> None:
    subject = a_subject({"verdict": example(INSPECTION)["verdict"]})
    assert report_pdf(subject) == report_pdf(subject)


def test_a_character_that_the_font_does_not_have_is_written_as_its_code() -> None:
    groups = changed(example(INSPECTION), "/verdict/remark", "ok \U0001f600\u200f")
    assert "ok[U+1F600]\\u200f" in "".join(pages(a_subject(groups)))


@pytest.mark.parametrize("text", ["sorted\n\nsee attachment", "\nx", "\n", "a\n", " " * 500 + "b"])
def test_a_remark_may_have_empty_lines(text: str) -> None:
    found = "".join(pages(a_subject(changed(example(INSPECTION), "/verdict/remark", text))))
    assert "".join(text.split()) in found


def test_a_long_report_is_summarised_and_says_so() -> None:
    groups: dict[str, Any] = example(INSPECTION)
    (first, *_) = groups["measurements"]["characteristics"]
    many = [{"value": f"{at % 7}.50"} for at in range(2_000)]
    groups["measurements"]["characteristics"] = [
        {**first, "id": f"D{at}", "values": many} for at in range(40)
    ]
    found = pages(a_subject(groups))
    assert len(found) < 20
    assert "80of2000rowsareshown" in "".join(found)
    shown = sum(page.count(".50") for page in found)
    assert VALUES_OF_ALL <= shown < 2 * VALUES_OF_ALL


@pytest.mark.parametrize(
    "vct",
    [
        pytest.param(vct, marks=() if vct == "corrective-action/v1" else pytest.mark.long)
        for vct in VCTS
    ],
)
def test_a_record_of_any_type_has_a_report(vct: str) -> None:
    assert RECORD_ID in pages(a_subject(example(vct), vct=vct, language="zh"))[0]


DIGITS = "9" * 34
EXTREME = [
    {"value": DIGITS},
    {"value": f"-{DIGITS}"},
    {"value": "0." + "0" * 33 + "1"},
]


def test_the_longest_numbers_are_told_to_the_digit() -> None:
    at = "/measurements/characteristics/0"
    groups = changed(changed(example(INSPECTION), f"{at}/values", EXTREME), f"{at}/upper", DIGITS)
    assert DIGITS in "".join(pages(a_subject(groups)))


@pytest.mark.long
@pytest.mark.timeout(600)
@settings(max_examples=100)
@given(groups=records(INSPECTION), language=st.sampled_from(["en", "zh"]))
def test_any_inspection_has_a_report(groups: dict[str, Any], language: str) -> None:
    assert report_pdf(a_subject(groups, language=language)).startswith(b"%PDF-")


def cells(subject: Subject) -> list[str]:
    """The texts of the pages, a piece for each that was drawn."""
    reader = PdfReader(io.BytesIO(report_pdf(subject)))
    return [text for page in reader.pages for text in drawn(page, reader)]


@pytest.mark.parametrize("digits", ["20.00040", "-123456.7890123", "0." + "0" * 33 + "1"])
def test_a_number_never_breaks_over_lines(digits: str) -> None:
    at = "/measurements/characteristics/0"
    groups = changed(example(INSPECTION), f"{at}/values", [{"value": digits}] * 11)
    for name in ("lower", "nominal", "upper"):
        groups = changed(groups, f"{at}/{name}", digits)
    found = cells(a_subject(groups))
    # Limits, extremes and eleven values of one characteristic.
    assert found.count(digits) == 3 + 2 + 11


def test_units_names_and_times_are_told_as_people_read_them() -> None:
    at = "/measurements/characteristics/0"
    groups = changed(changed(example(INSPECTION), f"{at}/unit", "MMT"), f"{at}/name", "D1")
    found = cells(a_subject(groups))
    assert "mm" in found
    assert "MMT" not in "".join(found)
    assert "D1 D1" not in found
    assert "2026-11-20 09:30:00 +08:00 (2026-11-20 01:30:00 UTC)" in found
    assert sum("UTC" in text for text in found) == 1


def test_words_of_closed_lists_are_chinese_in_a_chinese_report() -> None:
    groups = changed(example(INSPECTION), "/plan/classes/0/arrow", "none")
    found = cells(a_subject(groups, language="zh"))
    assert "无" in found
    assert [text for text in found if text in {"none", "typing", "5000-or-more"}] == []
    assert {"录入错误", "5000 及以上"} <= set(found)
