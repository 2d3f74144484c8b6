"""Two books of the same deliveries: the fold over simulated records, and the generator's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

import pytest

from keys.identifiers import Origin, Slug, party_did
from quality.deliveries.agreed import AGREED_VCTS, AgreedRecords, Filed
from quality.deliveries.answers import MonthRow, monthly
from quality.deliveries.book import MemoryDeliveryBook, Question
from quality.deliveries.fold import PaperOrCase, fold_page
from quality.deliveries.papers import PAPER_VCTS, Gap, read_paper
from quality.evaluation.consortium import EvaluationConsortium
from quality.evaluation.draft import Draft
from quality.evaluation.truth import Cell, Truth

PAGE_RECORDS: Final = 400
pytestmark = [pytest.mark.item("4.9"), pytest.mark.item("4.6.exposure")]


def did_of(slug: str) -> str:
    return party_did(Origin("simulated.example"), Slug(slug))


def filed(index: int, draft: Draft) -> Filed:
    """A draft as the entry that it would be; stand-ins are record ids like others."""
    filing = draft.filing
    closed = {
        "manifest": {"subject": filing.subject, "corrects": None},
        "address": {"to": list(filing.to), "links": {"cites": list(filing.cites)}},
    }
    groups = {**closed, **draft.groups}
    return Filed(index, draft.stand_in, did_of(draft.party), draft.vct, groups)


def fold(drafts: Iterator[Draft], truth: Truth) -> MemoryDeliveryBook:
    """Fold all drafts page by page; the generator's facts go to its own books."""
    book, agreed = MemoryDeliveryBook(), AgreedRecords()
    size, page = 0, list[PaperOrCase]()
    for index, draft in enumerate(drafts):
        truth.note(draft.fact)
        record = filed(index, draft)
        if draft.vct in AGREED_VCTS:
            agreed.apply(record)
        elif draft.vct in PAPER_VCTS:
            paper = read_paper(record, agreed)
            assert paper, draft
            assert not isinstance(paper, Gap), draft
            page.append(paper)
        if len(page) == PAGE_RECORDS:
            assert book.save(fold_page(book, page, size=index + 1), before=size)
            size, page = index + 1, []
    assert book.save(fold_page(book, page, size=truth.drafts), before=size)
    return book


def check_the_books_agree(consortium: EvaluationConsortium) -> tuple[int, int]:
    """How many months were compared, and how many bad units they have."""
    truth = Truth()
    book = fold(consortium.drafts(), truth)
    rows = {
        (row.key.lane.customer, row.key.lane.supplier, row.key.lane.part, row.key.month): row
        for row in monthly(book, Question("2025-01", "2026-12"), as_of=date(2025, 1, 1))
    }
    received = {cell: true for cell, true in truth.cells.items() if true.receipts}
    assert rows.keys() == {_names(cell) for cell in received}
    for cell, true in received.items():
        row = rows[_names(cell)]
        assert _delivered(row) == true.received_pieces, (cell, true, row)
        assert row.bad == true.confirmed, (cell, true, row)
    open_cases = sum(row.open_cases for row in rows.values())
    assert open_cases == len(truth.complaints) - len(truth.closed)
    return len(rows), sum(row.bad or 0 for row in rows.values())


def _names(cell: Cell) -> tuple[str, str, str, str]:
    return did_of(cell.customer), did_of(cell.supplier), cell.part, cell.month


def _delivered(row: MonthRow) -> int | None:
    # On the first day no shipment without a receipt counts yet.
    assert row.unconfirmed in (None, Decimal(0))
    return None if row.delivered is None else int(row.delivered)


def test_what_is_computed_from_the_records_is_what_the_generator_knows() -> None:
    months, bad = check_the_books_agree(EvaluationConsortium(seed=7, suppliers=10, months=4))
    assert months > 300
    assert bad > 0


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_books_agree_over_the_whole_consortium(seed: int) -> None:
    months, bad = check_the_books_agree(EvaluationConsortium(seed=seed, months=4))
    assert months > 15_000
    assert bad > 200
