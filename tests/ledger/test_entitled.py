"""The entitled fold at admission: relations bind from the entry that puts them in force."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.faults import Refusal
from ledger.record import encode_record_id
from ledger.relations import KINDS
from ledger.submission import Admitted
from tests.ledger.ledger_stories import Story
from tests.ledger.relation_stories import (
    CERTIFIER,
    OEM,
    TIER1,
    TIER2,
    a_delivery,
    a_related_story,
    an_act,
    an_answer,
    an_end,
    an_offer,
    an_order,
    offer_state,
    outcome,
    relate,
    relations_of,
    sign,
)

REFUSED = "relation-not-in-force"


@pytest.fixture
def story() -> Story:
    """A founded log without a relation."""
    return a_related_story()


@pytest.mark.item("4.3")
def test_relation_is_in_force_once_both_sides_have_signed(story: Story) -> None:
    [offered] = story.admit(an_offer(OEM, TIER1, "gears"))
    assert outcome(story, an_order(OEM, TIER1)) == REFUSED
    [answered] = story.admit(an_answer(TIER1, offered.record_id, OEM))
    found = relations_of(story).by_id[offered.record_id]
    assert (found.offered_at, found.in_force_at) == (offered.index, answered.index)
    assert outcome(story, an_order(OEM, TIER1)) is None


@pytest.mark.item("4.3")
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_relation_comes_in_force_by_its_second_signature(
    story: Story, kind: str
) -> None:
    families = ("gears",) if kind == "supply" else ()
    state = offer_state(TIER1, CERTIFIER, *families, kind=kind)
    [offered] = story.admit(an_act(CERTIFIER, state, [TIER1]))
    story.admit(an_answer(TIER1, offered.record_id, CERTIFIER))
    relations = relations_of(story)

    def is_in_force(kind: str) -> bool:
        return bool(
            relations.find_in_force(kind, customer=TIER1.did, provider=CERTIFIER.did, family=None)
        )

    assert [other for other in KINDS if is_in_force(other)] == [kind]


@pytest.mark.item("4.3.sides")
def test_right_to_write_a_type_follows_the_side_of_the_relation(story: Story) -> None:
    relate(story, OEM, TIER1, "gears")
    assert outcome(story, an_order(OEM, TIER1)) is None
    assert outcome(story, an_order(TIER1, OEM)) == REFUSED
    assert outcome(story, a_delivery(TIER1, OEM)) is None
    assert outcome(story, a_delivery(TIER2, OEM)) == REFUSED


@pytest.mark.item("4.3.sides")
def test_tier_1_opens_towards_a_tier_2_what_an_oem_opens_towards_it(story: Story) -> None:
    relate(story, OEM, TIER1, "gears")
    assert outcome(story, an_order(TIER1, TIER2)) == REFUSED
    relate(story, TIER1, TIER2, "castings")
    assert outcome(story, an_order(TIER1, TIER2)) is None
    assert outcome(story, an_order(OEM, TIER2)) == REFUSED


@pytest.mark.item("4.done.one-sided-family")
def test_family_that_only_one_side_signed_is_refused_by_name(story: Story) -> None:
    relate(story, OEM, TIER1, "gears")
    [offered] = story.admit(an_offer(OEM, TIER1, "shafts"))
    [found] = story.submit(an_order(OEM, TIER1, family="shafts"))
    assert isinstance(found, Refusal)
    assert found.code == REFUSED
    assert "family shafts" in found.detail
    assert outcome(story, an_order(OEM, TIER1, family="gears")) is None
    story.admit(an_answer(TIER1, offered.record_id, OEM))
    assert outcome(story, an_order(OEM, TIER1, family="shafts")) is None


def test_family_of_any_record_is_one_of_every_addressee(story: Story) -> None:
    relate(story, OEM, TIER1, "gears")
    relate(story, TIER2, TIER1, "gears")
    groups = {"lot": {"number": "L", "pieces": 1}}
    both = [OEM.did, TIER2.did]
    assert outcome(story, sign("sample-report/v1", TIER1, groups, to=both, family="gears")) is None
    others = [OEM.did, CERTIFIER.did]
    text = sign("sample-report/v1", TIER1, groups, to=others, family="gears")
    assert outcome(story, text) == REFUSED
    assert outcome(story, sign("sample-report/v1", TIER1, groups, to=others)) is None


def test_the_subject_is_on_the_other_side_and_no_addressee_lends_the_right(story: Story) -> None:
    relate(story, OEM, TIER1, "gears")
    assert outcome(story, an_order(OEM, TIER1, TIER2)) is None
    assert outcome(story, an_order(OEM, TIER2, TIER1)) == REFUSED
    assert outcome(story, an_order(OEM, TIER2)) == REFUSED
    assert outcome(story, an_order(OEM)) == REFUSED


def test_ended_relation_binds_nobody_from_the_next_entry_on(story: Story) -> None:
    relation = relate(story, OEM, TIER1, "gears")
    assert outcome(story, an_order(OEM, TIER1, number="O-1")) is None
    [ended] = story.admit(an_end(TIER1, relation.record_id, OEM))
    assert outcome(story, an_order(OEM, TIER1, number="O-2")) == REFUSED
    found = relations_of(story).by_id[relation.record_id]
    in_force = [index for index in range(ended.index + 3) if found.was_in_force(index)]
    assert in_force == list(range((found.in_force_at or 0) + 1, ended.index + 1))


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ({"act": "wave"}, "invalid-claims"),
        ({"act": "endorse", "of": "A" * 43, "meaning": "approve"}, "unknown-record"),
        ({"act": "end", "of": "A" * 43, "reason": "over"}, "unknown-record"),
        (offer_state(OEM, TIER1, "gears"), None),
    ],
)
def test_log_of_no_trade_keeps_relations_and_nothing_else(
    story: Story, state: dict[str, Any], code: str | None
) -> None:
    assert outcome(story, an_act(OEM, state, [TIER1])) == code


def test_records_of_one_group_are_judged_each_at_its_own_index(story: Story) -> None:
    offer = an_offer(OEM, TIER1, "gears")
    of = story.checked(offer).record_id
    answer = an_answer(TIER1, encode_record_id(of), OEM)
    early, late = an_order(OEM, TIER1, number="O-1"), an_order(OEM, TIER1, number="O-2")
    outcomes = story.submit(offer, early, answer, late)
    assert [isinstance(found, Admitted) for found in outcomes] == [True, False, True, True]
