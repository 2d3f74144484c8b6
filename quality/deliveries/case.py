"""One case: the records about it, and how many units it makes bad.

A case is one complaint number between a customer and a supplier. Only units that are
confirmed *and* the supplier's count, once a case (docs/spec/deliveries.md, section 4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from quality.deliveries.corrections import current
from quality.deliveries.delivery import LotKey, MonthKey, month_of
from quality.deliveries.papers import CaseRecord, Closure

SUPPLIER_RESPONSIBLE = "supplier"


@dataclass(frozen=True, slots=True)
class Counted:
    """What a case counts as, and in which month."""

    at: MonthKey
    bad: int
    open_cases: int
    erased: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """The records of one case in the order of the log, and what they count as at present."""

    key: str
    records: tuple[CaseRecord, ...]
    counted: Counted | None = None


CaseKey = tuple[str, str, str]


def case_key(record: CaseRecord) -> CaseKey:
    """Customer, supplier and complaint number."""
    return record.lane.customer, record.lane.supplier, record.complaint


def deciding_record(records: Sequence[CaseRecord]) -> CaseRecord:
    """The record that a case goes by: the customer's, if there is any, else the supplier's own.

    Of one side's records the last closure that says whose fault it was, else the last record.
    Last is what was filed last: a correction stands in the place of what it corrects.
    """
    standing = current(records)
    # A supplier must not move, empty or close what its customer complains about.
    by_customer = [record for record in standing if record.party == record.lane.customer]
    told = by_customer or standing
    # An erased closure may have said it, too.
    closed = [record for record in told if record.is_erased or _is_decided(record.closure)]
    return (closed or told)[-1]


def lots_of(records: Sequence[CaseRecord]) -> tuple[LotKey, ...]:
    """The lots whose delivery dates the case."""
    record = deciding_record(records)
    return tuple(LotKey(record.lane, lot) for lot in record.lots)


def count_case(records: Sequence[CaseRecord], lot_days: Mapping[LotKey, date]) -> Counted:
    """What a case counts as.

    Args:
        records: all records of the case.
        lot_days: the first day of each of its lots that was delivered.
    """
    record = deciding_record(records)
    days = [lot_days[key] for key in lots_of(records) if key in lot_days]
    at = MonthKey(record.lane, month_of(min(days, default=record.opened_on)))
    closure = record.closure
    if record.is_erased:
        return Counted(at, 0, 0, erased=1)
    if closure is None or not _is_decided(closure):
        return Counted(at, 0, 1)
    is_bad = closure.responsible == SUPPLIER_RESPONSIBLE
    return Counted(at, closure.confirmed if is_bad else 0, 0)


def _is_decided(closure: Closure | None) -> bool:
    return closure is not None and closure.responsible is not None
