"""What a shipment, a goods receipt or a corrective action says of deliveries.

Reading alone, after docs/spec/deliveries.md, sections 1 to 3: a record that does not say
enough, or that not both sides were given, says nothing here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Context, Decimal
from typing import Final

from quality.deliveries.agreed import Agreed, Filed, Lane
from quality.values import count, day, decimal, instant, items, part, text

SHIPMENT_VCT: Final = "shipment/v1"
RECEIPT_VCT: Final = "goods-receipt/v1"
CASE_VCT: Final = "corrective-action/v1"
PAPER_VCTS: Final = (SHIPMENT_VCT, RECEIPT_VCT, CASE_VCT)
#: Products and sums of decimals of 34 digits, millions of them, are never rounded.
EXACT: Final = Context(prec=120)
#: Papers of one side that a delivery counts, corrections too: each may have hundreds of lots, and
#: every paper counts all of them anew. By side, or a supplier would crowd out receipts.
DELIVERY_PAPERS_MAX: Final = 100
#: Groups that figures are made of, and that may be erased.
GOODS, DIFFERENCES, PROBLEM, CLOSURE = "goods", "differences", "problem", "closure"


@dataclass(frozen=True, slots=True)
class Stated:
    """A difference that the customer states in a receipt."""

    kind: str
    lot: str | None = None
    quantity: Decimal | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """A shipment, or a receipt where ``shipment`` names the record that it cites.

    ``pieces`` is None where the quantity cannot be counted in pieces. ``basis`` are the
    records of the conversion. Of ``erased`` groups nothing is known any more: neither quantity,
    unit and lots (``goods``) nor what the customer stated (``differences``).
    """

    record_id: str
    index: int
    corrects: str | None
    shipment: str | None
    lane: Lane
    revision: str | None
    number: str
    on: date
    quantity: Decimal
    unit: str
    pieces: Decimal | None
    lots: tuple[str, ...]
    stated: tuple[Stated, ...] = ()
    basis: tuple[str, ...] = ()
    erased: tuple[str, ...] = ()

    @property
    def has_goods(self) -> bool:
        """Whether it is known what was moved."""
        return GOODS not in self.erased


@dataclass(frozen=True, slots=True)
class Closure:
    """How a case was closed: whose fault it was, and how many units were."""

    responsible: str | None
    confirmed: int


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """One record of a case; ``closure`` is None while it is open.

    Where the closure was erased, ``is_erased``, nobody knows whether it was closed, and how.
    """

    record_id: str
    index: int
    corrects: str | None
    party: str
    lane: Lane
    complaint: str
    opened_on: date
    lots: tuple[str, ...]
    closure: Closure | None
    basis: tuple[str, ...] = ()
    is_erased: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """A record of a case of which not even the part is known any more: its problem was erased.

    Any month of the two, up to that of its admission, may have counted it.
    """

    record_id: str
    index: int
    parties: tuple[str, str]
    until: str


def within_bounds(papers: Sequence[Paper]) -> tuple[list[Paper], list[Paper]]:
    """The papers of a delivery that count, the first ones of each side, and those that do not."""
    counted: list[Paper] = []
    surplus: list[Paper] = []
    room = {False: DELIVERY_PAPERS_MAX, True: DELIVERY_PAPERS_MAX}
    for paper in papers:
        is_receipt = paper.shipment is not None
        (counted if room[is_receipt] > 0 else surplus).append(paper)
        room[is_receipt] -= 1
    return counted, surplus


def read_paper(record: Filed, agreed: Agreed) -> Paper | CaseRecord | Gap | None:
    """What the record says; None where it says nothing of deliveries.

    Args:
        record: an admitted record.
        agreed: what was in force before it.
    """
    match record.vct:
        case "shipment/v1":
            return _read_delivery(record, agreed, on="shipped_on", number="shipment")
        case "goods-receipt/v1":
            return _read_delivery(record, agreed, on="received_on", number="receipt")
        case "corrective-action/v1":
            return _read_case(record, agreed)
    return None


def _read_delivery(record: Filed, agreed: Agreed, *, on: str, number: str) -> Paper | None:
    groups = record.groups
    named, moved = text(groups, "state", number), day(groups, "state", on)
    quantity, unit = decimal(groups, GOODS, "quantity"), text(groups, GOODS, "unit")
    if GOODS in record.erased:
        quantity, unit = Decimal(0), ""
    lane = _lane(part(groups, "state", "part"))
    cited = text(groups, "state", "shipment") if record.vct == RECEIPT_VCT else None
    if named is None or moved is None or quantity is None or unit is None or lane is None:
        return None
    if not _is_between(record, lane) or (record.vct == RECEIPT_VCT and cited is None):
        return None
    conversion = agreed.conversion(lane, unit)
    read = Paper(
        record_id=record.record_id,
        index=record.index,
        corrects=text(groups, "manifest", "corrects"),
        shipment=cited,
        lane=lane,
        revision=text(groups, "state", "part", "revision"),
        number=named,
        on=moved,
        quantity=quantity,
        unit=unit,
        pieces=conversion.pieces(quantity),
        lots=_texts([part(lot, "number") for lot in items(groups, "goods", "lots")]),
        stated=tuple(_stated(item) for item in items(groups, "differences")),
        basis=conversion.basis,
    )
    return erase_paper(read, record.erased)


def erase_paper(paper: Paper, groups: Collection[str]) -> Paper:
    """The paper without what was erased of it."""
    if GOODS in groups:
        paper = replace(paper, quantity=Decimal(0), unit="", pieces=None, lots=(), basis=())
    if DIFFERENCES in groups:
        paper = replace(paper, stated=())
    erased = {*paper.erased, *(name for name in (GOODS, DIFFERENCES) if name in groups)}
    return replace(paper, erased=tuple(sorted(erased)))


def erase_case_record(record: CaseRecord, groups: Collection[str]) -> CaseRecord:
    """The record without what was erased of it; its problem is known."""
    return replace(record, closure=None, is_erased=True) if CLOSURE in groups else record


def _lane(said: object) -> Lane | None:
    customer, supplier = text(said, "customer"), text(said, "supplier")
    number = text(said, "number")
    if customer is None or supplier is None or number is None:
        return None
    return Lane(customer, supplier, number)


def _is_between(record: Filed, lane: Lane) -> bool:
    """Whether the right side signed it, and the other one was given it."""
    signer, other = lane.customer, lane.supplier
    if record.vct == SHIPMENT_VCT:
        signer, other = other, signer
    return record.party == signer and other == _subject(record)


def _subject(record: Filed) -> str | None:
    # Who else is addressed need not be able to read it: nothing counts that one side cannot see.
    return text(record.groups, "manifest", "subject")


def _texts(found: Sequence[object]) -> tuple[str, ...]:
    """The texts among them, each once."""
    return tuple(dict.fromkeys(item for item in found if isinstance(item, str)))


def _stated(item: object) -> Stated:
    return Stated(
        text(item, "kind") or "other",
        text(item, "lot"),
        decimal(item, "quantity"),
        text(item, "note"),
    )


def _read_case(record: Filed, agreed: Agreed) -> CaseRecord | Gap | None:
    groups = record.groups
    if PROBLEM in record.erased:
        return _gap_of(record)
    complaint, number = text(groups, "problem", "complaint"), text(groups, "problem", "part")
    opened = instant(groups, "problem", "opened_at")
    other = _subject(record)
    if complaint is None or number is None or opened is None or other in (None, record.party):
        return None
    assert other is not None
    sides = agreed.sides(record.party, other, number)
    if sides is None:
        # Anybody may write a complaint to anybody: a figure takes two who agreed to deliver.
        return None
    read = CaseRecord(
        record_id=record.record_id,
        index=record.index,
        corrects=text(groups, "manifest", "corrects"),
        party=record.party,
        lane=Lane(sides.customer, sides.supplier, number),
        complaint=complaint,
        opened_on=opened.date(),
        lots=_texts(items(groups, "problem", "lots")),
        closure=_closure(record),
        basis=sides.basis,
    )
    return erase_case_record(read, record.erased)


def _gap_of(record: Filed) -> Gap | None:
    other = _subject(record)
    if other in (None, record.party):
        return None
    assert other is not None
    first, second = sorted((record.party, other))
    return Gap(record.record_id, record.index, (first, second), record.month)


def _closure(record: Filed) -> Closure | None:
    groups = record.groups
    if part(groups, "closure") is None:
        return None
    confirmed = count(groups, "closure", "confirmed")
    found = count(groups, "problem", "found") or 0
    responsible = text(groups, "closure", "responsible")
    return Closure(responsible, found if confirmed is None else confirmed)
