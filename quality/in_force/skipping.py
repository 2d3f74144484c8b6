"""Skip-lot commits: what a customer has committed itself to, and how far it has revealed.

A customer commits the end of a hash chain for a part, at most one at a time for the same lots,
and reveals it from there: the pre-image of position *j* leads by *j* hashes to the end. What
can be told when a record is admitted is told here; which lot is drawn, and whether a reveal was
in time, by :mod:`quality.sampling.skip_lot` (docs/spec/sampling.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final

from keys.encoding import decode_base64url, encode_base64url
from keys.errors import MalformedEncoding
from ledger.grown_map import GrownMap
from quality.in_force.parts import PartKey

#: Positions of a chain.
CHAIN_LENGTH_MAX: Final = 1_024
#: Positions that a reveal goes on at most: it costs as many hashes, under the head lock.
GAP_MAX: Final = 64
HASH_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class SkipCommit:
    """A chain that a customer committed for the lots of a part.

    Attributes:
        record_id: of the act.
        index: of its entry.
        part: whose lots may be skipped.
        site: the supplier's site that they come from; None takes those of every site.
        end: the end of the chain, base64url.
        length: how many positions it has.
        one_in: one lot in so many is inspected.
        accepted_before: lots in a row that must have been accepted before one is skipped.
        reveal_within_hours: from the admission of a lot.
        position: of the newest reveal, 0 before the first one.
        known: the newest pre-image, the end before the first one, base64url.
        ended_at: the entry that ended it.
    """

    record_id: str
    index: int
    part: PartKey
    site: str | None
    end: str
    length: int
    one_in: int
    accepted_before: int
    reveal_within_hours: int
    position: int = 0
    known: str = ""
    ended_at: int | None = None

    @property
    def is_live(self) -> bool:
        """Whether lots may still take its positions.

        One whose last position was revealed is live, too: shipments take its positions still,
        and of a second commit for them the customer could choose the draw that it likes.
        """
        return self.ended_at is None

    @property
    def is_used_up(self) -> bool:
        """Whether nothing is left to reveal."""
        return self.position >= self.length

    def leads_on(self, pre_image: bytes, position: int) -> bool:
        """Whether this is the pre-image of a later position than the newest one."""
        if not self.position < position <= min(self.length, self.position + GAP_MAX):
            return False
        return encode_base64url(hashed(pre_image, position - self.position)) == self.known


_NO_COMMITS: Final[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True)
class SkipLots:
    """Every commit by its record, those not ended by part, and what was used up.

    ``ends`` are by customer, as one does not learn what another has committed; ``revealed`` by
    commit and lot.
    """

    by_id: GrownMap[str, SkipCommit] = field(default_factory=GrownMap)
    by_part: GrownMap[PartKey, tuple[str, ...]] = field(default_factory=GrownMap)
    ends: GrownMap[tuple[str, str], None] = field(default_factory=GrownMap)
    revealed: GrownMap[tuple[str, str], None] = field(default_factory=GrownMap)

    def live(self, part: PartKey, site: str | None) -> SkipCommit | None:
        """A commit that takes lots of this part, too, which come from this site or from any."""
        for commit in self.live_of(part):
            if site is None or commit.site in (None, site):
                return commit
        return None

    def live_of(self, part: PartKey) -> Iterator[SkipCommit]:
        """The commits of a part that were not ended."""
        found = (self.by_id[record_id] for record_id in self.by_part.get(part, _NO_COMMITS))
        return (commit for commit in found if commit.is_live)

    def is_used(self, customer: str, end: str) -> bool:
        """Whether a customer has committed this end, or revealed it as a pre-image."""
        return (customer, end) in self.ends

    def with_commit(self, commit: SkipCommit) -> SkipLots:
        """The commits after one more."""
        alive = tuple(one.record_id for one in self.live_of(commit.part))
        return replace(
            self,
            by_id=self.by_id.grown(commit.record_id, replace(commit, known=commit.end)),
            by_part=self.by_part.grown(commit.part, (*alive, commit.record_id)),
            ends=self.ends.grown((commit.part.customer, commit.end), None),
        )

    def with_reveal(self, party: str, state: Mapping[str, Any]) -> SkipLots:
        """The commits after a reveal; one of another party or of the past changes nothing."""
        commit = self.by_id.get(state["of"])
        if commit is None or party != commit.part.customer or not commit.is_live:
            return self
        if not commit.position < state["position"] <= commit.length:
            return self
        after = replace(commit, position=state["position"], known=state["preimage"])
        return replace(
            self,
            by_id=self.by_id.grown(commit.record_id, after),
            ends=self.ends.grown((party, after.known), None),
            revealed=self.revealed.grown((commit.record_id, state["lot"]), None),
        )

    def with_end(self, party: str, record_id: str, *, index: int) -> SkipLots:
        """The commits after the end of one; it ends once, and for its customer alone."""
        commit = self.by_id.get(record_id)
        if commit is None or party != commit.part.customer or commit.ended_at is not None:
            return self
        return replace(self, by_id=self.by_id.grown(record_id, replace(commit, ended_at=index)))


def read_commit(state: Mapping[str, Any], *, record_id: str, index: int) -> SkipCommit:
    """The commit that the group ``state`` of an act makes."""
    part = state["part"]
    return SkipCommit(
        record_id=record_id,
        index=index,
        part=PartKey(part["customer"], part["supplier"], part["number"]),
        site=state.get("site"),
        end=state["end"],
        length=state["length"],
        one_in=state["one_in"],
        accepted_before=state["accepted_before"],
        reveal_within_hours=state["reveal_within_hours"],
    )


def read_hash(text: str) -> bytes | None:
    """The 32 bytes of a hash or pre-image in base64url; None where it is none."""
    try:
        found = decode_base64url(text)
    except MalformedEncoding:
        return None
    return found if len(found) == HASH_BYTES else None


# ---- the chain ----


def hashed(value: bytes, times: int) -> bytes:
    """A value hashed so many times with SHA-256."""
    for _ in range(times):
        value = sha256(value).digest()
    return value


def chain_end(seed: bytes, length: int) -> bytes:
    """The end to commit of the chain of a seed: 32 random bytes that serve one commit alone."""
    return hashed(seed, length)


def pre_image(seed: bytes, length: int, *, position: int) -> bytes:
    """What is revealed for a position, 1 to ``length``; the seed itself is that of the last."""
    return hashed(seed, length - position)
