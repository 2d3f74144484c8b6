"""Faults that repeat are told once."""

from __future__ import annotations

import pytest

from api.cli.fault_lines import LINES_MAX, shorten

pytestmark = pytest.mark.item("2.7")


def test_what_is_wrong_in_all_rows_is_one_line_with_an_example() -> None:
    lines = [f"row {at}, column 'D' (/a/{at}/b): expected x, found '{at}'" for at in range(2, 202)]
    (line,) = shorten(lines, total=200)
    assert line == (
        "all 200 rows, column 'D' (/a/2/b): expected x, found '2', e.g. row 2; "
        "also 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 and 187 more"
    )
    (line,) = shorten(lines, total=300)
    assert line.startswith("200 rows, column 'D'")


def test_cells_of_a_sheet_are_named_each() -> None:
    place = 'parts.xlsx, sheet "Teile", cell'
    lines = [f"{place} F{at} 'Menge': expected a number, found 'x{at}'" for at in (17, 19, 23)]
    assert shorten(lines, total=50) == [
        "3 cells 'Menge': expected a number, found 'x17', e.g. " + f"{place} F17; also F19, F23"
    ]
    assert shorten(lines[:1], total=50) == lines[:1]


def test_records_of_a_file_are_told_together_and_other_faults_apart() -> None:
    lines = [f"r.json[{at}] (/lot/unit): expected a text, found 1" for at in range(3)]
    told = shorten([*lines, "r.json[1]: unknown member 'x'"], total=3)
    assert told == [
        "all 3 records (/lot/unit): expected a text, found 1, e.g. r.json[0]; "
        "also r.json[1], r.json[2]",
        "r.json[1]: unknown member 'x'",
    ]


def test_only_so_many_lines_are_told_and_how_many_more_there_are() -> None:
    lines = [f"row 2, column '{at}': x" for at in range(LINES_MAX + 3)]
    told = shorten(lines, total=1)
    assert len(told) == LINES_MAX + 1
    assert told[-1] == "... and 3 more"
    assert shorten(lines[:LINES_MAX], total=1) == lines[:LINES_MAX]
