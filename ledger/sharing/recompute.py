"""A decision recomputed by its reader, of what it was shown and what it knows.

The same pure function decides again. What a reader cannot know (that it was a member then, that
nothing was revoked since, that a later policy narrowed a tier) is taken for whatever agrees, and
told as the log's word; where nothing that is possible agrees, the decision differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final, NamedTuple

from ledger.grown_map import GrownMap
from ledger.party import Party, Standing
from ledger.record_type import TIERS
from ledger.relations import Relation, Relations, find_act_faults
from ledger.sharing.act_forms import find_sharing_faults, opens_of
from ledger.sharing.agreements import Agreements, Case, Grant
from ledger.sharing.decision import (
    AUDITOR,
    Decision,
    GroupDecision,
    SharingState,
    decide,
    principal_of,
)
from ledger.sharing.entitlements import LABORATORY
from ledger.sharing.filed import Filed

#: Behind every entry: what counts now, and for no record that was admitted.
_NEVER: Final = 1 << 62
AGREES, DIFFERS, LOG_WORD = "agrees", "differs", "log-word"


@dataclass(frozen=True, slots=True)
class ShownRecord:
    """A record as its reader verified it: clear claims, place, and the values of its groups."""

    record_id: str
    index: int
    admitted_ms: int
    vct: str
    issuer: str
    policy: str
    groups: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KnownAct:
    """An ``act/v1`` that the reader verified."""

    record_id: str
    index: int
    issuer: str
    state: Mapping[str, Any]


class Finding(NamedTuple):
    """What recomputing says of one group of a decision."""

    group: str
    verdict: str


def recompute(
    decision: Decision, record: ShownRecord, acts: Mapping[str, KnownAct]
) -> tuple[Finding, ...]:
    """Decide again of what a reader knows, and compare group by group.

    Args:
        decision: what the log said.
        record: what was shown with it.
        acts: relations, grants, delegations and cases that the reader has, by record id.

    Returns:
        A finding for each group of the decision: it agrees; it differs whatever the reader does
        not know; or it rests on what was not shown and stays the log's word.
    """
    manifest = record.groups.get("manifest")
    if manifest is None or record.policy != decision.policy:
        verdict = LOG_WORD if record.policy == decision.policy else DIFFERS
        return tuple(_without_manifest(item, decision, record, verdict) for item in decision.groups)
    # What was granted may have been revoked and what was related may have ended, for all that
    # its reader knows: so it is left out, too, in part and in whole.
    possible = list(_possible(decision, record, manifest, _agreed(acts)))
    is_found = all(
        any(made.get(item.group) == item for made in possible) for item in decision.groups
    )
    ended = [] if is_found else list(_ended(decision, record, manifest, acts))
    return tuple(
        Finding(item.group, _verdict(item, record, (possible, ended), acts))
        for item in decision.groups
    )


def _ended(
    decision: Decision,
    record: ShownRecord,
    manifest: Mapping[str, Any],
    acts: Mapping[str, KnownAct],
) -> Iterator[Mapping[str, GroupDecision]]:
    for some, is_open in product((acts, *_fewer(decision, acts)), (True, False)):
        agreed = _agreed(some, has_open_cases=is_open)
        yield from _possible(decision, record, manifest, agreed)


def _fewer(decision: Decision, acts: Mapping[str, KnownAct]) -> Iterator[Mapping[str, KnownAct]]:
    """Without the grants that the decision does not name; then without such relations, too."""
    named = {item.by for item in decision.groups}
    named |= {acts[name].state.get("of") for name in named & acts.keys() if name is not None}
    for kinds in (("grant", "delegate"), ("grant", "delegate", "relation")):
        yield {
            name: act
            for name, act in acts.items()
            if name in named or act.state.get("act") not in kinds
        }


def _without_manifest(
    item: GroupDecision, decision: Decision, record: ShownRecord, verdict: str
) -> Finding:
    """Without the manifest it is only known who signed: the signer reads all, by that rule."""
    is_own = decision.reader == record.issuer
    if is_own != (item.rule == "issuer") and item.rule != "public":
        return Finding(item.group, DIFFERS)
    return Finding(item.group, AGREES if is_own and verdict != DIFFERS else verdict)


_Made = list[Mapping[str, GroupDecision]]
"""Decisions by group, each possible."""


def _verdict(
    item: GroupDecision,
    record: ShownRecord,
    made: tuple[_Made, _Made],
    acts: Mapping[str, KnownAct],
) -> str:
    possible, ended = made
    if _is_among(item, possible):
        return AGREES
    if _is_among(item, ended):
        return LOG_WORD
    # What rests on an act, or on an address, that was not shown cannot be looked into.
    is_unseen = item.by is not None and item.by not in acts
    return LOG_WORD if is_unseen or _rests_on_address(item, record, acts) else DIFFERS


def _is_among(item: GroupDecision, made: _Made) -> bool:
    return any(found.get(item.group) == item for found in made)


def _rests_on_address(
    item: GroupDecision, record: ShownRecord, acts: Mapping[str, KnownAct]
) -> bool:
    """Whether it may rest on an address that was not shown, or on a case that is not known."""
    address = record.groups.get("address")
    if address is not None:
        return address["case"] is not None and address["case"] not in acts
    return item.rule in ("partner", "case", "grant", "delegation")


def _possible(
    decision: Decision,
    record: ShownRecord,
    manifest: Mapping[str, Any],
    agreed: _Agreed,
) -> Iterator[Mapping[str, GroupDecision]]:
    """The decisions under everything that the reader cannot know."""
    filed = _filed(record, manifest)
    standings = (Standing.MEMBER, Standing.SUSPENDED)
    for standing, is_auditor, joined_at in product(standings, (False, True), (0, record.index)):
        reader = decision.reader
        party = {} if reader is None else {reader: _party(reader, standing, is_auditor, joined_at)}
        parties = {**agreed.delegators, **party}
        state = SharingState(
            size=decision.size,
            parties=parties,
            tiers=_TiersTold({item.group: item.tier for item in decision.groups}),
            relations=agreed.relations,
            agreements=agreed.agreements,
        )
        made = decide(filed, state, principal_of(reader, state), at_ms=decision.at_ms)
        yield {item.group: item for item in made.groups}
        if reader is None:
            return


def _filed(record: ShownRecord, manifest: Mapping[str, Any]) -> Filed:
    address = record.groups.get("address") or {"to": [], "case": None, "family": None}
    return Filed(
        record_id=record.record_id,
        index=record.index,
        admitted_ms=record.admitted_ms,
        vct=record.vct,
        issuer=record.issuer,
        owner=manifest["owner"],
        subject=manifest["subject"],
        tiers=tuple(manifest["groups"].items()),
        to=tuple(address["to"]),
        case=address["case"],
        family=address["family"],
        policy=record.policy,
    )


def _party(did: str, standing: Standing, is_auditor: bool, joined_at: int) -> Party:
    return Party(
        did=did,
        slug="",
        names={},
        roles=frozenset({AUDITOR}) if is_auditor else frozenset(),
        accreditations=frozenset(),
        entity="",
        parent=None,
        commitment="",
        joined_at=joined_at,
        standings=((joined_at, standing),),
    )


@dataclass(frozen=True, slots=True)
class _TiersTold:
    """Tiers as the decision says them, never below what the manifest states."""

    told: Mapping[str, str]

    def tier(self, policy: str, vct: str, group: str, *, stated: str) -> str:
        """The higher one of the told and the stated tier."""
        del policy, vct
        told = self.told.get(group, stated)
        return max(stated, told, key=TIERS.index) if told in TIERS else stated


# ---- acts ----


@dataclass(frozen=True, slots=True)
class _Agreed:
    """What the known acts put in force, as far as nothing that is unknown ended it."""

    relations: Relations = field(default_factory=Relations)
    agreements: Agreements = field(default_factory=Agreements)
    delegators: Mapping[str, Party] = field(default_factory=dict)


def _agreed(acts: Mapping[str, KnownAct], *, has_open_cases: bool = True) -> _Agreed:
    relations, grants, cases = [], [], []
    for act in sorted(filter(_is_readable, acts.values()), key=lambda act: act.index):
        match act.state.get("act"):
            case "relation":
                relations.append(_relation(act))
            case "grant":
                grants.append(_grant(act))
            case "delegate":
                grants += _delegation(act, acts)
            case "case":
                cases.append(_case(act, is_open=has_open_cases))
    relations += [_laboratory(grant) for grant in grants if grant.of is not None]
    return _Agreed(_relations(relations), _agreements(grants, cases), _members(grants))


def _is_readable(act: KnownAct) -> bool:
    """A log may define its acts in other words than those that are read here."""
    return not (find_act_faults(act.state) or find_sharing_faults(act.state))


def _relation(act: KnownAct) -> Relation:
    """Endorsed at once, for all that its reader knows."""
    return Relation(
        record_id=act.record_id,
        kind=act.state["kind"],
        customer=act.state["customer"],
        provider=act.state["provider"],
        families=frozenset(act.state["families"]),
        offered_by=act.issuer,
        offered_at=act.index,
        in_force_at=act.index,
    )


def _laboratory(passed: Grant) -> Relation:
    """The relation of a delegation, in force for all that its reader knows; of no record."""
    return Relation(
        record_id=f"laboratory of {passed.record_id}",
        kind=LABORATORY,
        customer=passed.granted_by,
        provider=passed.reader,
        families=frozenset(),
        offered_by=passed.granted_by,
        offered_at=_NEVER,
        in_force_at=_NEVER,
    )


def _grant(act: KnownAct) -> Grant:
    state = act.state
    filter_ = state.get("records") or {}
    families, ids = state.get("families"), filter_.get("ids")
    return Grant(
        record_id=act.record_id,
        index=act.index,
        owner=act.issuer,
        granted_by=act.issuer,
        reader=state["reader"],
        opens=opens_of(state),
        purpose=state["purpose"],
        reads_from_ms=state["reads"]["from"],
        reads_until_ms=state["reads"]["until"],
        families=None if families is None else frozenset(families),
        records_from_ms=filter_.get("from"),
        records=None if ids is None else frozenset(ids),
        case=state.get("case"),
    )


def _delegation(act: KnownAct, acts: Mapping[str, KnownAct]) -> list[Grant]:
    origin = acts.get(act.state["of"])
    if origin is None or origin.state.get("act") != "grant" or not _is_readable(origin):
        return []
    grant = _grant(origin)
    reads = act.state.get("reads") or origin.state["reads"]
    return [
        Grant(
            record_id=act.record_id,
            index=act.index,
            owner=grant.owner,
            granted_by=act.issuer,
            reader=act.state["reader"],
            opens=grant.opens,
            purpose=grant.purpose,
            reads_from_ms=reads["from"],
            reads_until_ms=reads["until"],
            of=grant.record_id,
        )
    ]


def _case(act: KnownAct, *, is_open: bool) -> Case:
    """Acknowledged, for all that its reader knows, and open or closed."""
    return Case(
        record_id=act.record_id,
        index=act.index,
        customer=act.state["customer"],
        supplier=act.state["supplier"],
        opened_by=act.issuer,
        number=act.state["number"],
        acknowledged_at=act.index,
        closed_at=None if is_open else act.index,
    )


def _relations(found: list[Relation]) -> Relations:
    pairs: dict[tuple[str, str], list[str]] = {}
    for item in found:
        pairs.setdefault((item.customer, item.provider), []).append(item.record_id)
    return Relations(
        GrownMap((item.record_id, item) for item in found),
        GrownMap((pair, GrownMap((item, None) for item in ids)) for pair, ids in pairs.items()),
    )


def _agreements(grants: list[Grant], cases: list[Case]) -> Agreements:
    readers: dict[str, list[str]] = {}
    for grant in grants:
        readers.setdefault(grant.reader, []).append(grant.record_id)
    return Agreements(
        grants=GrownMap((grant.record_id, grant) for grant in grants),
        cases=GrownMap((case.record_id, case) for case in cases),
        by_reader=GrownMap(
            (reader, GrownMap((item, None) for item in ids)) for reader, ids in readers.items()
        ),
    )


def _members(grants: list[Grant]) -> Mapping[str, Party]:
    """Readers of grants who passed them on, taken for members."""
    return {grant.reader: _party(grant.reader, Standing.MEMBER, False, 0) for grant in grants}
