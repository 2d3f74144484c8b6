"""Targets of tables of readings: rows of text and of sheets, events, what is gathered."""

from __future__ import annotations

from typing import Final

from api.cli.measured.source import silent
from api.cli.table_errors import WorkbookRefused
from api.cli.workbook.reading import read_workbook
from api.cli.workbook.streaming import SheetStream
from quality.errors import MeasurementFileRefused
from quality.readers.delimited import TextForm, read_delimited_rows
from quality.readers.gathered import gather
from quality.readers.model import Characteristic
from quality.readers.readings_table import ReadingsLayout, read_readings_table
from tests.api.cli.workbooks import a_sheet, by_hand
from tests.fuzz.target import Target

_ENCODINGS: Final = ("utf-8", "gb18030", "cp1252", "utf-16")
_WIDE: Final = ReadingsLayout(
    ("lot", "no", "D [mm]"),
    place=lambda row, column: f"{row}/{column}",
    wide={2: Characteristic("", "", number="D", unit="MMT")},
    beside={"piece": 1},
    parts=(0,),
)
_LONG: Final = ReadingsLayout(
    ("lot", "feature", "value", "upper"),
    place=lambda row, column: f"{row}/{column}",
    value=2,
    members={"number": 1, "upper": 3},
    parts=(0,),
    is_comma=True,
)


def _read_readings(data: bytes) -> None:
    # The first byte chooses encoding, layout and the size of the pieces.
    chosen, body = (data[0] if data else 0), data[1:]
    size = 1 + chosen // 8 % 7
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    rows = list(read_delimited_rows(chunks, TextForm(_ENCODINGS[chosen % 4], ";")))
    assert rows == list(read_delimited_rows([body], TextForm(_ENCODINGS[chosen % 4], ";")))
    layout = _LONG if chosen // 4 % 2 else _WIDE
    found = gather(read_readings_table(rows, layout), values_max=3, kept_max=50)
    for part in found.parts.values():
        for one in part.characteristics.values():
            sums = one.sums
            assert not sums.count or sums.minimum <= sums.mean() <= sums.maximum


def _stream_sheet(data: bytes) -> None:
    # A whole archive, or the XML of the sheet in a sound one: the rows are those of the whole.
    book = data if data[:2] == b"PK" else by_hand(data)
    stream = SheetStream(book)
    name = stream.choose(None)
    rows = list(stream.rows(name, silent, heading_row=1))
    assert [row.number for row in rows] == [
        row.number for row in (read_workbook(book, sheet=name).rows if rows else ())
    ]


def _sheets() -> list[bytes]:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="3"><c r="B3"><v>2.5</v></c></row>'
    merged = '<mergeCells><mergeCell ref="A1:B1"/></mergeCells>'
    return [a_sheet(rows).encode(), a_sheet(rows, after=merged).encode(), by_hand(a_sheet(rows))]


def _seeds() -> list[bytes]:
    return [
        b"\x00A;1;12.5\nA;2;-0.3\nB;;\n",
        b"\x04A;D;12,5;13\r\nA;D;7;14\r\n",
        "\x01批;1;7\n".encode("gb18030"),
        b"\x03" + 'A;"1\n2";7\n'.encode("utf-16"),
        b"\x02\xfc;1;7\n",
    ]


TARGETS: Final = (
    Target(
        "readings-table",
        _read_readings,
        (MeasurementFileRefused,),
        (read_delimited_rows, read_readings_table),
        _seeds,
        bytes_max=512,
        words=(";", "\n", '"', "12.5", "1,5", "\r\n", "A;D;", "1E3"),
    ),
    Target(
        "sheet-stream",
        _stream_sheet,
        (WorkbookRefused,),
        (),
        _sheets,
        bytes_max=2048,
        words=("<row", "</row>", 'r="', "<v>", "mergeCell", 'ref="A1:A2"', 't="s"'),
    ),
)
