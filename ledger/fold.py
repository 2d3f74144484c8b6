"""The public fold: who and what is in force after the entries so far.

Reads governance entries only, in order, and nothing else; immutable, so a reader may keep
the fold of any moment. What may be appended next is judged in :mod:`ledger.admission`; the
state itself and its queries stand in :mod:`ledger.fold_state`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from ledger.charter import Founder, parse_charter
from ledger.effects import advance, settle, without_recovery
from ledger.fold_documents import (
    apply_parameters,
    apply_part,
    apply_policy,
    apply_record_type,
)
from ledger.fold_keys import apply_admin_key, apply_key, apply_revocation
from ledger.fold_state import DocumentPart, Governing, PartKey, PublicFold
from ledger.party import Evidence, Party, RegisteredKey, Standing
from ledger.policy_history import founding_history
from ledger.proposal import Proposal, Vote, about_of
from ledger.record import encode_record_id

__all__ = [
    "DocumentPart",
    "Governing",
    "PartKey",
    "Party",
    "PublicFold",
    "RegisteredKey",
    "apply",
    "proposal_of",
    "settle",
]


def apply(fold: PublicFold, entry: Governing) -> PublicFold:
    """The fold after one more governance entry that admission has let through.

    Raises:
        MalformedCharter, MalformedType, MalformedDocument: content that admission would
            have refused; in an audit, a finding.
    """
    step = _STEPS.get(entry.vct)
    if step is None:
        return fold
    return step(settle(fold, index=entry.index, admitted_ms=entry.admitted_ms), entry)


def proposal_of(fold: PublicFold, entry: Governing) -> Proposal:
    """The proposal that a ``proposal/v1`` makes; whoever may vote has voted by proposing."""
    body = entry.body
    proposal = Proposal(
        record_id=encode_record_id(entry.record_id),
        index=entry.index,
        admitted_ms=entry.admitted_ms,
        proposer=entry.iss,
        act=body["act"],
        content=body["content"],
        reason=body["reason"],
        about=about_of(body["act"], body["content"], fold.origin),
        path=_path_of(fold, entry) | {entry.index},
    )
    return proposal.with_vote(entry.iss, Vote(True, entry.index))


def _path_of(fold: PublicFold, entry: Governing) -> frozenset[int]:
    party = fold.parties.get(entry.iss)
    return party.path_of(entry.kid.partition("#")[2]) if party else frozenset()


def _apply_charter(fold: PublicFold, entry: Governing) -> PublicFold:
    charter = parse_charter(entry.body, origin=fold.origin)
    founders = {founder.did: _party_of(founder) for founder in charter.founders}
    return replace(
        fold,
        charter=charter,
        charter_id=encode_record_id(entry.record_id),
        policies=founding_history(encode_record_id(entry.record_id)),
        history=((entry.index, charter.rules),),
        parties=founders,
        types=dict(charter.governance_types),
        awaited=frozenset(founders) - {charter.founders[0].did},
    )


def _party_of(founder: Founder) -> Party:
    party = Party(
        did=founder.did,
        slug=founder.slug,
        names=founder.names,
        roles=founder.roles,
        accreditations=founder.accreditations,
        entity=founder.entity,
        parent=founder.parent,
        commitment=founder.next_key,
        joined_at=0,
        standings=((0, Standing.MEMBER),),
    )
    return party.with_admin_keys(founder.admin_keys, 0)


def _apply_endorsement(fold: PublicFold, entry: Governing) -> PublicFold:
    of = entry.body["of"]
    if of == fold.charter_id:
        return _endorse_charter(fold, entry)
    proposal = fold.proposals.get(of)
    if proposal is not None:
        return _endorse_proposal(fold, proposal, entry)
    recovery = next((r for r in fold.recoveries.values() if r.proposal.record_id == of), None)
    if recovery is not None:
        return without_recovery(fold, entry.iss)
    return _reaffirm(fold, entry)


def _endorse_charter(fold: PublicFold, entry: Governing) -> PublicFold:
    if entry.iss not in fold.awaited:
        return fold
    party = replace(
        fold.parties[entry.iss],
        joined_at=entry.index,
        standings=((entry.index, Standing.MEMBER),),
        evidence=(Evidence(entry.index, entry.iss, entry.index),),
        standing_path=frozenset({entry.index}),
    )
    return replace(fold.with_party(party), awaited=fold.awaited - {entry.iss})


def _endorse_proposal(fold: PublicFold, proposal: Proposal, entry: Governing) -> PublicFold:
    after = endorsed(proposal, entry)
    if after is None:
        left = {key: item for key, item in fold.proposals.items() if key != proposal.record_id}
        return replace(fold, proposals=left)
    if entry.body["meaning"] == "reject":
        return replace(fold, proposals={**fold.proposals, after.record_id: after})
    return advance(fold, after, index=entry.index, admitted_ms=entry.admitted_ms)


def endorsed(proposal: Proposal, entry: Governing) -> Proposal | None:
    """The proposal after an endorsement of it; None where that ended it."""
    meaning = entry.body["meaning"]
    if meaning == "accept":
        return replace(proposal, consented_at=entry.index)
    if meaning == "reject" and entry.iss in {proposal.proposer, proposal.about}:
        return None
    return proposal.with_vote(entry.iss, Vote(meaning == "approve", entry.index))


def _reaffirm(fold: PublicFold, entry: Governing) -> PublicFold:
    party = fold.parties.get(entry.iss)
    if party is None:
        return fold
    stood_by = {entry.body["of"]: entry.index, **party.reaffirmed}
    return fold.with_party(replace(party, reaffirmed=stood_by))


def _apply_proposal(fold: PublicFold, entry: Governing) -> PublicFold:
    open_still = {
        key: item for key, item in fold.proposals.items() if not item.has_lapsed(entry.admitted_ms)
    }
    cleared = replace(fold, proposals=open_still)
    proposal = proposal_of(cleared, entry)
    return advance(cleared, proposal, index=entry.index, admitted_ms=entry.admitted_ms)


_STEPS: Final[Mapping[str, Callable[[PublicFold, Governing], PublicFold]]] = {
    "charter/v1": _apply_charter,
    "endorsement/v1": _apply_endorsement,
    "key/v1": apply_key,
    "admin-key/v1": apply_admin_key,
    "key-revocation/v1": apply_revocation,
    "proposal/v1": _apply_proposal,
    "record-type/v1": apply_record_type,
    "policy/v1": apply_policy,
    "parameters/v1": apply_parameters,
    "document-part/v1": apply_part,
}
