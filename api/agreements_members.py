"""Grants and cases as plain values, for who takes part in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from keys.encoding import encode_base64url
from ledger.reader import LogReader
from ledger.sharing.agreements import Agreements, Case, Grant

GRANT_STATES: Final = ("open", "later", "expired", "revoked")
CASE_STATES: Final = ("waiting", "open", "closed")

Members = dict[str, Any]


def own_grants(agreements: Agreements, party: str) -> Iterator[Grant]:
    """What the party gave as owner, what it may read, and what it passed on; each once."""
    told: set[str] = set()
    for record_id in agreements.by_owner.get(party, ()):
        told.add(record_id)
        yield agreements.grants[record_id]
    for grant in agreements.grants_to(party):
        for record_id in (grant.record_id, *agreements.delegations.get(grant.record_id, ())):
            if record_id not in told:
                told.add(record_id)
                yield agreements.grants[record_id]


def grant_state(grant: Grant, agreements: Agreements, *, at_ms: int) -> str:
    """One of :data:`GRANT_STATES`: a delegation is what its grant is, where that is less."""
    origin = agreements.grants[grant.of] if grant.of is not None else grant
    both = (grant, origin)
    if any(item.revoked_at is not None for item in both):
        return "revoked"
    if any(item.reads_until_ms <= at_ms for item in both):
        return "expired"
    return "later" if grant.reads_from_ms > at_ms else "open"


def case_state(case: Case) -> str:
    """One of :data:`CASE_STATES`."""
    if case.closed_at is not None:
        return "closed"
    return "waiting" if case.acknowledged_at is None else "open"


@dataclass(frozen=True, slots=True)
class AgreementMembers:
    """Tells agreements; ``reader`` knows which record an entry has."""

    reader: LogReader

    def grant(self, grant: Grant, agreements: Agreements, *, at_ms: int) -> Members:
        """A grant or delegation: by whom, to whom, what it opens, and whether it does now."""
        origin = agreements.grants[grant.of] if grant.of is not None else grant
        opens = sorted(grant.opens.items())
        return {
            "owner": grant.owner,
            "reader": grant.reader,
            "granted_by": grant.granted_by,
            "of": grant.of,
            "opens": [{"type": vct, "groups": sorted(groups)} for vct, groups in opens],
            "purpose": grant.purpose,
            "reads": {"from": grant.reads_from_ms, "until": grant.reads_until_ms},
            "families": None if grant.families is None else sorted(grant.families),
            "records": _filter_of(origin),
            "case": grant.case,
            "delegable": grant.is_delegable,
            "state": grant_state(grant, agreements, at_ms=at_ms),
            "granted": _fact(grant.record_id, grant.index),
            "revoked": self._fact_at(grant.revoked_at),
        }

    def case(self, case: Case) -> Members:
        """A case: its sides, its number, and by what it was opened, acknowledged, closed."""
        return {
            "customer": case.customer,
            "supplier": case.supplier,
            "number": case.number,
            "state": case_state(case),
            "opened_by": case.opened_by,
            "opened": _fact(case.record_id, case.index),
            "acknowledged": self._fact_at(case.acknowledged_at),
            "closed": self._fact_at(case.closed_at),
        }

    def _fact_at(self, index: int | None) -> Members | None:
        if index is None:
            return None
        return _fact(encode_base64url(self.reader.entry(index).record_id), index)


def _filter_of(grant: Grant) -> Members | None:
    if grant.records is not None:
        return {"ids": sorted(grant.records)}
    return None if grant.records_from_ms is None else {"from": grant.records_from_ms}


def _fact(record_id: str, index: int) -> Members:
    return {"entry": index, "record_id": record_id}
