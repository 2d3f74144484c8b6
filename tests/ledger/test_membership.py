"""Membership by proposal and endorsement (docs/spec/governance.md, sections 2 and 4)."""

from __future__ import annotations

from typing import Any

import pytest

from ledger import limits
from ledger.fold_state import log_multikey
from ledger.note import encode_vkey
from ledger.party import Evidence, Standing
from tests.ledger.acts import DAY_MS, FIVE, Members, admission_of, recovery_of
from tests.ledger.five_parties import AUDITOR, CERTIFIER, GEAR, NEW, OEM, OTHER, SUPPLIER, at_work
from tests.ledger.parties import (
    PartyKeys,
    Plan,
    a_consortium,
    a_log_signer,
)

pytestmark = pytest.mark.item("3.1")


# ---- admission ----


def test_a_party_is_admitted_by_votes_and_its_own_consent() -> None:
    members = at_work()
    first = members.size
    of = members.propose(OEM, "admit", admission_of(NEW))
    members.accept(of, NEW.admin)
    members.vote(of, SUPPLIER)
    assert members.fold.standing(NEW.did) is None
    members.vote(of, GEAR)
    party = members.fold.parties[NEW.did]
    assert (party.standing, party.joined_at) == (Standing.MEMBER, first + 3)
    assert party.admin_keys == {NEW.admin.multikey}
    assert members.fold.proposals == {}
    assert party.evidence == tuple(
        Evidence(first + position, signer.did, first + 3)
        for position, signer in enumerate((OEM, NEW, SUPPLIER, GEAR))
    )
    members.admit(members.key(NEW, NEW.signing))
    assert members.submit(members.consortium.record(NEW)) is None


def test_consent_may_come_last() -> None:
    members = at_work()
    of = members.propose(OEM, "admit", admission_of(NEW))
    members.vote(of, SUPPLIER, CERTIFIER, GEAR, AUDITOR)
    assert NEW.did not in members.fold.parties
    members.accept(of, NEW.admin)
    assert members.fold.standing(NEW.did) is Standing.MEMBER


def test_a_party_that_waits_for_votes_signs_nothing_else() -> None:
    members = at_work()
    of = members.propose(OEM, "admit", admission_of(NEW))
    members.accept(of, NEW.admin)
    assert members.submit(members.key(NEW, NEW.signing)) == "key-not-valid"
    members.vote(of, SUPPLIER, CERTIFIER)
    assert members.submit(members.key(NEW, NEW.signing)) is None


@pytest.mark.parametrize(
    ("signer", "code"),
    [
        (NEW.admin, None),
        # Not named by the proposal; another party's; and not by whom it is about.
        (NEW.another_key("other"), "key-not-valid"),
        (OTHER.admin, "key-not-valid"),
        (SUPPLIER.admin, "not-permitted"),
    ],
)
def test_only_a_proposed_key_consents(signer: Any, code: str | None) -> None:
    members = at_work()
    of = members.propose(OEM, "admit", admission_of(NEW))
    assert members.submit(members.endorsement(signer, of, "accept")) == code


def test_consent_is_given_once() -> None:
    members = at_work()
    of = members.propose(OEM, "admit", admission_of(NEW))
    members.accept(of, NEW.admin)
    assert members.submit(members.endorsement(NEW.admin, of, "accept")) == "not-permitted"


def test_a_founder_s_fresh_key_votes_for_nobody_else() -> None:
    members = at_work()
    of = members.propose(OEM, "admit", admission_of(NEW))
    assert members.submit(members.endorsement(NEW.admin, of)) == "key-not-valid"
    assert members.submit(members.endorsement(SUPPLIER.admin, of)) is None


ADMISSIONS: list[tuple[dict[str, Any], str | None]] = [
    ({}, None),
    ({"parent": "hanfeng-drive"}, None),
    ({"parent": "nobody-here"}, "not-permitted"),
    ({"parent": "new-castings"}, "not-permitted"),
    ({"entity": "group"}, None),
    ({"entity": "club"}, "invalid-claims"),
    ({"accreditations": ["iatf-16949", "ilac-l-7"]}, None),
    ({"accreditations": ["IATF"]}, "invalid-claims"),
    ({"accreditations": ["iatf"] * 2}, "invalid-claims"),
    ({"roles": ["owner"]}, "invalid-claims"),
    ({"slug": "hanfeng-drive"}, "not-permitted"),
    ({"admin_keys": [SUPPLIER.admin.multikey]}, "key-not-valid"),
    ({"admin_keys": [SUPPLIER.signing.multikey]}, "key-not-valid"),
    ({"admin_keys": ["z6Mk" + "1" * 44]}, "invalid-claims"),
    ({"admin_keys": []}, "invalid-claims"),
    ({"next_key": "x"}, "invalid-claims"),
    ({"motto": "quality"}, "invalid-claims"),
]


