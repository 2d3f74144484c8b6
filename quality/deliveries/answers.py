"""What a book answers: delivered units and PPM by month, differences, flags, and their inputs.

Method ``DLV-1`` (docs/spec/deliveries.md, section 6). An answer is a pure function of the
log up to the book's size, the question and the day on which it is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from quality.deliveries.book import DeliveryReading, Month, Question
from quality.deliveries.case import Case, lots_of
from quality.deliveries.delivery import (
    ABOVE,
    IN_TIME,
    RECEIPT_REPEATED,
    RENUMBERED,
    REPEATED,
    TOO_MANY,
    Delivery,
    Difference,
    MonthKey,
    Pending,
    RecordFlag,
    evaluate,
    month_of,
    plain,
)
from quality.deliveries.papers import EXACT, Gap

METHOD: Final = "DLV-1"
_MILLION: Final = Decimal(1_000_000)
_CENT: Final = Decimal("0.01")
_ZERO: Final = Decimal(0)
_FLAG_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    REPEATED: (
        "{0} has shipment number {1} already: this record counts nothing",
        "{0} 已使用发货单号 {1}：本记录不计数",
    ),
    RECEIPT_REPEATED: (
        "{0} has receipt number {1} of this delivery already: this record counts nothing",
        "{0} 已使用本次交付的收货单号 {1}：本记录不计数",
    ),
    TOO_MANY: (
        "a delivery counts at most {0} papers of each side: {1} counts nothing",
        "一次交付每方最多计入 {0} 份单据：{1} 不计数",
    ),
    RENUMBERED: (
        "a correction keeps number and part, expected {0}, found {1}: this record counts nothing",
        "更正不得更改单号和零件，应为 {0}，实为 {1}：本记录不计数",
    ),
    ABOVE: ("received {1} in all, expected at most {0}", "累计收货 {1}，应不超过 {0}"),
}


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A part of a pair in one month.

    ``delivered`` counts ``unconfirmed`` in. Both are None where something in the month cannot
    be counted in pieces: it counts by ``lots`` then. ``ppm`` is None where there is nothing to
    divide by. ``erased`` counts what rested on erased groups: ``bad`` is None then, because
    nobody knows it any more, and ``lots`` and ``open_cases`` are what is known of them.
    """

    key: MonthKey
    delivered: Decimal | None
    unconfirmed: Decimal | None
    lots: int
    bad: int | None
    open_cases: int
    erased: int = 0

    @property
    def ppm(self) -> Decimal | None:
        """Bad units of a million delivered, half-even to 2 places."""
        if not self.delivered or self.bad is None:
            return None
        return EXACT.divide(self.bad * _MILLION, self.delivered).quantize(
            _CENT, ROUND_HALF_EVEN, EXACT
        )


def monthly(book: DeliveryReading, question: Question, *, as_of: date) -> tuple[MonthRow, ...]:
    """The months of the parts asked about, in order of customer, supplier, part and month.

    Args:
        book: what has been made of the log.
        question: which pairs, parts and months.
        as_of: the day on which shipments without a receipt are looked at.
    """
    months = {month.key: month for month in book.months_of(question)}
    pending: defaultdict[MonthKey, list[Pending]] = defaultdict(list)
    for found in book.pending_of(question):
        if is_unconfirmed(found, as_of):
            pending[MonthKey(found.lane, month_of(found.on))].append(found)
    keys = sorted({*months, *pending})
    gaps = book.gaps_of(question)
    return tuple(
        _row(months.get(key, Month(key)), pending[key], gaps=_gaps_in(key, gaps)) for key in keys
    )


def _gaps_in(key: MonthKey, gaps: Iterable[Gap]) -> int:
    pair = {key.lane.customer, key.lane.supplier}
    return sum(set(gap.parties) == pair and key.month <= gap.until for gap in gaps)


def is_unconfirmed(pending: Pending, as_of: date) -> bool:
    """Whether a shipment without a receipt counts on this day: when its 14 days are over."""
    return as_of > pending.on + IN_TIME


def differences(
    book: DeliveryReading, question: Question, *, as_of: date
) -> tuple[Difference, ...]:
    """The differences dated in the months asked about, by day and number."""
    found = [
        difference
        for delivery in book.deliveries_of(question)
        for difference in (*evaluate(delivery).differences, *_no_receipt(delivery, as_of))
        if question.takes(MonthKey(difference.lane, month_of(difference.on)))
    ]
    return tuple(sorted(found, key=_order))


def flags_of(book: DeliveryReading, record_id: str) -> tuple[RecordFlag, ...]:
    """What a shipment or receipt shows beside the other papers of its delivery."""
    key = book.places([record_id]).get(record_id)
    delivery = book.deliveries([key]).get(key) if key else None
    if delivery is None:
        return ()
    return tuple(flag for flag in evaluate(delivery).flags if flag.record_id == record_id)


