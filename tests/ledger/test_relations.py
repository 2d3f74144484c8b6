"""Relations as a fold: against the slow reference, and each refusal beside what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import limits
from ledger.relations import CUSTOMER, KINDS, PROVIDER, Relations, find_act_faults
from tests.ledger.slow_relations import OPEN_OFFERS_MAX, Done, SlowRelations

pytestmark = pytest.mark.item("4.3")

PARTIES: Final = ("A", "B", "C")
FAMILIES: Final = ("gears", "shafts")
Act = Mapping[str, Any]


def offer(customer: str = "A", provider: str = "B", *families: str, kind: str = "supply") -> Act:
    """What an offer says."""
    return {
        "act": "relation",
        "kind": kind,
        "customer": customer,
        "provider": provider,
        "families": list(families),
    }


def endorse(of: str, meaning: str = "approve") -> Act:
    """What an endorsement says."""
    return {"act": "endorse", "of": of, "meaning": meaning}


def end(of: str) -> Act:
    """What an end says."""
    return {"act": "end", "of": of, "reason": "over"}


@dataclass(slots=True)
class World:
    """The fold and the slow reference, told the same."""

    fold: Relations = field(default_factory=Relations)
    slow: SlowRelations = field(default_factory=SlowRelations)
    index: int = 0

    def say(self, party: str, act: Act, *, to: tuple[str, ...] = PARTIES) -> str | None:
        """The code of the refusal, on which both agree; what is admitted is applied."""
        refusal = self.fold.judge(party, act, to=to)
        code = refusal.code if refusal else None
        assert code == self.slow.refuse(party, act, to)
        if code is None:
            record_id = f"r{self.index}"
            self.fold = self.fold.apply(party, act, record_id=record_id, index=self.index)
            self.slow.done.append(Done(self.index, record_id, party, act))
        self.index += 1
        return code

    def related(self, *, family: str | None = None, kind: str = "supply") -> bool:
        """Whether B supplies A for the next entry."""
        return bool(self.fold.find_in_force(kind, customer="A", provider="B", family=family))


parties = st.sampled_from(PARTIES)
offers = st.builds(
    lambda customer, provider, families, kind: offer(customer, provider, *families, kind=kind),
    parties,
    parties,
    st.lists(st.sampled_from(FAMILIES), unique=True),
    st.sampled_from(KINDS),
)
answered = st.integers(0, 12).map("r{}".format)
acts = st.one_of(
    offers,
    st.builds(endorse, answered, st.sampled_from(["approve", "approve", "reject"])),
    st.builds(end, answered),
)
addressed = st.sampled_from([PARTIES, PARTIES, ("A", "B"), ("C",), ()])


@given(st.lists(st.tuples(parties, acts, addressed), max_size=30))
def test_any_story_leaves_in_force_what_the_slow_reference_says(
    story: list[tuple[str, Act, tuple[str, ...]]],
) -> None:
    world = World()
    for party, act, to in story:
        world.say(party, act, to=to)
    pairs = [(one, other) for one in PARTIES for other in PARTIES]
    for kind in KINDS:
        for customer, provider in pairs:
            for family in (None, *FAMILIES):
                found = world.fold.find_in_force(
                    kind, customer=customer, provider=provider, family=family
                )
                wanted = world.slow.in_force(
                    kind, customer, provider, family=family, index=world.index
                )
                assert bool(found) == wanted
    for record_id, relation in world.fold.by_id.items():
        then = [relation.was_in_force(index) for index in range(world.index + 2)]
        assert then == [
            world.slow.is_in_force(record_id, index) for index in range(world.index + 2)
        ]
    for one, other in pairs:
        assert world.fold.are_related(one, other, family=None) == any(
            world.slow.in_force(kind, *pair, family=None, index=world.index)
            for kind in KINDS
            for pair in ((one, other), (other, one))
        )
        listed = [relation.record_id for relation in world.fold.between(one, other)]
        assert listed == [
            done.record_id
            for done in world.slow.offers()
            if (done.act["customer"], done.act["provider"]) == (one, other)
        ]


def test_each_side_is_found_from_its_own_end() -> None:
    world = World()
    world.say("A", offer("A", "B", "gears"))
    world.say("B", endorse("r0"))

    def is_side(party: str, side: str, other: str) -> bool:
        found = world.fold.find_on_side("supply", party=party, side=side, other=other, family=None)
        return found is not None

    assert is_side("A", CUSTOMER, "B")
    assert is_side("B", PROVIDER, "A")
    assert not is_side("B", CUSTOMER, "A")
    assert not is_side("A", PROVIDER, "B")


@pytest.mark.parametrize(
    ("party", "act", "to", "code"),
    [
        ("A", offer("A", "B", "gears"), ("B",), None),
        ("B", offer("A", "B", "gears"), ("A",), None),
        ("C", offer("A", "B", "gears"), ("B",), "not-permitted"),
        ("A", offer("A", "A", "gears"), ("B",), "not-permitted"),
        ("A", offer("A", "B", "gears"), ("C",), "invalid-claims"),
        ("A", offer("A", "B", "gears"), (), "invalid-claims"),
    ],
)
def test_offer_is_of_ones_own_and_addressed_to_the_other_side(
    party: str, act: Act, to: tuple[str, ...], code: str | None
) -> None:
    assert World().say(party, act, to=to) == code


@pytest.mark.parametrize(
    ("party", "act", "to", "code"),
    [
        ("B", endorse("r0"), ("A",), None),
        ("B", endorse("r0", "reject"), ("A",), None),
        ("A", end("r0"), ("B",), None),
        ("B", end("r0"), ("A",), None),
        ("A", endorse("r0"), ("B",), "not-permitted"),
        ("A", endorse("r0", "reject"), ("B",), "not-permitted"),
        ("C", endorse("r0"), ("A",), "unknown-record"),
        ("C", end("r0"), ("A",), "unknown-record"),
        ("B", endorse("r0"), ("C",), "invalid-claims"),
        ("A", end("r0"), ("C",), "invalid-claims"),
    ],
)
def test_open_offer_is_answered_by_the_other_side_and_withdrawn_by_either(
    party: str, act: Act, to: tuple[str, ...], code: str | None
) -> None:
    world = World()
    world.say("A", offer("A", "B", "gears"))
    assert world.say(party, act, to=to) == code


@pytest.mark.parametrize(
    ("last", "party", "act", "code"),
    [
        (endorse("r0"), "A", end("r0"), None),
        (endorse("r0"), "B", end("r0"), None),
        (endorse("r0"), "B", endorse("r0"), "not-permitted"),
        (endorse("r0"), "B", endorse("r0", "reject"), "not-permitted"),
        (endorse("r0", "reject"), "B", endorse("r0"), "not-permitted"),
        (endorse("r0", "reject"), "A", end("r0"), "not-permitted"),
        (end("r0"), "B", endorse("r0"), "not-permitted"),
        (end("r0"), "A", end("r0"), "not-permitted"),
    ],
)
def test_relation_is_answered_once_and_ended_once(
    last: Act, party: str, act: Act, code: str | None
) -> None:
    world = World()
    world.say("A", offer("A", "B", "gears"))
    assert world.say("B", last) is None
    assert world.say(party, act) == code


def test_offers_that_wait_have_an_end_and_room_again() -> None:
    assert limits.RELATION_OFFERS_OPEN_MAX == OPEN_OFFERS_MAX
    world = World()
    for _ in range(OPEN_OFFERS_MAX):
        assert world.say("A", offer("A", "B", "gears")) is None
    assert world.say("A", offer("A", "B", "gears")) == "not-permitted"
    # What the other side offers, and other pairs, have room of their own.
    assert world.say("B", offer("A", "B", "gears")) is None
    assert world.say("A", offer("A", "C", "gears")) is None
    assert world.say("A", end("r0")) is None
    assert world.say("A", offer("A", "B", "gears")) is None


def test_offers_that_ended_cost_later_questions_nothing() -> None:
    world = World()
    for _ in range(200):
        world.say("A", offer("A", "B", "gears"))
        world.say("A", end(f"r{world.index - 1}"))
    assert world.fold.live["A", "B"] == ()
    assert len(list(world.fold.between("A", "B"))) == 200


def test_family_is_covered_by_name_alone() -> None:
    world = World()
    world.say("A", offer("A", "B", "gears"))
    world.say("B", endorse("r0"))
    world.say("A", offer("A", "B", kind="laboratory"))
    world.say("B", endorse("r2"))
    assert world.related()
    assert world.related(family="gears")
    assert not world.related(family="shafts")
    assert world.related(kind="laboratory")
    assert not world.related(kind="laboratory", family="gears")
    assert not world.related(kind="certification")


def test_answer_to_what_is_not_held_is_without_effect() -> None:
    before = Relations()
    assert before.apply("B", endorse("r0"), record_id="r1", index=1) is before
    assert before.apply("B", end("r0"), record_id="r1", index=1) is before
    assert before.judge("B", endorse("r0"), to=("A",)) is None


@pytest.mark.parametrize(
    ("act", "places"),
    [
        (offer("A", "B", "gears"), []),
        ({**offer("A", "B"), "kind": "friendship"}, ["/state/kind"]),
        ({**offer("A", "B"), "customer": 7}, ["/state/customer"]),
        ({**offer("A", "B"), "families": "gears"}, ["/state/families"]),
        (
            {"act": "relation"},
            [f"/state/{n}" for n in ("kind", "customer", "provider", "families")],
        ),
        (endorse("r0"), []),
        (endorse("r0", "accept"), ["/state/meaning"]),
        (end("r0"), []),
        ({"act": "end"}, ["/state/of"]),
        ({"act": "move", "part": {}}, []),
        ({"act": 7}, ["/state/act"]),
        ("relation", ["/state/act"]),
        (None, ["/state/act"]),
    ],
)
def test_act_that_cannot_be_read_is_told_by_its_place(act: object, places: list[str]) -> None:
    assert [fault.pointer for fault in find_act_faults(act)] == places
    if isinstance(act, dict) and places:
        refusal = Relations().judge("A", act, to=PARTIES)
        assert refusal is not None
        assert refusal.code == "invalid-claims"
        assert [fault.pointer for fault in refusal.faults] == places
