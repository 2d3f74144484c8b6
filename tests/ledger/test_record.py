"""Records: serialisation and header (docs/spec/record.md, sections 1 and 2)."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.ed25519 import PublicKey
from keys.encoding import encode_base64url
from keys.identifiers import Origin
from keys.multikey import encode_multikey, encode_sealing_multikey
from keys.x25519 import derive_sealing_key
from ledger import limits, record
from ledger.content import CheckedRecord
from ledger.faults import Refusal
from ledger.record import TYP, encode_record_id, jti_key, record_id
from ledger.strict_json import encode_json
from tests.ledger.parties import (
    a_consortium,
    a_party,
    code_of,
    payload_of,
    resign,
    sign_parts,
)
from tests.ledger.sample_types import REMOVED

pytestmark = pytest.mark.item("2.3")

FOUNDED = a_consortium()
PARTY = FOUNDED.parties["hanfeng-drive"]
OTHER = FOUNDED.parties["borealis-motors"]
STRANGER = a_party("hanfeng-drive", Origin("other.example"))
RECORD = FOUNDED.record(PARTY)
HEADER = {"alg": "EdDSA", "kid": PARTY.signing.kid, "typ": TYP}
# A point of order one: anybody could sign for it.
IDENTITY = PublicKey(b"\x01" + bytes(31))
HEADER_BYTES = encode_json({**HEADER})
PAYLOAD_BYTES = encode_json(payload_of(RECORD))
P256_MULTIKEY = "zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv"


def check(text: str) -> str | None:
    return code_of(FOUNDED.check(text))


def with_header(**members: Any) -> str:
    return resign(RECORD, PARTY.signing, header=members)


def with_parts(header: bytes = HEADER_BYTES, payload: bytes = PAYLOAD_BYTES) -> str:
    """The record with header or payload as other bytes, and its disclosures."""
    return sign_parts(header, payload, PARTY.signing) + RECORD[RECORD.index("~") :]


def test_a_composed_record_is_right() -> None:
    checked = FOUNDED.check(RECORD)
    assert isinstance(checked, CheckedRecord)
    assert f"{checked.jws}~{checked.disclosures}" == RECORD
    assert (checked.iss, checked.kid) == (PARTY.did, PARTY.signing.kid)


def test_the_record_id_is_the_digest_of_the_jws_alone() -> None:
    jws = RECORD.split("~")[0]
    expected = hashlib.sha256(jws.encode()).digest()
    assert record_id(jws) == expected
    assert encode_record_id(expected) == encode_base64url(expected)
    assert len(encode_record_id(expected)) == 43


def test_the_key_of_a_jti_depends_on_the_party_and_on_nothing_else() -> None:
    assert jti_key("did:a", "x" * 22) == hashlib.sha256(b"did:a\n" + b"x" * 22).digest()
    assert jti_key("did:b", "x" * 22) != jti_key("did:a", "x" * 22)


# ---- section 1: serialisation ----


def change(position: int, character: str) -> str:
    return RECORD[:position] + character + RECORD[position + 1 :]


def test_every_byte_of_a_submission_counts() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for position, old in enumerate(RECORD):
        # The neighbour in the alphabet differs in the lowest bit, where the spare bits are.
        new = alphabet[alphabet.index(old) ^ 1] if old in alphabet else "A"
        assert isinstance(FOUNDED.check(change(position, new)), Refusal), position


@given(
    position=st.integers(0, len(RECORD) - 1),
    inserted=st.text(st.characters(max_codepoint=0x2FF), max_size=2),
    removed=st.integers(0, 1),
)
def test_a_submission_with_any_other_byte_is_refused(
    position: int, inserted: str, removed: int
) -> None:
    changed = RECORD[:position] + inserted + RECORD[position + removed :]
    assert (code_of(FOUNDED.check(changed)) is None) == (changed == RECORD)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "~",
        RECORD[:-1],
        RECORD + "x",
        # A key-binding JWT stands behind the last '~' (RFC 9901, section 4.3).
        RECORD + RECORD.split("~")[0],
        RECORD.replace(".", "", 1),
        RECORD.replace("~", ".~", 1),
        RECORD.replace(".", "..", 1),
        RECORD.replace(".", "=.", 1),
        " " + RECORD,
        RECORD.replace("~", "\n~", 1),
        "é" + RECORD,
    ],
)
def test_a_text_of_another_form_is_no_record(text: str) -> None:
    assert check(text) == "malformed-record"


@pytest.mark.parametrize("length", [0, 32, 63, 65])
def test_a_signature_has_64_bytes(length: int) -> None:
    signed, _, _ = RECORD.split("~")[0].rpartition(".")
    rest = RECORD[RECORD.index("~") :]
    assert check(f"{signed}.{encode_base64url(bytes(64))}{rest}") == "bad-signature"
    assert check(f"{signed}.{encode_base64url(bytes(length))}{rest}") == "malformed-record"


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (b"", "nothing"),
        (b"[]", "array"),
        (b"null", "null"),
        (b'"x"', "text"),
        (b"{", "open object"),
        (b"{}{}", "two objects"),
        (b'{"alg":"EdDSA","alg":"EdDSA"}', "a name twice"),
        (b"\xff", "no UTF-8"),
        (b'{"a":1.5}', "fraction"),
        (b'{"a":9007199254740992}', "large integer"),
        (b'{"a":' + b"[" * 32 + b"]" * 32 + b"}", "deep"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_header_and_payload_are_strict_json_objects(document: bytes, name: str) -> None:
    assert check(with_parts()) is None
    assert check(with_parts(header=document)) == "malformed-record"
    assert check(with_parts(payload=document)) == "malformed-record"


def test_white_space_and_the_order_of_members_mean_nothing() -> None:
    turned = dict(reversed(HEADER.items()))
    payload = dict(reversed(payload_of(RECORD).items()))
    text = with_parts(
        json.dumps(turned, indent=1).encode(), json.dumps(payload, ensure_ascii=True).encode()
    )
    assert check(text) is None


@pytest.mark.item("2.bad.oversized-record")
def test_a_jws_leaves_room_for_the_head_of_its_entry() -> None:
    most = limits.ENTRY_BYTES_MAX - limits.ENTRY_HEAD_BYTES_MAX
    assert check("A" * most + "~") == "malformed-record"
    assert check("A" * (most + 1) + "~") == "record-too-large"


# ---- section 2: header ----


@pytest.mark.item("2.bad.wrong-alg")
@pytest.mark.parametrize(
    "alg", ["none", "None", "HS256", "ES256", "Ed25519", "eddsa", "EdDSA ", "", None, 1, ["EdDSA"]]
)
def test_no_other_algorithm_than_the_registered_one_is_allowed(alg: object) -> None:
    assert check(with_header(alg="EdDSA")) is None
    assert check(with_header(alg=alg)) == "algorithm-not-allowed"


@pytest.mark.item("2.bad.wrong-alg")
@pytest.mark.parametrize(
    ("alg", "digest", "code"),
    [("HS256", "sha256", "malformed-record"), ("HS512", "sha512", "algorithm-not-allowed")],
)
def test_the_public_key_is_never_taken_for_a_secret(alg: str, digest: str, code: str) -> None:
    # What a library that lets the header choose would accept: a MAC under the public key.
    payload = encode_json(payload_of(RECORD))
    header = encode_json({**HEADER, "alg": alg})
    signed = f"{encode_base64url(header)}.{encode_base64url(payload)}"
    mac = hmac.digest(PARTY.signing.key.public_key, signed.encode(), digest)
    assert check(f"{signed}.{encode_base64url(mac)}{RECORD[RECORD.index('~') :]}") == code


@pytest.mark.item("2.bad.wrong-alg")
def test_a_record_without_a_signature_is_refused() -> None:
    header = encode_base64url(encode_json({**HEADER, "alg": "none"}))
    unsigned = f"{header}.{RECORD.split('.')[1]}.{RECORD[RECORD.index('~') :]}"
    assert check(unsigned) == "malformed-record"


@pytest.mark.parametrize(
    "members",
    [
        {"typ": "JWT"},
        {"typ": "lotmark+sd-jwt "},
        {"typ": None},
        {"typ": REMOVED},
        {"alg": REMOVED},
        {"kid": REMOVED},
        {"crit": []},
        {"jwk": {}},
        {"b64": False},
        {"x" * 5_000: 1},
    ],
    ids=lambda members: next(iter(members))[:3],
)
def test_the_header_is_closed(members: dict[str, Any]) -> None:
    assert check(with_header(typ=TYP)) is None
    assert check(with_header(**members)) == "malformed-header"


@pytest.mark.parametrize(
    "kid",
    [
        None,
        1,
        "",
        PARTY.signing.multikey,
        PARTY.did,
        f"{PARTY.did}#",
        f"{PARTY.did}#{PARTY.signing.multikey}#",
        f"{PARTY.did}#{PARTY.signing.multikey} ",
        f"{PARTY.did}#{P256_MULTIKEY}",
        f"{PARTY.did}#{encode_sealing_multikey(derive_sealing_key(PARTY.signing.key.public_key))}",
        f"{PARTY.did}#{encode_multikey(IDENTITY)}",
        f"did:key:{PARTY.signing.multikey}#{PARTY.signing.multikey}",
    ],
)
def test_a_kid_names_a_key_of_a_party(kid: object) -> None:
    assert check(with_header(kid=PARTY.signing.kid)) is None
    assert check(with_header(kid=kid)) == "malformed-header"


@pytest.mark.item("2.bad.foreign-kid")
@pytest.mark.parametrize("party", [OTHER, STRANGER], ids=["same log", "other log"])
def test_nobody_signs_with_a_key_of_another_party(party: Any) -> None:
    signed = resign(RECORD, party.signing, claims={"iat": 1})
    assert check(resign(RECORD, PARTY.signing, claims={"iat": 1})) is None
    assert check(signed) == "foreign-key"


def test_a_key_named_by_kid_must_be_the_one_that_signed() -> None:
    forged = resign(RECORD, PARTY.another_key("forger"), header={"kid": PARTY.signing.kid})
    assert check(forged) == "bad-signature"


def test_a_long_header_is_judged_and_not_remembered() -> None:
    remembered = record._parse_short_header.cache_info
    padded = json.dumps(HEADER, indent=limits.ENTRY_BYTES_MAX // 16).encode()
    before = remembered().currsize
    assert check(with_parts(header=padded)) is None
    assert remembered().currsize == before
    assert check(with_parts(header=json.dumps(HEADER, indent=1).encode())) is None
    assert remembered().currsize == before + 1
