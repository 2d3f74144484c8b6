"""What a page of entries changes, written into the derived tables in one transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Column, Connection, Row, Table, delete, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from api.derived.bookmark import Bookmark
from api.derived.rows import encode_papers, encode_records
from api.derived.sampled_rows import sampled_values, select_sampled
from api.derived.tables import (
    BOOKMARK,
    COMPLAINT,
    DELIVERY,
    DELIVERY_MONTH,
    FORM,
    GAP,
    LANE,
    LOT_CASE,
    LOT_DAY,
    MONTH,
    PLACE,
    SAMPLED,
)
from keys.encoding import encode_base64url
from quality.deliveries.agreed import Lane
from quality.deliveries.book import Changes, Month, months_touched
from quality.deliveries.case import Case
from quality.deliveries.delivery import Delivery, LotKey, MonthKey, evaluate, month_of
from quality.deliveries.papers import EXACT, Gap
from quality.sampling.history import erase_sampled

_KEYS_MAX: Final = 500
_KEY_CHARACTERS: Final = 22
Values = dict[str, Any]


@lru_cache(maxsize=16_384)
def lane_key(lane: Lane) -> str:
    """The key of a lane: short, and without looking it up."""
    digest = hashlib.sha256(json.dumps(lane, ensure_ascii=False).encode()).digest()
    return encode_base64url(digest)[:_KEY_CHARACTERS]


def lot_key(key: LotKey) -> str:
    """The key of a lot."""
    return f"{lane_key(key.lane)}/{key.lot}"


def month_of_row(row: Row[Any], lane: Lane) -> Month:
    """Totals as they were written."""
    return Month(
        key=MonthKey(lane, row.month),
        pieces=Decimal(row.pieces),
        unconverted=row.unconverted,
        lots=row.lots,
        bad=row.bad,
        open_cases=row.open_cases,
        erased=row.erased,
    )


def write_changes(
    connection: Connection, changes: Changes, *, before: Bookmark, after: Bookmark
) -> bool:
    """Write a page onto the tables it was made for; False, and nothing, onto any others."""
    is_there = (BOOKMARK.c.form == FORM) & (BOOKMARK.c.size == before.size)
    # The name of the log stands there from the first page on.
    is_there &= BOOKMARK.c.leaf == before.leaf
    moved = connection.execute(update(BOOKMARK).where(is_there).values(**asdict(after)))
    if moved.rowcount != 1:
        return False
    writer = _Writer(connection)
    writer.write_lanes(changes)
    writer.replace(PLACE.c.record_id, changes.places, lambda key: {"key": key})
    writer.put(GAP, [_gap_values(gap) for gap in changes.gaps.values()])
    writer.write_deliveries(changes.deliveries)
    writer.write_months(changes.months)
    writer.replace(COMPLAINT.c.key, changes.cases, _case_values)
    writer.write_lots(changes)
    writer.write_sampled(changes)
    return True


class _Writer:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        is_sqlite = connection.dialect.name == "sqlite"
        self._insert: Any = insert_sqlite if is_sqlite else insert_postgres

    def put(self, table: Table, rows: Sequence[Values]) -> None:
        """Insert rows, or update those that are there."""
        if not rows:
            return
        statement = self._insert(table)
        keys = [column.name for column in table.primary_key]
        rest = {name: statement.excluded[name] for name in rows[0] if name not in keys}
        action = (
            statement.on_conflict_do_update(index_elements=keys, set_=rest)
            if rest
            else statement.on_conflict_do_nothing()
        )
        self._connection.execute(action, rows)

    def drop(self, column: Column[Any], keys: Sequence[str]) -> None:
        """Delete the rows whose column is one of the keys."""
        for start in range(0, len(keys), _KEYS_MAX):
            part = keys[start : start + _KEYS_MAX]
            self._connection.execute(delete(column.table).where(column.in_(part)))

    def replace(self, key: Column[Any], changed: Mapping[str, Any], values: Any) -> None:
        """Put the rows that are there now, and delete those that are not."""
        self.drop(key, [name for name, row in changed.items() if row is None])
        assert isinstance(key.table, Table)
        kept = {name: row for name, row in changed.items() if row is not None}
        self.put(key.table, [{key.name: name, **values(row)} for name, row in kept.items()])

    def write_lanes(self, changes: Changes) -> None:
        """The lanes of everything that is written; they stay."""
        lanes = {key.lane for key in changes.months}
        for delivery in _there(changes.deliveries.values()):
            lanes.update(paper.lane for paper in delivery.papers)
        for case in _there(changes.cases.values()):
            lanes.update(record.lane for record in case.records)
        self.put_lanes(lanes)

    def put_lanes(self, lanes: Iterable[Lane]) -> None:
        """These lanes, by their keys."""
        rows = [{"key": lane_key(lane), **lane._asdict()} for lane in sorted(lanes)]
        self.put(LANE, rows)

    def write_deliveries(self, changed: Mapping[str, Delivery | None]) -> None:
        """Deliveries, and in which months each is found."""
        self.replace(DELIVERY.c.key, changed, _delivery_values)
        self.drop(DELIVERY_MONTH.c.delivery, list(changed))
        rows = [row for found in _there(changed.values()) for row in _month_rows(found)]
        self.put(DELIVERY_MONTH, rows)

    def write_months(self, changed: Mapping[MonthKey, Month | None]) -> None:
        """Totals; those that count nothing any more are deleted."""
        for key in (key for key, month in changed.items() if month is None):
            gone = (MONTH.c.lane == lane_key(key.lane)) & (MONTH.c.month == key.month)
            self._connection.execute(delete(MONTH).where(gone))
        self.put(MONTH, [_month_values(month) for month in _there(changed.values())])

    def write_lots(self, changes: Changes) -> None:
        """The days of lots by delivery, and the cases that name them."""
        brought, named = [], []
        for (key, delivery), day in changes.lot_days.items():
            row = {"lot": lot_key(key), "delivery": delivery}
            if day is None:
                self._drop_row(LOT_DAY, row)
            else:
                brought.append({**row, "day": day.isoformat()})
        for (key, case), is_named in changes.lot_cases.items():
            row = {"lot": lot_key(key), "complaint": case}
            if is_named:
                named.append(row)
            else:
                self._drop_row(LOT_CASE, row)
        self.put(LOT_DAY, brought)
        self.put(LOT_CASE, named)

    def write_sampled(self, changes: Changes) -> None:
        """Records that sampling follows from, and those that lose groups."""
        rows = dict(changes.sampled)
        held = select_sampled(self._connection, changes.sampled_erased.keys() - rows.keys())
        for record_id, groups in changes.sampled_erased.items():
            found = rows.get(record_id) or held.get(record_id)
            erased = erase_sampled(found, groups) if found else None
            if erased is not None:
                rows[record_id] = erased
            elif found is not None:
                rows.pop(record_id, None)
                self.drop(SAMPLED.c.record_id, [record_id])
        self.put_lanes({row.lane for row in rows.values()})
        self.put(SAMPLED, [sampled_values(row, lane_key(row.lane)) for row in rows.values()])

    def _drop_row(self, table: Table, key: Values) -> None:
        gone = [table.c[name] == value for name, value in key.items()]
        self._connection.execute(delete(table).where(*gone))


def _there(found: Iterable[Any]) -> list[Any]:
    return [row for row in found if row is not None]


def _delivery_values(delivery: Delivery) -> Values:
    return {"papers": encode_papers(delivery.papers)}


def _month_rows(delivery: Delivery) -> list[Values]:
    pending = evaluate(delivery).pending
    waits = MonthKey(pending.lane, month_of(pending.on)) if pending else None
    return [
        {
            "lane": lane_key(key.lane),
            "month": key.month,
            "delivery": delivery.key,
            "is_pending": int(key == waits),
        }
        for key in sorted(months_touched(delivery))
    ]


def _gap_values(gap: Gap) -> Values:
    one, other = gap.parties
    return {
        "record_id": gap.record_id,
        "entry": gap.index,
        "one": one,
        "other": other,
        "until": gap.until,
    }


def _month_values(month: Month) -> Values:
    return {
        "lane": lane_key(month.key.lane),
        "month": month.key.month,
        # Without zeros at the end: these depend on how totals came about.
        "pieces": f"{month.pieces.normalize(EXACT):f}",
        "unconverted": month.unconverted,
        "lots": month.lots,
        "bad": month.bad,
        "open_cases": month.open_cases,
        "erased": month.erased,
    }


def _case_values(case: Case) -> Values:
    counted = case.counted
    assert counted is not None, "a case that has records counts as something"
    return {
        "lane": lane_key(counted.at.lane),
        "month": counted.at.month,
        "bad": counted.bad,
        "open_cases": counted.open_cases,
        "erased": counted.erased,
        "records": encode_records(case.records),
    }
