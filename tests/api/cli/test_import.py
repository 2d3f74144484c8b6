"""Masters and deliveries come from tables, and the same document never comes twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from api.cli.cells import DecimalSign
from api.cli.column_map import ColumnMap, parse_mapping
from api.cli.table import REASONS, TableOptions
from api.cli.table_sheet import read_any_table
from tests.api.cli.solo import SoloLog
from tests.api.cli.tables import VERDICT
from tests.api.cli.workbooks import a_workbook

pytestmark = pytest.mark.item("4.8")

VCT = "inspection-report/v1"
SETS = tuple(part for item in VERDICT.items() for part in ("--set", "=".join(item)))
#: What nobody remembers for the next lot.
OF_ONE_LOT = tuple(
    part
    for place in ("/verdict/decision", "/verdict/decided_at", "/lot/quantity")
    for part in ("--set", f"{place}={VERDICT[place]}")
)


def entries(solo: SoloLog) -> int:
    """How many entries the log has."""
    return int(solo.json("audit")["entries"])


def reports(folder: Path, rows: Sequence[tuple[str, str]], name: str = "reports.csv") -> Path:
    """A table of reports: number and lot."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("Report no;Lot\n" + "".join(f"{number};{lot}\n" for number, lot in rows))
    return path


@pytest.mark.item("4.8.idempotent")
def test_a_file_adds_nothing_the_second_time_wherever_it_lies(
    solo: SoloLog, tmp_path: Path
) -> None:
    rows = [("N-1", "A"), ("N-2", "B")]
    first = reports(tmp_path / "here", rows)
    sent = solo.json("submit", str(first), "--type", VCT, *SETS)["records"]
    before = entries(solo)
    # Elsewhere there is no journal: the log alone knows.
    again = reports(tmp_path / "there", rows)
    found = solo.json("submit", str(again), "--type", VCT, *SETS)
    assert found["records"] == []
    assert [item["index"] for item in found["there"]] == [item["index"] for item in sent]
    # As a workbook it says the same.
    book = tmp_path / "book.xlsx"
    book.write_bytes(a_workbook([["Report no", "Lot"], *[list(row) for row in rows]]))
    assert solo.json("submit", str(book), "--type", VCT, *SETS)["records"] == []
    assert entries(solo) == before


@pytest.mark.item("4.8.idempotent")
def test_a_number_that_is_taken_is_refused_by_its_cell(solo: SoloLog, tmp_path: Path) -> None:
    solo.json("submit", str(reports(tmp_path / "a", [("T-1", "A")])), "--type", VCT, *SETS)
    before = entries(solo)
    other = reports(tmp_path / "b", [("T-1", "OTHER"), ("T-2", "B")])
    refused = solo.run("submit", str(other), "--type", VCT, *SETS)
    assert refused.exit_code == 1
    assert "number-taken" in refused.stderr
    assert "reports.csv, row 2, column B 'Lot' (/lot/number): expected 'A'" in refused.stderr
    assert "of the same number 'T-1', found 'OTHER'" in refused.stderr
    assert entries(solo) == before
    # What is new in the file goes where the rest is left out, and the whole as next versions.
    sent = solo.run("submit", str(other), "--type", VCT, *SETS, "--skip-faulty")
    assert "left out: reports.csv, row 2, column B" in sent.stderr
    assert entries(solo) == before + 1
    replaced = solo.json("submit", str(other), "--type", VCT, *SETS, "--replace")
    assert [item["first"] for item in replaced["records"]] == [True, False]
    assert entries(solo) == before + 2
    third = reports(tmp_path / "c", [("T-1", "OTHER")])
    assert solo.json("submit", str(third), "--type", VCT, *SETS, "--replace")["records"] == []


@pytest.mark.item("4.8.idempotent")
def test_a_number_stands_for_one_record_within_a_file_too(solo: SoloLog, tmp_path: Path) -> None:
    path = reports(tmp_path, [("W-1", "A"), ("W-2", "B"), ("W-1", "A")])
    found = solo.json("submit", str(path), "--type", VCT, *SETS, "--per", "row")
    assert len(found["records"]) == 2
    assert [item["place"] for item in found["there"]] == ["row 4"]
    twice = reports(tmp_path / "x", [("W-3", "A"), ("W-3", "C")])
    refused = solo.run("submit", str(twice), "--type", VCT, *SETS, "--per", "row")
    assert "row 3, column B 'Lot' (/lot/number): expected 'A' as in row 2" in refused.stderr


