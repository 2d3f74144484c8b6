"""The port by which the fold keeps what it has made of the log, and the book in memory.

A book holds derived data: everything in it follows from the first ``size`` entries of the
log and can be thrown away. The fold reads by key, many at once, and saves a page of entries
with the size that it brings the book to, or nothing of it.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple, Protocol, TypeVar

from quality.deliveries.case import Case
from quality.deliveries.delivery import (
    Delivery,
    LotKey,
    MonthKey,
    Pending,
    evaluate,
    month_of,
)
from quality.deliveries.papers import Gap
from quality.sampling.history import SampledRecord, erase_sampled

_Key = TypeVar("_Key")
_Row = TypeVar("_Row")


class FirstDay(NamedTuple):
    """The first day on which a lot came, and the deliveries that brought it on that day."""

    on: date
    deliveries: frozenset[str]


@dataclass(frozen=True, slots=True)
class Month:
    """Totals of a part of a pair in one month: receipts, and cases dated there.

    ``erased`` counts receipts and cases of which something was erased that counted.
    """

    key: MonthKey
    pieces: Decimal = Decimal(0)
    unconverted: int = 0
    lots: int = 0
    bad: int = 0
    open_cases: int = 0
    erased: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether it counts nothing any more."""
        counts = (self.unconverted, self.lots, self.bad, self.open_cases, self.erased)
        return not self.pieces and not any(counts)


@dataclass(frozen=True, slots=True)
class Question:
    """Which pairs and months: None asks for every customer, supplier or part.

    ``first`` and ``last`` are months ``YYYY-MM``, both included.
    """

    first: str
    last: str
    customer: str | None = None
    supplier: str | None = None
    part: str | None = None

    def takes(self, key: MonthKey) -> bool:
        """Whether the month of this part is asked about."""
        asked = (self.customer, self.supplier, self.part)
        is_meant = all(name in (None, own) for name, own in zip(asked, key.lane, strict=True))
        return is_meant and self.first <= key.month <= self.last


@dataclass(frozen=True, slots=True)
class Changes:
    """What a page of entries changes: rows by key, None for one that is gone.

    ``lot_days`` are by lot and delivery; ``lot_cases`` say whether a case names a lot.
    ``sampled`` are records that sampling follows from, kept as they are; of those that are held
    the groups in ``sampled_erased`` go.
    """

    size: int
    places: Mapping[str, str | None] = field(default_factory=dict)
    deliveries: Mapping[str, Delivery | None] = field(default_factory=dict)
    cases: Mapping[str, Case | None] = field(default_factory=dict)
    lot_days: Mapping[tuple[LotKey, str], date | None] = field(default_factory=dict)
    lot_cases: Mapping[tuple[LotKey, str], bool] = field(default_factory=dict)
    months: Mapping[MonthKey, Month | None] = field(default_factory=dict)
    gaps: Mapping[str, Gap] = field(default_factory=dict)
    sampled: Mapping[str, SampledRecord] = field(default_factory=dict)
    sampled_erased: Mapping[str, frozenset[str]] = field(default_factory=dict)


class DeliveryReading(Protocol):
    """Derived rows of deliveries, by key and by question."""

    def size(self) -> int:
        """How many entries of the log the book holds."""

    def places(self, record_ids: Collection[str]) -> Mapping[str, str]:
        """The keys under which these records stand; absent where one says nothing."""

    def deliveries(self, keys: Collection[str]) -> Mapping[str, Delivery]:
        """Deliveries by key."""

    def cases(self, keys: Collection[str]) -> Mapping[str, Case]:
        """Cases by key."""

    def named_lots(self, keys: Collection[LotKey]) -> Set[LotKey]:
        """Those of these lots that a case names."""

    def cases_naming(self, keys: Collection[LotKey]) -> Mapping[LotKey, frozenset[str]]:
        """The keys of the cases that name each of these lots; absent where none does."""

    def first_days(
        self, keys: Collection[LotKey], *, besides: Collection[str] = ()
    ) -> Mapping[LotKey, FirstDay]:
        """When each of these lots came first; absent where it never came.

        Args:
            keys: of the lots.
            besides: keys of deliveries that are not looked at.
        """

    def months(self, keys: Collection[MonthKey]) -> Mapping[MonthKey, Month]:
        """Totals by key."""

    def months_of(self, question: Question) -> Sequence[Month]:
        """The totals asked about, in no order."""

    def pending_of(self, question: Question) -> Sequence[Pending]:
        """The shipments without a receipt that were sent in the months asked about."""

    def deliveries_of(self, question: Question) -> Sequence[Delivery]:
        """The deliveries with a line or a shipment in the months asked about."""

    def cases_of(self, question: Question) -> Sequence[Case]:
        """The cases that count in the months asked about."""

    def gaps_of(self, question: Question) -> Sequence[Gap]:
        """The gaps that may be in the months asked about."""


