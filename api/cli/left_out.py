"""Rows that were left out, as a file of the same form with the reasons beside them.

Once it is mended it is submitted like the first one: the column of reasons is read over.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from api.cli.formula_cells import defuse
from api.cli.table import REASONS, Table
from api.cli.workbook.values import SheetValue
from ledger.durable_files import replace_file


def left_out_path(source: Path) -> Path:
    """Where the rows of a file that were left out are written."""
    return source.with_name(f"{source.stem}.left-out{source.suffix}")


def write_left_out(source: Path, table: Table, reasons: Mapping[int, Sequence[str]]) -> Path:
    """Write the rows of a table that ``reasons`` names by their numbers; the file's path."""
    path = left_out_path(source)
    lines = list(_lines(table, reasons))
    if table.sheet is not None:
        # Slow to import, and needed by few runs.
        from api.cli.workbook.writing import write_workbook

        replace_file(path, write_workbook({table.sheet: lines}))
        return path
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=table.delimiter).writerows(
        [defuse(value.text) for value in line] for line in lines
    )
    # Reasons may have signs that the file's own encoding lacks.
    replace_file(path, text.getvalue().encode(table.encoding, errors="replace"))
    return path


def _lines(table: Table, reasons: Mapping[int, Sequence[str]]) -> Iterator[Sequence[SheetValue]]:
    yield [SheetValue(heading) for heading in (*table.headings, REASONS)]
    for row in table.rows:
        if row.number in reasons:
            values = [
                SheetValue(cell, is_number=row.is_number(at)) for at, cell in enumerate(row.cells)
            ]
            yield [*values, SheetValue("; ".join(dict.fromkeys(reasons[row.number])))]