def test_a_dry_run_asks_the_log_where_that_is_wanted(solo: SoloLog, tmp_path: Path) -> None:
    path = reports(tmp_path / "a", [("D-1", "A")])
    solo.json("submit", str(path), "--type", VCT, *SETS)
    again = reports(tmp_path / "b", [("D-1", "A"), ("D-2", "B")])
    before = entries(solo)
    plain = solo.json("submit", str(again), "--type", VCT, *SETS, "--dry-run")["records"]
    asked = solo.json("submit", str(again), "--dry-run", "--check-log")["records"]
    assert [item["there"] is None for item in plain] == [True, True]
    assert [item["there"] is None for item in asked] == [False, True]
    assert entries(solo) == before


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.item("4.8.cells")
def test_rows_that_were_left_out_are_a_file_to_be_mended(
    solo: SoloLog, tmp_path: Path, suffix: str
) -> None:
    rows: list[list[Any]] = [
        ["Report no", "Lot", "Quantity"],
        [f"{suffix}-1", "A", 5],
        [f"{suffix}-2", "B", "5 kg"],
    ]
    path = tmp_path / f"l.{suffix}"
    text = "\n".join(";".join(map(str, row)) for row in rows)
    path.write_bytes(a_workbook(rows) if suffix == "xlsx" else text.encode())
    given = {place: value for place, value in VERDICT.items() if place != "/lot/quantity"}
    sets = [part for item in given.items() for part in ("--set", "=".join(item))]
    cells = {"csv": "row 3, column C 'Quantity'", "xlsx": "sheet \"Teile\", cell C3 'Quantity'"}
    cell = cells[suffix]
    refused = solo.run("submit", str(path), "--type", VCT, *sets)
    assert f"l.{suffix}, {cell}: expected a number" in refused.stderr
    assert "found '5 kg'" in refused.stderr
    sent = solo.run("submit", str(path), "--type", VCT, *sets, "--skip-faulty")
    assert sent.exit_code == 1
    left = tmp_path / f"l.left-out.{suffix}"
    table = read_any_table(left.read_bytes(), TableOptions())
    assert [row.cells for row in table.rows] == [(f"{suffix}-2", "B", "5 kg")]
    assert REASONS.encode() in left.read_bytes() or suffix == "xlsx"
    # Mended, it is sent with the mapping that the party remembers.
    if suffix == "csv":
        left.write_text(left.read_text().replace("5 kg;", "5;"))
        assert len(solo.json("submit", str(left), *OF_ONE_LOT)["records"]) == 1


def test_a_table_of_the_same_headings_needs_no_options_the_next_month(
    solo: SoloLog, tmp_path: Path
) -> None:
    head = "Prot;Los-Kennung\n"
    october, november = tmp_path / "october.csv", tmp_path / "x" / "november.csv"
    november.parent.mkdir()
    maps = ("--map", "Prot=/filing/number", "--map", "Los-Kennung=/lot/number")
    october.write_text(f"{head}O-1;A\n")
    solo.json("submit", str(october), "--type", VCT, *SETS, *maps)
    november.write_text(f"{head}O-2;B\n")
    # The decision, its day and the quantity are of one file alone.
    missing = solo.run("submit", str(november), "--dry-run")
    for place in ("/verdict/decision", "/verdict/decided_at", "/lot/quantity"):
        assert f"nothing gives {place}" in missing.stderr
    (record,) = solo.json("submit", str(november), *OF_ONE_LOT, "--dry-run")["records"]
    assert (record["number"], record["groups"]["lot"]["number"]) == ("O-2", "B")
    # Another layout is said, and what is still there goes where it went.
    december = tmp_path / "december.csv"
    december.write_text("Prot;Los-Kennung;Menge\nO-3;C;7\n")
    menge = ("--map", "Menge=/lot/quantity")
    shown = solo.run("submit", str(december), "--type", VCT, *SETS, *menge, "--dry-run")
    assert "other columns than the last time: 'Menge' new" in shown.stderr
    assert shown.exit_code == 0, shown.stderr


def remembered(solo: SoloLog) -> list[ColumnMap]:
    """The layouts of inspections with a column of their own that the party remembers."""
    found = (solo.party / "mappings").glob("inspection-report.v1.*.mapping.json")
    maps = [parse_mapping(path.read_bytes(), name=path.name) for path in found]
    return [mapping for mapping in maps if "Kenn" in mapping.headings]


def test_a_layout_is_remembered_once_something_was_sent_and_as_far_as_it_was_seen(
    solo: SoloLog, tmp_path: Path
) -> None:
    given = {place: value for place, value in VERDICT.items() if place != "/lot/quantity"}
    sets = [part for item in given.items() for part in ("--set", "=".join(item))]
    options = ("--type", VCT, *sets, "--set", "/lot/unit=KGM", "--map", "Kenn=/lot/number")
    path = tmp_path / "k.csv"
    path.write_text("Report no;Kenn;Menge\nK-1;A;1,200\n")
    solo.json("submit", str(path), *options, "--decimal", "comma", "--dry-run")
    # Neither what was tried out is remembered, nor what was refused.
    assert "table-form-unclear" in solo.run("submit", str(path), "--dry-run").stderr
    path.write_text("Report no;Kenn;Menge\nK-1;A;7 kg\n")
    assert solo.run("submit", str(path), *options).exit_code == 1
    assert remembered(solo) == []
    path.write_text("Report no;Kenn;Menge\nK-1;A;7\n")
    solo.json("submit", str(path), *options)
    (plain,) = remembered(solo)
    assert (plain.form.decimal, plain.form.encoding, plain.form.delimiter) == (None, None, ";")
    path.write_text("Report no;Kenn;Menge\nK-2;Ä;7,5\n", encoding="utf-8")
    solo.json("submit", str(path), *options)
    (seen,) = remembered(solo)
    assert (seen.form.decimal, seen.form.encoding) == (DecimalSign.COMMA, "utf-8")
