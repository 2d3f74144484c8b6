"""What one grant, delegation or order opens, made once for its reader and asked of many records.

A delegation opens what its grant opens, in its own period, for as long as the grant stands, its
delegator is a member and its reader the laboratory of that one. Nothing that was revoked is
among them; periods are left to the instant at which they are asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.party import Party
from ledger.relations import Relations
from ledger.sharing.agreements import Agreements, Grant
from ledger.sharing.filed import Filed

GRANT: Final = "grant"
DELEGATION: Final = "delegation"
LABORATORY: Final = "laboratory"


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A grant, or a delegation with the grant that it rests on.

    ``rule`` says which of the two; ``by`` is its record id. ``reads_from_ms <= instant <
    reads_until_ms`` is the period in which both are read. All else is the grant's.
    """

    rule: str
    by: str
    owner: str
    opens: Mapping[str, frozenset[str]]
    reads_from_ms: int
    reads_until_ms: int
    grant: Grant

    def opened(self, filed: Filed, *, at_ms: int) -> frozenset[str]:
        """The groups of a record that it opens at an instant, whatever their tier."""
        if not self.reads_from_ms <= at_ms < self.reads_until_ms:
            return _NOTHING
        groups = self.opens.get(filed.vct)
        return groups if groups is not None and self._covers(filed) else _NOTHING

    def _covers(self, filed: Filed) -> bool:
        grant = self.grant
        if grant.families is not None and filed.family not in grant.families:
            return False
        if grant.case is not None and grant.case != filed.case:
            return False
        if grant.records is not None:
            return filed.record_id in grant.records
        if grant.records_from_ms is not None:
            return filed.admitted_ms >= grant.records_from_ms
        return filed.index > grant.index


_NOTHING: Final[frozenset[str]] = frozenset()
Entitlements = Mapping[str, tuple[Entitlement, ...]]
"""By owner; grants before delegations, each in the order of the log."""


def entitlements_of(
    reader: str, agreements: Agreements, parties: Mapping[str, Party], relations: Relations
) -> Entitlements:
    """All that owners and their readers have opened to a reader and nobody has revoked."""
    found = [
        _entitlement(grant, agreements, parties)
        for grant in agreements.grants_to(reader)
        if grant.of is None or _is_laboratory(grant, relations)
    ]
    return _by_owner(item for item in found if item is not None)


def _by_owner(found: Iterable[Entitlement]) -> Entitlements:
    by_owner: dict[str, list[Entitlement]] = {}
    for item in found:
        by_owner.setdefault(item.owner, []).append(item)
    # Sorting is stable: within each rule the order of the log stays.
    return {
        owner: tuple(sorted(items, key=lambda item: item.rule != GRANT))
        for owner, items in by_owner.items()
    }


def _entitlement(
    given: Grant, agreements: Agreements, parties: Mapping[str, Party]
) -> Entitlement | None:
    origin = agreements.grants.get(given.of) if given.of is not None else given
    if origin is None or origin.revoked_at is not None or given.revoked_at is not None:
        return None
    if given.of is not None and not _is_member(parties.get(origin.reader)):
        return None
    return Entitlement(
        rule=GRANT if given.of is None else DELEGATION,
        by=given.record_id,
        owner=origin.owner,
        opens=origin.opens,
        reads_from_ms=max(given.reads_from_ms, origin.reads_from_ms),
        reads_until_ms=min(given.reads_until_ms, origin.reads_until_ms),
        grant=origin,
    )


def _is_laboratory(passed: Grant, relations: Relations) -> bool:
    """Whether the relation that a delegation rests on, or another such, is in force now."""
    return any(
        found.kind == LABORATORY and found.is_in_force
        for found in relations.between(passed.granted_by, passed.reader)
    )


def _is_member(party: Party | None) -> bool:
    return party is not None and party.is_member
