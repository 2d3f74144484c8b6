"""The decision: which groups of a record one reader gets at one instant, and by which rule.

A pure function of what the record says of its sharing, of policy, relations, grants and
standing, of the reader and the instant; deny by default (docs/spec/sharing.md). The service
asks it wherever content leaves; a reader recomputes it of what it may know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Final, NamedTuple, Protocol

from ledger.party import Party, Standing
from ledger.record_type import TIERS
from ledger.relations import Relations
from ledger.sharing.agreements import Agreements
from ledger.sharing.entitlements import DELEGATION, GRANT, Entitlements, entitlements_of
from ledger.sharing.filed import Filed
from ledger.sharing.orders import Order

PUBLIC, CONSORTIUM, PARTNER, RESTRICTED, SEALED = range(len(TIERS))
_RANK: Final[Mapping[str, int]] = {tier: rank for rank, tier in enumerate(TIERS)}
#: The closed groups and who gets them beside issuer, owner and subject.
MANIFEST_TIER: Final = "consortium"
ADDRESS_TIER: Final = "partner"
FILING_TIER: Final = "filing"
AUDITOR: Final = "auditor"
ORDER: Final = "order"
NONE: Final = "none"
#: No grant opens these; the manifest comes with what a grant opens.
NEVER_GRANTED: Final = frozenset({"state", "address", "filing"})

#: Rules by which a group is read, and the one by which none is.
RULES: Final = (
    "public",
    "issuer",
    "owner",
    "case",
    "subject",
    "partner",
    "consortium",
    "grant",
    "delegation",
    "auditor",
    ORDER,
    NONE,
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
    entitlements: Entitlements = field(default_factory=dict)
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
    if not party.is_member:
        return Principal(did)
    return Principal(
        did=did,
        is_member=True,
        is_auditor=AUDITOR in party.roles,
        joined_at=party.joined_at,
        entitlements=entitlements_of(did, state.agreements, state.parties, state.relations),
        orders=tuple(order for order in state.orders if order.reader == did),
    )


def decide(filed: Filed, state: SharingState, reader: Principal, *, at_ms: int) -> Decision:
    """What the reader gets of the record at this instant (Unix milliseconds)."""
    own = _own(filed, reader)
    by_tier = _by_tier(filed, state, reader, own=own)
    # Whoever gets what is restricted by such a rule gets nothing more by anybody's word.
    is_whole = by_tier[RESTRICTED] is not None
    asked = _Asked(
        filed,
        reader.is_auditor,
        by_tier,
        _NOTHING if is_whole else _opened(filed, state, reader, at_ms=at_ms),
        _NOTHING if is_whole else _ordered(filed, reader, at_ms=at_ms),
        _needs_by_tier(reader.is_member, _knows_two_owners(filed, state, reader, by_tier)),
    )
    groups = _decide_groups(asked, state.tiers.tier)
    groups += (_manifest(asked, groups), _address(asked), _filing(asked, own))
    groups.sort()
    return Decision(filed.record_id, reader.did, at_ms, state.size, filed.policy, tuple(groups))


def _decide_groups(asked: _Asked, tier_of: Callable[..., str]) -> list[GroupDecision]:
    """The groups of the record's type, ascending."""
    by_tier, policy, vct = asked.by_tier, asked.filed.policy, asked.filed.vct
    groups = []
    for group, stated in asked.filed.tiers:
        tier = tier_of(policy, vct, group, stated=stated)
        rank = _RANK[tier]
        ground = by_tier[rank] or _further(asked, group, rank)
        groups.append(_told(asked, group, tier, ground=ground))
    groups.sort()
    return groups


def _told(asked: _Asked, group: str, tier: str, *, ground: _Ground | None) -> GroupDecision:
    if ground is not None:
        return _group_decision(group, tier, ground[0], ground[1], ())
    needs = asked.needs[group in NEVER_GRANTED][_RANK[tier]]
    return _group_decision(group, tier, NONE, None, needs)


