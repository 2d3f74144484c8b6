"""The life of keys: put in force, superseded, narrowed, ended, recovered (governance.md, 3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ledger import limits
from ledger.commitment import commit_key
from ledger.party import RegisteredKey
from ledger.possession import prove_possession
from tests.ledger.acts import DAY_MS, Members
from tests.ledger.five_parties import (
    FOUNDED,
    GEAR,
    OEM,
    PHONE,
    SPARE,
    THIRD,
    at_work,
    key_of,
    report,
    with_phone,
)
from tests.ledger.parties import PartySigner

pytestmark = pytest.mark.item("3.2")


# ---- signing keys ----


def possession_of(key: PartySigner, **members: str) -> str:
    named = {"origin": FOUNDED.origin, "did": GEAR.did} | members
    return prove_possession(key.key, **named)


@pytest.mark.parametrize(
    ("possession", "code"),
    [
        (possession_of(PHONE), None),
        # By another key, for another party, for another log, and no signature at all.
        (possession_of(SPARE), "invalid-claims"),
        (possession_of(PHONE, did=OEM.did), "invalid-claims"),
        (possession_of(PHONE, origin="log.example"), "invalid-claims"),
        ("A" * 86, "invalid-claims"),
    ],
)
def test_nobody_registers_a_key_that_it_does_not_hold(possession: str, code: str | None) -> None:
    members = at_work()
    assert members.submit(members.key(GEAR, PHONE, possession=possession)) == code
    other = at_work()
    text = other.admin_key(GEAR, PHONE, GEAR.admin, possession=possession)
    assert other.submit(text) == code


def test_a_key_comes_in_force_once_in_the_life_of_a_log() -> None:
    members = with_phone()
    members.admit(members.revocation(GEAR.admin, PHONE.kid))
    assert members.submit(members.key(GEAR, PHONE)) == "key-not-valid"
    assert members.submit(members.admin_key(GEAR, PHONE, GEAR.admin)) == "key-not-valid"
    assert members.submit(members.key(GEAR, SPARE)) is None


@pytest.mark.item("3.2.rotation")
@pytest.mark.parametrize(
    ("late_s", "wait_ms", "code"),
    [
        (0, 0, None),
        # A record that it signs after it was superseded.
        (0, 1000, "key-not-valid"),
        (1, 1000, None),
        (30 * 24 * 3600 - 1, 30 * DAY_MS - 1000, None),
        (30 * 24 * 3600, 30 * DAY_MS, None),
        # By then its records would be too old for any type.
        (30 * 24 * 3600 + 1, 30 * DAY_MS + 1000, "key-not-valid"),
    ],
)
def test_a_superseded_key_signs_what_is_older(late_s: int, wait_ms: int, code: str | None) -> None:
    members = with_phone()
    members.admit(members.key(GEAR, SPARE, replaces=PHONE.multikey))
    members.wait(wait_ms)
    assert members.submit(report(members, PHONE, late_s=late_s)) == code
    assert members.submit(report(members, SPARE)) is None


@pytest.mark.item("3.2.rotation")
def test_a_superseded_key_signs_no_requests() -> None:
    members = with_phone()
    assert members.fold.may_request(PHONE.kid)
    members.admit(members.key(GEAR, SPARE, replaces=PHONE.multikey))
    assert not members.fold.may_request(PHONE.kid)
    assert members.fold.may_request(SPARE.kid)
    assert members.fold.may_sign(PHONE.kid, "sample-report/v1")


@pytest.mark.parametrize(
    ("replaces", "code"),
    [
        (None, None),
        (GEAR.signing.multikey, None),
        (GEAR.admin.multikey, "key-not-valid"),
        (OEM.signing.multikey, "key-not-valid"),
        (THIRD.multikey, "key-not-valid"),
        # Superseded already: a second time would give it time again.
        (PHONE.multikey, "key-not-valid"),
    ],
)
def test_what_a_key_may_replace(replaces: str | None, code: str | None) -> None:
    members = with_phone()
    members.admit(members.key(GEAR, SPARE, replaces=PHONE.multikey))
    assert members.submit(members.key(GEAR, THIRD, replaces=replaces)) == code


def with_keys(count: int, **members: Any) -> Members:
    """A party with so many signing keys, without the work of signing for them."""
    at = at_work()
    party = at.fold.parties[GEAR.did]
    keys = {
        f"{n:048}": RegisteredKey(
            f"{GEAR.did}#{n:048}", GEAR.did, frozenset(), "device", 9, **members
        )
        for n in range(count)
    }
    grown = replace(party, keys={**party.keys, **keys})
    at.consortium = replace(at.consortium, fold=at.fold.with_party(grown))
    return at


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({}, "too-many-keys"),
        # What has ended is not counted, and a superseded one has its successor counted.
        ({"ended_at": 9}, None),
        ({"superseded_s": 0}, None),
    ],
)
def test_a_party_has_a_bounded_number_of_keys(members: dict[str, Any], code: str | None) -> None:
    # One of them is registered with the founding.
    almost = with_keys(limits.SIGNING_KEYS_MAX - 2, **members)
    assert almost.submit(almost.key(GEAR, PHONE)) is None
    assert almost.submit(almost.key(GEAR, SPARE)) == code


@pytest.mark.parametrize(("replaces", "code"), [(None, "too-many-keys"), (PHONE.multikey, None)])
def test_a_party_with_all_its_keys_may_still_replace_one(
    replaces: str | None, code: str | None
) -> None:
    full = with_keys(limits.SIGNING_KEYS_MAX - 2)
    full.admit(full.key(GEAR, PHONE))
    assert full.submit(full.key(GEAR, SPARE, replaces=replaces)) == code
    assert full.submit(full.key(GEAR, THIRD)) == "too-many-keys"


@pytest.mark.parametrize("members", [{"ended_at": 9}, {"superseded_s": 0}])
def test_a_party_registers_a_bounded_number_of_keys_over_its_life(
    members: dict[str, Any],
) -> None:
    # One of them is registered with the founding; ended and superseded ones count.
    almost = with_keys(limits.SIGNING_KEYS_EVER_MAX - 2, **members)
    assert almost.submit(almost.key(GEAR, PHONE)) is None
    assert almost.submit(almost.key(GEAR, SPARE)) == "too-many-keys"
    # Another party has room, and this one still ends its keys.
    assert almost.submit(almost.key(OEM, OEM.another_key("phone"))) is None
    assert almost.submit(almost.revocation(GEAR.admin, PHONE.kid)) is None
    assert almost.submit(almost.key(GEAR, SPARE)) == "too-many-keys"


# ---- revocation ----


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"keeps": ["records"]}, None),
        ({"keeps": ["records", "requests"]}, "not-permitted"),
        ({"keeps": ["sign-in"]}, "not-permitted"),
        ({"reason": "stolen"}, None),
        ({"reason": "bored"}, "invalid-claims"),
        ({"kid": GEAR.another_key("never").kid}, "key-not-valid"),
        ({"kid": OEM.signing.kid}, "not-permitted"),
        # The last admin key.
        ({"kid": GEAR.admin.kid}, "not-permitted"),
    ],
)
def test_what_a_party_may_revoke(change: dict[str, Any], code: str | None) -> None:
    members = with_phone()
    text = members.revocation(GEAR.admin, **{"kid": PHONE.kid} | change)
    assert members.submit(text) == code


def test_a_revoked_key_signs_nothing_from_the_next_entry_on() -> None:
    members = with_phone()
    members.admit(report(members, PHONE, label="before"))
    at = members.size
    members.admit(members.revocation(GEAR.admin, PHONE.kid))
    assert members.submit(report(members, PHONE, late_s=60, label="after")) == "key-not-valid"
    assert key_of(members, PHONE.kid).ended_at == at
    # Once is enough.
    assert members.submit(members.revocation(GEAR.admin, PHONE.kid)) == "key-not-valid"


def test_a_narrowed_key_keeps_the_uses_that_were_named() -> None:
    members = with_phone()
    members.admit(members.revocation(GEAR.admin, PHONE.kid, keeps=["requests"]))
    assert members.submit(report(members, PHONE)) == "key-not-valid"
    assert members.fold.may_request(PHONE.kid)


def test_a_signing_key_revokes_nothing() -> None:
    members = with_phone()
    assert members.submit(members.revocation(PHONE, PHONE.kid)) == "key-not-valid"
    assert members.submit(members.revocation(GEAR.admin, PHONE.kid)) is None


# ---- admin keys ----


@pytest.mark.item("3.2.rotation")
def test_the_committed_key_comes_in_force_by_itself() -> None:
    members = at_work()
    members.admit(members.rotation(GEAR, THIRD, retires=[GEAR.admin.multikey]))
    party = members.fold.parties[GEAR.did]
    assert party.admin_keys == {GEAR.next_admin.multikey}
    assert party.commitment == commit_key(THIRD.multikey)
    assert members.submit(members.key(GEAR, PHONE)) == "key-not-valid"
    assert members.submit(members.key(GEAR, PHONE, by=GEAR.next_admin)) is None


@pytest.mark.item("3.2.rotation")
@pytest.mark.parametrize(
    ("by", "key", "change", "code"),
    [
        (GEAR.next_admin, GEAR.next_admin, {}, None),
        # The old commitment again: whoever saw the key could no longer be kept out.
        (
            GEAR.next_admin,
            GEAR.next_admin,
            {"next_key": commit_key(GEAR.next_admin.multikey)},
            "not-permitted",
        ),
        # Not the committed one.
        (SPARE, SPARE, {}, "key-not-valid"),
        # An addition repeats the commitment: a thief cannot displace it.
        (GEAR.admin, SPARE, {}, "not-permitted"),
        (GEAR.admin, SPARE, {"next_key": commit_key(GEAR.next_admin.multikey)}, None),
        # Another party's.
        (OEM.admin, SPARE, {}, "not-permitted"),
        (GEAR.next_admin, GEAR.next_admin, {"retires": [SPARE.multikey]}, "key-not-valid"),
        (GEAR.next_admin, GEAR.next_admin, {"retires": [GEAR.admin.multikey]}, None),
    ],
)
def test_who_may_put_an_admin_key_in_force(
    by: PartySigner, key: PartySigner, change: dict[str, Any], code: str | None
) -> None:
    members = at_work()
    body = {"next_key": commit_key(THIRD.multikey)} | change
    assert members.submit(members.admin_key(GEAR, key, by, **body)) == code


def test_a_party_has_at_most_four_admin_keys() -> None:
    members = at_work()
    added = [GEAR.another_key(f"admin {number}") for number in range(4)]
    for key in added[:3]:
        members.admit(members.admin_key(GEAR, key, GEAR.admin))
    assert members.submit(members.admin_key(GEAR, added[3], GEAR.admin)) == "too-many-keys"
    text = members.admin_key(GEAR, added[3], GEAR.admin, retires=[added[0].multikey])
    assert members.submit(text) is None


@pytest.mark.item("3.2.recovery")
def test_the_recovery_key_outranks_a_stolen_admin_key() -> None:
    members = at_work()
    # The thief adds a key of its own and ends the owner's.
    members.admit(members.admin_key(GEAR, SPARE, GEAR.admin))
    members.admit(members.revocation(SPARE, GEAR.admin.kid))
    assert members.submit(members.key(GEAR, PHONE)) == "key-not-valid"
    members.admit(members.rotation(GEAR, THIRD, retires=[SPARE.multikey]))
    assert members.fold.parties[GEAR.did].admin_keys == {GEAR.next_admin.multikey}
    assert members.submit(members.key(GEAR, PHONE, by=SPARE)) == "key-not-valid"
    assert members.submit(members.key(GEAR, PHONE, by=GEAR.next_admin)) is None


@pytest.mark.item("3.2.rotation")
def test_an_admin_key_revokes_another_but_not_the_last() -> None:
    members = at_work()
    members.admit(members.admin_key(GEAR, SPARE, GEAR.admin))
    narrowed = members.revocation(SPARE, GEAR.admin.kid, keeps=["requests"])
    assert members.submit(narrowed) == "not-permitted"
    members.admit(members.revocation(GEAR.admin, GEAR.admin.kid))
    assert members.submit(members.revocation(SPARE, SPARE.kid)) == "not-permitted"
