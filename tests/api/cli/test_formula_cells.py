"""Rows that were left out run nothing in a spreadsheet, and are read back as they were."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cli.formula_cells import defuse, restore
from api.cli.left_out import write_left_out
from api.cli.table import TableOptions
from api.cli.table_sheet import read_any_table
from tests.api.cli.tables import a_table

pytestmark = pytest.mark.item("4.8.cells")


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "'=1", "＝1+1"])
def test_a_cell_that_a_spreadsheet_would_run_is_marked(cell: str) -> None:
    assert defuse(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-0,3", "+5", "12.5", "'text", "text", ""])
def test_a_cell_that_runs_nothing_stays_as_it_is(cell: str) -> None:
    assert defuse(cell) == restore(cell) == cell


@given(st.text("=+-@'１1.,ab", max_size=6))
def test_every_cell_comes_back_as_it_was(cell: str) -> None:
    assert restore(defuse(cell)) == cell


def test_rows_that_were_left_out_are_read_back_as_they_were(tmp_path: Path) -> None:
    table = a_table("Charge;=Notiz\n=HYPERLINK(A1);-0,3\n'=x;@b\n")
    path = write_left_out(tmp_path / "l.csv", table, {2: ["why"], 3: ["=why"]})
    text = path.read_text("utf-8")
    assert [sign for sign in ("\n=", ";=", ";@") if sign in text] == []
    again = read_any_table(path.read_bytes(), TableOptions(delimiter=";"))
    assert again.headings == table.headings
    assert [row.cells for row in again.rows] == [row.cells for row in table.rows]
