"""Lots of one page: on which day each delivery brought them, and which cases name them.

A case is dated by the first day of its lots. Lots have the names that people give them, and
many deliveries bring "N/A": a lot is rows, one a delivery, and only what moves is read or
written. Days are asked for only where a case names the lot.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import date

from quality.deliveries.book import DeliveryReading
from quality.deliveries.delivery import LotKey


@dataclass(slots=True)
class PageLots:
    """The lots of one page, as they become."""

    book: DeliveryReading
    days_changed: dict[tuple[LotKey, str], date | None] = field(default_factory=dict)
    cases_changed: dict[tuple[LotKey, str], bool] = field(default_factory=dict)
    #: Of every delivery that the page changes, all the lots that it brings then.
    _brought: defaultdict[LotKey, list[date]] = field(default_factory=lambda: defaultdict(list))
    _deliveries: set[str] = field(default_factory=set)

    def move(self, delivery: str, old: Mapping[LotKey, date], new: Mapping[LotKey, date]) -> None:
        """Date the lots of a delivery that changes."""
        self._deliveries.add(delivery)
        for key, day in new.items():
            self._brought[key].append(day)
        for key in {*old, *new}:
            if old.get(key) != new.get(key):
                self.days_changed[key, delivery] = new.get(key)

    def rename(self, case: str, old: Collection[LotKey], new: Collection[LotKey]) -> None:
        """Let a case name these lots, and no others."""
        for key in {*old} ^ {*new}:
            self.cases_changed[key, case] = key in new

    def cases_moved(self) -> Set[str]:
        """The cases in the book that name a lot of which the first day is another one now."""
        named = self.book.named_lots({key for key, _ in self.days_changed})
        before, after = self.book.first_days(named), self.first_days(named)
        moved = {
            key for key in named if (before[key].on if key in before else None) != after.get(key)
        }
        cases = self.book.cases_naming(moved) if moved else {}
        return {case for found in cases.values() for case in found}

    def first_days(self, keys: Iterable[LotKey]) -> dict[LotKey, date]:
        """The first day of each of the lots that is delivered after this page."""
        asked = set(keys)
        found = self.book.first_days(asked, besides=self._deliveries) if asked else {}
        days = {key: list(self._brought.get(key, ())) for key in asked}
        for key, first in found.items():
            days[key].append(first.on)
        return {key: min(of_lot) for key, of_lot in days.items() if of_lot}
