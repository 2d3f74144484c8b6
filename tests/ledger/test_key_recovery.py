"""Keys that were lost or stolen: recovery by the others, contested entries (governance.md, 3)."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.commitment import commit_key
from tests.ledger.acts import DAY_MS, Members, recovery_of
from tests.ledger.five_parties import (
    AUDITOR,
    CERTIFIER,
    GEAR,
    OEM,
    PHONE,
    SPARE,
    SUPPLIER,
    THIRD,
    at_work,
    key_of,
    report,
    with_phone,
)
from tests.ledger.parties import PartyKeys, record_id_of

pytestmark = pytest.mark.item("3.2")


# ---- recovery by the others ----


def recovering() -> tuple[Members, str]:
    """All keys of a party are lost; the others agree to give it a new one."""
    members = at_work()
    of = members.propose(OEM, "recover", recovery_of(GEAR, SPARE, THIRD))
    members.vote(of, SUPPLIER, AUDITOR)
    members.accept(of, SPARE)
    return members, of


@pytest.mark.item("3.2.recovery")
@pytest.mark.parametrize(("wait_ms", "new", "old"), [(-1, "key-not-valid", None), (0, None, "x")])
def test_a_recovery_is_complete_seven_days_after_its_rule(
    wait_ms: int, new: str | None, old: str | None
) -> None:
    members, _ = recovering()
    members.wait(7 * DAY_MS + wait_ms)
    assert members.submit(members.key(GEAR, PHONE, by=SPARE)) == new
    expected = "key-not-valid" if old else None
    assert members.submit(members.key(GEAR, GEAR.another_key("late"))) == expected
    if new is None:
        party = members.fold.parties[GEAR.did]
        assert party.admin_keys == {SPARE.multikey}
        assert party.commitment == commit_key(THIRD.multikey)
        assert [item.signer for item in party.evidence[-4:]] == [
            *(OEM.did, SUPPLIER.did, AUDITOR.did, GEAR.did)
        ]


@pytest.mark.item("3.2.recovery")
def test_the_party_may_object_until_then() -> None:
    members, of = recovering()
    assert members.submit(members.endorsement(CERTIFIER.admin, of, "reject")) == "proposal-closed"
    assert members.submit(members.endorsement(GEAR.admin, of)) == "proposal-closed"
    members.vote(of, GEAR, meaning="reject")
    members.wait(8 * DAY_MS)
    assert members.submit(members.key(GEAR, PHONE, by=SPARE)) == "key-not-valid"
    assert members.submit(members.key(GEAR, PHONE)) is None


@pytest.mark.item("3.2.recovery")
def test_an_objection_before_the_votes_ends_the_proposal() -> None:
    members = at_work()
    of = members.propose(OEM, "recover", recovery_of(GEAR, SPARE, THIRD))
    members.vote(of, GEAR, meaning="reject")
    assert members.submit(members.endorsement(SUPPLIER.admin, of)) == "proposal-closed"


@pytest.mark.item("3.2.recovery")
def test_a_thief_with_the_keys_of_a_suspended_party_cannot_object() -> None:
    members, of = recovering()
    members.decide(OEM, "suspend", {"party": GEAR.did}, SUPPLIER, AUDITOR)
    assert members.submit(members.endorsement(GEAR.admin, of, "reject")) == "party-suspended"
    members.wait(7 * DAY_MS)
    assert members.submit(members.revocation(SPARE, GEAR.signing.kid)) is None
    members.decide(OEM, "reinstate", {"party": GEAR.did}, SUPPLIER, AUDITOR)
    assert members.submit(members.key(GEAR, PHONE, by=SPARE)) is None


@pytest.mark.item("3.2.recovery")
def test_nothing_is_recovered_without_a_hand_on_the_new_key() -> None:
    members = at_work()
    of = members.propose(OEM, "recover", recovery_of(GEAR, SPARE, THIRD))
    members.vote(of, SUPPLIER, CERTIFIER, AUDITOR)
    assert members.fold.recoveries == {}
    members.accept(of, SPARE)
    assert list(members.fold.recoveries) == [GEAR.did]


@pytest.mark.item("3.2.recovery")
@pytest.mark.parametrize(("voters", "code"), [((), "approval-needed"), ((SUPPLIER, AUDITOR), None)])
def test_nobody_speaks_for_a_party_with_a_key_that_one_member_chose(
    voters: tuple[PartyKeys, ...], code: str | None
) -> None:
    members = at_work()
    of = members.propose(OEM, "recover", recovery_of(GEAR, SPARE, THIRD))
    members.vote(of, *voters)
    assert members.submit(members.endorsement(SPARE, of, "accept")) == code


@pytest.mark.item("3.2.recovery")
def test_consent_has_no_words_of_its_own() -> None:
    members = at_work()
    of = members.propose(OEM, "recover", recovery_of(GEAR, SPARE, THIRD))
    members.vote(of, SUPPLIER, AUDITOR)
    body: dict[str, object] = {"of": of, "meaning": "accept", "reason": "we-admit-everything"}
    assert members.submit(members.sign(SPARE, "endorsement/v1", body)) == "not-permitted"
    body["reason"] = None
    assert members.submit(members.sign(SPARE, "endorsement/v1", body)) is None


def test_the_keys_of_a_recovery_under_way_are_taken() -> None:
    members, _ = recovering()
    assert members.submit(members.key(GEAR, SPARE)) == "key-not-valid"
    text = members.proposal(OEM, "recover", recovery_of(GEAR, PHONE, THIRD))
    assert members.submit(text) == "not-permitted"


def test_a_removed_party_is_not_recovered() -> None:
    members, _ = recovering()
    members.decide(OEM, "remove", {"party": GEAR.did}, SUPPLIER, AUDITOR)
    members.wait(8 * DAY_MS)
    assert members.fold.recoveries == {}
    assert members.submit(members.key(GEAR, PHONE, by=SPARE)) == "not-permitted"


# ---- contested entries ----


def stolen() -> tuple[Members, list[int]]:
    """A phone signs six records, one a day, and is then missed."""
    members = with_phone()
    indices = []
    for day in range(6):
        indices.append(members.size)
        members.admit(report(members, PHONE, label=f"day {day}"))
        members.wait(DAY_MS)
    return members, indices


@pytest.mark.item("3.2.contested")
@pytest.mark.parametrize(
    ("day", "early_ms", "code"),
    [
        (5, 0, None),
        # Three days back, to the millisecond.
        (3, 0, None),
        (3, -1, "not-permitted"),
        (2, 0, "not-permitted"),
    ],
)
def test_a_party_contests_seventy_two_hours_back(day: int, early_ms: int, code: str | None) -> None:
    members, indices = stolen()
    members.wait(-early_ms)
    text = members.revocation(GEAR.admin, PHONE.kid, contested_from=indices[day], reason="stolen")
    assert members.submit(text) == code


@pytest.mark.item("3.2.contested")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"keeps": ["requests"]}, "not-permitted"),
        ({"contested_from": "next"}, "not-permitted"),
        ({"contested_from": 0}, "not-permitted"),
        ({"contested_from": -1}, "invalid-claims"),
    ],
)
def test_what_may_be_contested(change: dict[str, Any], code: str | None) -> None:
    members, indices = stolen()
    if change.get("contested_from") == "next":
        change = {"contested_from": members.size}
    body = {"contested_from": indices[5]} | change
    assert members.submit(members.revocation(GEAR.admin, PHONE.kid, **body)) == code


@pytest.mark.item("3.2.contested")
def test_entries_are_contested_from_the_index_to_the_declaration() -> None:
    members, indices = stolen()
    at = members.size
    text = members.revocation(GEAR.admin, PHONE.kid, contested_from=indices[4])
    members.admit(text)
    fold = members.fold
    assert [fold.contested(PHONE.kid, index) is not None for index in indices] == [
        *(False, False, False, False, True, True)
    ]
    found = fold.contested(PHONE.kid, indices[5])
    assert found is not None
    assert (found.start, found.stop, found.at) == (indices[4], at, at)
    assert fold.contested(GEAR.signing.kid, indices[5]) is None


@pytest.mark.item("3.2.contested")
def test_further_back_is_for_the_members_to_say() -> None:
    members, indices = stolen()
    members.admit(members.revocation(GEAR.admin, PHONE.kid))
    ended = key_of(members, PHONE.kid).ended_at
    content = {"party": GEAR.did, "kid": PHONE.kid, "from": indices[1]}
    of = members.propose(GEAR, "contest", content)
    members.vote(of, OEM, SUPPLIER)
    assert members.fold.contested(PHONE.kid, indices[5]) is None
    members.vote(of, AUDITOR)
    found = members.fold.contested(PHONE.kid, indices[1])
    assert found is not None
    assert (found.start, found.stop, found.at) == (indices[1], ended, members.size - 1)


@pytest.mark.item("3.2.contested")
def test_a_contested_key_in_force_ends() -> None:
    members, indices = stolen()
    content = {"party": GEAR.did, "kid": PHONE.kid, "from": indices[1]}
    members.decide(OEM, "contest", content, SUPPLIER, AUDITOR)
    assert members.submit(report(members, PHONE, label="after")) == "key-not-valid"
    admin = {"party": GEAR.did, "kid": GEAR.admin.kid, "from": 0}
    # A member is never left without an admin key.
    assert members.submit(members.proposal(OEM, "contest", admin)) == "not-permitted"
    members.admit(members.admin_key(GEAR, SPARE, GEAR.admin))
    assert members.submit(members.proposal(OEM, "contest", admin)) is None


@pytest.mark.item("3.2.contested")
def test_a_contested_record_is_affirmed_once_and_by_its_issuer() -> None:
    members, indices = stolen()
    last = members.log[-1][0]

    of = record_id_of(last)
    assert members.submit(members.endorsement(GEAR.admin, of, "accept")) == "not-permitted"
    members.admit(members.revocation(GEAR.admin, PHONE.kid, contested_from=indices[5]))
    assert members.submit(members.endorsement(OEM.admin, of, "accept")) == "not-permitted"
    assert members.submit(members.endorsement(GEAR.admin, of)) == "not-permitted"
    earlier = record_id_of(members.log[-3][0])
    assert members.submit(members.endorsement(GEAR.admin, earlier, "accept")) == "not-permitted"
    at = members.size
    members.admit(members.endorsement(GEAR.admin, of, "accept"))
    assert members.fold.parties[GEAR.did].reaffirmed == {of: at}
    assert members.submit(members.endorsement(GEAR.admin, of, "accept")) == "not-permitted"
