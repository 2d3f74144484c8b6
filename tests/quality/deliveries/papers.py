"""Papers for tests of deliveries: small worlds of one customer, two suppliers and two parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from quality.deliveries.agreed import Lane
from quality.deliveries.answers import differences
from quality.deliveries.book import DeliveryBook, MemoryDeliveryBook, Question
from quality.deliveries.fold import PaperOrCase, fold_page
from quality.deliveries.papers import CaseRecord, Closure, Paper, Stated

CUSTOMER, SUPPLIER, OTHER = "did:web:c", "did:web:s", "did:web:o"
LANE = Lane(CUSTOMER, SUPPLIER, "P-1")
DAY = date(2026, 10, 5)
ALWAYS = Question("1900-01", "2199-12")
LONG_AFTER = date(2027, 12, 31)


def a_shipment(index: int, **given: Any) -> Paper:
    """A shipment of 100 pieces in one lot."""
    paper = Paper(
        record_id=f"r{index}",
        index=index,
        corrects=None,
        shipment=None,
        lane=LANE,
        revision="A",
        number="S-1",
        on=DAY,
        quantity=Decimal(100),
        unit="H87",
        pieces=Decimal(100),
        lots=("L-1",),
    )
    return replace(paper, **given)


def a_receipt(index: int, *, cites: str, **given: Any) -> Paper:
    """A receipt of 100 pieces, two days later."""
    shipped = a_shipment(index, shipment=cites, number=f"R-{index}", on=DAY + timedelta(days=2))
    return replace(shipped, **given)


def a_case(index: int, **given: Any) -> CaseRecord:
    """A case closed by the customer with three bad units of the supplier's."""
    record = CaseRecord(
        record_id=f"r{index}",
        index=index,
        corrects=None,
        party=CUSTOMER,
        lane=LANE,
        complaint="C-1",
        opened_on=date(2026, 12, 24),
        lots=("L-1",),
        closure=Closure("supplier", 3),
    )
    return replace(record, **given)


def fold(book: DeliveryBook, papers: Sequence[PaperOrCase], *, pages: int = 1) -> DeliveryBook:
    """The book after these papers, folded in so many pages."""
    size = book.size()
    step = max(1, -(-len(papers) // pages))
    for start in range(0, len(papers), step):
        page = papers[start : start + step]
        changes = fold_page(book, page, size=size + len(page))
        assert book.save(changes, before=size)
        size = book.size()
    return book


def kinds_of(papers: Sequence[PaperOrCase]) -> list[str]:
    """The kinds of all differences after these papers."""
    book = fold(MemoryDeliveryBook(), papers)
    return [found.kind for found in differences(book, ALWAYS, as_of=LONG_AFTER)]


_LANES = st.sampled_from(
    [
        LANE,
        LANE._replace(part="P-2"),
        LANE._replace(supplier=OTHER),
        LANE._replace(customer=OTHER),
        LANE._replace(part="kg"),
    ]
)
_DAYS = st.dates(date(2026, 9, 25), date(2026, 11, 5))
_LOTS = st.lists(st.sampled_from(["L-1", "L-2", "L-3"]), min_size=1, max_size=2, unique=True).map(
    tuple
)
_STATED = st.sampled_from([(), (Stated("damaged", "L-1", Decimal(2), "wet"),)])


@st.composite
def histories(draw: st.DrawFn) -> list[PaperOrCase]:
    """Shipments, receipts and cases in the order of a log, corrections among them.

    A receipt may cite what comes later, or nothing that ever comes.
    """
    count = draw(st.integers(0, 14))
    made: list[PaperOrCase] = []
    for index in range(count):
        kind = draw(st.sampled_from(["shipment", "receipt", "receipt", "case"]))
        if kind == "case":
            made.append(_draw_case(draw, index, made))
        else:
            made.append(_draw_paper(draw, index, made, count=count, is_receipt=kind == "receipt"))
    return made


def _draw_paper(
    draw: st.DrawFn, index: int, made: list[PaperOrCase], *, count: int, is_receipt: bool
) -> Paper:
    lane = draw(_LANES)
    quantity = Decimal(draw(st.integers(0 if is_receipt else 1, 5)))
    earlier = [
        paper.record_id
        for paper in made
        if isinstance(paper, Paper) and (paper.shipment is not None) == is_receipt
    ]
    cited = draw(st.integers(0, count)) if is_receipt else None
    return a_shipment(
        index,
        corrects=draw(st.sampled_from([None, None, *earlier])),
        shipment=None if cited is None else f"r{cited}",
        lane=lane,
        revision=draw(st.sampled_from(["A", "B"])),
        number=draw(st.sampled_from(["S-1", "S-2"])),
        on=draw(_DAYS),
        quantity=quantity,
        unit="KGM" if lane.part == "kg" else "H87",
        pieces=None if lane.part == "kg" and quantity else quantity,
        lots=draw(_LOTS) if quantity else (),
        stated=draw(_STATED) if is_receipt else (),
    )


def _draw_case(draw: st.DrawFn, index: int, made: list[PaperOrCase]) -> CaseRecord:
    earlier = [record.record_id for record in made if isinstance(record, CaseRecord)]
    lane = draw(_LANES)
    closures = [None, Closure(None, 5), Closure("supplier", 3), Closure("none-found", 2)]
    return a_case(
        index,
        corrects=draw(st.sampled_from([None, None, *earlier])),
        party=draw(st.sampled_from([lane.customer, lane.supplier])),
        lane=lane,
        complaint=draw(st.sampled_from(["C-1", "C-2"])),
        opened_on=draw(_DAYS),
        lots=draw(_LOTS),
        closure=draw(st.sampled_from(closures)),
    )
