"""Papers and cases as JSON text, and back: the inside of derived rows, read by nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from quality.deliveries.agreed import Lane
from quality.deliveries.papers import CaseRecord, Closure, Paper, Stated


def encode_papers(papers: Iterable[Paper]) -> str:
    """The papers of a delivery."""
    return _dump([_paper_members(paper) for paper in papers])


def decode_papers(text: str) -> tuple[Paper, ...]:
    """The papers of a delivery."""
    return tuple(map(_paper, json.loads(text)))


def encode_records(records: Iterable[CaseRecord]) -> str:
    """The records of a case."""
    return _dump([_record_members(record) for record in records])


def decode_records(text: str) -> tuple[CaseRecord, ...]:
    """The records of a case."""
    return tuple(map(_record, json.loads(text)))


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _number(found: Decimal | None) -> str | None:
    return None if found is None else f"{found:f}"


def _decimal(found: str | None) -> Decimal | None:
    return None if found is None else Decimal(found)


def _paper_members(paper: Paper) -> list[Any]:
    stated = [[item.kind, item.lot, _number(item.quantity), item.note] for item in paper.stated]
    return [
        paper.record_id,
        paper.index,
        paper.corrects,
        paper.shipment,
        paper.lane,
        paper.revision,
        paper.number,
        paper.on.isoformat(),
        _number(paper.quantity),
        paper.unit,
        _number(paper.pieces),
        paper.lots,
        stated,
        paper.basis,
        paper.erased,
    ]


def _paper(found: list[Any]) -> Paper:
    record_id, index, corrects, shipment, lane, revision, number, on, *rest = found
    quantity, unit, pieces, lots, stated, basis, erased = rest
    return Paper(
        record_id=record_id,
        index=index,
        corrects=corrects,
        shipment=shipment,
        lane=Lane(*lane),
        revision=revision,
        number=number,
        on=date.fromisoformat(on),
        quantity=Decimal(quantity),
        unit=unit,
        pieces=_decimal(pieces),
        lots=tuple(lots),
        stated=tuple(Stated(kind, lot, _decimal(q), note) for kind, lot, q, note in stated),
        basis=tuple(basis),
        erased=tuple(erased),
    )


def _record_members(record: CaseRecord) -> list[Any]:
    closure = record.closure
    return [
        record.record_id,
        record.index,
        record.corrects,
        record.party,
        record.lane,
        record.complaint,
        record.opened_on.isoformat(),
        record.lots,
        [closure.responsible, closure.confirmed] if closure else None,
        record.basis,
        record.is_erased,
    ]


def _record(found: list[Any]) -> CaseRecord:
    record_id, index, corrects, party, lane, complaint, opened_on, lots, *rest = found
    closure, basis, is_erased = rest
    return CaseRecord(
        record_id=record_id,
        index=index,
        corrects=corrects,
        party=party,
        lane=Lane(*lane),
        complaint=complaint,
        opened_on=date.fromisoformat(opened_on),
        lots=tuple(lots),
        closure=Closure(*closure) if closure else None,
        basis=tuple(basis),
        is_erased=is_erased,
    )
