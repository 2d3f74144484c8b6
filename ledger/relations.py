"""Relations: who supplies, certifies or measures for whom (docs/spec/relations.md).

A pure fold over records of type ``act/v1``. One side offers a relation and the other one
endorses it; it is in force for the entries behind that endorsement, until either side ends it.
What relations are for (rights to write a type, what a reader may see) is asked elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ledger import limits
from ledger.faults import Fault, Refusal
from ledger.grown_map import GrownMap

ACT_VCT: Final = "act/v1"
KINDS: Final = ("supply", "certification", "laboratory")
CUSTOMER: Final = "customer"
PROVIDER: Final = "provider"
SIDES: Final = (CUSTOMER, PROVIDER)

Pair = tuple[str, str]
"""A customer and a provider."""


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
        """Whether it was in force when the entry of this index was admitted.

        Not yet for the entry that brought it in force, and still for the one that ended it:
        each is judged by what stood before it.
        """
        if self.in_force_at is None or index <= self.in_force_at:
            return False
        return self.ended_at is None or index <= self.ended_at

    def covers(self, family: str | None) -> bool:
        """Whether it is about the family; a family of None asks for none in particular.

        A relation without families is about none in particular either: it covers no name.
        """
        return family is None or family in self.families


_NO_OFFERS: Final[GrownMap[str, None]] = GrownMap()


@dataclass(frozen=True, slots=True)
class Relations:
    """Every relation that was ever offered, by the record id of its offer."""

    by_id: GrownMap[str, Relation] = field(default_factory=GrownMap)
    by_pair: GrownMap[Pair, GrownMap[str, None]] = field(default_factory=GrownMap)
    # What is open or in force, apart from what has ended: the pair of every record is looked
    # up here under the head lock, and offers that were withdrawn must not slow it down.
    live: GrownMap[Pair, tuple[Relation, ...]] = field(default_factory=GrownMap)

    def between(self, customer: str, provider: str) -> Iterator[Relation]:
        """The relations of this customer with this provider, ended ones too."""
        for record_id in self.by_pair.get((customer, provider), _NO_OFFERS):
            yield self.by_id[record_id]

    def find_in_force(
        self, kind: str, *, customer: str, provider: str, family: str | None
    ) -> Relation | None:
        """A relation that is in force for the next entry; None where there is none."""
        return next(
            (
                found
                for found in self.live.get((customer, provider), ())
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
        both = (*self.live.get((one, other), ()), *self.live.get((other, one), ()))
        return any(found.is_in_force and found.covers(family) for found in both)

    def judge(self, party: str, act: Mapping[str, Any], *, to: Collection[str]) -> Refusal | None:
        """Whether the party may offer, endorse or end this; acts of another kind pass.

        Args:
            party: who signs.
            act: the group ``state`` of an ``act/v1``, which meets its schema.
            to: those who are given all of it, among whom the other side must be.
        """
        faults = find_act_faults(act)
        if faults:
            return Refusal(
                "invalid-claims", f"{faults[0].pointer}: expected {faults[0].expected}", faults
            )
        if act["act"] == "relation":
            return self._judge_offer(party, act) or judge_given(
                act["provider"] if party == act["customer"] else act["customer"], to
            )
        found = self.by_id.get(act.get("of", ""))
        if found is None:
            return None
        return _judge_answer(party, found, act) or judge_given(
            found.provider if party == found.customer else found.customer, to
        )

    def apply(self, party: str, act: Mapping[str, Any], *, record_id: str, index: int) -> Relations:
        """The relations after an act that was judged, or that the log holds all the same.

        Where the content of earlier records is not held, an act may answer what is not known:
        it is without effect then. So is one of another kind.
        """
        if act["act"] not in _MEMBERS:
            return self
        if act["act"] == "relation":
            return self._with(_offer_of(party, act, record_id=record_id, index=index))
        found = self.by_id.get(act.get("of", ""))
        if found is None or found.ended_at is not None:
            return self
        if act["act"] == "end" or act["meaning"] == "reject":
            return self._with(replace(found, ended_at=index))
        return self._with(replace(found, in_force_at=index))

    def _judge_offer(self, party: str, act: Mapping[str, Any]) -> Refusal | None:
        if party not in (act["customer"], act["provider"]) or act["customer"] == act["provider"]:
            return Refusal(
                "not-permitted",
                f"expected a relation of {party} with another party, found "
                f"{act['customer']} and {act['provider']}",
            )
        alive = self.live.get((act["customer"], act["provider"]), ())
        if len(alive) >= limits.RELATIONS_LIVE_MAX:
            return Refusal(
                "not-permitted",
                f"expected at most {limits.RELATIONS_LIVE_MAX} relations of the two that have not "
                f"ended, found {len(alive)}: end one, one relation covers many families",
            )
        open_offers = sum(found.is_open and found.offered_by == party for found in alive)
        if open_offers < limits.RELATION_OFFERS_OPEN_MAX:
            return None
        return Refusal(
            "not-permitted",
            f"expected at most {limits.RELATION_OFFERS_OPEN_MAX} offers that wait for this party, "
            f"found {open_offers}: withdraw one by ending it",
        )

    def _with(self, relation: Relation) -> Relations:
        pair = (relation.customer, relation.provider)
        others = [item for item in self.live.get(pair, ()) if item.record_id != relation.record_id]
        alive = (*others, relation) if relation.ended_at is None else tuple(others)
        known = self.by_pair.get(pair, _NO_OFFERS)
        is_new = relation.record_id not in self.by_id
        return Relations(
            self.by_id.grown(relation.record_id, relation),
            self.by_pair.grown(pair, known.grown(relation.record_id, None))
            if is_new
            else self.by_pair,
            self.live.grown(pair, alive),
        )


def find_act_faults(act: object) -> tuple[Fault, ...]:
    """What keeps the group ``state`` of an ``act/v1`` from being read as an act on relations.

    A log may define the type in its own words: what is read here must be there all the same.
    """
    kind = act.get("act") if isinstance(act, dict) else None
    if not isinstance(kind, str):
        return (Fault("/state/act", "what the act does", "none"),)
    assert isinstance(act, dict)
    wanted = _MEMBERS.get(kind, {})
    return tuple(
        Fault(f"/state/{name}", expected, "another or none")
        for name, (expected, is_right) in wanted.items()
        if not is_right(act.get(name))
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


_Member = tuple[str, Callable[[object], bool]]
_RECORD: Final[_Member] = ("a record id", _is_text)
_PARTY: Final[_Member] = ("a party", _is_text)
_MEMBERS: Final[Mapping[str, Mapping[str, _Member]]] = {
    "relation": {
        "kind": (f"one of {', '.join(KINDS)}", lambda value: value in KINDS),
        "customer": _PARTY,
        "provider": _PARTY,
        "families": ("a list of families", _are_texts),
    },
    "endorse": {
        "of": _RECORD,
        "meaning": ("approve or reject", lambda value: value in ("approve", "reject")),
    },
    "end": {"of": _RECORD},
}


def _offer_of(party: str, act: Mapping[str, Any], *, record_id: str, index: int) -> Relation:
    return Relation(
        record_id=record_id,
        kind=act["kind"],
        customer=act["customer"],
        provider=act["provider"],
        families=frozenset(act["families"]),
        offered_by=party,
        offered_at=index,
    )


def unknown_record(record_id: str) -> Refusal:
    """The one answer to what is not there and to what is not for the signer to know."""
    return Refusal("unknown-record", f"{record_id} is no record that this party can act on")


def judge_given(other: str, to: Collection[str]) -> Refusal | None:
    """What binds both is addressed to the other one and about it: it must learn of it.

    An addressee need not be able to read a group; the subject reads them all.
    """
    if other in to:
        return None
    fault = Fault("/manifest/subject", f"{other}, addressed too", ", ".join(to) or "nobody")
    return Refusal(
        "invalid-claims",
        f"/manifest/subject: expected {other}, and among the addressees, found {fault.found}",
        (fault,),
    )


def _judge_answer(party: str, found: Relation, act: Mapping[str, Any]) -> Refusal | None:
    if party not in (found.customer, found.provider):
        # Whether there is such a relation is not for others to learn.
        return unknown_record(found.record_id)
    if act["act"] == "end":
        if found.ended_at is None:
            return None
        return Refusal(
            "not-permitted", f"expected a relation that has not ended, found {_state_of(found)}"
        )
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