# The same few come up in every record; to make one anew costs three times as much.
@lru_cache(maxsize=8_192)
def _group_decision(
    group: str, tier: str, rule: str, by: str | None, needs: tuple[str, ...]
) -> GroupDecision:
    return GroupDecision(group, tier, rule != NONE, rule, by, needs)


_Ground = tuple[str, str | None]
"""A rule, and the record that it rests on."""
_Grounds = tuple[_Ground | None, ...]
"""By the rank of a tier, the ground on which the reader gets its groups."""
_Needs = tuple[tuple[str, ...], ...]
"""By the rank of a tier, what would unlock its groups."""
_PUBLIC_GROUND: Final[_Ground] = ("public", None)
_CONSORTIUM_GROUND: Final[_Ground] = ("consortium", None)
_AUDITOR_GROUND: Final[_Ground] = (AUDITOR, None)
_PUBLIC_ALONE: Final[_Grounds] = (_PUBLIC_GROUND, None, None, None, None)
_FOR_MEMBERS: Final[_Grounds] = (_PUBLIC_GROUND, _CONSORTIUM_GROUND, None, None, None)
_NOTHING: Final[Mapping[str, _Ground]] = {}
_OPENED_RULES: Final = frozenset({GRANT, DELEGATION})
_ORDERED_RULES: Final = frozenset({ORDER})


class _Asked(NamedTuple):
    """What holds for all groups of one record."""

    filed: Filed
    is_auditor: bool
    by_tier: _Grounds
    opened: Mapping[str, _Ground]
    ordered: Mapping[str, _Ground]
    needs: tuple[_Needs, _Needs]


def _own(filed: Filed, reader: Principal) -> _Ground | None:
    """The rule by which a record is the reader's own; it keeps it whatever its standing."""
    if reader.did is None:
        return None
    if reader.did == filed.issuer:
        return "issuer", None
    return ("owner", None) if reader.did == filed.owner else None


def _by_tier(
    filed: Filed, state: SharingState, reader: Principal, *, own: _Ground | None
) -> _Grounds:
    """The ground of each tier, of the rules up to ``consortium`` in their order."""
    if own:
        return _PUBLIC_GROUND, own, own, own, own
    if reader.did is None:
        return _PUBLIC_ALONE
    whole = _of_both_sides(filed, state, reader)
    if whole:
        return _PUBLIC_GROUND, whole, whole, whole, None
    if not reader.is_member:
        return _PUBLIC_ALONE
    relation = _relation(filed, state, reader.did) if reader.did in filed.to else None
    if relation:
        partner = ("partner", relation)
        return _PUBLIC_GROUND, partner, partner, None, None
    return _FOR_MEMBERS if filed.index > reader.joined_at else _PUBLIC_ALONE


def _of_both_sides(filed: Filed, state: SharingState, reader: Principal) -> _Ground | None:
    """The rule by which a counterparty gets all that is not sealed."""
    case = state.agreements.case_of(filed.case, owner=filed.owner)
    if case is not None and case.is_open and reader.did in case.participants:
        return "case", case.record_id
    if reader.is_member and reader.did == filed.subject:
        return "subject", None
    return None


def _relation(filed: Filed, state: SharingState, did: str) -> str | None:
    """The relation that was in force with the issuer when an addressee's record was admitted."""
    for pair in ((did, filed.issuer), (filed.issuer, did)):
        for relation in state.relations.between(*pair):
            if relation.was_in_force(filed.index) and relation.covers(filed.family):
                return relation.record_id
    return None


def _opened(
    filed: Filed, state: SharingState, reader: Principal, *, at_ms: int
) -> Mapping[str, _Ground]:
    """The groups that owners have opened to the reader, each with the first word that does.

    Records of a case have two owners: what one grants alone opens nothing of them.
    """
    if filed.owner not in reader.entitlements:
        return _NOTHING
    opened = _opened_by(filed.owner, filed, reader, at_ms=at_ms)
    case = state.agreements.case_of(filed.case, owner=filed.owner)
    if not opened or case is None:
        return opened
    for owner in case.participants:
        # Nobody grants to itself, so the reader's own word is not asked for.
        if owner not in (filed.owner, reader.did):
            too = _opened_by(owner, filed, reader, at_ms=at_ms)
            opened = {group: ground for group, ground in opened.items() if group in too}
    return opened


