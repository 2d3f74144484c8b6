"""Acting together: who may propose, vote, consent, object and affirm (governance.md, 4)."""

from __future__ import annotations

from ledger import limits
from ledger.admission_effects import judge_effect
from ledger.admission_keys import judge_evidence
from ledger.faults import Refusal
from ledger.fold import endorsed, proposal_of
from ledger.fold_state import Governing, PublicFold
from ledger.precedents import Earlier
from ledger.proposal import CONSENTED, Proposal, Recovery
from ledger.quorum import electors, is_carried, tally


def judge_proposal(entry: Governing, fold: PublicFold, earlier: Earlier) -> Refusal | None:
    """Whether a proposal may be made: there is room, and its effect is possible."""
    del earlier
    open_still = sum(
        1
        for item in fold.proposals.values()
        if item.proposer == entry.iss and not item.has_lapsed(entry.admitted_ms)
    )
    if open_still >= limits.PROPOSALS_OPEN_MAX:
        return Refusal(
            "too-many-proposals",
            f"{open_still} proposals of {entry.iss} are open: withdraw one, or wait for votes",
        )
    proposal = proposal_of(fold, entry)
    return _judge_path(fold, proposal) or judge_effect(fold, proposal, entry)


def _judge_path(fold: PublicFold, proposal: Proposal) -> Refusal | None:
    """A view has room for what the proposed keys will rest on, and for what follows them."""
    if proposal.act not in CONSENTED:
        return None
    about = fold.parties.get(proposal.about or "")
    path = proposal.path | (about.standing_path if about else frozenset())
    # One place more for the consent, which is there before they are in force.
    return judge_evidence(path, limits.KEY_EVIDENCE_PROPOSED_MAX - 1)


def judge_endorsement(entry: Governing, fold: PublicFold, earlier: Earlier) -> Refusal | None:
    """Whether an endorsement is its signer's to give: of charter, proposal or own record."""
    of = entry.body["of"]
    if of == fold.charter_id:
        return _judge_charter_endorsement(entry, fold)
    proposal = fold.proposals.get(of)
    if proposal is not None:
        return _judge_vote(entry, fold, proposal)
    for recovery in fold.recoveries.values():
        if recovery.proposal.record_id == of:
            return _judge_objection(entry, recovery)
    return _judge_reaffirmation(entry, fold, earlier)


def _judge_charter_endorsement(entry: Governing, fold: PublicFold) -> Refusal | None:
    body = entry.body
    if entry.iss not in fold.awaited:
        return Refusal("not-permitted", f"{entry.iss} has endorsed the charter already")
    if (body["meaning"], body["reason"]) != ("approve", None):
        found = f"{body['meaning']!r} with reason {body['reason']!r}"
        return Refusal(
            "not-permitted", f"a charter is endorsed with 'approve' and no reason, found {found}"
        )
    return None


def _judge_vote(entry: Governing, fold: PublicFold, proposal: Proposal) -> Refusal | None:
    if proposal.has_lapsed(entry.admitted_ms):
        return Refusal("proposal-closed", "the proposal lapsed 30 days after its admission")
    refusal = _judge_voter(entry, fold, proposal)
    after = endorsed(proposal, entry)
    if refusal or after is None or entry.body["meaning"] == "reject":
        return refusal
    return judge_effect(fold, after, entry) if is_carried(fold, after) else None


def _judge_voter(entry: Governing, fold: PublicFold, proposal: Proposal) -> Refusal | None:
    meaning, iss = entry.body["meaning"], entry.iss
    if meaning == "accept":
        return _judge_consent(entry, fold, proposal)
    if meaning not in {"approve", "reject"}:
        return Refusal(
            "not-permitted", f"expected approve, reject or accept of a proposal, found {meaning!r}"
        )
    is_end = meaning == "reject" and (
        iss == proposal.proposer or (proposal.act == "recover" and iss == proposal.about)
    )
    if is_end or iss in electors(fold, proposal.rule, proposal.about):
        return None
    if iss == proposal.about:
        return Refusal("not-permitted", f"{iss} has no vote on what is about itself")
    roles = sorted(fold.rules.quorum[proposal.rule].electorate)
    return Refusal("not-permitted", f"{proposal.rule} is decided by {roles}, not by {iss}")


def _judge_consent(entry: Governing, fold: PublicFold, proposal: Proposal) -> Refusal | None:
    multikey = entry.kid.partition("#")[2]
    if entry.iss != proposal.about or multikey not in proposal.admin_keys:
        return Refusal(
            "not-permitted",
            "expected an admin key that the proposal names, by the party that it is about, "
            f"found {entry.kid}",
        )
    if proposal.consented_at is not None:
        return Refusal("not-permitted", f"accepted already, by entry {proposal.consented_at}")
    if entry.body["reason"] is not None:
        found = entry.body["reason"]
        return Refusal("not-permitted", f"consent has no reason: expected null, found {found!r}")
    return _judge_turn(fold, proposal)


def _judge_turn(fold: PublicFold, proposal: Proposal) -> Refusal | None:
    """The consent to a recovery comes after the votes.

    Its ``iss`` is a party that stands, its key one that the proposer chose: before the others
    agree to that key, any single member could put such an entry under another's name.
    """
    count = tally(fold, proposal)
    if proposal.act != "recover" or count.is_met:
        return None
    return Refusal(
        "approval-needed",
        f"the consent to a recovery comes after the votes: expected {count.needed} approvals, "
        f"found {len(count.approvals)}",
    )


def _judge_objection(entry: Governing, recovery: Recovery) -> Refusal | None:
    proposal = recovery.proposal
    if entry.body["meaning"] == "reject" and entry.iss == proposal.about:
        return None
    return Refusal(
        "proposal-closed",
        f"the recovery was carried by entry {recovery.ruled_at}; until it is complete only "
        f"{proposal.about} may still reject it",
    )


def _judge_reaffirmation(entry: Governing, fold: PublicFold, earlier: Earlier) -> Refusal | None:
    of, meaning = entry.body["of"], entry.body["meaning"]
    signed = earlier.find_signed(of)
    if signed is None:
        return Refusal("unknown-record", f"{of} awaits no endorsement")
    if signed.vct == "proposal/v1" and meaning != "accept":
        return Refusal("proposal-closed", f"the proposal of entry {signed.index} is over")
    if signed.kid.partition("#")[0] != entry.iss or meaning != "accept":
        return Refusal("not-permitted", f"entry {signed.index} awaits no word of {entry.iss}")
    if fold.contested(signed.kid, signed.index) is None:
        code = "proposal-closed" if signed.vct == "proposal/v1" else "not-permitted"
        return Refusal(code, f"entry {signed.index} is not contested: there is nothing to affirm")
    if of in fold.parties[entry.iss].reaffirmed:
        return Refusal("not-permitted", f"entry {signed.index} is affirmed already")
    return None
