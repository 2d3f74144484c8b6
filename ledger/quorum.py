"""Counting: who may vote, whether a proposal has enough, whether a rule is still in reach."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from ledger.fold_state import PublicFold
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


def count_needed(fold: PublicFold, rule: str, voters: int) -> int:
    """How many approvals a rule asks of so many voters; a majority is more than half."""
    threshold = fold.rules.quorum[rule].threshold
    return voters // 2 + 1 if threshold is None else threshold


def tally(fold: PublicFold, proposal: Proposal) -> Tally:
    """Count a proposal's votes by the rules and the standing of this fold."""
    voters = electors(fold, proposal.rule, proposal.about)
    counted = {did: vote for did, vote in proposal.votes.items() if did in voters}
    approvals = frozenset(did for did, vote in counted.items() if vote.is_approval)
    return Tally(
        electors=voters,
        approvals=approvals,
        rejections=frozenset(counted) - approvals,
        needed=count_needed(fold, proposal.rule, len(voters)),
    )


def is_carried(fold: PublicFold, proposal: Proposal) -> bool:
    """Whether a proposal has what its rule asks: consent where needed, and enough approvals."""
    if proposal.is_leaving:
        return True
    return not proposal.awaits_consent and tally(fold, proposal).is_met


def find_out_of_reach(fold: PublicFold) -> str | None:
    """A rule that the members of this fold could not meet, None where there is none."""
    return next((rule for rule in fold.rules.quorum if not _is_in_reach(fold, rule)), None)


def _is_in_reach(fold: PublicFold, rule: str) -> bool:
    quorum = fold.rules.quorum[rule]
    able = (p for p in fold.parties.values() if p.is_member and p.roles & quorum.electorate)
    # Counted as far as it matters: a consortium may have a thousand members.
    missing = quorum.threshold or 1
    return sum(1 for _ in islice(able, missing)) == missing
