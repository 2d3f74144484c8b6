"""Counting: who may vote, whether a proposal has enough, whether a rule is still in reach."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.fold_state import PublicFold
from ledger.party import Standing
from ledger.proposal import Proposal


@dataclass(frozen=True, slots=True)
class Tally:
    """The votes that count: whose approval, of whom, and how many are needed."""

    electors: frozenset[str]
    approvals: frozenset[str]
    rejections: frozenset[str]
    needed: int

    @property
    def is_met(self) -> bool:
        """Whether enough approve."""
        return len(self.approvals) >= self.needed


def electors(fold: PublicFold, rule: str, about: str | None = None) -> frozenset[str]:
    """The members that may vote: a role of the electorate, and not the party it is about."""
    roles = fold.rules.quorum[rule].electorate
    return frozenset(
        did
        for did, party in fold.parties.items()
        if party.is_member and party.roles & roles and did != about
    )


def count_needed(fold: PublicFold, rule: str) -> int:
    """How many approvals a rule asks; a majority is more than half of the electorate.

    Suspended parties and the one that an act is about count there although they do not vote:
    otherwise one half could suspend the other party by party, each time of a smaller whole.
    """
    quorum = fold.rules.quorum[rule]
    if quorum.threshold is not None:
        return quorum.threshold
    base = sum(
        1
        for party in fold.parties.values()
        if party.standing is not Standing.REMOVED and party.roles & quorum.electorate
    )
    return base // 2 + 1


def tally(fold: PublicFold, proposal: Proposal) -> Tally:
    """Count a proposal's votes by the rules and the standing of this fold."""
    voters = electors(fold, proposal.rule, proposal.about)
    counted = {did: vote for did, vote in proposal.votes.items() if did in voters}
    approvals = frozenset(did for did, vote in counted.items() if vote.is_approval)
    return Tally(
        electors=voters,
        approvals=approvals,
        rejections=frozenset(counted) - approvals,
        needed=count_needed(fold, proposal.rule),
    )


def is_carried(fold: PublicFold, proposal: Proposal) -> bool:
    """Whether a proposal has what its rule asks: consent where needed, and enough approvals."""
    if proposal.is_leaving:
        return True
    return not proposal.awaits_consent and tally(fold, proposal).is_met


def find_out_of_reach(fold: PublicFold) -> str | None:
    """A rule that the members of this fold could not meet, None where there is none."""
    return next(
        (
            rule
            for rule in fold.rules.quorum
            if len(electors(fold, rule)) < count_needed(fold, rule)
        ),
        None,
    )
