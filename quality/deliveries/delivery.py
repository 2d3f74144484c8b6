"""One delivery: the papers about it, and what they come to.

A delivery is what one shipment number of a supplier brings to one customer of one part: the
shipments of that number and the receipts that cite them, corrected ones too
(docs/spec/deliveries.md, section 2). Everything here is computed from its papers alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from keys.encoding import encode_base64url
from quality.deliveries.agreed import Lane
from quality.deliveries.compared import compare
from quality.deliveries.corrections import Folder
from quality.deliveries.papers import DELIVERY_PAPERS_MAX, EXACT, Paper, within_bounds

#: The last of these days is still in time: beyond it a shipment without a receipt counts, and a
#: receipt is late.
IN_TIME: Final = timedelta(days=14)
REPEATED: Final = "shipment-repeated"
RECEIPT_REPEATED: Final = "receipt-repeated"
TOO_MANY: Final = "too-many-papers"
RENUMBERED: Final = "shipment-renumbered"
ABOVE: Final = "receipt-above-shipment"
CORRECTED_LATER: Final = "corrected-after-receipt"
ERASED: Final = "erased"
_ZERO: Final = Decimal(0)
_KEY_CHARACTERS: Final = 22


class MonthKey(NamedTuple):
    """A part of a pair in one month, ``YYYY-MM``."""

    lane: Lane
    month: str


class LotKey(NamedTuple):
    """A lot of a part, as customer and supplier name it."""

    lane: Lane
    lot: str


@dataclass(frozen=True, slots=True)
class Line:
    """What receipts of one delivery bring to one month.

    ``pieces`` sums what counts in pieces, ``unconverted`` counts the rest, ``erased`` of these.
    """

    pieces: Decimal = _ZERO
    unconverted: int = 0
    lots: int = 0
    erased: int = 0


@dataclass(frozen=True, slots=True)
class Pending:
    """A shipment that no receipt cites: what it will count as when its days are over."""

    record_id: str
    number: str
    lane: Lane
    on: date
    pieces: Decimal | None
    lots: int
    is_erased: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between what was shipped and what was received.

    ``kind`` is what the customer stated, or ``quantity``, ``unit``, ``part``, ``revision``,
    ``late``, ``corrected-after-receipt`` where it follows from the papers (``is_stated`` False).
    ``erased``: what a paper said was erased, and differences that it showed cannot be told.
    """

    kind: str
    is_stated: bool
    lane: Lane
    on: date
    number: str
    shipment: str | None
    receipt: str | None
    expected: str | None = None
    found: str | None = None
    lot: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class RecordFlag:
    """Something true but bad that one record shows only beside another one."""

    record_id: str
    code: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """The papers of one delivery, in the order of the log."""

    key: str
    papers: tuple[Paper, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the papers of one delivery come to."""

    lines: Mapping[MonthKey, Line]
    pending: Pending | None
    lot_days: Mapping[LotKey, date]
    differences: tuple[Difference, ...]
    flags: tuple[RecordFlag, ...]


def delivery_key(lane: Lane, number: str) -> str:
    """The key of the delivery with this shipment number."""
    return _key("number", *lane, number)


def unknown_delivery_key(lane: Lane, shipment: str) -> str:
    """The key of what a pair has received of a shipment that is not in the log, or not its own.

    The pair is in it, or the receipts of strangers who cite the same record would be one delivery.
    """
    return _key("record", lane.customer, lane.supplier, shipment)


def month_of(on: date) -> str:
    """The calendar month of a day."""
    return f"{on:%Y-%m}"


def plain(number: Decimal) -> str:
    """A number as answers write it: no exponent, and no zeros at the end."""
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def evaluate(delivery: Delivery) -> Outcome:
    """What a delivery comes to."""
    counted, surplus = within_bounds(delivery.papers)
    kept, renumbered = _of_first_number(Folder(counted).versions.values())
    papers = [versions[-1] for versions in kept]
    shipments = [paper for paper in papers if paper.shipment is None]
    receipts, flags = _received_once(paper for paper in papers if paper.shipment is not None)
    latest = shipments[0] if shipments else None
    shipment = latest and _as_received(kept[papers.index(latest)], counted)
    most = f"at most {DELIVERY_PAPERS_MAX}"
    flags.extend(RecordFlag(paper.record_id, TOO_MANY, most, paper.number) for paper in surplus)
    flags.extend(renumbered)
    flags.extend(_repeated(REPEATED, paper, shipments[0]) for paper in shipments[1:])
    if shipment is not None:
        flags.extend(_above_flags(shipment, receipts))
    return Outcome(
        lines=_lines(receipts),
        pending=_pending(shipment) if shipment is not None and not receipts else None,
        lot_days=_lot_days(receipts or shipments[:1]),
        differences=(
            *_differences(shipment, receipts),
            *_corrected_later(shipment, latest),
            *_erased(latest, receipts),
        ),
        flags=tuple(flags),
    )


def _of_first_number(
    found: Iterable[Sequence[Paper]],
) -> tuple[list[Sequence[Paper]], list[RecordFlag]]:
    """The versions of each paper that count, and flags of corrections of number or part.

    A delivery is its number and part: under another one, what was received of it would be
    received of something else.
    """
    kept: list[Sequence[Paper]] = []
    flags: list[RecordFlag] = []
    for versions in found:
        first = versions[0]
        own = [paper for paper in versions if paper.shipment or _is_same(paper, first)]
        kept.append(own)
        if len(own) < len(versions):
            flags.extend(
                RecordFlag(paper.record_id, RENUMBERED, _numbered(first), _numbered(paper))
                for paper in versions
                if not _is_same(paper, first)
            )
    return kept, flags


def _is_same(paper: Paper, first: Paper) -> bool:
    return (paper.lane, paper.number) == (first.lane, first.number)


def _numbered(paper: Paper) -> str:
    return f"{paper.number} of {paper.lane.part}"


def _as_received(versions: Sequence[Paper], papers: Sequence[Paper]) -> Paper:
    """The shipment as it stood when the first receipt of its delivery was admitted.

    A supplier that sees what was received must not write its shipment to match. One that was
    filed only after the receipt stands as it was filed first.
    """
    shipments = [paper for paper in papers if paper.shipment is None]
    # Repeated ones are among them: what cites one of them is a receipt of the delivery.
    own = {name for paper in shipments for name in (paper.record_id, paper.corrects) if name}
    received = min((paper.index for paper in papers if paper.shipment in own), default=None)
    if received is None:
        return versions[-1]
    earlier = [version for version in versions if version.index < received]
    return earlier[-1] if earlier else versions[0]


def _corrected_later(shipment: Paper | None, latest: Paper | None) -> Iterator[Difference]:
    """What was corrected in a shipment after it was received."""
    if shipment is None or latest is None or not (shipment.has_goods and latest.has_goods):
        return
    if _told(shipment) == _told(latest):
        return
    pairs = [pair for pair in zip(_told(shipment), _told(latest), strict=True) if len({*pair}) > 1]
    yield Difference(
        kind=CORRECTED_LATER,
        is_stated=False,
        lane=shipment.lane,
        on=shipment.on,
        number=shipment.number,
        shipment=latest.record_id,
        receipt=None,
        expected=", ".join(before for before, _ in pairs),
        found=", ".join(after for _, after in pairs),
    )


def _erased(shipment: Paper | None, receipts: Iterable[Paper]) -> Iterator[Difference]:
    """One for each paper that differences may have rested on and that was erased."""
    for paper in (shipment, *receipts):
        if paper is not None and paper.erased:
            yield Difference(
                kind=ERASED,
                is_stated=False,
                lane=paper.lane,
                on=paper.on,
                number=paper.number,
                shipment=shipment.record_id if shipment else None,
                receipt=paper.record_id if paper is not shipment else None,
                found=", ".join(paper.erased),
            )


def _told(shipment: Paper) -> tuple[str, ...]:
    quantity = f"{shipment.quantity:f} {shipment.unit}"
    return quantity, shipment.on.isoformat(), shipment.revision or "-", "+".join(shipment.lots)


def _key(*parts: str) -> str:
    digest = hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).digest()
    return encode_base64url(digest)[:_KEY_CHARACTERS]


def _pending(shipment: Paper) -> Pending:
    return Pending(
        record_id=shipment.record_id,
        number=shipment.number,
        lane=shipment.lane,
        on=shipment.on,
        pieces=shipment.pieces,
        lots=len(shipment.lots),
        is_erased=not shipment.has_goods,
    )


def _lot_days(papers: Iterable[Paper]) -> dict[LotKey, date]:
    days: dict[LotKey, date] = {}
    for paper in papers:
        for lot in paper.lots:
            key = LotKey(paper.lane, lot)
            days[key] = min(paper.on, days.get(key, paper.on))
    return days


def _lines(receipts: Sequence[Paper]) -> dict[MonthKey, Line]:
    lines: dict[MonthKey, Line] = {}
    for receipt in receipts:
        # A receipt of nothing counts nothing, but it is found in its month for its differences.
        is_erased = not receipt.has_goods
        line = Line(receipt.pieces or _ZERO, int(receipt.pieces is None), erased=int(is_erased))
        _add(lines, MonthKey(receipt.lane, month_of(receipt.on)), line)
    for key, on in _lot_days(receipts).items():
        _add(lines, MonthKey(key.lane, month_of(on)), Line(lots=1))
    return lines


def _add(lines: dict[MonthKey, Line], key: MonthKey, more: Line) -> None:
    found = lines.get(key, Line())
    lines[key] = Line(
        EXACT.add(found.pieces, more.pieces),
        found.unconverted + more.unconverted,
        found.lots + more.lots,
        found.erased + more.erased,
    )


def _received_once(receipts: Iterable[Paper]) -> tuple[list[Paper], list[RecordFlag]]:
    """The receipts that count, and flags of those whose number and part were there before."""
    first: dict[tuple[str, str], Paper] = {}
    flags = []
    for receipt in receipts:
        known = first.setdefault((receipt.lane.part, receipt.number), receipt)
        if known is not receipt:
            flags.append(_repeated(RECEIPT_REPEATED, receipt, known))
    return list(first.values()), flags


def _repeated(code: str, paper: Paper, first: Paper) -> RecordFlag:
    return RecordFlag(paper.record_id, code, first.record_id, paper.number)


def _above_flags(shipment: Paper, receipts: Sequence[Paper]) -> Iterator[RecordFlag]:
    """Every receipt with which more is received than was shipped."""
    compared, total = compare(shipment, receipts), _ZERO
    if compared is None:
        return
    for receipt, received in compared.received:
        total = EXACT.add(total, received)
        if total > compared.shipped:
            expected = f"at most {plain(compared.shipped)} {compared.measure}"
            yield RecordFlag(receipt.record_id, ABOVE, expected, plain(total))


def _differences(shipment: Paper | None, receipts: Sequence[Paper]) -> Iterator[Difference]:
    for receipt in receipts:
        for stated in receipt.stated:
            quantity = None if stated.quantity is None else plain(stated.quantity)
            told = {"found": quantity, "lot": stated.lot, "note": stated.note}
            yield _difference(stated.kind, receipt, shipment, is_stated=True, **told)
        if shipment is not None:
            yield from _of_receipt(shipment, receipt)
    if shipment is not None and receipts:
        yield from _of_quantity(shipment, receipts)


def _of_receipt(shipment: Paper, receipt: Paper) -> Iterator[Difference]:
    latest = shipment.on + IN_TIME
    for kind, expected, found in (
        ("part", shipment.lane.part, receipt.lane.part),
        ("revision", shipment.revision, receipt.revision),
        ("late", latest.isoformat(), max(latest, receipt.on).isoformat()),
    ):
        if expected != found:
            told = {"expected": expected, "found": found}
            yield _difference(kind, receipt, shipment, is_stated=False, **told)
    is_counted = receipt.pieces is not None and shipment.pieces is not None
    are_known = receipt.has_goods and shipment.has_goods
    is_same = receipt.lane == shipment.lane and receipt.unit != shipment.unit
    if is_same and are_known and not is_counted:
        units = {"expected": shipment.unit, "found": receipt.unit}
        yield _difference("unit", receipt, shipment, is_stated=False, **units)


def _of_quantity(shipment: Paper, receipts: Sequence[Paper]) -> Iterator[Difference]:
    """The sum of all receipts of the shipped part; silent where it cannot be told."""
    compared = compare(shipment, receipts)
    if compared is None:
        return
    total = _ZERO
    for _, received in compared.received:
        total = EXACT.add(total, received)
    if total != compared.shipped:
        told = {"expected": plain(compared.shipped), "found": plain(total)}
        last = compared.received[-1][0]
        yield _difference("quantity", last, shipment, is_stated=False, **told)


def _difference(
    kind: str, receipt: Paper, shipment: Paper | None, *, is_stated: bool, **told: str | None
) -> Difference:
    return Difference(
        kind=kind,
        is_stated=is_stated,
        lane=receipt.lane,
        on=receipt.on,
        number=receipt.number,
        shipment=shipment.record_id if shipment else None,
        receipt=receipt.record_id,
        **told,
    )
