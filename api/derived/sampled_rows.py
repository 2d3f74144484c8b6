"""Records that sampling follows from as derived rows, and back: read by nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from api.derived.tables import LANE, SAMPLED
from quality.deliveries.agreed import Filed, Lane
from quality.sampling.history import SampledRecord, corrects_of

_KEYS_MAX: Final = 500


def sampled_values(record: SampledRecord, lane: str) -> dict[str, Any]:
    """The row of a record; ``lane`` is the key of its lane."""
    filed = record.filed
    facts = [
        filed.party,
        filed.vct,
        filed.groups,
        sorted(filed.erased),
        filed.admitted_ms,
        list(record.basis),
    ]
    return {
        "record_id": filed.record_id,
        "lane": lane,
        "entry": filed.index,
        "corrects": corrects_of(record),
        "facts": json.dumps(facts, ensure_ascii=False, separators=(",", ":")),
    }


def sampled_of_row(row: Row[Any]) -> SampledRecord:
    """The record of a row that was joined with its lane."""
    party, vct, groups, erased, admitted_ms, basis = json.loads(row.facts)
    filed = Filed(
        index=row.entry,
        record_id=row.record_id,
        party=party,
        vct=vct,
        groups=groups,
        erased=frozenset(erased),
        admitted_ms=admitted_ms,
    )
    return SampledRecord(Lane(row.customer, row.supplier, row.part), filed, tuple(basis))


def select_sampled(connection: Connection, record_ids: Iterable[str]) -> dict[str, SampledRecord]:
    """The rows of these records, as far as there are any."""
    asked, found = sorted(record_ids), dict[str, SampledRecord]()
    statement = select(SAMPLED, LANE.c.customer, LANE.c.supplier, LANE.c.part).join(
        LANE, LANE.c.key == SAMPLED.c.lane
    )
    for start in range(0, len(asked), _KEYS_MAX):
        part = asked[start : start + _KEYS_MAX]
        for row in connection.execute(statement.where(SAMPLED.c.record_id.in_(part))):
            found[row.record_id] = sampled_of_row(row)
    return found
