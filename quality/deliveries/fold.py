"""The fold: a page of papers onto a book (docs/spec/deliveries.md, section 5).

Papers are put where they belong, one by one in the order of the log; then every delivery,
lot and case that was touched is counted anew, and the totals move by the difference. What a
book holds depends on the log alone, never on how it was cut into pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, TypeAlias

from quality.deliveries.book import Changes, DeliveryReading, Lot, Month
from quality.deliveries.case import Case, case_key, count_case, lots_of
from quality.deliveries.delivery import (
    Delivery,
    LotKey,
    MonthKey,
    Outcome,
    current_papers,
    delivery_key,
    evaluate,
    unknown_delivery_key,
)
from quality.deliveries.papers import EXACT, CaseRecord, Paper

PaperOrCase: TypeAlias = Paper | CaseRecord
_NOTHING: Final = Outcome({}, None, {}, (), ())


def fold_page(book: DeliveryReading, papers: Iterable[PaperOrCase], *, size: int) -> Changes:
    """What the papers of the entries from the book's size up to ``size`` change.

    Args:
        book: where the fold has come to; it is not changed.
        papers: those of these entries that say something of deliveries, in their order.
        size: how many entries of the log are folded afterwards.
    """
    sheet = _Sheet(book)
    taken = list(papers)
    sheet.expect(taken)
    for paper in taken:
        if isinstance(paper, Paper):
            sheet.file_paper(paper)
        else:
            sheet.file_case(paper)
    return sheet.changes(size)


@dataclass(slots=True)
class _Sheet:
    """The rows of one page: what the book has, and what becomes of it."""

    book: DeliveryReading
    places: dict[str, str | None] = field(default_factory=dict)
    new_places: dict[str, str] = field(default_factory=dict)
    deliveries: dict[str, tuple[Paper, ...]] = field(default_factory=dict)
    old_deliveries: dict[str, Delivery | None] = field(default_factory=dict)
    cases: dict[str, tuple[CaseRecord, ...]] = field(default_factory=dict)
    old_cases: dict[str, Case | None] = field(default_factory=dict)

    # ---- reading, many at once ----

    def expect(self, papers: Sequence[PaperOrCase]) -> None:
        """Read what the page will most likely ask for."""
        asked: set[str] = set()
        keys, cases = set(), set()
        for paper in papers:
            asked.update(name for name in (paper.record_id, paper.corrects) if name)
            if isinstance(paper, CaseRecord):
                cases.add(_key_of_case(paper))
            elif paper.shipment is None:
                keys |= {
                    delivery_key(paper.lane, paper.number),
                    unknown_delivery_key(paper.record_id),
                }
            else:
                asked.add(paper.shipment)
                keys.add(unknown_delivery_key(paper.shipment))
        found = self.book.places(asked)
        self.places = {name: found.get(name) for name in asked}
        known = set(found.values())
        self._read_deliveries(keys | known)
        self._read_cases(cases | known)

    def _read_deliveries(self, keys: Iterable[str]) -> None:
        missing = [key for key in keys if key not in self.old_deliveries]
        found = self.book.deliveries(missing) if missing else {}
        for key in missing:
            old = found.get(key)
            self.old_deliveries[key] = old
            self.deliveries[key] = old.papers if old else ()

    def _read_cases(self, keys: Iterable[str]) -> None:
        missing = [key for key in keys if key not in self.old_cases]
        found = self.book.cases(missing) if missing else {}
        for key in missing:
            old = found.get(key)
            self.old_cases[key] = old
            self.cases[key] = old.records if old else ()

    def _place(self, record_id: str) -> str | None:
        if record_id not in self.places:
            self.places[record_id] = self.book.places([record_id]).get(record_id)
        return self.places[record_id]

    def _papers(self, key: str) -> tuple[Paper, ...]:
        self._read_deliveries([key])
        return self.deliveries[key]

    # ---- filing ----

    def file_paper(self, paper: Paper) -> None:
        """Put a shipment or a receipt into its delivery."""
        if self._place(paper.record_id) is not None:
            return
        moving = self._take_earlier(paper)
        key = self._key_for(paper)
        if paper.shipment is None:
            ids = {paper.record_id, *(earlier.record_id for earlier in moving)}
            moving += self._take_citing(ids, paper, leaving=key)
        self._put_papers(key, [*moving, paper])

    def _key_for(self, paper: Paper) -> str:
        if paper.shipment is None:
            return delivery_key(paper.lane, paper.number)
        key = self._place(paper.shipment)
        # What is cited may be another receipt: that is no shipment, and never becomes one.
        if key is not None and _has_shipment(self._papers(key), paper.shipment):
            return key
        return unknown_delivery_key(paper.shipment)

    def _take_earlier(self, paper: Paper) -> list[Paper]:
        """Take out the earlier versions of a paper that is corrected: they go where it goes."""
        key = self._place(paper.corrects) if paper.corrects else None
        if key is None or paper.corrects is None:
            return []
        earlier = _versions(self._papers(key), paper.corrects)
        self._drop_papers(key, {found.record_id for found in earlier})
        return earlier

    def _take_citing(self, ids: set[str], paper: Paper, *, leaving: str) -> list[Paper]:
        """Take the receipts that cite one of these shipments from wherever they are."""
        keys = {unknown_delivery_key(record_id) for record_id in ids}
        old = self._place(paper.corrects) if paper.corrects else None
        if old is not None:
            keys.add(old)
        taken: list[Paper] = []
        for key in sorted(keys - {leaving}):
            # The version that is current says which shipment a receipt is about.
            cited = [i for i in current_papers(self._papers(key)) if i.shipment in ids]
            roots = {name for found in cited for name in _chain(self._papers(key), found)}
            moved = [found for found in self._papers(key) if found.record_id in roots]
            self._drop_papers(key, roots)
            taken += moved
        return taken

    def _put_papers(self, key: str, papers: Sequence[Paper]) -> None:
        merged = {paper.record_id: paper for paper in (*self._papers(key), *papers)}
        self.deliveries[key] = tuple(sorted(merged.values(), key=lambda paper: paper.index))
        for paper in papers:
            self.places[paper.record_id] = self.new_places[paper.record_id] = key

    def _drop_papers(self, key: str, record_ids: set[str]) -> None:
        self.deliveries[key] = tuple(
            paper for paper in self._papers(key) if paper.record_id not in record_ids
        )

    def file_case(self, record: CaseRecord) -> None:
        """Put a corrective action into its case."""
        if self._place(record.record_id) is not None:
            return
        moving: list[CaseRecord] = []
        old = self._place(record.corrects) if record.corrects else None
        key = _key_of_case(record)
        self._read_cases([key, *([old] if old else [])])
        if old is not None and record.corrects is not None:
            moving = _case_versions(self.cases[old], record.corrects)
            gone = {found.record_id for found in moving}
            self.cases[old] = tuple(i for i in self.cases[old] if i.record_id not in gone)
        merged = (*self.cases[key], *moving, record)
        self.cases[key] = tuple(sorted(merged, key=lambda found: found.index))
        for found in (*moving, record):
            self.places[found.record_id] = self.new_places[found.record_id] = key

    # ---- counting ----

    def changes(self, size: int) -> Changes:
        """Count anew what was touched."""
        deliveries = {
            key: Delivery(key, papers) if papers else None
            for key, papers in self.deliveries.items()
            if papers != _papers_of(self.old_deliveries[key])
        }
        totals = _Totals()
        lots = _Lots(self.book)
        lots.expect(self._lots_touched(deliveries))
        for key, delivery in deliveries.items():
            old, new = _outcome(self.old_deliveries[key]), _outcome(delivery)
            totals.move(old, new)
            lots.move(key, old, new)
        cases = self._count_cases(lots, totals)
        return Changes(
            size=size,
            places=self.new_places,
            deliveries=deliveries,
            cases=cases,
            lots=lots.changed(),
            months=totals.changed(self.book),
        )

    def _lots_touched(self, deliveries: Mapping[str, Delivery | None]) -> set[LotKey]:
        touched = {
            lot
            for key, delivery in deliveries.items()
            for found in (self.old_deliveries[key], delivery)
            for lot in _outcome(found).lot_days
        }
        for key, records in self.cases.items():
            old = self.old_cases[key]
            for version in (records, old.records if old else ()):
                touched.update(lots_of(version) if version else ())
        return touched

    def _count_cases(self, lots: _Lots, totals: _Totals) -> dict[str, Case | None]:
        for key, records in self.cases.items():
            old = self.old_cases[key]
            if records != (old.records if old else ()):
                lots.rename(key, lots_of(old.records) if old else (), records)
        self._read_cases(lots.cases_named())
        changed: dict[str, Case | None] = {}
        for key, records in self.cases.items():
            old = self.old_cases[key]
            counted = count_case(records, lots.days(lots_of(records))) if records else None
            new = Case(key, records, counted) if records else None
            if new != old:
                changed[key] = new
                totals.move_case(old, new)
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


def _key_of_case(record: CaseRecord) -> str:
    return unknown_delivery_key("\n".join(("case", *case_key(record))))


def _outcome(delivery: Delivery | None) -> Outcome:
    return evaluate(delivery) if delivery else _NOTHING


def _papers_of(delivery: Delivery | None) -> tuple[Paper, ...]:
    return delivery.papers if delivery else ()


def _days_of(lot: Lot | None) -> Mapping[str, date]:
    return lot.days if lot else {}


def _has_shipment(papers: Sequence[Paper], record_id: str) -> bool:
    return any(found.record_id == record_id and found.shipment is None for found in papers)


def _chain(papers: Sequence[Paper], of: Paper) -> set[str]:
    """The record ids of all versions of a paper."""
    return {found.record_id for found in _versions(papers, of.record_id)}


def _versions(papers: Sequence[Paper], record_id: str) -> list[Paper]:
    """A paper, what it corrects, and what corrects it, and so on."""
    ids = _linked([(paper.record_id, paper.corrects) for paper in papers], record_id)
    return [paper for paper in papers if paper.record_id in ids]


def _case_versions(records: Sequence[CaseRecord], record_id: str) -> list[CaseRecord]:
    ids = _linked([(record.record_id, record.corrects) for record in records], record_id)
    return [record for record in records if record.record_id in ids]


def _linked(links: Sequence[tuple[str, str | None]], start: str) -> set[str]:
    found = {start}
    while True:
        more = {own for own, corrects in links if corrects in found}
        more |= {corrects for own, corrects in links if own in found and corrects}
        if more <= found:
            return found
        found |= more