class DeliveryBook(DeliveryReading, Protocol):
    """A book that may be written. May be used by threads."""

    def at_once(self) -> AbstractContextManager[DeliveryReading]:
        """One state of the book for several questions."""

    def save(self, changes: Changes, *, before: int) -> bool:
        """Save a page whole, unless the book is at another size than ``before``: then False."""

    def clear(self) -> None:
        """Throw everything away: the book is at size 0."""


def months_touched(delivery: Delivery) -> frozenset[MonthKey]:
    """The months in which a delivery is found: those of its lines, and of its shipments."""
    shipped = (
        MonthKey(paper.lane, month_of(paper.on))
        for paper in delivery.papers
        if paper.shipment is None
    )
    return frozenset((*evaluate(delivery).lines, *shipped))


def find_first(found: Iterable[tuple[LotKey, str, date]]) -> dict[LotKey, FirstDay]:
    """The first day of each lot, of lots with a delivery and its day."""
    first: dict[LotKey, FirstDay] = {}
    for key, delivery, day in found:
        known = first.get(key)
        if known is None or day < known.on:
            first[key] = FirstDay(day, frozenset({delivery}))
        elif day == known.on:
            first[key] = FirstDay(day, known.deliveries | {delivery})
    return first


class MemoryDeliveryBook:
    """The book in memory: for small logs, tools and tests."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._lock = threading.RLock()
        self.clear()

    def clear(self) -> None:
        """See :meth:`DeliveryBook.clear`."""
        with self._lock:
            self._size = 0
            self._places: dict[str, str] = {}
            self._deliveries: dict[str, Delivery] = {}
            self._cases: dict[str, Case] = {}
            self._lot_days: dict[LotKey, dict[str, date]] = {}
            self._lot_cases: dict[LotKey, dict[str, bool]] = {}
            self._months: dict[MonthKey, Month] = {}
            self._gaps: dict[str, Gap] = {}
            self._sampled: dict[str, SampledRecord] = {}

    @contextmanager
    def at_once(self) -> Iterator[DeliveryReading]:
        """See :meth:`DeliveryBook.at_once`: nobody writes meanwhile."""
        with self._lock:
            yield self

    def size(self) -> int:
        """See :meth:`DeliveryReading.size`."""
        return self._size

    def places(self, record_ids: Collection[str]) -> Mapping[str, str]:
        """See :meth:`DeliveryReading.places`."""
        return _found(self._places, record_ids)

    def deliveries(self, keys: Collection[str]) -> Mapping[str, Delivery]:
        """See :meth:`DeliveryReading.deliveries`."""
        return _found(self._deliveries, keys)

    def cases(self, keys: Collection[str]) -> Mapping[str, Case]:
        """See :meth:`DeliveryReading.cases`."""
        return _found(self._cases, keys)

    def named_lots(self, keys: Collection[LotKey]) -> Set[LotKey]:
        """See :meth:`DeliveryReading.named_lots`."""
        return {key for key in keys if key in self._lot_cases}

    def cases_naming(self, keys: Collection[LotKey]) -> Mapping[LotKey, frozenset[str]]:
        """See :meth:`DeliveryReading.cases_naming`."""
        found = _found(self._lot_cases, keys)
        return {key: frozenset(cases) for key, cases in found.items()}

    def first_days(
        self, keys: Collection[LotKey], *, besides: Collection[str] = ()
    ) -> Mapping[LotKey, FirstDay]:
        """See :meth:`DeliveryReading.first_days`."""
        left_out = frozenset(besides)
        return find_first(
            (key, delivery, day)
            for key, days in _found(self._lot_days, keys).items()
            for delivery, day in days.items()
            if delivery not in left_out
        )

    def months(self, keys: Collection[MonthKey]) -> Mapping[MonthKey, Month]:
        """See :meth:`DeliveryReading.months`."""
        return _found(self._months, keys)

    def save(self, changes: Changes, *, before: int) -> bool:
        """See :meth:`DeliveryBook.save`."""
        with self._lock:
            if self._size != before:
                return False
            _put(self._places, changes.places)
            self._gaps.update(changes.gaps)
            _put(self._deliveries, changes.deliveries)
            _put(self._cases, changes.cases)
            _put_inner(self._lot_days, changes.lot_days)
            named = {key: is_named or None for key, is_named in changes.lot_cases.items()}
            _put_inner(self._lot_cases, named)
            _put(self._months, changes.months)
            self._sampled.update(changes.sampled)
            _put(self._sampled, _erased_sampled(self._sampled, changes.sampled_erased))
            self._size = changes.size
            return True

    def sampled_records(self) -> Sequence[SampledRecord]:
        """The records that sampling follows from, in the order of their entries."""
        with self._lock:
            return sorted(self._sampled.values(), key=lambda row: row.filed.index)

    def months_of(self, question: Question) -> Sequence[Month]:
        """See :meth:`DeliveryReading.months_of`."""
        with self._lock:
            return [month for key, month in self._months.items() if question.takes(key)]

    def pending_of(self, question: Question) -> Sequence[Pending]:
        """See :meth:`DeliveryReading.pending_of`."""
        with self._lock:
            found = [evaluate(delivery).pending for delivery in self._deliveries.values()]
        return [
            pending
            for pending in found
            if pending and question.takes(MonthKey(pending.lane, month_of(pending.on)))
        ]

    def deliveries_of(self, question: Question) -> Sequence[Delivery]:
        """See :meth:`DeliveryReading.deliveries_of`."""
        with self._lock:
            return [
                delivery
                for delivery in self._deliveries.values()
                if any(map(question.takes, months_touched(delivery)))
            ]

    def cases_of(self, question: Question) -> Sequence[Case]:
        """See :meth:`DeliveryReading.cases_of`."""
        with self._lock:
            return [
                case
                for case in self._cases.values()
                if case.counted and question.takes(case.counted.at)
            ]

    def gaps_of(self, question: Question) -> Sequence[Gap]:
        """See :meth:`DeliveryReading.gaps_of`."""
        with self._lock:
            return [gap for gap in self._gaps.values() if is_asked(gap, question)]


def is_asked(gap: Gap, question: Question) -> bool:
    """Whether a gap may be in the months and pairs asked about; of which part nobody knows."""
    asked = {name for name in (question.customer, question.supplier) if name is not None}
    return asked <= set(gap.parties) and question.first <= gap.until


def _erased_sampled(
    held: Mapping[str, SampledRecord], erased: Mapping[str, frozenset[str]]
) -> dict[str, SampledRecord | None]:
    return {
        name: erase_sampled(held[name], groups) for name, groups in erased.items() if name in held
    }


def _found(rows: Mapping[_Key, _Row], keys: Iterable[_Key]) -> dict[_Key, _Row]:
    return {key: rows[key] for key in keys if key in rows}


def _put(rows: dict[_Key, _Row], changes: Mapping[_Key, _Row | None]) -> None:
    for key, row in changes.items():
        if row is None:
            rows.pop(key, None)
        else:
            rows[key] = row


def _put_inner(
    rows: dict[_Key, dict[str, _Row]], changes: Mapping[tuple[_Key, str], _Row | None]
) -> None:
    for (key, name), row in changes.items():
        inner = rows.setdefault(key, {})
        _put(inner, {name: row})
        if not inner:
            del rows[key]
