"""Bytes into lines: encodings that no file names, ends of lines, bounds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.errors import MeasurementFileRefused
from quality.readers.dfq import DfqForm
from quality.readers.lines import FILE_BYTES_MAX, LINE_BYTES_MAX, Lines, guess_encoding
from quality.readers.model import Characteristic, Note, Part
from tests.quality.readers.told import dfq, faults, last, of

GERMAN = "K0100 1\r\nK1001/1 A\r\nK1002/1 Gehäuse, groß\r\nK2001/1 1\r\nK2002/1 Größe ØD ±5 µm\r\n"
CHINESE = "K0100 1\r\nK1001/1 A\r\nK1002/1 齿轮\r\nK2001/1 1\r\nK2002/1 直径 孔1\r\n"


@pytest.mark.item("6.bad.iso-8859-1")
@pytest.mark.parametrize("encoding", ["iso-8859-1", "cp1252", "utf-8", "utf-8-sig", "utf-16"])
def test_german_names_are_read_in_their_encoding(encoding: str) -> None:
    events = dfq(GERMAN.encode(encoding))
    assert [part.name for part in of(Part, events)] == ["Gehäuse, groß"]
    assert last(events)["1"].name == "Größe ØD ±5 µm"
    named = "cp1252" if encoding in ("iso-8859-1", "cp1252") else "utf-8"
    assert of(Note, events) == [Note("encoding", named)]


@pytest.mark.item("6.bad.gbk")
@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "gb2312", "utf-8", "utf-16-le"])
def test_chinese_names_are_read_in_their_encoding(encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    events = dfq((mark + CHINESE).encode(encoding))
    assert [part.name for part in of(Part, events)] == ["齿轮"]
    assert last(events)["1"].name == "直径 孔1"
    named = "gb18030" if encoding.startswith("gb") else "utf-8"
    assert of(Note, events) == [Note("encoding", named)]


@pytest.mark.item("6.bad.gbk")
def test_an_encoding_that_is_told_is_taken() -> None:
    # 0xB0 0x43 is a degree sign and a C, or a rare hanzi of GBK.
    data = b"K0100 1\nK2001/1 1\nK2002/1 20" + b"\xb0C\n"
    names = {
        encoding: last(dfq(data, DfqForm(encoding)))["1"].name for encoding in (None, "gb18030")
    }
    assert names == {None: "20°C", "gb18030": "20癈"}


@pytest.mark.parametrize(
    ("text", "encoding", "guessed"),
    [
        ("Bore 5 mm", "ascii", None),
        ("Größe", "iso-8859-1", "cp1252"),
        ("GRÖSSE", "iso-8859-1", "cp1252"),
        ("20°C ±2µm", "iso-8859-1", "cp1252"),
        ("Ø 5", "iso-8859-1", "cp1252"),
        ("5 € – geprüft", "cp1252", "cp1252"),
        ("直径", "gbk", "gb18030"),
        ("孔1", "gbk", "gb18030"),
        ("A面 平行度", "gbk", "gb18030"),
        ("直径", "utf-8", "utf-8"),
        ("Größe", "utf-8", "utf-8"),
    ],
)
def test_an_encoding_is_guessed(text: str, encoding: str, guessed: str | None) -> None:
    assert guess_encoding(text.encode(encoding)) == guessed


@given(st.text(st.characters(min_codepoint=0xA0, max_codepoint=0xFF), min_size=1))
@settings(max_examples=50)
def test_utf_8_is_never_taken_for_another(text: str) -> None:
    assert guess_encoding(text.encode()) == "utf-8"


@pytest.mark.item("6.5.cells")
def test_bytes_of_another_encoding_are_told_by_line() -> None:
    data = CHINESE.encode() + "K1900/1 Größe\r\n".encode("iso-8859-1")
    events = dfq(data, DfqForm("utf-8"))
    assert faults(events) == [
        "line 6: expected text in the encoding of the file, found bytes that are none"
    ]
    assert len(of(Characteristic, events)) == 1


def test_bytes_that_windows_left_open_are_control_characters() -> None:
    assert last(dfq(b"K2001/1 Gr\xf6\x81\xdfe\n"))["1"].number == "Grö ße"


def test_ends_of_lines_do_not_matter() -> None:
    assert [line.text for line in Lines([b"a\nb\n\nc"])] == ["a", "b", "", "c"]
    assert [line.number for line in Lines([b"\na\n", b"\n", b"b"])] == [1, 2, 3, 4]


def test_a_line_without_end_is_refused() -> None:
    pieces = [b"x" * LINE_BYTES_MAX, b"x"]
    assert [len(line.text) for line in Lines(pieces[:1])] == [LINE_BYTES_MAX]
    with pytest.raises(MeasurementFileRefused, match="bytes in a line"):
        list(Lines(pieces))


def test_a_file_without_end_is_refused() -> None:
    class Huge(bytes):
        def __len__(self) -> int:
            return FILE_BYTES_MAX + 1

    def pieces() -> Iterator[bytes]:
        yield Huge(b"K0100 1\n")

    with pytest.raises(MeasurementFileRefused, match="expected a file of at most"):
        list(Lines(pieces()))


def test_half_a_character_of_utf_16_is_refused() -> None:
    with pytest.raises(MeasurementFileRefused, match="UTF-16"):
        list(Lines(["K0100 1\n".encode("utf-16"), b"\x00"]))


@pytest.mark.parametrize("encoding", ["klingon", "rot13", "utf-16"])
def test_an_encoding_that_is_not_read_is_refused(encoding: str) -> None:
    with pytest.raises(MeasurementFileRefused, match=f"expected one of .*, found '{encoding}'"):
        dfq("K0100 1\n", DfqForm(encoding))
