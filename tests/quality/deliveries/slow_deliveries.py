"""Delivered units and bad units read off all papers at once: slow, and nothing is kept.

What the fold keeps in steps is counted here from the whole history, each rule of
docs/spec/deliveries.md a loop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from quality.deliveries.fold import PaperOrCase
from quality.deliveries.papers import CaseRecord, Paper

Cell = tuple[str, str, str, str]


def count_months(papers: Sequence[PaperOrCase], as_of: date) -> dict[Cell, dict[str, Any]]:
    """By (customer, supplier, part, month): pieces, whether all count, lots, bad, open."""
    shipments, known = latest_shipments(papers)
    receipts = latest([p for p in papers if isinstance(p, Paper) and p.shipment is not None])
    months: dict[Cell, dict[str, Any]] = defaultdict(
        lambda: {"pieces": Decimal(0), "all": True, "lots": 0, "bad": 0, "open": 0}
    )
    lot_days: dict[tuple[Any, str], list[date]] = defaultdict(list)
    deliveries: dict[Any, list[Any]] = defaultdict(lambda: [[], []])
    for shipment in shipments.values():
        deliveries[shipment.lane, shipment.number][0].append(shipment)
    for receipt in receipts.values():
        pair = receipt.lane[:2]
        cited = shipments.get(known.get(receipt.shipment or "", ""))
        is_own = cited is not None and cited.lane[:2] == pair
        key = (cited.lane, cited.number) if cited and is_own else (pair, receipt.shipment)
        numbers = [(other.lane, other.number) for other in deliveries[key][1]]
        if (receipt.lane, receipt.number) not in numbers:
            deliveries[key][1].append(receipt)
    for shipped, received in deliveries.values():
        counted = received
        if not received:
            is_due = as_of > shipped[0].on + timedelta(days=14)
            counted = [shipped[0]] if is_due else []
            for lot in shipped[0].lots:
                lot_days[shipped[0].lane, lot].append(shipped[0].on)
        seen: dict[Any, date] = {}
        for paper in counted:
            cell = months[(*paper.lane, f"{paper.on:%Y-%m}")]
            cell["pieces"] += paper.pieces or 0
            cell["all"] &= paper.pieces is not None
            for lot in paper.lots:
                seen[paper.lane, lot] = min(seen.get((paper.lane, lot), paper.on), paper.on)
        for (lane, lot), day in seen.items():
            months[(*lane, f"{day:%Y-%m}")]["lots"] += 1
            lot_days[lane, lot].append(day)
    count_cases(papers, lot_days, months)
    return {cell: found for cell, found in months.items() if _says_something(found)}


def count_cases(papers: Sequence[PaperOrCase], lot_days: Any, months: Any) -> None:
    """Bad units and open cases, by the month of the first lot that came."""
    records = latest([p for p in papers if isinstance(p, CaseRecord)])
    cases: dict[Any, list[CaseRecord]] = defaultdict(list)
    for record in records.values():
        cases[record.lane.customer, record.lane.supplier, record.complaint].append(record)
    for current in cases.values():
        customers = [r for r in current if r.party == r.lane.customer]
        told = customers or current
        closed = [r for r in told if r.closure and r.closure.responsible]
        word = (closed or told)[-1]
        days = [day for lot in word.lots for day in lot_days.get((word.lane, lot), [])]
        cell = months[(*word.lane, f"{min(days or [word.opened_on]):%Y-%m}")]
        cell["open"] += not closed
        if closed and word.closure and word.closure.responsible == "supplier":
            cell["bad"] += word.closure.confirmed


def latest_shipments(papers: Sequence[PaperOrCase]) -> tuple[dict[str, Paper], dict[str, str]]:
    """The last version of each shipment that keeps pair, number and part; first ids by any id."""
    firsts: dict[str, Paper] = {}
    found: dict[str, Paper] = {}
    known: dict[str, str] = {}
    for paper in papers:
        if not isinstance(paper, Paper) or paper.shipment is not None:
            continue
        corrected = paper.corrects or paper.record_id
        root = known.get(corrected, corrected)
        first = firsts.get(root, paper)
        if first.lane[:2] != paper.lane[:2]:
            continue
        firsts[root] = first
        known[root] = known[paper.record_id] = root
        if (first.lane, first.number) == (paper.lane, paper.number):
            found[root] = paper
    return found, known


def latest(papers: Sequence[Any]) -> dict[str, Any]:
    """The last correction of each paper, by the id of the first one."""
    return {root_of(papers, paper.record_id): paper for paper in papers}


def root_of(papers: Sequence[Any], record_id: str) -> str:
    """The record that was corrected first."""
    by_id = {paper.record_id: paper for paper in papers}
    while record_id in by_id and by_id[record_id].corrects:
        record_id = by_id[record_id].corrects
    return record_id


def _says_something(cell: dict[str, Any]) -> bool:
    return any((cell["pieces"], not cell["all"], cell["lots"], cell["bad"], cell["open"]))
