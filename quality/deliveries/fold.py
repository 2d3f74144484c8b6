"""The fold: a page of papers onto a book (docs/spec/deliveries.md, section 5).

Papers are put where they belong, one by one in the order of the log; then every delivery,
lot and case that was touched is counted anew, and the totals move by the difference. What a
book holds depends on the log alone, never on how it was cut into pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from quality.deliveries.book import Changes, DeliveryReading, Lot, Month
from quality.deliveries.case import Case, count_case, lots_of
from quality.deliveries.delivery import Delivery, LotKey, MonthKey, Outcome, evaluate
from quality.deliveries.filing import Filing, PaperOrCase
from quality.deliveries.papers import EXACT, CaseRecord

__all__ = ["PaperOrCase", "fold_page"]

_NOTHING: Final = Outcome({}, None, {}, (), ())


def fold_page(book: DeliveryReading, papers: Iterable[PaperOrCase], *, size: int) -> Changes:
    """What the papers of the entries from the book's size up to ``size`` change.

    Args:
        book: where the fold has come to; it is not changed.
        papers: those of these entries that say something of deliveries, in their order.
        size: how many entries of the log are folded afterwards.
    """
    filing = Filing(book)
    filing.file_all(list(papers))
    return _Counting(book, filing).changes(size, filing.new_places)


class _Counting:
    """Counts anew what a page touched."""

    def __init__(self, book: DeliveryReading, filing: Filing) -> None:
        self._book = book
        self._deliveries = filing.deliveries.changed()
        self._old_deliveries = book.deliveries(list(self._deliveries))
        self._cases = filing.cases.changed()
        self._old_cases: dict[str, Case] = dict(book.cases(list(self._cases)))
        self._lots = _Lots(book)
        self._totals = _Totals()

    def changes(self, size: int, places: Mapping[str, str]) -> Changes:
        """What becomes of the book."""
        deliveries = {
            key: Delivery(key, papers) if papers else None
            for key, papers in self._deliveries.items()
        }
        moved = {
            key: (_outcome(self._old_deliveries.get(key)), _outcome(delivery))
            for key, delivery in deliveries.items()
        }
        self._lots.expect(self._lots_touched(moved.values()))
        for key, (old, new) in moved.items():
            self._totals.move(old, new)
            self._lots.move(key, old, new)
        return Changes(
            size=size,
            places=places,
            deliveries=deliveries,
            cases=self._count_cases(),
            lots=self._lots.changed(),
            months=self._totals.changed(self._book),
        )

    def _lots_touched(self, moved: Iterable[tuple[Outcome, Outcome]]) -> set[LotKey]:
        touched = {lot for pair in moved for outcome in pair for lot in outcome.lot_days}
        for key, records in self._cases.items():
            for version in (records, self._old_records(key)):
                touched.update(lots_of(version) if version else ())
        return touched

    def _old_records(self, key: str) -> tuple[CaseRecord, ...]:
        old = self._old_cases.get(key)
        return old.records if old else ()

    def _count_cases(self) -> dict[str, Case | None]:
        for key, records in self._cases.items():
            old = self._old_records(key)
            self._lots.rename(key, lots_of(old) if old else (), records)
        moved = self._lots.cases_named() - self._cases.keys()
        self._old_cases.update(self._book.cases(list(moved)))
        named = {key: self._old_records(key) for key in moved}
        changed: dict[str, Case | None] = {}
        for key, records in {**self._cases, **named}.items():
            before = self._old_cases.get(key)
            days = self._lots.days(lots_of(records)) if records else {}
            counted = count_case(records, days) if records else None
            new = Case(key, records, counted) if records else None
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
                    Month(key, pieces, unconverted=sign * line.unconverted, lots=sign * line.lots)
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


@dataclass(slots=True)
class _Lots:
    """The lots of one page, as they become."""

    book: DeliveryReading
    old: dict[LotKey, Lot | None] = field(default_factory=dict)
    new: dict[LotKey, Lot] = field(default_factory=dict)

    def expect(self, keys: Iterable[LotKey]) -> None:
        """Read lots that are not here yet."""
        missing = [key for key in keys if key not in self.new]
        found = self.book.lots(missing) if missing else {}
        for key in missing:
            self.old[key] = found.get(key)
            self.new[key] = found.get(key) or Lot(key, {}, frozenset())

    def move(self, delivery: str, old: Outcome, new: Outcome) -> None:
        """Date the lots of a delivery."""
        for key in {*old.lot_days, *new.lot_days}:
            lot = self.new[key]
            days = {other: day for other, day in lot.days.items() if other != delivery}
            if key in new.lot_days:
                days[delivery] = new.lot_days[key]
            self.new[key] = replace(lot, days=dict(sorted(days.items())))

    def rename(self, case: str, old: Iterable[LotKey], records: Sequence[CaseRecord]) -> None:
        """Let a case name the lots of its records, and no others."""
        for key in old:
            self.new[key] = replace(self.new[key], cases=self.new[key].cases - {case})
        for key in lots_of(records) if records else ():
            self.new[key] = replace(self.new[key], cases=self.new[key].cases | {case})

    def cases_named(self) -> set[str]:
        """The cases that name a lot whose days have changed."""
        return {
            case
            for key, lot in self.new.items()
            if lot.days != _days_of(self.old[key])
            for case in lot.cases
        }

    def days(self, keys: Iterable[LotKey]) -> dict[LotKey, date]:
        """The first day of each of the lots that was delivered."""
        asked = tuple(keys)
        self.expect(asked)
        return {key: min(self.new[key].days.values()) for key in asked if self.new[key].days}

    def changed(self) -> dict[LotKey, Lot | None]:
        """Those that are others than before."""
        return {
            key: None if lot.is_empty else lot
            for key, lot in self.new.items()
            if lot != (self.old[key] or Lot(key, {}, frozenset()))
        }


def _sum(one: Month, other: Month) -> Month:
    return Month(
        one.key,
        EXACT.add(one.pieces, other.pieces),
        one.unconverted + other.unconverted,
        one.lots + other.lots,
        one.bad + other.bad,
        one.open_cases + other.open_cases,
    )


def _outcome(delivery: Delivery | None) -> Outcome:
    return evaluate(delivery) if delivery else _NOTHING


def _days_of(lot: Lot | None) -> Mapping[str, date]:
    return lot.days if lot else {}
