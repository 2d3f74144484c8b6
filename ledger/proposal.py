"""A proposal on its way: what it would do, who voted how, whether its party consents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from keys.identifiers import Slug, parse_origin, party_did
from ledger import limits
from ledger.party import Evidence

#: The quorum by which each act is decided.
RULE_OF: Final[Mapping[str, str]] = {
    "admit": "admit",
    "roles": "admit",
    "suspend": "suspend",
    "reinstate": "suspend",
    "remove": "remove",
    "recover": "recover",
    "contest": "recover",
    "amend": "amend",
    "record-type": "record-type",
    "policy": "policy",
    "parameters": "policy",
    "order": "policy",
}
#: Acts that a new key of their party must accept.
CONSENTED: Final = frozenset({"admit", "recover"})
#: Acts whose effect may leave too few members for some rule.
NARROWING: Final = frozenset({"amend", "roles", "suspend", "remove"})


@dataclass(frozen=True, slots=True)
class Vote:
    """A party's last word on a proposal, and the entry that has it."""

    is_approval: bool
    index: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """An open proposal.

    ``about`` is the DID of the party that the act is about, None where it is about none;
    ``consented_at`` the entry by which that party accepted; ``path`` holds the entries that
    the proposer's key rests on, and the proposal itself.
    """

    record_id: str
    index: int
    admitted_ms: int
    proposer: str
    act: str
    content: Mapping[str, Any]
    reason: str | None
    about: str | None
    votes: Mapping[str, Vote] = field(default_factory=dict)
    consented_at: int | None = None
    path: frozenset[int] = frozenset()

    @property
    def rule(self) -> str:
        """The act of the charter whose quorum decides."""
        return RULE_OF[self.act]

    @property
    def is_leaving(self) -> bool:
        """Whether a party removes itself, which needs nobody's consent."""
        return self.act == "remove" and self.about == self.proposer

    @property
    def awaits_consent(self) -> bool:
        """Whether the party that it is about must still accept."""
        return self.act in CONSENTED and self.consented_at is None

    @property
    def admin_keys(self) -> tuple[str, ...]:
        """The admin keys that it proposes, none for most acts."""
        return tuple(self.content["admin_keys"]) if self.act in CONSENTED else ()

    @property
    def accepted_path(self) -> frozenset[int]:
        """The entries that the keys it puts in force rest on: it, its proposer's, the consent."""
        return self.path if self.consented_at is None else self.path | {self.consented_at}

    def has_lapsed(self, at_ms: int) -> bool:
        """Whether it waited too long."""
        return at_ms - self.admitted_ms > limits.PROPOSAL_MILLISECONDS_MAX

    def with_vote(self, party: str, vote: Vote) -> Proposal:
        """The proposal after a party's vote; its last one counts."""
        return replace(self, votes={**self.votes, party: vote})

    def evidence(self, approvals: frozenset[str], holds_from: int) -> tuple[Evidence, ...]:
        """The entries that carried it: itself, the approvals, the consent; ascending."""
        found = {self.index: self.proposer}
        found |= {vote.index: did for did, vote in self.votes.items() if did in approvals}
        if self.consented_at is not None and self.about is not None:
            found[self.consented_at] = self.about
        return tuple(Evidence(index, did, holds_from) for index, did in sorted(found.items()))


@dataclass(frozen=True, slots=True)
class Recovery:
    """A recovery whose rule is met and that waits for objections until ``due_ms``."""

    proposal: Proposal
    approvals: frozenset[str]
    ruled_at: int
    due_ms: int


def about_of(act: str, content: Mapping[str, Any], origin: str) -> str | None:
    """The DID of the party that an act is about; None for acts about none."""
    if act == "admit":
        return str(party_did(parse_origin(origin), Slug(content["slug"])))
    if act == "order":
        # Who is to be shown something has no vote on it.
        return content.get("reader")
    party = content.get("party")
    return None if party is None else str(party)
