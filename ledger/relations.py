"""Relations: who supplies, certifies or measures for whom (docs/spec/relations.md).

A pure fold over records of type ``act/v1``. One side offers a relation and the other one
endorses it; it is in force from the entry of that endorsement until either side ends it. What
relations are for (rights to write a type, what a reader may see) is asked elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ledger import limits
from ledger.faults import Refusal

ACT_VCT: Final = "act/v1"
KINDS: Final = ("supply", "certification", "laboratory")
CUSTOMER: Final = "customer"
PROVIDER: Final = "provider"


@dataclass(frozen=True, slots=True)
class Relation:
    """One relation: offered at an entry, in force from another one, ended at a third.

    ``provider`` is the supplier, certifier or laboratory. ``families`` are the part families
    it is about; empty where it is about none in particular (certification, laboratory).
    """

    record_id: str
    kind: str
    customer: str
    provider: str
    families: frozenset[str]
    offered_by: str
    offered_at: int
    in_force_at: int | None = None
    ended_at: int | None = None

    @property
    def other(self) -> str:
        """The side that did not offer it, which endorses or rejects."""
        return self.provider if self.offered_by == self.customer else self.customer

    @property
    def is_open(self) -> bool:
        """Whether it waits for the other side."""
        return self.in_force_at is None and self.ended_at is None

    @property
    def is_in_force(self) -> bool:
        """Whether it is in force for the next entry."""
        return self.in_force_at is not None and self.ended_at is None

    def was_in_force(self, index: int) -> bool:
        """Whether it was in force when the entry of this index was admitted."""
        if self.in_force_at is None or index <= self.in_force_at:
            return False
        return self.ended_at is None or index <= self.ended_at

    def covers(self, family: str | None) -> bool:
        """Whether it is about the family; a family of None asks for none in particular."""
        return family is None or family in self.families


@dataclass(frozen=True, slots=True)
class Relations:
    """Every relation that was ever offered, by the record id of its offer."""

    by_id: Mapping[str, Relation] = field(default_factory=dict)
    # The pairs are asked about with every record: (customer, provider) to record ids.
    by_pair: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def between(self, customer: str, provider: str) -> Iterator[Relation]:
        """The relations of this customer with this provider, ended ones too."""
        for record_id in self.by_pair.get((customer, provider), ()):
            yield self.by_id[record_id]

    def find_in_force(
        self, kind: str, *, customer: str, provider: str, family: str | None
    ) -> Relation | None:
        """A relation that is in force for the next entry; None where there is none."""
        return next(
            (
                found
                for found in self.between(customer, provider)
                if found.is_in_force and found.kind == kind and found.covers(family)
            ),
            None,
        )

    def find_on_side(
        self, kind: str, *, party: str, side: str, other: str, family: str | None
    ) -> Relation | None:
        """A relation in force in which ``party`` is the customer or the provider of ``other``."""
        customer, provider = (party, other) if side == CUSTOMER else (other, party)
        return self.find_in_force(kind, customer=customer, provider=provider, family=family)

    def are_related(self, one: str, other: str, *, family: str | None) -> bool:
        """Whether any relation of the two is in force, whichever side each is on."""
        both = (*self.between(one, other), *self.between(other, one))
        return any(found.is_in_force and found.covers(family) for found in both)

    def judge(self, party: str, act: Mapping[str, Any]) -> Refusal | None:
        """Whether the party may offer, endorse or end this; acts of another kind pass.

        Args:
            party: who signs.
            act: the group ``state`` of an ``act/v1``, which meets its schema.
        """
        if act["act"] == "relation":
            return self._judge_offer(party, act)
        found = self.by_id.get(act.get("of", ""))
        if found is None:
            return None
        return _judge_answer(party, found, act)

    def apply(self, party: str, act: Mapping[str, Any], *, record_id: str, index: int) -> Relations:
        """The relations after an act that was judged."""
        if act["act"] == "relation":
            return self._offered(party, act, record_id=record_id, index=index)
        found = self.by_id.get(act.get("of", ""))
        if found is None:
            return self
        if act["act"] == "endorse" and act["meaning"] == "approve":
            return self._with(replace(found, in_force_at=index))
        return self._with(replace(found, ended_at=index))

    def _judge_offer(self, party: str, act: Mapping[str, Any]) -> Refusal | None:
        if party not in (act["customer"], act["provider"]) or act["customer"] == act["provider"]:
            return Refusal(
                "not-permitted",
                f"expected a relation of {party} with another party, found "
                f"{act['customer']} and {act['provider']}",
            )
        open_offers = sum(
            found.is_open and found.offered_by == party
            for found in self.between(act["customer"], act["provider"])
        )
        if open_offers < limits.RELATION_OFFERS_OPEN_MAX:
            return None
        return Refusal(
            "not-permitted",
            f"{open_offers} offers to this party wait already: expected it to answer them first",
        )

    def _offered(
        self, party: str, act: Mapping[str, Any], *, record_id: str, index: int
    ) -> Relations:
        offer = Relation(
            record_id=record_id,
            kind=act["kind"],
            customer=act["customer"],
            provider=act["provider"],
            families=frozenset(act["families"]),
            offered_by=party,
            offered_at=index,
        )
        pair = (offer.customer, offer.provider)
        known = (*self.by_pair.get(pair, ()), record_id)
        return replace(self._with(offer), by_pair={**self.by_pair, pair: known})

    def _with(self, relation: Relation) -> Relations:
        return replace(self, by_id={**self.by_id, relation.record_id: relation})


def _judge_answer(party: str, found: Relation, act: Mapping[str, Any]) -> Refusal | None:
    if party not in (found.customer, found.provider):
        # Whether there is such a relation is not for others to learn.
        return Refusal("unknown-record", f"{found.record_id} is nothing that waits for {party}")
    if act["act"] == "end":
        if found.ended_at is None:
            return None
        return Refusal("not-permitted", f"the relation {found.record_id} has ended already")
    if found.is_open and party == found.other:
        return None
    return Refusal(
        "not-permitted",
        f"expected an open offer by the other side, found {_state_of(found)}",
    )


def _state_of(found: Relation) -> str:
    if found.ended_at is not None:
        return f"one that ended at entry {found.ended_at}"
    if found.in_force_at is not None:
        return f"one in force since entry {found.in_force_at}"
    return f"one offered by {found.offered_by} itself"
