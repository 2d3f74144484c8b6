"""Keys at admission: registered, in force, and allowed to sign the type (governance.md, 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ledger.faults import Refusal
from tests.ledger.governance_documents import (
    OTHER_TYPE,
    sign_definition,
    sign_part,
    sign_policy,
)
from tests.ledger.parties import (
    Consortium,
    PartyKeys,
    PartySigner,
    Plan,
    a_consortium,
    a_party,
    code_of,
    payload_of,
    resign,
    sign_key,
)

pytestmark = pytest.mark.item("2.4")

FOUNDED = a_consortium()
OPEN = a_consortium(Plan(thresholds={"record-type": 1, "policy": 1}))
OEM, SUPPLIER, CERTIFIER = FOUNDED.parties.values()
RECORD = FOUNDED.record(SUPPLIER)


def judge(text: str, consortium: Consortium = FOUNDED) -> str | None:
    return code_of(consortium.judge(text))


def by(signer: PartySigner, text: str = RECORD) -> str:
    """The record, signed by another key of the same party."""
    return resign(text, signer, header={"kid": signer.kid})


@pytest.mark.item("2.bad.unknown-kid")
def test_a_key_that_nobody_registered_signs_nothing() -> None:
    fresh = SUPPLIER.another_key("fresh")
    signed = by(fresh)
    assert judge(signed) == "key-not-valid"
    assert judge(signed, FOUNDED.after(sign_key(FOUNDED, SUPPLIER, fresh))) is None


@pytest.mark.item("2.bad.unknown-kid")
def test_a_party_that_is_none_signs_nothing() -> None:
    stranger = a_party("stranger")
    assert judge(FOUNDED.record(stranger)) == "key-not-valid"


def test_an_admin_key_signs_no_business() -> None:
    refusal = FOUNDED.judge(by(SUPPLIER.admin))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "key-not-valid"
    assert (
        "an admin key signs admin-key/v1, charter/v1, endorsement/v1, key-revocation/v1"
        in refusal.detail
    )


@pytest.mark.parametrize(
    "text",
    [
        sign_definition(OPEN, OPEN.founder, OTHER_TYPE),
        sign_policy(OPEN, OPEN.founder),
        sign_part(OPEN, OPEN.founder, "text", 0),
    ],
    ids=["record-type", "policy", "document-part"],
)
def test_an_admin_key_signs_no_documents(text: str) -> None:
    assert judge(text, OPEN) is None
    assert judge(by(OPEN.founder.admin, text), OPEN) == "key-not-valid"


def test_a_signing_key_registers_no_keys() -> None:
    text = sign_key(FOUNDED, SUPPLIER, SUPPLIER.another_key("fresh"))
    assert judge(text) is None
    assert judge(by(SUPPLIER.signing, text)) == "key-not-valid"


def test_a_signing_key_endorses_nothing() -> None:
    body = {"of": FOUNDED.fold.charter_id, "meaning": "approve", "reason": None}
    wide = with_uses(["record:endorsement"])
    signed = FOUNDED.governance(SUPPLIER.another_key("narrow"), "endorsement/v1", body)
    assert judge(signed, wide) == "key-not-valid"


def with_uses(uses: Sequence[str], party: PartyKeys = SUPPLIER) -> Consortium:
    """The consortium with one more key of the party, for these uses."""
    return FOUNDED.after(sign_key(FOUNDED, party, party.another_key("narrow"), uses))


@pytest.mark.parametrize(
    ("uses", "code"),
    [
        (["records"], None),
        (["record:sample-report"], None),
        (["requests", "record:sample-report"], None),
        (["record:other-report"], "key-not-valid"),
        (["record:sample-report-x"], "key-not-valid"),
        (["requests", "sign-in"], "key-not-valid"),
        (["record:policy"], "key-not-valid"),
    ],
)
def test_a_key_signs_the_types_it_was_registered_for(uses: list[str], code: str | None) -> None:
    assert judge(by(SUPPLIER.another_key("narrow")), with_uses(uses)) == code


@pytest.mark.parametrize(
    ("uses", "code"),
    [(["record:policy"], None), (["records"], "key-not-valid"), (["requests"], "key-not-valid")],
)
def test_a_key_for_records_signs_no_governance(uses: list[str], code: str | None) -> None:
    narrow = OEM.another_key("narrow")
    keyed = OPEN.after(sign_key(OPEN, OEM, narrow, uses))
    assert judge(by(narrow, sign_policy(OPEN, OEM)), keyed) == code


def test_a_key_works_from_the_next_entry_on() -> None:
    fresh = SUPPLIER.another_key("fresh")
    registration = sign_key(FOUNDED, SUPPLIER, fresh)
    before, after = FOUNDED, FOUNDED.after(registration)
    assert judge(by(fresh), before) == "key-not-valid"
    assert judge(by(fresh), after) is None
    key = after.fold.key(fresh.kid)
    assert key is not None
    assert key.registered_at == FOUNDED.size


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({}, None),
        ({"party": "did:web:log.example%3A8443:eu:parties:borealis-motors"}, "not-permitted"),
        ({"multikey": SUPPLIER.signing.multikey}, "key-not-valid"),
        ({"multikey": SUPPLIER.admin.multikey}, "key-not-valid"),
        # Registered by another party.
        ({"multikey": OEM.signing.multikey}, "key-not-valid"),
        ({"multikey": OEM.admin.multikey}, "key-not-valid"),
        # The form of a multikey, and no point of the curve.
        ({"multikey": "z6Mk" + "1" * 44}, "invalid-claims"),
        ({"uses": []}, "invalid-claims"),
        ({"uses": ["records"] * 2}, "invalid-claims"),
        ({"uses": ["record:X"]}, "invalid-claims"),
        ({"holder_kind": "robot"}, "invalid-claims"),
        ({"expires": 1}, "invalid-claims"),
    ],
)
def test_a_key_is_registered_once_and_by_its_party(
    members: dict[str, Any], code: str | None
) -> None:
    text = sign_key(FOUNDED, SUPPLIER, SUPPLIER.another_key("fresh"))
    body = payload_of(text)["body"] | members
    assert judge(resign(text, SUPPLIER.admin, claims={"body": body})) == code


def test_a_key_that_is_no_point_is_told_with_its_place() -> None:
    text = sign_key(FOUNDED, SUPPLIER, SUPPLIER.another_key("fresh"))
    body = {**payload_of(text)["body"], "multikey": "z6Mk" + "1" * 44}
    refusal = FOUNDED.judge(resign(text, SUPPLIER.admin, claims={"body": body}))
    assert isinstance(refusal, Refusal)
    assert [fault.pointer for fault in refusal.faults] == ["/body/multikey"]
