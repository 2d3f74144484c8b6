"""What an erasure does to a book that has counted the record (docs/spec/deliveries.md, 7).

The same as if the record had been read without its erased groups from the beginning: figures
that rested on them become unknown, and never better. Where a paper stands does not depend on
what may be erased of it; where the records of a case stand does, so that those of the pair are
filed anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from quality.deliveries.book import Changes, DeliveryReading, MemoryDeliveryBook, Question
from quality.deliveries.case import Case
from quality.deliveries.filing import Filing
from quality.deliveries.fold import count_changes
from quality.deliveries.papers import PROBLEM, CaseRecord, Gap, erase_case_record, erase_paper

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Erased:
    """A record that may have been counted, and what was erased of it.

    ``gap`` is there where it was a case record that lost its problem.
    """

    record_id: str
    groups: frozenset[str]
    gap: Gap | None = None


def erase_records(book: DeliveryReading, erased: Iterable[Erased], *, size: int) -> Changes:
    """What erasing changes in a book.

    Args:
        book: as it is; it is not changed.
        erased: records with all that was erased of each.
        size: how many entries of the log are folded afterwards.
    """
    found = {item.record_id: item for item in erased}
    gaps = {name: item.gap for name, item in found.items() if item.gap}
    places = book.places(list(found))
    filing = Filing(book)
    _erase_papers(book, filing, found, keys=set(places.values()))
    changed = _refile_cases(
        book, filing, found, keys={places[name] for name in gaps.keys() & places}
    )
    changes = count_changes(book, filing, size=size, places=changed)
    return replace(changes, gaps=gaps)


def _erase_papers(
    book: DeliveryReading, filing: Filing, found: dict[str, Erased], *, keys: Collection[str]
) -> None:
    for key, delivery in book.deliveries(keys).items():
        papers = [
            erase_paper(paper, found[paper.record_id].groups) if paper.record_id in found else paper
            for paper in delivery.papers
        ]
        filing.deliveries.rewrite(key, papers)
    for key, case in book.cases(keys).items():
        filing.cases.rewrite(key, _without(case.records, found))


def _without(records: Sequence[CaseRecord], found: dict[str, Erased]) -> list[CaseRecord]:
    """Records without what was erased of them; those without a problem are left out."""
    groups = {name: item.groups for name, item in found.items()}
    return [
        erase_case_record(record, groups.get(record.record_id, ()))
        for record in records
        if PROBLEM not in groups.get(record.record_id, ())
    ]


def _refile_cases(
    book: DeliveryReading, filing: Filing, found: dict[str, Erased], *, keys: Collection[str]
) -> dict[str, str | None]:
    """File the case records anew that stand where those stood, and their pairs'; new places."""
    cases = _all_about(book, book.cases(keys).values())
    if not cases:
        return {}
    held = sorted(
        chain.from_iterable(case.records for case in cases), key=lambda record: record.index
    )
    anew = Filing(MemoryDeliveryBook())
    anew.file_all(_without(held, found))
    folders = anew.cases.changed()
    for key in {*folders, *(case.key for case in cases)}:
        filing.cases.rewrite(key, folders.get(key, ()))
    gone: dict[str, str | None] = {record.record_id: None for record in held}
    gone.update({record.corrects: None for record in held if record.corrects})
    return gone | anew.new_places


def _all_about(book: DeliveryReading, cases: Iterable[Case]) -> list[Case]:
    """These cases and all of the pairs that their records are of, and so on."""
    known = {case.key: case for case in cases}
    asked: set[Pair] = set()
    while pairs := {pair for case in known.values() for pair in _pairs(case)} - asked:
        for pair in pairs:
            known.update({case.key: case for case in _between(book, pair)})
        asked |= pairs
    return list(known.values())


def _pairs(case: Case) -> set[Pair]:
    lanes = [record.lane for record in case.records]
    return {(lane.customer, lane.supplier) for lane in lanes} | {
        (lane.supplier, lane.customer) for lane in lanes
    }


def _between(book: DeliveryReading, pair: Pair) -> Sequence[Case]:
    always = Question("0000-00", "9999-99", customer=pair[0], supplier=pair[1])
    return book.cases_of(always)
