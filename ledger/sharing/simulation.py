"""Who would see what: the decision asked for one reader of each class, about a made-up record.

The record is the owner's, addressed to a partner and to its subject; every class of readers has
one party that is nothing else. So a policy is tried out before anybody votes on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ledger.grown_map import GrownMap
from ledger.party import Party, Standing
from ledger.policy_history import PolicyHistory
from ledger.relations import Relation, Relations
from ledger.sharing.agreements import Agreements, Case, Grant
from ledger.sharing.decision import (
    ANYONE,
    AUDITOR,
    GroupDecision,
    SharingState,
    decide,
    principal_of,
)
from ledger.sharing.filed import Filed
from ledger.sharing.orders import Order

#: From who sees least to who sees most.
READERS: Final = (
    "public",
    "late-member",
    "member",
    "auditor",
    "partner",
    "grantee",
    "authority",
    "case",
    "subject",
    "owner",
)
_INDEX, _LATER, _NOW_MS = 100, 200, 1
_CASE: Final = "case"


@dataclass(frozen=True, slots=True)
class SimulatedRecord:
    """A record of a type as far as its sharing goes: each group with the tier it is filed at."""

    vct: str
    tiers: tuple[tuple[str, str], ...]
    policy: str


def simulate(
    record: SimulatedRecord, policies: PolicyHistory, readers: Sequence[str] = READERS
) -> Mapping[str, tuple[GroupDecision, ...]]:
    """What each class of readers gets of the record's groups, closed groups left out.

    Args:
        record: its type, and the policy that it names.
        policies: with every version that counts, later ones too.
        readers: some of :data:`READERS`.
    """
    state = _state(record, policies)
    groups = {group for group, _ in record.tiers}
    found: dict[str, tuple[GroupDecision, ...]] = {}
    for reader in readers:
        principal = ANYONE if reader == "public" else principal_of(reader, state)
        filed = _filed(record)
        if reader == "case":
            filed = replace(filed, case=_CASE)
        decision = decide(filed, state, principal, at_ms=_NOW_MS)
        found[reader] = tuple(item for item in decision.groups if item.group in groups)
    return found


def _filed(record: SimulatedRecord) -> Filed:
    return Filed(
        record_id="record",
        index=_INDEX,
        admitted_ms=_NOW_MS,
        vct=record.vct,
        issuer="owner",
        owner="owner",
        subject="subject",
        tiers=record.tiers,
        to=("partner", "subject"),
        case=None,
        family=None,
        policy=record.policy,
    )


def _state(record: SimulatedRecord, policies: PolicyHistory) -> SharingState:
    opens = {record.vct: frozenset(group for group, _ in record.tiers)}
    relation = Relation("relation", "supply", "partner", "owner", frozenset(), "owner", 1, 2)
    grant = Grant("grant", 3, "owner", "owner", "grantee", opens, "audit", 0, 9, records_from_ms=0)
    case = Case(_CASE, 4, "case", "owner", "owner", "1", acknowledged_at=5)
    return SharingState(
        size=_LATER + 1,
        parties={name: _party(name) for name in READERS},
        tiers=policies,
        relations=Relations(
            by_id=GrownMap([("relation", relation)]),
            by_pair=GrownMap([(("partner", "owner"), GrownMap([("relation", None)]))]),
        ),
        agreements=Agreements(
            grants=GrownMap([("grant", grant)]),
            cases=GrownMap([(_CASE, case)]),
            by_reader=GrownMap([("grantee", GrownMap([("grant", None)]))]),
        ),
        orders=(Order("order", "authority", None, opens, 0, 9),),
    )


def _party(name: str) -> Party:
    joined = _LATER if name == "late-member" else 0
    return Party(
        did=name,
        slug=name,
        names={},
        roles=frozenset({AUDITOR} if name == "auditor" else {"supplier"}),
        accreditations=frozenset(),
        entity="legal-entity",
        parent=None,
        commitment="",
        joined_at=joined,
        standings=((joined, Standing.MEMBER),),
    )
