"""What each act does to the fold once it is in force (docs/spec/governance.md, section 4).

Whether an effect is possible is judged before, in :mod:`ledger.admission_acts`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from ledger import limits
from ledger.fold_state import PublicFold
from ledger.log_keys import change_log_keys
from ledger.party import Contested, Party, Standing
from ledger.proposal import Proposal, Recovery
from ledger.quorum import is_carried, tally
from ledger.rules import amend_rules
from ledger.sharing.act_forms import opens_of
from ledger.sharing.orders import DISCLOSURE, ErasureOrder, Order

Effect = Callable[[PublicFold, Proposal, int, int], PublicFold]


def enact(fold: PublicFold, proposal: Proposal, *, index: int, admitted_ms: int) -> PublicFold:
    """The fold after a proposal came into force at this index.

    Raises:
        LedgerError: content that admission would have refused.
    """
    others = {key: item for key, item in fold.proposals.items() if key != proposal.record_id}
    after = _EFFECTS[proposal.act](fold, proposal, index, admitted_ms)
    return replace(after, proposals=others)


def advance(fold: PublicFold, proposal: Proposal, *, index: int, admitted_ms: int) -> PublicFold:
    """The fold after an entry brought a proposal on: open as it now is, or in force.

    Raises:
        LedgerError: content that admission would have refused.
    """
    if is_carried(fold, proposal):
        return enact(fold, proposal, index=index, admitted_ms=admitted_ms)
    return replace(fold, proposals={**fold.proposals, proposal.record_id: proposal})


def settle(fold: PublicFold, *, index: int, admitted_ms: int) -> PublicFold:
    """The fold as it stands for an entry of this index and time: due recoveries are complete.

    Only time makes the difference, so it may be asked again for the same entry.
    """
    due = [found for found in fold.recoveries.values() if found.due_ms <= admitted_ms]
    for recovery in due:
        fold = _complete(fold, recovery, index)
    return fold


def _complete(fold: PublicFold, recovery: Recovery, index: int) -> PublicFold:
    proposal = recovery.proposal
    assert proposal.about is not None
    party = fold.parties[proposal.about]
    # The new keys sign the entry of this index already, so they hold from the one before it.
    before = index - 1
    recovered = (
        replace(
            party.ending(party.admin_keys, index),
            commitment=proposal.content["next_key"],
            commitment_path=proposal.accepted_path,
        )
        .with_admin_keys(proposal.admin_keys, before, path=proposal.accepted_path)
        .with_evidence(*proposal.evidence(recovery.approvals, before))
    )
    return without_recovery(fold.with_party(recovered), party.did)


def without_recovery(fold: PublicFold, did: str) -> PublicFold:
    """The fold after the recovery of a party is over, complete or not."""
    left = {key: found for key, found in fold.recoveries.items() if key != did}
    return replace(fold, recoveries=left)


def _admit(fold: PublicFold, proposal: Proposal, index: int, admitted_ms: int) -> PublicFold:
    del admitted_ms
    content = proposal.content
    assert proposal.about is not None
    party = Party(
        did=proposal.about,
        slug=content["slug"],
        names=content["names"],
        roles=frozenset(content["roles"]),
        accreditations=frozenset(content["accreditations"]),
        entity=content["entity"],
        parent=content["parent"],
        commitment=content["next_key"],
        joined_at=index,
        standings=((index, Standing.MEMBER),),
        evidence=proposal.evidence(tally(fold, proposal).approvals, index),
        standing_path=proposal.accepted_path,
    )
    return fold.with_party(party.with_admin_keys(proposal.admin_keys, index))


def _roles(fold: PublicFold, proposal: Proposal, index: int, admitted_ms: int) -> PublicFold:
    del index, admitted_ms
    content = proposal.content
    party = replace(
        fold.parties[content["party"]],
        roles=frozenset(content["roles"]),
        accreditations=frozenset(content["accreditations"]),
        entity=content["entity"],
        parent=content["parent"],
    )
    return fold.with_party(party)


def _suspend(fold: PublicFold, proposal: Proposal, index: int, admitted_ms: int) -> PublicFold:
    del admitted_ms
    party = fold.parties[proposal.content["party"]]
    return fold.with_party(party.with_standing(Standing.SUSPENDED, index))


def _reinstate(fold: PublicFold, proposal: Proposal, index: int, admitted_ms: int) -> PublicFold:
    del admitted_ms
    party = fold.parties[proposal.content["party"]]
    return fold.with_party(party.with_standing(Standing.MEMBER, index))


def _remove(fold: PublicFold, proposal: Proposal, index: int, admitted_ms: int) -> PublicFold:
    del admitted_ms
    party = fold.parties[proposal.content["party"]]
    ended = party.ending(frozenset(party.keys), index).with_standing(Standing.REMOVED, index)
    return without_recovery(fold.with_party(ended), party.did)


def _recover(fold: PublicFold, proposal: Proposal, index: int, admitted_ms: int) -> PublicFold:
    due_ms = admitted_ms + limits.RECOVERY_NOTICE_MILLISECONDS
    recovery = Recovery(proposal, tally(fold, proposal).approvals, index, due_ms)
    return replace(fold, recoveries={**fold.recoveries, proposal.content["party"]: recovery})


def _contest(fold: PublicFold, proposal: Proposal, index: int, admitted_ms: int) -> PublicFold:
    del admitted_ms
    content = proposal.content
    return fold.with_party(
        contest_key(fold.parties[content["party"]], content["kid"], start=content["from"], at=index)
    )


def contest_key(party: Party, kid: str, *, start: int, at: int) -> Party:
    """The party after a key ended whose entries from ``start`` on are contested."""
    multikey = kid.partition("#")[2]
    ended = party.ending(frozenset({multikey}), at)
    key = ended.keys[multikey]
    # The entry that ended a key may still have been signed by it; that declaration stands.
    stop = at if key.ended_at is None else min(at, key.ended_at)
    return ended.with_key(replace(key, contested=(*key.contested, Contested(start, stop, at))))


def _amend(fold: PublicFold, proposal: Proposal, index: int, admitted_ms: int) -> PublicFold:
    del admitted_ms
    rules, content = fold.rules, proposal.content
    log_keys = rules.log_keys
    if "log_keys" in content:
        log_keys = change_log_keys(log_keys, content["log_keys"], origin=fold.origin)
    amended = amend_rules(rules, content, log_keys)
    return replace(fold, history=(*fold.history, (index, amended)))


def _approve(fold: PublicFold, proposal: Proposal, index: int, admitted_ms: int) -> PublicFold:
    del admitted_ms
    content = proposal.content
    name = content["vct"] if proposal.act == "record-type" else content["name"]
    key = (proposal.act, name, content["sha256"])
    return replace(fold, approved={**fold.approved, key: index})


def _order(fold: PublicFold, proposal: Proposal, index: int, admitted_ms: int) -> PublicFold:
    del index
    content = proposal.content
    if content["kind"] == DISCLOSURE:
        order = Order(
            record_id=proposal.record_id,
            reader=content["reader"],
            owner=content["owner"],
            opens=opens_of(content),
            reads_from_ms=content["reads"]["from"],
            reads_until_ms=content["reads"]["until"],
        )
        # What is over opens nothing at any later instant.
        alive = [item for item in fold.orders if item.reads_until_ms > admitted_ms]
        return replace(fold, orders=(*alive, order))
    erasure = ErasureOrder(
        record_id=proposal.record_id,
        of=content["of"],
        groups=frozenset(content["groups"]),
        reason=content["reason"],
    )
    return replace(fold, erasure_orders={**fold.erasure_orders, erasure.record_id: erasure})


_EFFECTS: Final[Mapping[str, Effect]] = {
    "admit": _admit,
    "roles": _roles,
    "suspend": _suspend,
    "reinstate": _reinstate,
    "remove": _remove,
    "recover": _recover,
    "contest": _contest,
    "amend": _amend,
    "record-type": _approve,
    "policy": _approve,
    "parameters": _approve,
    "order": _order,
}
