"""Acts of sampling through the real log: each refusal beside its allowed sibling."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from keys.encoding import encode_base64url
from quality.builtin_parameters import builtin_sampling
from quality.in_force.skipping import CHAIN_LENGTH_MAX, GAP_MAX, chain_end, pre_image
from quality.rules import QualityRules
from tests.ledger.ledger_stories import Story, check_ledger
from tests.quality.examples import validator
from tests.quality.master_stories import (
    OEM,
    OTHER,
    SUPPLIER,
    a_part,
    a_shipment,
    a_site,
    a_trade_story,
    agree,
    an_act,
    an_offer,
    code,
    masters_of,
    refusal,
    sign,
    some_parameters,
)
from tests.quality.sampling.skip_stories import (
    KEY,
    PART,
    a_commit,
    a_reveal,
    a_sampled_story,
    a_seed,
    admit,
    an_end,
    revealed,
    ship,
)


@pytest.fixture
def story() -> Iterator[Story]:
    """The part is in force, and so are the built-in parameters of sampling."""
    story = a_sampled_story()
    yield story
    check_ledger(story, size=story.ledger.size)
    story.ledger.close()


def place(story: Story, text: str) -> str:
    """The place of the first fault of a refused record."""
    found = refusal(story, text)
    assert found is not None
    return found.faults[0].pointer


# ---- severities ----


def a_severity(to: str, reason: str, **changes: Any) -> str:
    by, given = changes.pop("by", OEM), changes.pop("given", SUPPLIER)
    state = {"act": "severity", "part": PART, "class": "major", "to": to, "reason": reason}
    return sign("act/v1", by, {"state": {**state, **changes}}, to=[given])


@pytest.mark.item("6.2.switching")
def test_a_customer_says_what_leads_to_another_severity(story: Story) -> None:
    for to, reason, other in (
        ("normal", "customer-wish", "reduced"),
        ("tightened", "customer-wish", "reduced"),
        ("normal", "irregular-production", "tightened"),
        ("normal", "gap-lot", "tightened"),
        ("tightened", "corrective-action", "normal"),
    ):
        assert place(story, a_severity(other, reason)) == "/state/to"
        assert code(story, a_severity(to, reason)) is None


def test_an_act_on_severity_is_the_customers_on_a_part_in_force(story: Story) -> None:
    wish = ("normal", "customer-wish")
    assert code(story, a_severity(*wish, by=SUPPLIER, given=OEM)) == "not-permitted"
    assert code(story, a_severity(*wish, given=OTHER)) == "invalid-claims"
    unknown = a_severity(*wish, part=PART | {"number": "GR-9"})
    assert code(story, unknown) == "unknown-part"
    story.admit(a_part("GR-9"))
    assert code(story, unknown) == "part-not-in-force"


def test_a_site_that_is_named_is_one_of_the_suppliers(story: Story) -> None:
    story.admit(a_site(SUPPLIER, "Arvika"))
    wish = ("normal", "customer-wish")
    assert code(story, a_severity(*wish, site="Wuhan")) == "unknown-site"
    assert code(story, a_severity(*wish, site="Arvika")) is None
    assert code(story, a_severity("tightened", "customer-wish")) is None


@pytest.mark.item("6.2.reduced")
def test_reduced_inspection_is_off_until_the_members_vote_for_it(story: Story) -> None:
    asked = a_severity("reduced", "reduced-authorised")
    assert code(story, asked) == "not-permitted"
    changed = json.dumps({**json.loads(builtin_sampling().text), "version": "2", "reduced": True})
    story.admit(some_parameters("sampling", changed))
    assert code(story, asked) is None


# ---- forms ----

COMMIT = {
    **{"act": "skip-commit", "part": PART, "end": "A" * 43, "length": CHAIN_LENGTH_MAX},
    **{"one_in": 2, "accepted_before": 10, "reveal_within_hours": 24},
}
REVEAL = {
    **{"act": "skip-reveal", "of": "r" * 43, "lot": "r" * 43},
    **{"position": CHAIN_LENGTH_MAX, "preimage": "A" * 43},
}
WISH = {
    **{"act": "severity", "part": PART, "class": "major"},
    **{"to": "normal", "reason": "customer-wish"},
}


@pytest.mark.parametrize(
    ("state", "name", "wrong"),
    [
        (COMMIT, "length", CHAIN_LENGTH_MAX + 1),
        (COMMIT, "one_in", 1),
        (COMMIT, "end", "A" * 42),
        (COMMIT, "lot", "r" * 43),
        (REVEAL, "position", 0),
        (REVEAL, "position", CHAIN_LENGTH_MAX + 1),
        (REVEAL, "part", PART),
        (WISH, "class", "serious"),
        (WISH, "reason", "mood"),
        (WISH, "to", "discontinued"),
    ],
)
def test_the_type_says_what_an_act_of_sampling_looks_like(
    state: dict[str, Any], name: str, wrong: object
) -> None:
    schema = validator("act/v1")
    assert schema.is_valid({"state": state})
    assert not schema.is_valid({"state": {**state, name: wrong}})


@pytest.mark.parametrize(("state", "name"), [(COMMIT, "end"), (REVEAL, "preimage")])
def test_a_hash_is_canonical_base64url(state: dict[str, Any], name: str) -> None:
    def faults(value: str) -> list[str]:
        found = QualityRules().find_faults("act/v1", {"state": {**state, name: value}})
        return [fault.pointer for fault in found]

    assert faults("A" * 43) == []
    # The last character has two spare bits, and they are zero.
    assert faults("A" * 42 + "B") == [f"/state/{name}"]


# ---- commits ----


@pytest.mark.item("6.2.skip-lot")
def test_a_commit_stays_inside_the_bounds_of_the_parameters(story: Story) -> None:
    for name, wrong in (("one_in", 6), ("accepted_before", 9), ("reveal_within_hours", 169)):
        changed: dict[str, Any] = {name: wrong}
        assert place(story, a_commit(**changed)) == f"/state/{name}"
    assert code(story, a_commit()) is None


@pytest.mark.item("6.2.skip-lot.forfeit")
def test_a_commit_is_for_a_part_whose_supply_is_agreed_and_under_parameters() -> None:
    story = a_trade_story()
    supply = admit(story, an_offer("GEARS"))
    story.admit(an_act(SUPPLIER, OEM, act="endorse", of=supply, meaning="approve"))
    assert code(story, a_commit()) == "unknown-part"
    agree(story, a_part())
    found = refusal(story, a_commit())
    assert found is not None
    assert "found none: founder 1 runs 'lotmark define-types'" in found.detail
    story.admit(some_parameters("sampling", builtin_sampling().text))
    story.admit(an_act(OEM, SUPPLIER, act="end", of=supply, reason="over"))
    assert code(story, a_commit()) == "relation-not-in-force"
    agree(story, an_offer("GEARS", "SHAFTS"))
    assert code(story, a_commit()) is None
    story.ledger.close()


def test_a_commit_is_the_customers_and_given_to_the_supplier(story: Story) -> None:
    assert code(story, a_commit(by=SUPPLIER, to=OEM)) == "not-permitted"
    assert code(story, a_commit(to=OTHER)) == "invalid-claims"
    assert code(story, a_commit()) is None


@pytest.mark.item("6.2.skip-lot")
def test_two_commits_never_take_the_same_lots_so_nobody_chooses_between_draws(
    story: Story,
) -> None:
    story.admit(a_site(SUPPLIER, "Arvika"), a_site(SUPPLIER, "Wuhan"))
    first = admit(story, a_commit("first", site="Arvika"))
    assert code(story, a_commit("second", site="Arvika")) == "not-permitted"
    assert code(story, a_commit("second")) == "not-permitted"
    assert code(story, a_commit("second", site="Wuhan")) is None
    assert code(story, an_act(OEM, SUPPLIER, act="end", of=first, reason="new-seed")) is None
    assert code(story, a_commit("third", site="Arvika")) is None


@pytest.mark.item("6.2.skip-lot")
def test_a_chain_serves_one_commit(story: Story) -> None:
    first = admit(story, a_commit("first"))
    story.admit(a_reveal(first, ship(story, 1), 3))
    story.admit(an_act(OEM, SUPPLIER, act="end", of=first, reason="new-seed"))
    # Its pre-images are known, or will be by the other commit's reveals.
    for end in (an_end("first"), revealed(3)):
        assert place(story, a_commit("first", end=end, one_in=3)) == "/state/end"
    assert code(story, a_commit("second")) is None


def test_a_commit_is_ended_by_its_customer_once(story: Story) -> None:
    first = admit(story, a_commit())
    end = {"act": "end", "of": first, "reason": "over"}
    assert code(story, an_act(SUPPLIER, OEM, **end)) == "not-permitted"
    assert code(story, an_act(OTHER, OEM, **end)) == "unknown-record"
    assert code(story, an_act(OEM, OTHER, **end)) == "invalid-claims"
    assert code(story, an_act(OEM, SUPPLIER, **end)) is None
    assert code(story, an_act(OEM, SUPPLIER, **{**end, "reason": "again"})) == "not-permitted"
    commit = masters_of(story).skipping.by_id[first]
    assert (commit.is_live, commit.part) == (False, KEY)
    lot = ship(story, 1)
    assert code(story, a_reveal(first, lot, 1)) == "not-permitted"


# ---- reveals ----


@pytest.mark.item("6.2.skip-lot")
def test_a_reveal_is_a_pre_image_of_the_chain(story: Story) -> None:
    first, lot = admit(story, a_commit()), ship(story, 1)
    forged = a_reveal(first, lot, 1, preimage=revealed(1, "another"))
    assert place(story, forged) == "/state/preimage"
    assert place(story, a_reveal(first, lot, 1, preimage=revealed(2))) == "/state/preimage"
    assert place(story, a_reveal(first, lot, 9, preimage=revealed(8))) == "/state/position"
    assert code(story, a_reveal(first, lot, 1)) is None


@pytest.mark.item("6.2.skip-lot")
def test_a_reveal_goes_on_from_the_one_before_and_leaves_out_what_was_forfeited(
    story: Story,
) -> None:
    first = admit(story, a_commit())
    lots = [ship(story, number) for number in range(1, 5)]
    assert code(story, a_reveal(first, lots[0], 1)) is None
    assert code(story, a_reveal(first, lots[2], 3)) is None
    # Position 2 is public by now; nor is a lot revealed for twice.
    assert place(story, a_reveal(first, lots[1], 2)) == "/state/position"
    assert place(story, a_reveal(first, lots[3], 3)) == "/state/position"
    assert place(story, a_reveal(first, lots[2], 4)) == "/state/lot"
    assert code(story, a_reveal(first, lots[3], 4)) is None
    assert masters_of(story).skipping.by_id[first].position == 4


@pytest.mark.item("6.2.skip-lot")
def test_a_reveal_names_a_shipment_of_the_supplier_behind_the_commit(story: Story) -> None:
    early = ship(story, 0)
    first = admit(story, a_commit())
    assert place(story, a_reveal(first, early, 1)) == "/state/lot"
    for stranger in ("r" * 43, first):
        assert code(story, a_reveal(first, stranger, 1)) == "unknown-record"
    assert code(story, a_reveal(first, ship(story, 1), 1)) is None


def test_a_reveal_is_the_customers_and_given_to_the_supplier(story: Story) -> None:
    first, lot = admit(story, a_commit()), ship(story, 1)
    assert code(story, a_reveal(first, lot, 1, by=SUPPLIER, to=OEM)) == "not-permitted"
    assert code(story, a_reveal(first, lot, 1, by=OTHER, to=OEM)) == "unknown-record"
    assert code(story, a_reveal(first, lot, 1, to=OTHER)) == "invalid-claims"
    assert code(story, a_reveal(lot, lot, 1)) == "unknown-record"
    assert code(story, a_reveal(first, lot, 1)) is None


def test_a_chain_that_was_revealed_to_its_end_takes_its_lots_until_it_is_ended(
    story: Story,
) -> None:
    """Shipments take its positions still: of two commits the customer could choose the draw."""
    first, lot = admit(story, a_commit()), ship(story, 1)
    assert code(story, a_reveal(first, lot, 8)) is None
    assert code(story, a_reveal(first, ship(story, 2), 8)) == "not-permitted"
    assert code(story, a_commit("second")) == "not-permitted"
    story.admit(an_act(OEM, SUPPLIER, act="end", of=first, reason="used up"))
    assert code(story, a_commit("second")) is None


@pytest.mark.item("6.2.skip-lot.forfeit")
@pytest.mark.parametrize(("further", "place_of"), [(GAP_MAX, None), (GAP_MAX + 1, "position")])
def test_admission_hashes_no_further_than_a_bound(
    story: Story, further: int, place_of: str | None
) -> None:
    seed, length = a_seed("long"), 2 * GAP_MAX
    end = encode_base64url(chain_end(seed, length))
    first = admit(story, a_commit(end=end, length=length))
    value = encode_base64url(pre_image(seed, length, position=further))
    found = refusal(story, a_reveal(first, ship(story, 1), further, preimage=value))
    assert (found is None) is (place_of is None)
    if found is not None:
        assert found.faults[0].pointer == f"/state/{place_of}"
        assert "end the commit" in found.detail


def test_the_state_is_the_same_after_a_restart(story: Story) -> None:
    first = admit(story, a_commit())
    story.admit(a_reveal(first, ship(story, 1), 1))
    assert masters_of(story.restarted()).skipping == masters_of(story).skipping


def test_the_shipments_of_a_commit_may_be_of_any_revision(story: Story) -> None:
    first = admit(story, a_commit())
    lot = admit(story, a_shipment(revision="B"))
    assert code(story, a_reveal(first, lot, 1)) is None