def inputs(book: DeliveryReading, question: Question) -> tuple[str, ...]:
    """The ids of all records that an answer depends on, sorted.

    Those of the deliveries and cases asked about, corrected ones too; of the deliveries that
    brought a lot of such a case first; and of what was agreed on conversions and sides.
    """
    cases = book.cases_of(question)
    deliveries = {delivery.key: delivery for delivery in book.deliveries_of(question)}
    first = book.first_days({lot for case in cases for lot in lots_of(case.records)})
    brought = {key for day in first.values() for key in day.deliveries} - deliveries.keys()
    deliveries.update(book.deliveries(brought))
    gaps = {gap.record_id for gap in book.gaps_of(question)}
    return tuple(sorted(_ids(deliveries.values(), cases) | gaps))


def erased_records(book: DeliveryReading, question: Question) -> tuple[str, ...]:
    """Of :func:`inputs` those of which something that counts was erased."""
    gaps = {gap.record_id for gap in book.gaps_of(question)}
    papers = (paper for row in book.deliveries_of(question) for paper in row.papers)
    records = (record for case in book.cases_of(question) for record in case.records)
    return tuple(
        sorted(
            gaps
            | {paper.record_id for paper in papers if paper.erased}
            | {record.record_id for record in records if record.is_erased}
        )
    )


def encode_month(row: MonthRow) -> dict[str, Any]:
    """A row as JSON; decimals are strings without zeros at the end."""
    ppm = row.ppm
    return {
        "customer": row.key.lane.customer,
        "supplier": row.key.lane.supplier,
        "part": row.key.lane.part,
        "month": row.key.month,
        "delivered": _plain_or_none(row.delivered),
        "unconfirmed": _plain_or_none(row.unconfirmed),
        "lots": row.lots,
        "bad": row.bad,
        "open_cases": row.open_cases,
        "erased": row.erased,
        "ppm": None if ppm is None else f"{ppm:f}",
    }


def encode_difference(difference: Difference) -> dict[str, Any]:
    """A difference as JSON."""
    return {
        "kind": difference.kind,
        "stated": difference.is_stated,
        "customer": difference.lane.customer,
        "supplier": difference.lane.supplier,
        "part": difference.lane.part,
        "on": difference.on.isoformat(),
        "number": difference.number,
        "shipment": difference.shipment,
        "receipt": difference.receipt,
        "expected": difference.expected,
        "found": difference.found,
        "lot": difference.lot,
        "note": difference.note,
    }


def encode_flag(flag: RecordFlag) -> dict[str, Any]:
    """A flag as JSON, with a text per language."""
    most = flag.expected.removeprefix("at most ")
    en, zh = (text.format(most, flag.found) for text in _FLAG_TEXTS[flag.code])
    return {
        "code": flag.code,
        "expected": flag.expected,
        "found": flag.found,
        "en": en,
        "zh": zh,
    }


def _row(month: Month, pending: Iterable[Pending], *, gaps: int) -> MonthRow:
    shipped = list(pending)
    erased = month.erased + sum(item.is_erased for item in shipped) + gaps
    is_counted = not month.unconverted and all(item.pieces is not None for item in shipped)
    unconfirmed = _ZERO
    for item in shipped:
        unconfirmed = EXACT.add(unconfirmed, item.pieces or _ZERO)
    return MonthRow(
        key=month.key,
        delivered=EXACT.add(month.pieces, unconfirmed) if is_counted else None,
        unconfirmed=unconfirmed if is_counted else None,
        lots=month.lots + sum(item.lots for item in shipped),
        bad=None if erased else month.bad,
        open_cases=month.open_cases,
        erased=erased,
    )


def _no_receipt(delivery: Delivery, as_of: date) -> Iterable[Difference]:
    pending = evaluate(delivery).pending
    if pending is None or not is_unconfirmed(pending, as_of):
        return
    yield Difference(
        kind="no-receipt",
        is_stated=False,
        lane=pending.lane,
        on=pending.on,
        number=pending.number,
        shipment=pending.record_id,
        receipt=None,
        expected=(pending.on + IN_TIME).isoformat(),
    )


def _order(difference: Difference) -> tuple[str, ...]:
    texts = (difference.receipt, difference.shipment, difference.lot, difference.found)
    return (
        difference.on.isoformat(),
        *difference.lane,
        difference.number,
        difference.kind,
        *(text or "" for text in texts),
    )


def _ids(deliveries: Iterable[Delivery], cases: Iterable[Case]) -> set[str]:
    found: set[str] = set()
    for delivery in deliveries:
        for paper in delivery.papers:
            found |= {paper.record_id, *paper.basis}
    for case in cases:
        for record in case.records:
            found |= {record.record_id, *record.basis}
    return found


def _plain_or_none(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)


def provenance(size: int, question: Question, as_of: date) -> Mapping[str, Any]:
    """What an answer was computed by: method, tree size, day."""
    return {
        "method": METHOD,
        "tree_size": size,
        "as_of": as_of.isoformat(),
        "from": question.first,
        "to": question.last,
    }
