"""Batches of a plain file's columns as tables of parameters, in memory that does not grow.

Whoever opens a file (a door does) gives its columns batch by batch; a cell that cannot be read
is named by its row and heading, or counts as missing where that was asked for, and is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.anomaly.cells import Cells, instants_of, numbers_of
from scoring.anomaly.file_layout import FileLayout
from scoring.anomaly.table import MAGNITUDE_MAX, Instants, Numbers, ParameterTable
from scoring.errors import MalformedTable

BATCH_ROWS: Final = 10_000
_TOLD_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class ColumnBatch:
    """Some rows of a file by columns, and the number that each row has in it."""

    numbers: Sequence[int]
    columns: Sequence[Cells]


@dataclass(frozen=True, slots=True)
class FileBatch:
    """Some rows as a table; ``numbers`` are those in the file, ``text_cells`` counted missing."""

    table: ParameterTable
    numbers: tuple[int, ...]
    labels: tuple[str, ...] | None
    text_cells: int


def read_tables(
    batches: Iterable[ColumnBatch], layout: FileLayout, *, text_as_missing: bool = False
) -> Iterator[FileBatch]:
    """Make a table of each batch.

    Raises:
        MalformedTable: text where a number belongs (unless it counts as missing), infinite
            values, or a time that is none; it names row and column.
    """
    for batch in batches:
        if batch.numbers:
            yield _Reader(batch, layout).read(text_as_missing=text_as_missing)


@dataclass(slots=True)
class SpacedBatches:
    """Batches spread evenly over a file of any length, so many values at most.

    Once there are too many, every other one is dropped and from then on half as many are kept:
    what is left are contiguous rows of every time, whatever the file's length. ``rows`` counts
    all that were seen.
    """

    values_max: int
    kept: list[FileBatch] = field(default_factory=list)
    rows: int = 0
    _stride: int = 1
    _seen: int = 0

    def add(self, batch: FileBatch) -> None:
        """Take in the next batch."""
        self.rows += len(batch.table)
        if self._seen % self._stride == 0:
            self.kept.append(batch)
        self._seen += 1
        while len(self.kept) > 1 and sum(one.table.values.size for one in self.kept) > (
            self.values_max
        ):
            self.kept = self.kept[::2]
            self._stride *= 2


def whole_table(batches: Iterable[FileBatch]) -> FileBatch:
    """All batches as one, its rows in the order in which they were measured.

    Raises:
        MalformedTable: no rows.
    """
    found = list(batches)
    if not found:
        raise MalformedTable("expected a row or more, found none")
    first = found[0].table
    at_us = None if first.at_us is None else np.concatenate([_times(one.table) for one in found])
    table = ParameterTable(
        first.names,
        np.vstack([one.table.values for one in found]),
        at_us,
        _joined([one.table.setups for one in found]),
        _joined([one.table.lots for one in found]),
        first.units,
    )
    labels = _joined([one.labels for one in found])
    numbers = tuple(number for one in found for number in one.numbers)
    text_cells = sum(one.text_cells for one in found)
    if at_us is None or (np.diff(at_us) >= 0).all():
        return FileBatch(table, numbers, labels, text_cells)
    order = np.argsort(at_us, kind="stable")
    return FileBatch(
        table.take(order),
        tuple(numbers[n] for n in order),
        None if labels is None else tuple(labels[n] for n in order),
        text_cells,
    )


def is_transposed(values: Numbers) -> bool:
    """Whether a matrix without heading has its parameters in rows, as benchmark files may.

    The values of one parameter resemble one another; those of different ones do not. So the
    lines are parameters where the usual spread along them is less than half of that across.
    Only a matrix with more columns than rows is looked at.
    """
    rows, columns = values.shape
    if rows >= columns or rows < 2:
        return False
    with np.errstate(invalid="ignore"):
        along = np.nanmedian(_spreads(values, axis=1))
        across = np.nanmedian(_spreads(values, axis=0))
    return bool(along < across / 2.0)


def _spreads(values: Numbers, axis: int) -> Numbers:
    present = np.where(np.isfinite(values), values, 0.0)
    low, high = np.quantile(present, [0.25, 0.75], axis=axis)
    return np.asarray(high - low)


def _times(table: ParameterTable) -> Instants:
    assert table.at_us is not None, "batches of one file have the same columns"
    return table.at_us


def _joined(parts: Sequence[tuple[str, ...] | None]) -> tuple[str, ...] | None:
    if any(part is None for part in parts):
        return None
    return tuple(cell for part in parts if part is not None for cell in part)


class _Reader:
    def __init__(self, batch: ColumnBatch, layout: FileLayout) -> None:
        self._batch, self._layout = batch, layout

    def read(self, *, text_as_missing: bool) -> FileBatch:
        layout = self._layout
        values, text_cells = self._values(text_as_missing=text_as_missing)
        table = ParameterTable(
            layout.parameter_names,
            values,
            None if layout.time is None else self._times(layout.time),
            self._words(layout.setups),
            self._words(() if layout.lot is None else (layout.lot,)),
            layout.parameter_units,
        )
        labels = self._words(() if layout.label is None else (layout.label,))
        return FileBatch(table, tuple(self._batch.numbers), labels, text_cells)

    def _values(self, *, text_as_missing: bool) -> tuple[Numbers, int]:
        layout, batch = self._layout, self._batch
        values = np.empty((len(batch.numbers), len(layout.parameters)))
        text_cells = 0
        for column, at in enumerate(layout.parameters):
            cells = batch.columns[at]
            values[:, column], text = numbers_of(cells, is_comma=layout.is_comma)
            if text and not text_as_missing:
                raise MalformedTable(
                    f"{self._places(at, text)}: expected a number, found"
                    f" {str(cells[text[0]])[:40]!r}; correct it, or let text count as missing"
                    " (--text-as-missing)"
                )
            text_cells += len(text)
        self._expect_finite(values)
        return values, text_cells

    def _expect_finite(self, values: Numbers) -> None:
        bad: npt.NDArray[np.bool_] = np.abs(values) > MAGNITUDE_MAX
        if bad.any():
            row, column = np.argwhere(bad)[0]
            at = self._layout.parameters[column]
            raise MalformedTable(
                f"{self._places(at, [int(row)])}: expected a finite value below"
                f" {MAGNITUDE_MAX:g}, found {values[row, column]}"
            )

    def _times(self, at: int) -> Instants:
        cells = self._batch.columns[at]
        found, bad = instants_of(cells, self._layout.zone)
        if bad:
            raise MalformedTable(
                f"{self._places(at, bad)}: expected a time such as 2026-11-20 09:30:00, found"
                f" {str(cells[bad[0]])[:40]!r}"
            )
        return found

    def _words(self, columns: tuple[int, ...]) -> tuple[str, ...] | None:
        """The cells of some columns together; None without a column."""
        if not columns:
            return None
        parts = [_texts(self._batch.columns[at]) for at in columns]
        return tuple(" / ".join(words) for words in zip(*parts, strict=True))

    def _places(self, at: int, positions: Sequence[int]) -> str:
        rows = [str(self._batch.numbers[position]) for position in positions[:_TOLD_MAX]]
        more = len(positions) - len(rows)
        told = ", ".join(rows) + (f" and {more} more" if more else "")
        return f"row {told}, column {self._layout.names[at]!r}"


def _texts(cells: Cells) -> list[str]:
    if isinstance(cells, np.ndarray):
        return [f"{value:g}" for value in cells]
    return [cell.strip() for cell in cells]
