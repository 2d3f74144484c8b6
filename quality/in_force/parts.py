"""Parts: what a customer buys from a supplier, in force once both have signed.

The customer proposes, the supplier endorses. A later record of the same customer, supplier and
number is a new revision; the one in force stands until that one is endorsed. At most one
proposal of a part is open: a later one takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from ledger.faults import Fault, Refusal
from ledger.grown_map import GrownMap
from quality.near_codes import near_known

Pair = tuple[str, str]
"""Customer and supplier."""


class PartKey(NamedTuple):
    """What names a part: customer, supplier, and the customer's number."""

    customer: str
    supplier: str
    number: str


@dataclass(frozen=True, slots=True)
class PartRevision:
    """What one record says of a part. ``pieces`` is how many pieces a unit is, where stated."""

    record_id: str
    revision: str
    supplier_number: str | None
    family: str
    unit: str
    pieces: str | None
    is_safety: bool
    site: str | None
    index: int
    in_force_at: int | None = None


class Move(NamedTuple):
    """A part brought to another family by the entry of this index."""

    family: str
    at: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part with the revision in force, the one that waits for the supplier, and earlier ones.

    ``family`` is the one family that it belongs to; it follows a move, not a new revision.
    """

    key: PartKey
    family: str
    in_force: PartRevision | None = None
    proposed: PartRevision | None = None
    earlier: tuple[PartRevision, ...] = ()
    moves: tuple[Move, ...] = ()

    def revision_at(self, index: int) -> PartRevision | None:
        """The revision that was in force for the entry of an index."""
        begun = [
            one
            for one in (*self.earlier, self.in_force)
            if one is not None and one.in_force_at is not None and one.in_force_at < index
        ]
        return begun[-1] if begun else None


#: Parts of one customer that one supplier has not answered.
PARTS_WAITING_MAX: Final = 50_000
_NO_PARTS: Final[GrownMap[str, Part]] = GrownMap()


@dataclass(frozen=True, slots=True)
class Parts:
    """Every part, nested by the pair that it is between; ``proposals`` by record id."""

    by_pair: GrownMap[Pair, GrownMap[str, Part]] = field(default_factory=GrownMap)
    proposals: GrownMap[str, PartKey] = field(default_factory=GrownMap)
    # Asked under the head lock, where nobody can go through all parts of a pair.
    bound: GrownMap[Pair, bool] = field(default_factory=GrownMap)
    waiting: GrownMap[Pair, int] = field(default_factory=GrownMap)

    def find(self, key: PartKey) -> Part | None:
        """The part of that number between the two; None where none was ever proposed."""
        known = self.by_pair.get((key.customer, key.supplier))
        return None if known is None else known.get(key.number)

    def of(self, customer: str, supplier: str) -> Mapping[str, Part]:
        """The parts between the two, by number."""
        return self.by_pair.get((customer, supplier), _NO_PARTS)

    def unknown(self, key: PartKey, *, pointer: str) -> Refusal:
        """The refusal of a number that is no part between the two."""
        near = " or ".join(near_known(key.number, self.of(key.customer, key.supplier)))
        expected = f"a part of {key.customer} from {key.supplier}"
        fault = Fault(pointer, f"{expected}, such as {near}" if near else expected, key.number)
        detail = f"{pointer}: expected {fault.expected}, found {key.number}"
        return Refusal("unknown-part", detail, (fault,))

    def with_proposal(self, key: PartKey, revision: PartRevision) -> Parts:
        """The parts after a record of type ``part/v1``."""
        known = self.find(key) or Part(key, revision.family)
        family = known.family if known.in_force else revision.family
        part = replace(known, family=family, proposed=revision)
        more = 0 if known.proposed else 1
        return replace(
            self._with(part),
            proposals=self.proposals.grown(revision.record_id, key),
            waiting=self._waiting(key, more),
        )

    def with_answer(self, record_id: str, *, is_approved: bool, index: int) -> Parts:
        """The parts after the supplier's endorsement; one that is not open changes nothing."""
        part = self.find_proposed(record_id)
        if part is None or part.proposed is None:
            return self
        rest = replace(self, waiting=self._waiting(part.key, -1))
        if not is_approved:
            return rest._with(replace(part, proposed=None))
        pair = (part.key.customer, part.key.supplier)
        if pair not in self.bound:
            rest = replace(rest, bound=self.bound.grown(pair, True))
        earlier = (*part.earlier, part.in_force) if part.in_force else part.earlier
        in_force = replace(part.proposed, in_force_at=index)
        return rest._with(replace(part, in_force=in_force, proposed=None, earlier=earlier))

    def with_move(self, key: PartKey, move: Move) -> Parts:
        """The parts after a move of one to another family."""
        part = self.find(key)
        if part is None:
            return self
        return self._with(replace(part, family=move.family, moves=(*part.moves, move)))

    def find_proposed(self, record_id: str) -> Part | None:
        """The part whose open proposal the record is."""
        key = self.proposals.get(record_id)
        part = self.find(key) if key else None
        is_open = part and part.proposed and part.proposed.record_id == record_id
        return part if is_open else None

    def is_bound(self, customer: str, supplier: str) -> bool:
        """Whether a part between the two was ever in force; it is one still then."""
        return (customer, supplier) in self.bound

    def judge_waiting(self, key: PartKey) -> Refusal | None:
        """Whether one more proposal may wait for the supplier; a later one replaces its earlier."""
        waiting = self.waiting.get((key.customer, key.supplier), 0)
        known = self.find(key)
        if waiting < PARTS_WAITING_MAX or (known and known.proposed):
            return None
        return Refusal(
            "not-permitted",
            f"expected at most {PARTS_WAITING_MAX} parts that wait for {key.supplier}, found "
            f"{waiting}: have it endorse or reject some",
        )

    def _waiting(self, key: PartKey, more: int) -> GrownMap[Pair, int]:
        pair = (key.customer, key.supplier)
        return self.waiting.grown(pair, self.waiting.get(pair, 0) + more) if more else self.waiting

    def _with(self, part: Part) -> Parts:
        pair = (part.key.customer, part.key.supplier)
        known = self.by_pair.get(pair, _NO_PARTS)
        return replace(self, by_pair=self.by_pair.grown(pair, known.grown(part.key.number, part)))


def read_part(
    facts: Mapping[str, Any], *, record_id: str, index: int
) -> tuple[PartKey, PartRevision]:
    """The part that the facts of a record of type ``part/v1`` propose."""
    state = facts["state"]
    key = PartKey(state["customer"], state["supplier"], state["number"])
    return key, PartRevision(
        record_id=record_id,
        revision=state["revision"],
        supplier_number=state.get("supplier_number"),
        family=state["family"],
        unit=state["unit"],
        pieces=facts["pieces"],
        is_safety=state["safety"],
        site=state.get("site"),
        index=index,
    )
