"""The decision: which groups of a record one reader gets at one instant, and by which rule.

A pure function of what the record says of its sharing, of policy, relations, grants and
standing, of the reader and the instant; deny by default (docs/spec/sharing.md). The service
asks it wherever content leaves; a reader recomputes it of what it may know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from ledger.party import Party, Standing
from ledger.record_type import TIERS
from ledger.relations import Relations
from ledger.sharing.agreements import Agreements, Grant
from ledger.sharing.filed import Filed
from ledger.sharing.orders import Order

PUBLIC, CONSORTIUM, PARTNER, RESTRICTED, SEALED = range(len(TIERS))
_RANK: Final[Mapping[str, int]] = {tier: rank for rank, tier in enumerate(TIERS)}
#: The closed groups and who gets them beside issuer, owner and subject.
MANIFEST_TIER: Final = "consortium"
ADDRESS_TIER: Final = "partner"
FILING_TIER: Final = "filing"
AUDITOR: Final = "auditor"

#: Rules by which a group is read, and the one by which none is.
RULES: Final = (
    "public",
    "issuer",
    "owner",
    "subject",
    "case",
    "partner",
    "consortium",
    "grant",
    "delegation",
    "auditor",
    "order",
    "none",
)
#: What would unlock a group that is withheld.
NEEDS: Final = ("membership", "relation", "grant", "both-owners", "sealing-key")


class Tiers(Protocol):
    """The tiers that later policies leave: later ones only narrow what a record was filed under."""

    def tier(self, policy: str, vct: str, group: str, *, stated: str) -> str:
        """The tier that counts for a group of a record filed under ``policy``."""


@dataclass(frozen=True, slots=True)
class SharingState:
    """Everything a decision rests on beside record, reader and instant, after ``size`` entries."""

    size: int
    parties: Mapping[str, Party]
    tiers: Tiers
    relations: Relations = field(default_factory=Relations)
    agreements: Agreements = field(default_factory=Agreements)
    orders: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True)
class Principal:
    """A reader with what is known of it: make it once and ask it of many records.

    ``did`` is None for the public. ``joined_at`` is the entry that made it a member.
    """

    did: str | None
    is_member: bool = False
    is_auditor: bool = False
    joined_at: int = 0
    grants: tuple[Grant, ...] = ()
    orders: tuple[Order, ...] = ()


ANYONE: Final = Principal(None)


class GroupDecision(NamedTuple):
    """One group: its tier, whether it is read, by which rule and on the word of which record.

    ``by`` is the record id of the relation, grant, case or order, None where the rule needs
    none. ``needs`` is what would unlock it, empty where it is read.
    """

    group: str
    tier: str
    is_readable: bool
    rule: str
    by: str | None
    needs: tuple[str, ...]


class Decision(NamedTuple):
    """What one reader gets of one record at one instant, after ``size`` entries of the log."""

    record_id: str
    reader: str | None
    at_ms: int
    size: int
    policy: str
    groups: tuple[GroupDecision, ...]

    @property
    def readable(self) -> frozenset[str]:
        """The groups that may be shown where they are present."""
        return frozenset(item.group for item in self.groups if item.is_readable)


def principal_of(did: str | None, state: SharingState) -> Principal:
    """The reader of this DID; somebody who is no party reads what anyone reads."""
    party = state.parties.get(did) if did is not None else None
    if did is None or party is None or party.standing is Standing.REMOVED:
        return ANYONE
    is_member = party.is_member
    return Principal(
        did=did,
        is_member=is_member,
        is_auditor=is_member and AUDITOR in party.roles,
        joined_at=party.joined_at,
        grants=tuple(state.agreements.grants_to(did)) if is_member else (),
        orders=tuple(order for order in state.orders if order.reader == did) if is_member else (),
    )


def decide(filed: Filed, state: SharingState, reader: Principal, *, at_ms: int) -> Decision:
    """What the reader gets of the record at this instant (Unix milliseconds)."""
    whole = _whole(filed, state, reader)
    relation = None if whole else _relation(filed, state, reader)
    widest = _widest(filed, reader, has_relation=relation is not None)
    groups = [
        _decide_group(
            _Asked(filed, state, reader, at_ms, whole, widest, relation),
            group,
            state.tiers.tier(filed.policy, filed.vct, group, stated=stated),
        )
        for group, stated in (*_CLOSED, *filed.tiers)
    ]
    groups.append(_decide_filing(whole, reader))
    return Decision(
        filed.record_id, reader.did, at_ms, state.size, filed.policy, tuple(sorted(groups))
    )


_CLOSED: Final = (("manifest", MANIFEST_TIER), ("address", ADDRESS_TIER))
_Whole = tuple[str, str | None]


class _Asked(NamedTuple):
    """What holds for all groups of one record."""

    filed: Filed
    state: SharingState
    reader: Principal
    at_ms: int
    whole: _Whole | None
    widest: int
    relation: str | None


def _whole(filed: Filed, state: SharingState, reader: Principal) -> _Whole | None:
    """The rule by which the reader gets every group that is not sealed."""
    did = reader.did
    if did is None:
        return None
    if did == filed.issuer:
        return "issuer", None
    if did == filed.owner:
        return "owner", None
    case = state.agreements.cases.get(filed.case) if filed.case is not None else None
    if case is not None and case.is_open and did in case.participants:
        return "case", case.record_id
    if reader.is_member and did == filed.subject:
        return "subject", None
    return None


def _relation(filed: Filed, state: SharingState, reader: Principal) -> str | None:
    """The relation that was in force with the issuer when an addressee's record was admitted."""
    did = reader.did
    if did is None or not reader.is_member or did not in filed.to:
        return None
    for pair in ((did, filed.issuer), (filed.issuer, did)):
        for relation in state.relations.between(*pair):
            if relation.was_in_force(filed.index) and relation.covers(filed.family):
                return relation.record_id
    return None


