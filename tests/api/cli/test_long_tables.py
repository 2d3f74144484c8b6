"""A long table becomes the same reports as a short one, in memory that does not grow with it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli.cells import DecimalSign
from api.cli.measured.reports import VALUES_MAX
from api.cli.table_errors import CellsRefused, MalformedDraft, TableUnreadable, WorkbookRefused
from tests.api.cli.reading_files import measured, options, read
from tests.api.cli.workbooks import a_sheet, by_hand
from tests.vectors import ROOT

HEADINGS = "Charge;Stück;D [mm];L [mm];Messzeit\n"
ROWS = "A;1;12.50;7;2026-11-20 08:00\nA;2;12.55;;2026-11-20 08:01\nB;3;12.60;8;2026-11-20 08:02\n"
LONG = "Charge;Merkmal;Einheit;Wert;USL\nA;D;mm;12.5;13\nA;L;mm;7;8\nA;D;mm;12.55;13\n"


def a_file(folder: Path, text: str, *, encoding: str = "utf-8", name: str = "m.csv") -> Path:
    """A table in a file."""
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.item("6.5.csv")
@pytest.mark.parametrize("text", [HEADINGS + ROWS, LONG], ids=["wide", "long"])
def test_a_long_table_becomes_the_reports_that_a_short_one_does(tmp_path: Path, text: str) -> None:
    path = a_file(tmp_path, text)
    whole = read(path, options(whole_bytes_max=10_000))
    streamed = read(path)
    assert whole.table is not None
    assert streamed.table is None
    told = [draft.groups["lot"] for draft in whole.drafts]
    assert [draft.groups["lot"] for draft in streamed.drafts] == told
    for at in range(len(whole.drafts)):
        for one, other in zip(measured(whole, at), measured(streamed, at), strict=True):
            assert {k: v for k, v in other.items() if v is not None} == {
                k: v for k, v in one.items() if v is not None
            }


@pytest.mark.item("6.5.cells")
@pytest.mark.parametrize("skips", [False, True])
def test_a_cell_that_cannot_be_read_is_named_and_its_lot_left_out(
    tmp_path: Path, skips: bool
) -> None:
    path = a_file(tmp_path, HEADINGS + ROWS.replace("12.60", "12,60"))
    if not skips:
        with pytest.raises(CellsRefused) as refused:
            read(path, options(decimal=DecimalSign.POINT))
        assert refused.value.places[0].startswith("m.csv, row 4, column C 'D [mm]': expected a dec")
        return
    found = read(path, options(skips_faulty=True, decimal=DecimalSign.POINT))
    assert [draft.groups["lot"]["number"] for draft in found.drafts] == ["A"]
    assert "column C 'D [mm]'" in found.faulty[0].lines[0]


def test_rows_of_one_record_that_disagree_are_told(tmp_path: Path) -> None:
    table = "Charge;Menge;D [mm]\nA;10;12.5\nA;20;12.5\n"
    with pytest.raises(CellsRefused) as refused:
        read(a_file(tmp_path, table), options(maps=("Menge=/lot/quantity",)))
    assert refused.value.places == (
        "m.csv, row 3, column B 'Menge': expected '10' as in row 2, of the same record, found '20'",
    )


@pytest.mark.item("6.bad.gbk")
@pytest.mark.item("6.bad.iso-8859-1")
@pytest.mark.parametrize(
    ("encoding", "word", "told"),
    [
        ("gb18030", "批号", "gb18030"),
        ("cp1252", "Fräse", "cp1252"),
        ("utf-16", "批号", "utf-16"),
        ("utf-8", "批号", "utf-8"),
    ],
)
def test_the_encoding_is_seen_where_it_first_shows(
    tmp_path: Path, encoding: str, word: str, told: str
) -> None:
    rows = "".join(f"A;{word};12.{at:04}\n" for at in range(900))
    found = read(a_file(tmp_path, "Charge;Maschine;D [mm]\n" + rows, encoding=encoding))
    assert f": {told}, delimiter ';'" in found.described[0]
    assert measured(found)[0]["values"][0] == {"value": "12.0000", "machine": word}


@pytest.mark.item("6.bad.gbk")
@pytest.mark.parametrize(("encoding", "is_taken"), [("utf-8", True), ("gb18030", False)])
def test_bytes_of_two_encodings_are_refused_by_their_place(
    tmp_path: Path, encoding: str, is_taken: bool
) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes((HEADINGS + ROWS).encode() + "A;批;1;1;\n".encode(encoding))
    if is_taken:
        assert read(path, options(encoding="utf-8")).drafts
        return
    with pytest.raises(TableUnreadable, match="text in utf-8, found other bytes near byte"):
        read(path, options(encoding="utf-8"))


@pytest.mark.item("6.bad.million-rows")
@pytest.mark.parametrize("more", [0, 1])
def test_more_values_than_a_report_holds_are_summed_up_beside_the_file(
    tmp_path: Path, more: int
) -> None:
    rows = "".join(f"A;{12 + at % 2}\n" for at in range(VALUES_MAX + more))
    found = read(a_file(tmp_path, "Charge;D [mm]\n" + rows))
    (draft,) = found.drafts
    if not more:
        assert len(measured(found)[0]["values"]) == VALUES_MAX
        return
    (summary,) = draft.groups["summary"]["characteristics"]
    assert (summary["count"], summary["minimum"], summary["maximum"]) == (
        VALUES_MAX + 1,
        "12",
        "13",
    )
    assert draft.groups["evidence"] == {"files": [{"$file": "m.csv"}]}
    assert draft.locate("/summary/characteristics/0/maximum").startswith("m.csv, row 3, column B")
    assert any("more than a report holds" in line for line in found.described)


def test_the_file_of_several_lots_is_attached_to_none(tmp_path: Path) -> None:
    rows = "".join(f"A;{12 + at % 2}\n" for at in range(VALUES_MAX + 1))
    with pytest.raises(MalformedDraft, match="in a report of one lot"):
        read(a_file(tmp_path, "Charge;D [mm]\n" + rows + "B;1\n"))


def test_a_table_with_more_than_readings_in_its_rows_is_read_as_a_whole(tmp_path: Path) -> None:
    path = a_file(tmp_path, "Charge;Fehler;D [mm]\nA;X;12.5\n")
    found = read(path, options(maps=("Fehler=/defects/items/*/code",)))
    assert found.table is not None


def test_the_layout_of_a_long_table_is_remembered(tmp_path: Path) -> None:
    path = a_file(tmp_path, HEADINGS + ROWS)
    first = read(path, options(maps=("D [mm]=/measurements/characteristics/7/values/*/value",)))
    assert (tmp_path / "m.csv.mapping.json").exists()
    again = read(path)
    assert [draft.groups for draft in again.drafts] == [draft.groups for draft in first.drafts]


def a_workbook(after: str = "", *, cell: str = '<c r="B3"><v>12.55</v></c>') -> bytes:
    """A sheet of a lot with two values."""
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Charge</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>D [mm]</t></is></c></row>'
        '<row r="2"><c r="A2" t="inlineStr"><is><t>A</t></is></c><c r="B2"><v>12.5</v></c></row>'
        f'<row r="3"><c r="A3" t="inlineStr"><is><t>A</t></is></c>{cell}</row>'
    )
    return by_hand(a_sheet(rows, after=after))


@pytest.mark.item("6.5.xlsx")
def test_a_sheet_is_read_as_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "m.xlsx"
    path.write_bytes(a_workbook())
    found = read(path)
    assert found.table is None
    assert [value["value"] for value in measured(found)[0]["values"]] == ["12.5", "12.55"]


@pytest.mark.item("6.bad.formulas")
@pytest.mark.item("6.bad.excel-dates")
@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ('<c r="B3"><f>A1</f></c>', "found a formula whose value was not kept"),
        ('<c r="B3" t="e"><v>#DIV/0!</v></c>', "found the error #DIV/0!"),
        ('<c r="B3" t="d"><v>2026-03-01</v></c>', "was it turned into a date?"),
        ('<c r="B3" t="inlineStr"><is><t>12,5</t></is></c>', "expected a decimal point"),
    ],
)
def test_a_cell_of_a_sheet_that_has_no_value_is_named(
    tmp_path: Path, cell: str, fault: str
) -> None:
    path = tmp_path / "m.xlsx"
    path.write_bytes(a_workbook(cell=cell))
    with pytest.raises(CellsRefused) as refused:
        read(path, options(decimal=DecimalSign.POINT))
    (place,) = refused.value.places
    assert "cell B3 'D [mm]'" in place
    assert fault in place


@pytest.mark.item("6.bad.merged")
@pytest.mark.parametrize("area", ["A1:B1", "A2:A3"])
def test_merged_cells_below_the_headings_of_a_long_sheet_are_refused(
    tmp_path: Path, area: str
) -> None:
    path = tmp_path / "m.xlsx"
    merged = f'<mergeCells><mergeCell ref="{area}"/></mergeCells>'
    path.write_bytes(a_workbook(merged))
    if area == "A1:B1":
        assert read(path).drafts
        return
    with pytest.raises(WorkbookRefused, match="found the cells A2:A3 merged"):
        read(path)


@pytest.mark.item("6.bad.zip-bomb")
def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "m.xlsx"
    path.write_bytes(by_hand(a_sheet('<row r="1"/>') + " " * 4_000_000))
    with pytest.raises(WorkbookRefused, match="unpack to at most"):
        read(path)


MEASURE = """
import json, re, sys, time
from pathlib import Path
from tests.api.cli.reading_files import options, read
start = time.perf_counter()
found = read(Path(sys.argv[1]), options(whole_bytes_max=8 * 1024 * 1024))
took = time.perf_counter() - start
# Not ru_maxrss: what the process that started this one had counts there, too.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
(summary,) = found.drafts[0].groups["summary"]["characteristics"]
print(json.dumps({"seconds": round(took, 1), "mib": peak, "count": summary["count"]}))
"""


def cost_of(path: Path) -> dict[str, float]:
    """What reading a file costs in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    told: dict[str, float] = json.loads(ran.stdout)
    return told


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.item("6.bad.million-rows")
def test_a_million_rows_of_text_take_no_more_than_150_mib(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    with path.open("w") as file:
        file.write("Charge;Stück;D [mm]\n")
        file.writelines(f"LG-1;{at};12.{at % 1000:04}\n" for at in range(1_000_000))
    cost = cost_of(path)
    assert cost["count"] == 1_000_000
    assert cost["mib"] < 150, cost


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.item("6.bad.million-rows")
def test_a_million_rows_of_a_workbook_take_no_more_than_200_mib(tmp_path: Path) -> None:
    rows = "".join(
        f'<row r="{at}"><c r="A{at}"><v>1</v></c><c r="B{at}"><v>12.{at % 1000:03}</v></c></row>'
        for at in range(2, 1_000_002)
    )
    heading = '<c r="{0}1" t="inlineStr"><is><t>{1}</t></is></c>'
    first = heading.format("A", "Charge") + heading.format("B", "D [mm]")
    path = tmp_path / "m.xlsx"
    path.write_bytes(by_hand(a_sheet(f'<row r="1">{first}</row>{rows}')))
    cost = cost_of(path)
    assert cost["count"] == 1_000_000
    assert cost["mib"] < 200, cost
