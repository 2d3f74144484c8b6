"""Keys to be sealed to: registered on an admin key's word, never a key that signs (keys.md)."""

from __future__ import annotations

from typing import Any

import pytest

from keys.multikey import encode_sealing_multikey
from keys.x25519 import sealing_key_of
from ledger.faults import Refusal
from tests.ledger.parties import Consortium, a_consortium, a_seed, code_of, payload_of, resign
from tests.ledger.parties import sign_key as sign_any_key

pytestmark = pytest.mark.item("5.6.sealed")

FOUNDED = a_consortium()
OEM, SUPPLIER, _ = FOUNDED.parties.values()
SEALING = {"uses": ["seal"], "possession": None}


def sealing_multikey(label: str) -> str:
    return encode_sealing_multikey(sealing_key_of(a_seed(label)))


KEY = sealing_multikey("office")


def registration(consortium: Consortium = FOUNDED, **members: Any) -> str:
    """A ``key/v1`` of the supplier's, as it should be but for these members."""
    text = sign_any_key(consortium, SUPPLIER, SUPPLIER.another_key("any"))
    body = payload_of(text)["body"] | {"multikey": KEY} | SEALING | members
    return resign(text, SUPPLIER.admin, claims={"body": body})


REGISTERED = FOUNDED.after(registration())


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({}, None),
        ({"holder_kind": "person"}, None),
        ({"uses": ["seal", "requests"]}, "invalid-claims"),
        ({"uses": ["records"]}, "invalid-claims"),
        ({"possession": "A" * 86}, "invalid-claims"),
        ({"multikey": SUPPLIER.another_key("any").multikey}, "invalid-claims"),
        # Zero is a point of small order: everybody could open what is sealed to it.
        ({"multikey": encode_sealing_multikey(bytes(32))}, "invalid-claims"),  # type: ignore[arg-type]
        ({"party": OEM.did}, "not-permitted"),
        ({"replaces": SUPPLIER.signing.multikey}, "key-not-valid"),
    ],
)
def test_a_key_to_be_sealed_to_is_an_x25519_key_with_this_use_alone(
    members: dict[str, Any], code: str | None
) -> None:
    assert code_of(FOUNDED.judge(registration(**members))) == code


def test_a_key_that_signs_is_not_registered_without_proof() -> None:
    text = sign_any_key(FOUNDED, SUPPLIER, SUPPLIER.another_key("any"))
    body = payload_of(text)["body"]
    assert code_of(FOUNDED.judge(text)) is None
    without = resign(text, SUPPLIER.admin, claims={"body": body | {"possession": None}})
    refusal = FOUNDED.judge(without)
    assert isinstance(refusal, Refusal)
    assert [fault.pointer for fault in refusal.faults] == ["/body/possession"]


def test_a_key_to_be_sealed_to_is_registered_once() -> None:
    assert code_of(REGISTERED.judge(registration(REGISTERED))) == "key-not-valid"


def test_it_stands_apart_from_keys_that_sign() -> None:
    party = REGISTERED.fold.parties[SUPPLIER.did]
    assert [key.multikey for key in party.sealing_keys] == [KEY]
    assert KEY not in [key.multikey for key in party.signing_keys]
    kid = f"{SUPPLIER.did}#{KEY}"
    assert not REGISTERED.fold.may_request(kid)
    for vct in ("sample-report/v1", "key/v1", "policy/v1", "seal/v1"):
        assert not REGISTERED.fold.may_sign(kid, vct)


def test_a_new_one_takes_the_place_of_an_old_one() -> None:
    new = registration(REGISTERED, multikey=sealing_multikey("new"), replaces=KEY)
    after = REGISTERED.after(new)
    first, second = after.fold.parties[SUPPLIER.did].sealing_keys
    assert (first.is_current, second.is_current) == (False, True)


def revocation(**members: Any) -> str:
    kid = f"{SUPPLIER.did}#{KEY}"
    body = {"kid": kid, "keeps": [], "reason": "lost", "contested_from": None} | members
    return REGISTERED.governance(SUPPLIER.admin, "key-revocation/v1", body)


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({}, None),
        ({"contested_from": REGISTERED.size - 1}, "not-permitted"),
    ],
)
def test_it_is_ended_like_any_other_and_contests_nothing(
    members: dict[str, Any], code: str | None
) -> None:
    assert code_of(REGISTERED.judge(revocation(**members))) == code


def test_what_ended_is_no_longer_to_be_sealed_to() -> None:
    (key,) = REGISTERED.after(revocation()).fold.parties[SUPPLIER.did].sealing_keys
    assert not key.is_current