def _widest(filed: Filed, reader: Principal, *, has_relation: bool) -> int:
    """The highest tier that the reader's standing alone opens."""
    if not reader.is_member:
        return PUBLIC
    if has_relation or reader.is_auditor:
        return PARTNER
    return CONSORTIUM if filed.index > reader.joined_at else PUBLIC


def _decide_group(asked: _Asked, group: str, tier: str) -> GroupDecision:
    rank = _RANK[tier]
    if rank == SEALED and asked.whole is None:
        return GroupDecision(group, tier, False, "none", None, ("sealing-key",))
    if asked.whole:
        rule, by = asked.whole
        return GroupDecision(group, tier, True, rule, by, ())
    if rank <= asked.widest:
        rule, by = _standing_rule(asked, rank)
        return GroupDecision(group, tier, True, rule, by, ())
    granted = _granted(asked, group)
    if granted:
        return GroupDecision(group, tier, True, granted[0], granted[1], ())
    return GroupDecision(group, tier, False, "none", None, _needs(asked, rank))


def _standing_rule(asked: _Asked, rank: int) -> tuple[str, str | None]:
    if rank == PUBLIC:
        return "public", None
    if asked.relation is not None:
        return ("partner", asked.relation) if rank == PARTNER else ("consortium", None)
    if rank == CONSORTIUM and asked.filed.index > asked.reader.joined_at:
        return "consortium", None
    return "auditor", None


def _decide_filing(whole: _Whole | None, reader: Principal) -> GroupDecision:
    """Presence can betray an outcome: the filing is for issuer, owner and auditors alone."""
    if whole and whole[0] in ("issuer", "owner"):
        return GroupDecision("filing", FILING_TIER, True, whole[0], None, ())
    if reader.is_auditor:
        return GroupDecision("filing", FILING_TIER, True, "auditor", None, ())
    return GroupDecision("filing", FILING_TIER, False, "none", None, ())


def _granted(asked: _Asked, group: str) -> tuple[str, str] | None:
    """The grant, delegation or order that opens the group, of what was granted to the reader."""
    filed, at_ms = asked.filed, asked.at_ms
    for grant in asked.reader.grants:
        if _opens(grant, asked, group):
            return ("grant" if grant.of is None else "delegation"), grant.record_id
    for order in asked.reader.orders:
        if (
            group in order.opens.get(filed.vct, ())
            and order.owner in (None, filed.owner)
            and order.reads_from_ms <= at_ms < order.reads_until_ms
        ):
            return "order", order.record_id
    return None


def _opens(grant: Grant, asked: _Asked, group: str) -> bool:
    """Whether a grant, and for a delegation the one it rests on, opens a group to its reader.

    Records of a case have two owners: what one grants alone opens nothing of them.
    """
    filed, agreements = asked.filed, asked.state.agreements
    if not _covers(grant, filed, group, at_ms=asked.at_ms):
        return False
    if grant.of is not None:
        origin = agreements.grants.get(grant.of)
        if origin is None or not _covers(origin, filed, group, at_ms=asked.at_ms):
            return False
    case = agreements.cases.get(filed.case) if filed.case is not None else None
    owners = {filed.owner} if case is None else {filed.owner, *case.participants}
    if grant.owner not in owners:
        return False
    others = owners - {grant.owner}
    return all(_grants_too(owner, grant, asked, group=group) for owner in others)


def _grants_too(owner: str, grant: Grant, asked: _Asked, *, group: str) -> bool:
    return any(
        other.owner == owner
        and other.reader == grant.reader
        and _covers(other, asked.filed, group, at_ms=asked.at_ms)
        for other in asked.state.agreements.grants_to(grant.reader)
    )


def _covers(grant: Grant, filed: Filed, group: str, *, at_ms: int) -> bool:
    """Whether what a grant says is about this group of this record, now."""
    if grant.revoked_at is not None or not grant.reads_from_ms <= at_ms < grant.reads_until_ms:
        return False
    if group not in grant.opens.get(filed.vct, ()):
        return False
    if grant.families is not None and filed.family not in grant.families:
        return False
    if grant.case is not None and grant.case != filed.case:
        return False
    if grant.records is not None:
        return filed.record_id in grant.records
    if grant.records_from_ms is not None:
        return filed.admitted_ms >= grant.records_from_ms
    return filed.index > grant.index


def _needs(asked: _Asked, rank: int) -> tuple[str, ...]:
    """What would unlock a group of this tier for the reader."""
    if not asked.reader.is_member:
        return ("membership",) if rank == CONSORTIUM else ("membership", "grant")
    two = asked.filed.case is not None and asked.filed.case in asked.state.agreements.cases
    by_owners = "both-owners" if two else "grant"
    return ("relation", by_owners) if rank == PARTNER else (by_owners,)