def _opened_by(owner: str, filed: Filed, reader: Principal, *, at_ms: int) -> Mapping[str, _Ground]:
    opened: dict[str, _Ground] = {}
    for item in reader.entitlements.get(owner, ()):
        for group in item.opened(filed, at_ms=at_ms):
            if group not in opened:
                opened[group] = (item.rule, item.by)
    return opened


def _ordered(filed: Filed, reader: Principal, *, at_ms: int) -> Mapping[str, _Ground]:
    """The groups that a quorum ordered shown to the reader, each with the first such order."""
    if not reader.orders:
        return _NOTHING
    opened: dict[str, _Ground] = {}
    for order in reader.orders:
        if order.owner in (None, filed.owner) and (
            order.reads_from_ms <= at_ms < order.reads_until_ms
        ):
            for group in order.opens.get(filed.vct, ()):
                opened.setdefault(group, (ORDER, order.record_id))
    return opened


def _further(asked: _Asked, group: str, rank: int) -> _Ground | None:
    """The ground by the rules behind ``consortium``; nothing of what is sealed."""
    if rank == SEALED:
        return None
    ground = asked.opened.get(group)
    if ground is None and rank <= PARTNER and asked.is_auditor:
        return _AUDITOR_GROUND
    return ground or asked.ordered.get(group)


def _manifest(asked: _Asked, groups: Sequence[GroupDecision]) -> GroupDecision:
    """The manifest, which whoever reads a group above public needs to judge what it reads.

    Args:
        asked: the record and its reader.
        groups: its groups, ascending: the first one that was opened opens the manifest.
    """
    ground = asked.by_tier[CONSORTIUM] or _first(groups, _OPENED_RULES)
    if ground is None and asked.is_auditor:
        ground = _AUDITOR_GROUND
    ground = ground or _first(groups, _ORDERED_RULES)
    return _told(asked, "manifest", MANIFEST_TIER, ground=ground)


def _first(groups: Sequence[GroupDecision], rules: frozenset[str]) -> _Ground | None:
    return next(((item.rule, item.by) for item in groups if item.rule in rules), None)


def _address(asked: _Asked) -> GroupDecision:
    ground = asked.by_tier[PARTNER] or (_AUDITOR_GROUND if asked.is_auditor else None)
    return _told(asked, "address", ADDRESS_TIER, ground=ground)


def _filing(asked: _Asked, own: _Ground | None) -> GroupDecision:
    """Presence can betray an outcome: the filing is for issuer, owner and auditors alone."""
    ground = own or (_AUDITOR_GROUND if asked.is_auditor else None)
    rule, by = ground or (NONE, None)
    return _group_decision("filing", FILING_TIER, rule, by, ())


def _knows_two_owners(
    filed: Filed, state: SharingState, reader: Principal, by_tier: _Grounds
) -> bool:
    """Whether a record is one of a case, and its reader sees so in the address."""
    is_told = by_tier[PARTNER] is not None or reader.is_auditor
    return is_told and state.agreements.case_of(filed.case, owner=filed.owner) is not None


@cache
def _needs_by_tier(is_member: bool, has_two_owners: bool) -> tuple[_Needs, _Needs]:
    """What would unlock groups: membership, then any of the rest; last, of what no grant opens."""
    of_members = () if is_member else ("membership",)
    owners = ("both-owners" if has_two_owners else "grant",)
    sealed = ("sealing-key",)
    for_consortium = owners if is_member else of_members
    partner = (*of_members, "relation")
    return (
        ((), for_consortium, partner + owners, of_members + owners, sealed),
        ((), of_members, partner, of_members, sealed),
    )
