"""Erasing changes a book as if the record had never said it, and never to the better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.deliveries.agreed import AgreedRecords, Filed
from quality.deliveries.answers import MonthRow, differences, erased_records, inputs, monthly
from quality.deliveries.book import MemoryDeliveryBook
from quality.deliveries.erasing import Erased, erase_records
from quality.deliveries.fold import PaperOrCase, fold_page
from quality.deliveries.papers import CaseRecord, Closure, Gap, Paper, read_paper
from tests.quality.deliveries.papers import (
    ALWAYS,
    LONG_AFTER,
    SUPPLIER,
    a_case,
    a_receipt,
    a_shipment,
    filed_histories,
    fold,
    papers_of,
)

pytestmark = pytest.mark.item("5.8.derived")

Groups = frozenset[str]
ERASABLE = ("goods", "differences", "problem", "closure")
MONTHS = st.sampled_from(["2026-09", "2026-10", "9999-12"])


def masked(record: Filed, groups: Groups) -> Filed:
    """The record as it is read after an erasure."""
    left = {name: value for name, value in record.groups.items() if name not in groups}
    return replace(record, groups=left, erased=groups)


def read_all(records: Sequence[Filed], erased: Mapping[str, Groups]) -> list[Any]:
    """What records say, each after what was agreed before it, and without what was erased."""
    agreed, found = AgreedRecords(), []
    for record in records:
        groups = erased.get(record.record_id, frozenset())
        found.append(read_paper(masked(record, groups) if groups else record, agreed))
        agreed.apply(record)
    return [paper for paper in found if paper is not None]


def rows_within(book: MemoryDeliveryBook) -> dict[str, Any]:
    """Everything that a book holds."""
    return {name: value for name, value in vars(book).items() if name != "_lock"}


@st.composite
def erasures(draw: st.DrawFn, records: Sequence[Filed]) -> dict[str, Groups]:
    """Some groups of some records."""
    chosen = draw(st.lists(st.sampled_from(records), max_size=4))
    groups = st.frozensets(st.sampled_from(ERASABLE), min_size=1)
    return {record.record_id: draw(groups) & record.groups.keys() for record in chosen}


@given(data=st.data())
def test_erasing_later_comes_to_the_same_as_reading_without(data: st.DataObject) -> None:
    records = [replace(record, month=data.draw(MONTHS)) for record in data.draw(filed_histories())]
    erased = {name: groups for name, groups in data.draw(erasures(records)).items() if groups}
    size = len(records)
    later = MemoryDeliveryBook()
    fold(later, papers_of(records))
    gaps = {paper.record_id: paper for paper in read_all(records, erased) if isinstance(paper, Gap)}
    found = [Erased(name, groups, gaps.get(name)) for name, groups in erased.items()]
    assert later.save(erase_records(later, found, size=size), before=later.size())
    assert later.save(erase_records(later, found, size=size), before=size)
    anew = MemoryDeliveryBook()
    assert anew.save(fold_page(anew, read_all(records, erased), size=size), before=0)
    assert rows_within(later) == rows_within(anew)


def told(book: MemoryDeliveryBook) -> MonthRow:
    """The one row of a history that has only one."""
    (row,) = monthly(book, ALWAYS, as_of=LONG_AFTER)
    return row


def before_and_after(
    papers: Sequence[PaperOrCase], *erased: Erased
) -> tuple[MonthRow, MonthRow, MemoryDeliveryBook]:
    """The row with and without what was erased."""
    book = MemoryDeliveryBook()
    fold(book, papers)
    before = told(book)
    book.save(erase_records(book, erased, size=book.size() + 1), before=book.size())
    return before, told(book), book


DELIVERED = (a_shipment(0), a_receipt(1, cites="r0"), a_case(2, opened_on=date(2026, 10, 24)))


@pytest.mark.parametrize(
    ("record_id", "groups", "gap"),
    [
        ("r1", {"goods"}, None),
        ("r2", {"closure"}, None),
        ("r2", {"problem"}, Gap("r2", 2, ("did:web:c", "did:web:s"), "2026-12")),
    ],
    ids=["the receipt's goods", "the closure", "the problem"],
)
def test_figures_that_rest_on_what_was_erased_are_unknown_and_never_better(
    record_id: str, groups: set[str], gap: Gap | None
) -> None:
    found = Erased(record_id, frozenset(groups), gap)
    before, after, book = before_and_after(DELIVERED, found)
    assert (before.bad, before.erased) == (3, 0)
    assert before.ppm is not None
    assert (after.bad, after.ppm, after.erased) == (None, None, 1)
    assert erased_records(book, ALWAYS) == (record_id,)
    assert record_id in inputs(book, ALWAYS)


def test_what_no_figure_rests_on_changes_none() -> None:
    # Of a delivery with a receipt the receipt counts.
    before, after, book = before_and_after(DELIVERED, Erased("r0", frozenset({"goods"})))
    assert after == before
    assert erased_records(book, ALWAYS) == ("r0",)


def test_unconfirmed_shipment_that_was_erased_is_unknown() -> None:
    before, after, _ = before_and_after([a_shipment(0)], Erased("r0", frozenset({"goods"})))
    assert (before.delivered, before.erased) == (Decimal(100), 0)
    assert (after.delivered, after.unconfirmed, after.erased) == (None, None, 1)


def test_differences_that_were_erased_are_listed_as_erased() -> None:
    papers = [a_shipment(0), a_receipt(1, cites="r0", quantity=90, pieces=90)]
    _, _, book = before_and_after(papers, Erased("r1", frozenset({"goods"})))
    (found,) = differences(book, ALWAYS, as_of=LONG_AFTER)
    assert (found.kind, found.receipt, found.found) == ("erased", "r1", "goods")


def test_erased_closure_is_unknown_until_a_later_one_says_whose_fault_it_was() -> None:
    later = a_case(3, opened_on=date(2026, 10, 24), closure=Closure("supplier", 7))
    _, after, _ = before_and_after([*DELIVERED, later], Erased("r2", frozenset({"closure"})))
    assert (after.bad, after.erased) == (7, 0)


def test_gap_ends_with_the_month_of_its_admission() -> None:
    gap = Gap("r2", 2, ("did:web:c", "did:web:s"), "2026-09")
    _, after, _ = before_and_after(DELIVERED, Erased("r2", frozenset({"problem"}), gap))
    assert (after.key.month, after.erased) == ("2026-10", 0)


def test_erased_paper_of_a_record_keeps_nothing_of_its_content() -> None:
    record = a_case(2, party=SUPPLIER, opened_on=date(2026, 10, 24))
    assert isinstance(record, CaseRecord)
    paper = a_receipt(1, cites="r0", lots=("secret lot",), unit="KGM", basis=("r9",))
    assert isinstance(paper, Paper)
    _, _, book = before_and_after(
        [a_shipment(0), paper, record],
        Erased("r1", frozenset({"goods"})),
        Erased("r2", frozenset({"closure"})),
    )
    assert "secret lot" not in repr(rows_within(book))
    assert "KGM" not in repr(rows_within(book))
    assert date(2026, 10, 7) == book.deliveries_of(ALWAYS)[0].papers[1].on
