"""The rows that a model is trained on: those of many records, in the order of their measurement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from api.anomaly.uploads import table_of
from quality.deliveries.agreed import Filed
from scoring.anomaly.cards import TrainingRecord, row_spans
from scoring.anomaly.columns import align
from scoring.anomaly.table import Instants, ParameterTable
from scoring.errors import MalformedTable, TooFewRows

#: Rows of one training: bounded memory, and more than any calibration needs.
ROWS_MAX = 1_000_000
#: Spans of rows of one record that a card can leave out.
SPANS_MAX = 500


@dataclass(frozen=True, slots=True)
class TrainingRows:
    """Rows in measured order, the records that they are of, and the time from first to last."""

    table: ParameterTable
    records: tuple[TrainingRecord, ...]
    from_us: int
    until_us: int


def training_rows(
    records: Iterable[Filed], left_out: Mapping[str, frozenset[int]] | None = None
) -> TrainingRows:
    """Put the rows of uploads together.

    Args:
        records: the uploads, in the order of their entries.
        left_out: the numbers of rows of a record, from 1, that are not trained on.

    Raises:
        TooFewRows: no record, or none with a row that counts.
        ParametersDiffer: a record has other parameters than the first one.
        MalformedTable: rows that are no table, or too many of them.
    """
    tables: list[ParameterTable] = []
    named: list[TrainingRecord] = []
    for record in records:
        table = table_of(record).table
        gone = _told((left_out or {}).get(record.record_id, frozenset()), len(table))
        kept = np.array([row not in gone for row in range(1, len(table) + 1)], np.bool_)
        if kept.any():
            tables.append(align(table, tables[0].names if tables else table.names).take(kept))
            named.append(TrainingRecord(record.record_id, tuple(sorted(gone))))
        if sum(map(len, tables)) > ROWS_MAX:
            raise MalformedTable(f"expected at most {ROWS_MAX} rows to train on, found more")
    if not tables:
        raise TooFewRows("expected rows to train on, found none: name uploads that count as good")
    return _together(tables, tuple(named))


def _told(gone: frozenset[int], rows: int) -> frozenset[int]:
    """The rows to leave out, as a card can say them: all, where they lie too scattered for it."""
    spans = row_spans(sorted(gone))
    return gone if len(spans) <= SPANS_MAX else frozenset(range(1, rows + 1))


def _together(tables: list[ParameterTable], records: tuple[TrainingRecord, ...]) -> TrainingRows:
    times: Instants = np.concatenate([_times(table) for table in tables])
    # Equal times stay in the order of the records.
    order = np.argsort(times, kind="stable")
    found = ParameterTable(
        tables[0].names,
        np.vstack([table.values for table in tables])[order],
        times[order],
        _texts([table.setups for table in tables], tables, order.tolist()),
        _texts([table.lots for table in tables], tables, order.tolist()),
        tables[0].units,
    )
    return TrainingRows(found, records, int(times.min()), int(times.max()))


def _times(table: ParameterTable) -> Instants:
    assert table.at_us is not None, "every row of an upload says when it was measured"
    return table.at_us


def _texts(
    columns: list[tuple[str, ...] | None], tables: list[ParameterTable], order: list[int]
) -> tuple[str, ...] | None:
    if all(column is None for column in columns):
        return None
    pairs = zip(columns, tables, strict=True)
    found = [text for column, table in pairs for text in (column or ("",) * len(table))]
    return tuple(found[n] for n in order)
