"""Papers for tests of deliveries: small worlds of one customer, two suppliers and two parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from quality.deliveries.agreed import AgreedRecords, Filed, Lane
from quality.deliveries.answers import differences
from quality.deliveries.book import DeliveryBook, MemoryDeliveryBook, Question
from quality.deliveries.fold import PaperOrCase, fold_page
from quality.deliveries.papers import CaseRecord, Closure, Gap, Paper, read_paper
from quality.values import Groups

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
        LANE,
        LANE._replace(part="P-2"),
        LANE._replace(supplier=OTHER),
        LANE._replace(customer=OTHER),
        LANE._replace(part="kg"),
    ]
)
_DAYS = st.dates(date(2026, 9, 25), date(2026, 11, 5)).map(date.isoformat)
_LOTS = st.lists(st.sampled_from(["L-1", "L-2", "N/A"]), min_size=1, max_size=2, unique=True)
_STATED: st.SearchStrategy[list[Groups]] = st.sampled_from(
    [[], [{"kind": "damaged", "lot": "L-1", "quantity": "2", "note": "wet"}]]
)
_CLOSURES: st.SearchStrategy[Groups | None] = st.sampled_from(
    [
        None,
        {"confirmed": 5},
        {"responsible": "supplier", "confirmed": 3},
        {"responsible": "none-found", "confirmed": 2},
    ]
)
_KINDS = ("shipment", "receipt", "receipt", "case")


@st.composite
def filed_histories(draw: st.DrawFn) -> list[Filed]:
    """Records of three parties in the order of a log, corrections among them.

    A receipt may cite what comes later, what is others', or nothing that ever comes. A part in
    kilograms is proposed at the start; its conversion is endorsed somewhere in between.
    """
    count = draw(st.integers(0, 14))
    endorsed_at = draw(st.integers(1, 15))
    made = [_a_part(0)]
    for index in range(1, count + 2):
        if index == endorsed_at:
            made.append(_an_endorsement(index))
            continue
        kind = draw(st.sampled_from(_KINDS))
        lane = draw(_LANES)
        if kind == "case":
            made.append(_draw_case(draw, made, lane))
        else:
            made.append(_draw_delivery(draw, made, lane, is_receipt=kind == "receipt"))
    return made


def papers_of(records: Iterable[Filed]) -> list[PaperOrCase]:
    """What these records say of deliveries, each after what was agreed before it."""
    agreed, papers = AgreedRecords(), []
    for record in records:
        paper = read_paper(record, agreed)
        agreed.apply(record)
        if paper is not None and not isinstance(paper, Gap):
            papers.append(paper)
    return papers


def histories() -> st.SearchStrategy[list[PaperOrCase]]:
    """The papers of such records."""
    return filed_histories().map(papers_of)


def _a_part(index: int) -> Filed:
    state = {"number": "kg", "customer": CUSTOMER, "supplier": SUPPLIER, "unit": "KGM"}
    groups = {"state": state, "detail": {"pieces_per_unit": "4"}}
    return Filed(index, f"r{index}", CUSTOMER, "part/v1", groups)


def _an_endorsement(index: int) -> Filed:
    state = {"act": "endorse", "of": "r0", "meaning": "approve"}
    return Filed(index, f"r{index}", SUPPLIER, "act/v1", {"state": state})


def _file(
    draw: st.DrawFn, made: list[Filed], groups: dict[str, Any], *, by: str, vct: str, to: str
) -> Filed:
    """A record; a correction corrects one of the same party and type, as the log asks."""
    earlier = [found.record_id for found in made if (found.party, found.vct) == (by, vct)]
    manifest = {
        "subject": draw(st.sampled_from([to, to, to, OTHER])),
        "corrects": draw(st.sampled_from([None, None, *earlier])),
    }
    index = len(made)
    return Filed(index, f"r{index}", by, vct, {**groups, "manifest": manifest})


def _draw_delivery(draw: st.DrawFn, made: list[Filed], lane: Lane, *, is_receipt: bool) -> Filed:
    customer, supplier, number = lane
    part = {"customer": customer, "supplier": supplier, "number": number}
    quantity = draw(st.integers(0 if is_receipt else 1, 5))
    unit = draw(st.sampled_from(["KGM", "TNE"])) if number == "kg" else "H87"
    lots = [{"number": lot} for lot in draw(_LOTS)] if quantity else []
    state = {"part": {**part, "revision": draw(st.sampled_from(["A", "B"]))}}
    groups = {
        "state": state,
        "goods": {"quantity": str(quantity), "unit": unit, "lots": lots},
    }
    on, named = draw(_DAYS), draw(st.sampled_from(["N-1", "N-2"]))
    if not is_receipt:
        groups["state"] = {**state, "shipment": named, "shipped_on": on}
        return _file(draw, made, groups, by=supplier, vct="shipment/v1", to=customer)
    cited = f"r{draw(st.integers(1, 15))}"
    groups["state"] = {**state, "receipt": named, "received_on": on, "shipment": cited}
    stated = {"differences": draw(_STATED)}
    return _file(draw, made, {**groups, **stated}, by=customer, vct="goods-receipt/v1", to=supplier)


def _draw_case(draw: st.DrawFn, made: list[Filed], lane: Lane) -> Filed:
    by, to = draw(st.permutations([lane.customer, lane.supplier]))
    problem = {
        "complaint": draw(st.sampled_from(["C-1", "C-2"])),
        "part": lane.part,
        "opened_at": f"{draw(_DAYS)}T09:00:00Z",
        "lots": draw(_LOTS),
    }
    closure = draw(_CLOSURES)
    groups: dict[str, Any] = {"problem": problem}
    if closure is not None:
        groups["closure"] = closure
    return _file(draw, made, groups, by=by, vct="corrective-action/v1", to=to)