@pytest.mark.item("3.1.roles")
@pytest.mark.parametrize(("change", "code"), ADMISSIONS)
def test_what_may_be_proposed_of_a_new_party(change: dict[str, Any], code: str | None) -> None:
    members = at_work()
    content = admission_of(NEW) | change
    assert members.submit(members.proposal(OEM, "admit", content)) == code


def test_a_log_key_becomes_no_admin_key() -> None:
    members = at_work()
    multikey = log_multikey(encode_vkey(a_log_signer().key))
    content = admission_of(NEW) | {"admin_keys": [multikey]}
    assert members.submit(members.proposal(OEM, "admit", content)) == "key-not-valid"


def test_the_effect_is_judged_again_where_it_would_come_in_force() -> None:
    members = at_work()
    first = members.propose(OEM, "admit", admission_of(NEW))
    second = members.propose(GEAR, "admit", admission_of(NEW))
    for of in (first, second):
        members.accept(of, NEW.admin)
        members.vote(of, CERTIFIER)
    members.vote(first, SUPPLIER)
    assert members.fold.standing(NEW.did) is Standing.MEMBER
    # A majority of five was three; of the six that are there now it is four.
    members.vote(second, SUPPLIER)
    assert members.submit(members.endorsement(AUDITOR.admin, second)) == "not-permitted"


# ---- votes ----


def a_suspension() -> tuple[Members, str]:
    members = at_work()
    return members, members.propose(OEM, "suspend", {"party": GEAR.did})


@pytest.mark.parametrize(
    ("party", "code"), [(SUPPLIER, None), (AUDITOR, None), (GEAR, "not-permitted")]
)
def test_a_party_has_no_vote_on_itself(party: PartyKeys, code: str | None) -> None:
    members, of = a_suspension()
    assert members.submit(members.endorsement(party.admin, of)) == code


def test_a_party_without_a_role_of_the_electorate_has_no_vote() -> None:
    def oems_and_suppliers(body: dict[str, Any]) -> None:
        body["quorum"]["suspend"] = {"electorate": ["oem", "supplier"], "threshold": 2}

    members = Members(a_consortium(Plan(founders=FIVE.founders, amend=oems_and_suppliers)))
    # Whoever has no vote may propose; its proposal is no approval.
    of = members.propose(AUDITOR, "suspend", {"party": GEAR.did})
    assert members.submit(members.endorsement(CERTIFIER.admin, of)) == "not-permitted"
    members.vote(of, OEM)
    assert members.fold.standing(GEAR.did) is Standing.MEMBER
    members.vote(of, SUPPLIER)
    assert members.fold.standing(GEAR.did) is Standing.SUSPENDED


def test_the_majority_is_more_than_half_of_the_whole_electorate() -> None:
    members, of = a_suspension()
    members.vote(of, SUPPLIER)
    # Two of five are no majority.
    assert members.fold.standing(GEAR.did) is Standing.MEMBER
    members.vote(of, AUDITOR)
    assert members.fold.standing(GEAR.did) is Standing.SUSPENDED


def founded_by(count: int) -> Members:
    founders = dict(list(FIVE.founders.items())[:count])
    return Members(a_consortium(Plan(founders=founders)))


@pytest.mark.parametrize(("count", "half"), [(2, 1), (4, 2), (5, 2)])
@pytest.mark.parametrize("act", ["suspend", "remove"])
def test_half_of_the_members_puts_out_none_of_the_others(act: str, count: int, half: int) -> None:
    members = founded_by(count)
    proposer, *others = list(members.consortium.parties.values())[:half]
    victim = list(members.consortium.parties.values())[-1]
    # Of two founders none is even proposed for suspension: the other could decide nothing.
    if members.submit(members.proposal(proposer, act, {"party": victim.did})) is None:
        members.vote(members.proposed, *others)
    assert members.fold.standing(victim.did) is Standing.MEMBER


def test_a_majority_does_not_grow_by_suspending_the_others() -> None:
    members = founded_by(4)
    first, second, third, fourth = members.consortium.parties.values()
    members.decide(first, "suspend", {"party": fourth.did}, second, third)
    assert members.fold.standing(fourth.did) is Standing.SUSPENDED
    # Two of the three that are left are two of four still, and the third is needed to decide.
    text = members.proposal(first, "suspend", {"party": third.did})
    assert members.submit(text) == "quorum-out-of-reach"
    of = members.decide(first, "amend", {"entry_bundles": "members"}, second)
    assert members.fold.rules.has_open_bundles
    members.vote(of, third)
    assert not members.fold.rules.has_open_bundles


