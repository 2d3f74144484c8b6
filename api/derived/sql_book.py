"""The book of deliveries in SQL: derived tables in SQLite or PostgreSQL.

Keys are looked up many at once; a page is saved in one transaction together with the size
that it brings the book to, and only onto the size it was made for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    func,
    literal,
    select,
)

from api.derived.bookmark import Bookmark, MarkedLog
from api.derived.database import DerivedDatabase
from api.derived.rows import decode_papers, decode_records
from api.derived.sql_writes import lane_key, lot_key, month_of_row, write_changes
from api.derived.stored import StoredDelivery, Weight
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
)
from api.observability import log as events
from ledger.store_errors import StoreUnavailable
from quality.deliveries.agreed import Lane
from quality.deliveries.book import (
    Changes,
    FirstDay,
    Month,
    Question,
    find_first,
)
from quality.deliveries.case import Case, Counted
from quality.deliveries.delivery import Delivery, LotKey, MonthKey, Pending, evaluate
from quality.deliveries.papers import Gap

#: Keys in one statement: each is a parameter, of which both products take many more.
KEYS_MAX: Final = 500
#: Deliveries that a statement leaves out: those of a page, and more than a page mostly has.
BESIDES_MAX: Final = 2_000


class SqlDeliveryReading:
    """The rows as one connection sees them."""

    def __init__(self, connection: Connection) -> None:
        """Read through ``connection``."""
        self._connection = connection

    def size(self) -> int:
        """See :meth:`quality.deliveries.book.DeliveryReading.size`."""
        found = select(BOOKMARK.c.size).where(BOOKMARK.c.form == FORM)
        size = self._connection.execute(found).scalar()
        if size is None:
            raise StoreUnavailable(
                f"expected derived tables of form {FORM}, found others: replicas of one log "
                "run one version"
            )
        return int(size)

    def places(self, record_ids: Collection[str]) -> Mapping[str, str]:
        """See :meth:`quality.deliveries.book.DeliveryReading.places`."""
        return {row.record_id: row.key for row in self._by_key(PLACE.c.record_id, record_ids)}

    def deliveries(self, keys: Collection[str]) -> Mapping[str, Delivery]:
        """See :meth:`quality.deliveries.book.DeliveryReading.deliveries`."""
        return {row.key: _delivery(row) for row in self._by_key(DELIVERY.c.key, keys)}

    def cases(self, keys: Collection[str]) -> Mapping[str, Case]:
        """See :meth:`quality.deliveries.book.DeliveryReading.cases`."""
        rows = list(self._by_key(COMPLAINT.c.key, keys))
        lanes = self._lanes({row.lane for row in rows})
        return {row.key: _case(row, lanes[row.lane]) for row in rows}

    def named_lots(self, keys: Collection[LotKey]) -> Set[LotKey]:
        """See :meth:`quality.deliveries.book.DeliveryReading.named_lots`."""
        by_text = {lot_key(key): key for key in keys}
        statement = select(LOT_CASE.c.lot).distinct()
        return {by_text[row.lot] for row in self._in_parts(statement, LOT_CASE.c.lot, by_text)}

    def cases_naming(self, keys: Collection[LotKey]) -> Mapping[LotKey, frozenset[str]]:
        """See :meth:`quality.deliveries.book.DeliveryReading.cases_naming`."""
        by_text = {lot_key(key): key for key in keys}
        found: defaultdict[LotKey, set[str]] = defaultdict(set)
        for row in self._by_key(LOT_CASE.c.lot, by_text):
            found[by_text[row.lot]].add(row.complaint)
        return {key: frozenset(cases) for key, cases in found.items()}

    def first_days(
        self, keys: Collection[LotKey], *, besides: Collection[str] = ()
    ) -> Mapping[LotKey, FirstDay]:
        """See :meth:`quality.deliveries.book.DeliveryReading.first_days`."""
        by_text = {lot_key(key): key for key in keys}
        left_out = frozenset(besides)
        # A product takes only so many parameters: more than that are left out below.
        is_few = len(left_out) <= BESIDES_MAX
        rows = (
            row
            for part in _parts(by_text)
            for row in self._connection.execute(
                _first_rows(part, left_out) if is_few else select(LOT_DAY).where(_is_one_of(part))
            )
        )
        return find_first(
            (by_text[row.lot], row.delivery, date.fromisoformat(row.day))
            for row in rows
            if row.delivery not in left_out
        )

    def months(self, keys: Collection[MonthKey]) -> Mapping[MonthKey, Month]:
        """See :meth:`quality.deliveries.book.DeliveryReading.months`."""
        lanes = {lane_key(key.lane): key.lane for key in keys}
        asked = {(lane_key(key.lane), key.month) for key in keys}
        months = sorted({key.month for key in keys})
        found = {}
        for row in self._by_key(MONTH.c.lane, lanes, MONTH.c.month.in_(months)):
            if (row.lane, row.month) in asked:
                month = month_of_row(row, lanes[row.lane])
                found[month.key] = month
        return found

    def months_of(self, question: Question) -> Sequence[Month]:
        """See :meth:`quality.deliveries.book.DeliveryReading.months_of`."""
        rows = self._connection.execute(_asked(MONTH, question, LANE, MONTH))
        return [month_of_row(row, _lane(row)) for row in rows]

    def pending_of(self, question: Question) -> Sequence[Pending]:
        """See :meth:`quality.deliveries.book.DeliveryReading.pending_of`."""
        found = self.stored_of(question, is_pending=True)
        pending = (evaluate(row.decode()).pending for row in found)
        return [one for one in pending if one]

    def deliveries_of(self, question: Question) -> Sequence[Delivery]:
        """See :meth:`quality.deliveries.book.DeliveryReading.deliveries_of`."""
        return [row.decode() for row in self.stored_of(question, is_pending=False)]

    def stored_of(self, question: Question, *, is_pending: bool) -> Sequence[StoredDelivery]:
        """The deliveries found in the months asked about, or those without a receipt there."""
        rows = self._connection.execute(_deliveries(question, is_pending, DELIVERY))
        return list({row.key: StoredDelivery(row.key, row.papers) for row in rows}.values())

    def stored(self, keys: Collection[str]) -> Sequence[StoredDelivery]:
        """Deliveries by key."""
        found = self._by_key(DELIVERY.c.key, keys)
        return [StoredDelivery(row.key, row.papers) for row in found]

    def weigh_deliveries(self, question: Question, *, is_pending: bool, at_most: int) -> Weight:
        """What :meth:`stored_of` would load; no more than one row above ``at_most`` is counted."""
        papers = func.length(DELIVERY.c.papers).label("weight")
        return self._weigh(_deliveries(question, is_pending, papers), at_most)

    def weigh_months(self, question: Question, *, at_most: int) -> Weight:
        """What :meth:`months_of` would load, counted likewise."""
        return self._weigh(_asked(MONTH, question, literal(0).label("weight")), at_most)

    def weigh_cases(self, question: Question, *, at_most: int) -> Weight:
        """What :meth:`cases_of` would load, counted likewise."""
        records = func.length(COMPLAINT.c.records).label("weight")
        return self._weigh(_asked(COMPLAINT, question, records), at_most)

    def _weigh(self, asked: Select[Any], at_most: int) -> Weight:
        found = asked.limit(at_most + 1).subquery()
        weight = select(func.count(), func.coalesce(func.sum(found.c.weight), 0))
        rows, characters = self._connection.execute(weight.select_from(found)).one()
        return Weight(int(rows), int(characters))

    def cases_of(self, question: Question) -> Sequence[Case]:
        """See :meth:`quality.deliveries.book.DeliveryReading.cases_of`."""
        rows = self._connection.execute(
            _asked(COMPLAINT, question, LANE.c.customer, LANE.c.supplier, LANE.c.part, COMPLAINT)
        )
        return [_case(row, _lane(row)) for row in rows]

    def gaps_of(self, question: Question) -> Sequence[Gap]:
        """See :meth:`quality.deliveries.book.DeliveryReading.gaps_of`."""
        conditions = [
            (GAP.c.one == name) | (GAP.c.other == name)
            for name in (question.customer, question.supplier)
            if name is not None
        ]
        asked = select(GAP).where(GAP.c.until >= question.first, *conditions)
        return [
            Gap(row.record_id, row.entry, (row.one, row.other), row.until)
            for row in self._connection.execute(asked)
        ]

    def _by_key(
        self, column: Column[Any], keys: Iterable[str], *conditions: Any
    ) -> Iterator[Row[Any]]:
        """The rows whose column is one of the keys, so many keys at a time."""
        yield from self._in_parts(select(column.table).where(*conditions), column, keys)

    def _in_parts(
        self, statement: Select[Any], column: Column[Any], keys: Iterable[str]
    ) -> Iterator[Row[Any]]:
        for part in _parts(keys):
            yield from self._connection.execute(statement.where(column.in_(part)))

    def _lanes(self, keys: Iterable[str]) -> Mapping[str, Lane]:
        return {row.key: _lane(row) for row in self._by_key(LANE.c.key, keys)}


class SqlDeliveryBook:
    """The book behind a database of derived tables; may be used by threads."""

    def __init__(self, database: DerivedDatabase, log: MarkedLog | None = None) -> None:
        """Keep the book of ``log`` in ``database``; tables of another log are made anew.

        Raises:
            StoreUnavailable: the log or the database did not answer.
        """
        self._database = database
        self._log = log
        found = database.bookmark()
        fault = log.fault_of(found) if log and found else None
        if fault:
            events.warning("derived.remade", detail=fault)
            database.remake(found=found)

    @contextmanager
    def at_once(self) -> Iterator[SqlDeliveryReading]:
        """See :meth:`quality.deliveries.book.DeliveryBook.at_once`."""
        with self._database.snapshot() as connection:
            reading = SqlDeliveryReading(connection)
            # Refuses tables that another version has made in the meantime.
            reading.size()
            yield reading

    def save(self, changes: Changes, *, before: int) -> bool:
        """See :meth:`quality.deliveries.book.DeliveryBook.save`."""
        marks = self._mark(before), self._mark(changes.size)
        with self._database.writing() as connection:
            return write_changes(connection, changes, before=marks[0], after=marks[1])

    def _mark(self, size: int) -> Bookmark:
        return self._log.mark(size) if self._log else Bookmark(size)

    def clear(self) -> None:
        """See :meth:`quality.deliveries.book.DeliveryBook.clear`."""
        self._database.remake()

    def size(self) -> int:
        """See :meth:`quality.deliveries.book.DeliveryReading.size`."""
        with self._rows() as rows:
            return rows.size()

    def places(self, record_ids: Collection[str]) -> Mapping[str, str]:
        """See :meth:`quality.deliveries.book.DeliveryReading.places`."""
        with self._rows() as rows:
            return rows.places(record_ids)

    def deliveries(self, keys: Collection[str]) -> Mapping[str, Delivery]:
        """See :meth:`quality.deliveries.book.DeliveryReading.deliveries`."""
        with self._rows() as rows:
            return rows.deliveries(keys)

    def cases(self, keys: Collection[str]) -> Mapping[str, Case]:
        """See :meth:`quality.deliveries.book.DeliveryReading.cases`."""
        with self._rows() as rows:
            return rows.cases(keys)

    def named_lots(self, keys: Collection[LotKey]) -> Set[LotKey]:
        """See :meth:`quality.deliveries.book.DeliveryReading.named_lots`."""
        with self._rows() as rows:
            return rows.named_lots(keys)

    def cases_naming(self, keys: Collection[LotKey]) -> Mapping[LotKey, frozenset[str]]:
        """See :meth:`quality.deliveries.book.DeliveryReading.cases_naming`."""
        with self._rows() as rows:
            return rows.cases_naming(keys)

    def first_days(
        self, keys: Collection[LotKey], *, besides: Collection[str] = ()
    ) -> Mapping[LotKey, FirstDay]:
        """See :meth:`quality.deliveries.book.DeliveryReading.first_days`."""
        with self._rows() as rows:
            return rows.first_days(keys, besides=besides)

    def months(self, keys: Collection[MonthKey]) -> Mapping[MonthKey, Month]:
        """See :meth:`quality.deliveries.book.DeliveryReading.months`."""
        with self._rows() as rows:
            return rows.months(keys)

    def months_of(self, question: Question) -> Sequence[Month]:
        """See :meth:`quality.deliveries.book.DeliveryReading.months_of`."""
        with self._rows() as rows:
            return rows.months_of(question)

    def pending_of(self, question: Question) -> Sequence[Pending]:
        """See :meth:`quality.deliveries.book.DeliveryReading.pending_of`."""
        with self._rows() as rows:
            return rows.pending_of(question)

    def deliveries_of(self, question: Question) -> Sequence[Delivery]:
        """See :meth:`quality.deliveries.book.DeliveryReading.deliveries_of`."""
        with self._rows() as rows:
            return rows.deliveries_of(question)

    def cases_of(self, question: Question) -> Sequence[Case]:
        """See :meth:`quality.deliveries.book.DeliveryReading.cases_of`."""
        with self._rows() as rows:
            return rows.cases_of(question)

    def gaps_of(self, question: Question) -> Sequence[Gap]:
        """See :meth:`quality.deliveries.book.DeliveryReading.gaps_of`."""
        with self._rows() as rows:
            return rows.gaps_of(question)

    @contextmanager
    def _rows(self) -> Iterator[SqlDeliveryReading]:
        with self._database.reading() as connection:
            yield SqlDeliveryReading(connection)


def _parts(keys: Iterable[str]) -> Iterator[list[str]]:
    asked = sorted(keys)
    for start in range(0, len(asked), KEYS_MAX):
        yield asked[start : start + KEYS_MAX]


def _first_rows(lots: list[str], besides: frozenset[str]) -> Select[Any]:
    """The rows of the first day of each of these lots, some deliveries left out."""
    is_asked = _is_one_of(lots)
    if besides:
        is_asked &= LOT_DAY.c.delivery.not_in(sorted(besides))
    first = (
        select(LOT_DAY.c.lot, func.min(LOT_DAY.c.day).label("day"))
        .where(is_asked)
        .group_by(LOT_DAY.c.lot)
        .subquery()
    )
    is_first = (LOT_DAY.c.lot == first.c.lot) & (LOT_DAY.c.day == first.c.day)
    return select(LOT_DAY).join(first, is_first)


def _is_one_of(lots: list[str]) -> ColumnElement[bool]:
    return LOT_DAY.c.lot.in_(lots)


def _asked(table: Table, question: Question, *columns: Any) -> Select[Any]:
    """Rows of a table with a lane and a month, of the lanes and months asked about."""
    conditions = [
        column == asked
        for column, asked in (
            (LANE.c.customer, question.customer),
            (LANE.c.supplier, question.supplier),
            (LANE.c.part, question.part),
        )
        if asked is not None
    ]
    return (
        select(*columns)
        .select_from(LANE)
        .join(table, table.c.lane == LANE.c.key)
        .where(table.c.month >= question.first, table.c.month <= question.last, *conditions)
    )


def _deliveries(question: Question, is_pending: bool, *columns: Any) -> Select[Any]:
    asked = _asked(DELIVERY_MONTH, question, *columns).join(
        DELIVERY, DELIVERY.c.key == DELIVERY_MONTH.c.delivery
    )
    return asked.where(DELIVERY_MONTH.c.is_pending == 1) if is_pending else asked


def _lane(row: Row[Any]) -> Lane:
    return Lane(row.customer, row.supplier, row.part)


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(row.key, decode_papers(row.papers))


def _case(row: Row[Any], lane: Lane) -> Case:
    counted = Counted(MonthKey(lane, row.month), row.bad, row.open_cases, row.erased)
    return Case(row.key, decode_records(row.records), counted)
