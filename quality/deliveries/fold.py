"""The fold: a page of papers onto a book (docs/spec/deliveries.md, section 5).

Papers are put where they belong, one by one in the order of the log; then every delivery,
lot and case that was touched is counted anew, and the totals move by the difference. What a
book holds depends on the log alone, never on how it was cut into pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from quality.deliveries.book import Changes, DeliveryReading, Month
from quality.deliveries.case import Case, count_case, lots_of
from quality.deliveries.delivery import Delivery, LotKey, MonthKey, Outcome, evaluate
from quality.deliveries.filing import Filing, PaperOrCase
from quality.deliveries.lots import PageLots
from quality.deliveries.papers import EXACT, CaseRecord, Gap

__all__ = ["PaperOrCase", "fold_page"]

_NOTHING: Final = Outcome({}, None, {}, (), ())


def fold_page(book: DeliveryReading, papers: Iterable[PaperOrCase | Gap], *, size: int) -> Changes:
    """What the papers of the entries from the book's size up to ``size`` change.

    Args:
        book: where the fold has come to; it is not changed.
        papers: those of these entries that say something of deliveries, in their order.
        size: how many entries of the log are folded afterwards.
    """
    papers = list(papers)
    filing = Filing(book)
    filing.file_all([paper for paper in papers if not isinstance(paper, Gap)])
    changes = count_changes(book, filing, size=size, places=filing.new_places)
    gaps = {paper.record_id: paper for paper in papers if isinstance(paper, Gap)}
    return replace(changes, gaps=gaps)


def count_changes(
    book: DeliveryReading, filing: Filing, *, size: int, places: Mapping[str, str | None]
) -> Changes:
    """Count anew what was filed otherwise."""
    return _Counting(book, filing).changes(size, places)


class _Counting:
    """Counts anew what a page touched."""

    def __init__(self, book: DeliveryReading, filing: Filing) -> None:
        self._book = book
        self._deliveries = filing.deliveries.changed()
        self._old_deliveries = {
            key: Delivery(key, papers)
            for key in self._deliveries
            if (papers := filing.deliveries.before(key))
        }
        self._cases = filing.cases.changed()
        self._old_cases: dict[str, Case] = dict(book.cases(list(self._cases)))
        self._lots = PageLots(book)
        self._totals = _Totals()

    def changes(self, size: int, places: Mapping[str, str | None]) -> Changes:
        """What becomes of the book."""
        deliveries = {
            key: Delivery(key, papers) if papers else None
            for key, papers in self._deliveries.items()
        }
        for key, delivery in deliveries.items():
            old, new = _outcome(self._old_deliveries.get(key)), _outcome(delivery)
            self._totals.move(old, new)
            self._lots.move(key, old.lot_days, new.lot_days)
        return Changes(
            size=size,
            places=places,
            deliveries=deliveries,
            cases=self._count_cases(),
            lot_days=self._lots.days_changed,
            lot_cases=self._lots.cases_changed,
            months=self._totals.changed(self._book),
        )

    def _old_records(self, key: str) -> tuple[CaseRecord, ...]:
        old = self._old_cases.get(key)
        return old.records if old else ()

    def _count_cases(self) -> dict[str, Case | None]:
        for key, records in self._cases.items():
            self._lots.rename(key, _lots_of(self._old_records(key)), _lots_of(records))
        moved = self._lots.cases_moved() - self._cases.keys()
        self._old_cases.update(self._book.cases(list(moved)))
        current = {**self._cases, **{key: self._old_records(key) for key in moved}}
        days = self._lots.first_days(lot for of in current.values() for lot in _lots_of(of))
        changed: dict[str, Case | None] = {}
        for key, records in current.items():
            before = self._old_cases.get(key)
            new = Case(key, records, count_case(records, days)) if records else None
            if new != before:
                changed[key] = new
                self._totals.move_case(before, new)
        return changed


@dataclass(slots=True)
class _Totals:
    """By how much the totals of months move."""

    moved: dict[MonthKey, Month] = field(default_factory=dict)

    def move(self, old: Outcome, new: Outcome) -> None:
        """From what a delivery came to, to what it comes to now."""
        for outcome, sign in ((old, -1), (new, 1)):
            for key, line in outcome.lines.items():
                pieces = line.pieces if sign > 0 else line.pieces.copy_negate()
                self._add(
                    Month(
                        key,
                        pieces,
                        unconverted=sign * line.unconverted,
                        lots=sign * line.lots,
                        erased=sign * line.erased,
                    )
                )

    def move_case(self, old: Case | None, new: Case | None) -> None:
        """From what a case counted as, to what it counts as now."""
        for case, sign in ((old, -1), (new, 1)):
            counted = case.counted if case else None
            if counted is not None:
                self._add(
                    Month(
                        counted.at,
                        bad=sign * counted.bad,
                        open_cases=sign * counted.open_cases,
                        erased=sign * counted.erased,
                    )
                )

    def changed(self, book: DeliveryReading) -> dict[MonthKey, Month | None]:
        """The totals that are others than before; None for those that count nothing."""
        moved = {key: month for key, month in self.moved.items() if not month.is_empty}
        found = book.months(list(moved))
        sums = {key: _sum(found.get(key, Month(key)), month) for key, month in moved.items()}
        return {key: None if month.is_empty else month for key, month in sums.items()}

    def _add(self, more: Month) -> None:
        self.moved[more.key] = _sum(self.moved.get(more.key, Month(more.key)), more)


def _sum(one: Month, other: Month) -> Month:
    return Month(
        one.key,
        EXACT.add(one.pieces, other.pieces),
        one.unconverted + other.unconverted,
        one.lots + other.lots,
        one.bad + other.bad,
        one.open_cases + other.open_cases,
        one.erased + other.erased,
    )


def _outcome(delivery: Delivery | None) -> Outcome:
    return evaluate(delivery) if delivery else _NOTHING


def _lots_of(records: Sequence[CaseRecord]) -> tuple[LotKey, ...]:
    return lots_of(records) if records else ()