def test_a_founder_does_not_replace_the_keys_of_the_only_other() -> None:
    members = founded_by(2)
    first, second = members.consortium.parties.values()
    key = second.another_key("chosen by the other")
    of = members.propose(first, "recover", recovery_of(second, key, second.another_key("next")))
    members.submit(members.endorsement(key, of, "accept"))
    assert members.fold.recoveries == {}


def test_the_last_vote_of_a_party_counts() -> None:
    members, of = a_suspension()
    members.vote(of, SUPPLIER)
    members.vote(of, SUPPLIER, meaning="reject")
    members.vote(of, AUDITOR)
    assert members.fold.standing(GEAR.did) is Standing.MEMBER
    members.vote(of, SUPPLIER)
    assert members.fold.standing(GEAR.did) is Standing.SUSPENDED


def test_votes_of_parties_that_lost_their_vote_do_not_count() -> None:
    members = at_work()
    of = members.propose(OEM, "admit", admission_of(NEW))
    members.vote(of, GEAR)
    members.decide(OEM, "suspend", {"party": GEAR.did}, SUPPLIER, AUDITOR)
    members.accept(of, NEW.admin)
    members.vote(of, AUDITOR)
    # Two of five: its own voice is no longer heard, and it is still one of the whole.
    assert NEW.did not in members.fold.parties
    members.vote(of, CERTIFIER)
    assert members.fold.standing(NEW.did) is Standing.MEMBER


def test_a_rule_met_because_members_left_waits_for_the_next_approval() -> None:
    members = at_work()
    members.admit(members.proposal(CERTIFIER, "remove", {"party": CERTIFIER.did}))
    of = members.propose(OEM, "suspend", {"party": GEAR.did})
    members.vote(of, SUPPLIER)
    members.admit(members.proposal(AUDITOR, "remove", {"party": AUDITOR.did}))
    assert members.fold.standing(GEAR.did) is Standing.MEMBER
    members.vote(of, SUPPLIER)
    assert members.fold.standing(GEAR.did) is Standing.SUSPENDED


@pytest.mark.parametrize("meaning", ["review", "verify", "accept"])
def test_other_meanings_are_no_votes(meaning: str) -> None:
    members, of = a_suspension()
    assert members.submit(members.endorsement(SUPPLIER.admin, of, meaning)) == "not-permitted"
    assert members.submit(members.endorsement(SUPPLIER.admin, of)) is None


def test_the_proposer_ends_its_proposal_by_rejecting_it() -> None:
    members, of = a_suspension()
    members.vote(of, OEM, meaning="reject")
    assert members.fold.proposals == {}
    assert members.submit(members.endorsement(SUPPLIER.admin, of)) == "proposal-closed"


@pytest.mark.parametrize(("late_ms", "code"), [(0, None), (1, "proposal-closed")])
def test_a_proposal_lapses_after_thirty_days(late_ms: int, code: str | None) -> None:
    members, of = a_suspension()
    members.wait(30 * DAY_MS + late_ms)
    assert members.submit(members.endorsement(SUPPLIER.admin, of)) == code


def test_a_proposal_in_force_is_closed() -> None:
    members, of = a_suspension()
    members.vote(of, SUPPLIER, CERTIFIER)
    assert members.submit(members.endorsement(AUDITOR.admin, of)) == "proposal-closed"


def test_what_was_never_proposed_awaits_no_endorsement() -> None:
    members, of = a_suspension()
    assert members.submit(members.endorsement(SUPPLIER.admin, of[::-1])) in {
        "unknown-record",
        "invalid-claims",
    }
    assert members.submit(members.endorsement(SUPPLIER.admin, of)) is None


def test_a_party_has_sixteen_open_proposals() -> None:
    members = at_work()
    for number in range(limits.PROPOSALS_OPEN_MAX):
        last = members.propose(OEM, "policy", {"name": f"p{number}", "sha256": "A" * 43})
    text = members.proposal(OEM, "policy", {"name": "one more", "sha256": "A" * 43})
    assert members.submit(text) == "too-many-proposals"
    # Another party's do not count, and an ended one makes room.
    members.propose(SUPPLIER, "policy", {"name": "other", "sha256": "A" * 43})
    members.vote(last, OEM, meaning="reject")
    assert members.submit(text) is None


def test_lapsed_proposals_make_room() -> None:
    members = at_work()
    for number in range(limits.PROPOSALS_OPEN_MAX):
        members.propose(OEM, "policy", {"name": f"p{number}", "sha256": "A" * 43})
    members.wait(30 * DAY_MS + 1)
    members.propose(OEM, "policy", {"name": "one more", "sha256": "A" * 43})
    assert len(members.fold.proposals) == 1
