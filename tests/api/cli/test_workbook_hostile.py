"""A workbook that was made to do harm is refused, and costs little time and memory."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zipfile

import pytest

from api.cli.table import TableOptions
from api.cli.table_errors import TableUnreadable, WorkbookRefused
from api.cli.table_sheet import read_any_table
from ledger import limits
from tests.api.cli.workbooks import MAIN, a_sheet, a_workbook, by_hand, zipped

pytestmark = pytest.mark.item("4.8.hostile")

GOOD = '<row r="1"><c r="A1" t="str"><v>A</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>'
MEMORY_MAX = 64 * 1024 * 1024
SECONDS_MAX = 5


def refused(data: bytes, match: str) -> WorkbookRefused:
    """The refusal of a workbook, which came soon and took little memory."""
    tracemalloc.start()
    began = time.monotonic()
    try:
        with pytest.raises(WorkbookRefused, match=match) as found:
            read_any_table(data, TableOptions())
        assert tracemalloc.get_traced_memory()[1] < MEMORY_MAX
        assert time.monotonic() - began < SECONDS_MAX
    finally:
        tracemalloc.stop()
    return found.value


def test_the_harmless_sibling_of_the_hostile_ones_is_read() -> None:
    assert read_any_table(by_hand(a_sheet(GOOD)), TableOptions()).rows[0].cells == ("1",)


def test_a_part_that_unpacks_to_hundreds_of_times_its_size_is_refused() -> None:
    refused(by_hand(a_sheet(GOOD + " " * (8 << 20))), "200 times their size")


def test_a_workbook_that_declares_more_than_it_may_unpack_to_is_refused() -> None:
    data = bytearray(by_hand(a_sheet(GOOD)))
    at = data.rfind(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, limits.WORKBOOK_UNPACKED_BYTES_MAX + 1)
    refused(bytes(data), "unpacked bytes")


def test_a_part_that_is_larger_than_it_declares_is_refused() -> None:
    sheet = a_sheet(GOOD)
    data = bytearray(by_hand(sheet))
    at = data.find(struct.pack("<I", len(sheet)), data.find(b"PK\x01\x02"))
    struct.pack_into("<I", data, at, len(sheet) - 40)
    refused(bytes(data), "cannot be read")


def test_a_damaged_part_is_refused() -> None:
    data = bytearray(by_hand(a_sheet(GOOD)))
    at = data.find(b"xl/sheet.xml") + len(b"xl/sheet.xml") + 20
    data[at] ^= 0xFF
    refused(bytes(data), "expected")


def test_more_parts_than_a_workbook_has_are_refused() -> None:
    parts = {f"xl/media/{number}": b"" for number in range(limits.WORKBOOK_PARTS_MAX + 1)}
    refused(zipped(parts), "parts|directory")


def test_a_directory_that_lies_about_its_count_is_refused_by_its_size() -> None:
    data = bytearray(zipped({f"{number:080}": b"" for number in range(6000)}))
    struct.pack_into("<HH", data, data.rfind(b"PK\x05\x06") + 8, 5, 5)
    refused(bytes(data), "bytes of directory")


def test_a_part_that_is_there_twice_is_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = _with_twin(by_hand(a_sheet(GOOD)))
    refused(data, "a part twice")


def _with_twin(data: bytes) -> bytes:
    file = io.BytesIO(data)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("xl/sheet.xml", a_sheet(GOOD.replace("<v>1</v>", "<v>2</v>")))
    return file.getvalue()


BOMB = "".join(
    f'<!ENTITY e{number} "{f"&e{number - 1};" * 10 if number else "ha"}">' for number in range(9)
)


@pytest.mark.parametrize(
    "declared",
    [
        "<!DOCTYPE worksheet>",
        f"<!DOCTYPE worksheet [{BOMB}]>",
        '<!DOCTYPE worksheet [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE worksheet SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_in_every_part_and_encoding(
    declared: str, encoding: str
) -> None:
    sheet = a_sheet(GOOD)
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    assert read_any_table(by_hand((head + sheet).encode(encoding)), TableOptions())
    refused(by_hand((head + declared + sheet).encode(encoding)), "document type")
    texts = f'<sst xmlns="{MAIN}"><si><t>a</t></si></sst>'
    refused(by_hand(sheet, texts=(head + declared + texts).encode(encoding)), "document type")


def test_elements_nested_deep_are_refused() -> None:
    depth = limits.WORKBOOK_XML_DEPTH_MAX
    nested = "<x>" * (depth - 1) + "</x>" * (depth - 1)
    assert read_any_table(by_hand(a_sheet(GOOD, after=nested)), TableOptions())
    refused(by_hand(a_sheet(GOOD, after="<x>" * 200_000)), "deep")


def test_a_tag_without_an_end_is_refused_before_it_is_read_again_and_again() -> None:
    noise = "".join(f' a{number}="{number * 7919 % 9973}"' for number in range(600_000))
    refused(by_hand(a_sheet(f"<row{noise}/>")), "tag without an end")


def test_a_million_rows_that_are_declared_only_cost_nothing() -> None:
    declared = '<dimension ref="A1:XFD1048576"/>'
    table = read_any_table(by_hand(a_sheet(GOOD, before=declared)), TableOptions())
    assert len(table.rows) == 1


def test_empty_rows_are_read_over_and_cells_without_a_value_are_not_there() -> None:
    # 50 thousand here; a million take seconds, and no more memory.
    empty = "".join(f'<row r="{row}"><c r="C{row}" s="0"/></row>' for row in range(3, 50_000))
    table = read_any_table(by_hand(a_sheet(GOOD + empty)), TableOptions())
    assert (table.headings, len(table.rows)) == (("A",), 1)


@pytest.mark.long
def test_a_million_empty_rows_take_bounded_memory() -> None:
    empty = "".join(f'<row r="{row}"><c r="C{row}"/></row>' for row in range(3, 1_048_577))
    data = by_hand(a_sheet(GOOD + empty))
    del empty
    tracemalloc.start()
    try:
        assert len(read_any_table(data, TableOptions()).rows) == 1
        assert tracemalloc.get_traced_memory()[1] < MEMORY_MAX
    finally:
        tracemalloc.stop()


def test_more_rows_than_a_table_may_have_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f'<row r="{row}"><c><v>1</v></c></row>' for row in range(3, 400))
    data = by_hand(a_sheet(GOOD + rows))
    assert len(read_any_table(data, TableOptions()).rows) == 398
    monkeypatch.setattr(limits, "TABLE_ROWS_MAX", 200)
    refused(data, "rows in sheet 'Teile'")


def test_a_text_that_is_kept_once_and_shown_too_often_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = f'<sst xmlns="{MAIN}"><si><t>{"a" * 30_000}</t></si></sst>'
    shown = "".join(f'<row r="{row}"><c t="s"><v>0</v></c></row>' for row in range(3, 300))
    data = by_hand(a_sheet(GOOD + shown), texts=texts)
    assert len(read_any_table(data, TableOptions()).rows) == 298
    monkeypatch.setattr(limits, "TABLE_BYTES_MAX", 1_000_000)
    refused(data, "characters")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ('<row r="2"/><row r="1"/>', "row 1 after row 2"),
        ('<row r="1048577"/>', "a number '1048577'"),
        ('<row r="0"/>', "row 0"),
        ('<row r="-1"/>', "a number '-1'"),
        ('<row r="1"><c r="A2"/></row>', "A2 out of its place"),
        ('<row r="1"><c r="B1"/><c r="A1"/></row>', "A1 out of its place"),
        ('<row r="1"><c r="A1"/><c r="A1"/></row>', "A1 out of its place"),
        ('<row r="1"><c r="XFE1"/></row>', "the cell 'XFE1'"),
        ('<row r="1"><c r="a1"/></row>', "the cell 'a1'"),
        ('<row r="1"><c r="XFD1"><v>1</v></c></row>', "XFD1, beyond the 500 columns"),
        ('<row r="1"><c t="s"><v>0</v></c></row>', "a shared text '0'"),
        ('<row r="1"><c t="str"><v>' + "a" * 32_768 + "</v></c></row>", "in cell A1"),
    ],
)
def test_cells_that_no_sheet_has_are_refused(rows: str, said: str) -> None:
    assert said in str(refused(by_hand(a_sheet(rows)), "cells of a sheet"))


def test_merged_cells_without_number_are_refused() -> None:
    merge = '<mergeCells><mergeCell ref="A1:A2"/></mergeCells>'
    assert read_any_table(by_hand(a_sheet(GOOD, after=merge)), TableOptions(heading_row=1))
    many = "<m>" + '<mergeCell ref="A1:A1048576"/>' * 10_001 + "</m>"
    refused(by_hand(a_sheet(GOOD, after=many)), "merged cells")
    refused(by_hand(a_sheet(GOOD, after='<mergeCell ref="B2:A1"/>')), "merged cells 'B2:A1'")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 99, "Excel 97"),
        (
            bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"),
            "an encrypted workbook",
        ),
        (b"PK\x03\x04", "no directory"),
        (zipped({"word/document.xml": "<x/>"}), "no part '_rels/.rels'"),
    ],
)
def test_what_is_no_workbook_is_told_what_it_is(data: bytes, said: str) -> None:
    assert said in str(refused(data, "expected a workbook"))


def test_a_password_on_a_part_is_refused() -> None:
    data = bytearray(by_hand(a_sheet(GOOD)))
    data[data.find(b"PK\x01\x02") + 8] |= 1
    refused(bytes(data), "encrypted")


def test_links_to_other_places_are_not_followed() -> None:
    data = a_workbook([["A"], [1]])
    outside = data.replace(b"xl/", b"xy/")
    refused(outside, "expected a workbook")
    with pytest.raises(TableUnreadable):
        read_any_table(b"PKno workbook", TableOptions())
