"""Records: the clear claims (docs/spec/record.md, section 3)."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from keys.encoding import encode_base64url
from keys.identifiers import Origin
from ledger.errors import ForeignKey, LedgerError, MalformedClaims, MalformedRecord
from ledger.faults import Refusal
from ledger.record import NO_POLICY, is_digest, parse_jws
from tests.ledger.parties import (
    ORIGIN,
    a_consortium,
    a_party,
    code_of,
    resign,
    sign_key,
)
from tests.ledger.sample_types import REMOVED

pytestmark = pytest.mark.item("2.3")

FOUNDED = a_consortium()
PARTY = FOUNDED.parties["hanfeng-drive"]
OTHER = FOUNDED.parties["borealis-motors"]
STRANGER = a_party("hanfeng-drive", Origin("other.example"))
RECORD = FOUNDED.record(PARTY)
KEY_RECORD = sign_key(FOUNDED, PARTY, PARTY.another_key("second"))
DIGEST = encode_base64url(hashlib.sha256(b"anything").digest())


def check(text: str) -> str | None:
    return code_of(FOUNDED.check(text))


def with_claims(**claims: Any) -> str:
    return resign(RECORD, PARTY.signing, claims=claims)


def digests(count: int) -> list[str]:
    return sorted(encode_base64url(hashlib.sha256(bytes([n])).digest()) for n in range(count))


FORMS: dict[str, list[tuple[object, list[object]]]] = {
    "iat": [(0, [-1, True, None, "1", [1], {}]), (2**53 - 1, [-(2**53 - 1)])],
    "jti": [
        ("-_" * 11, ["-" * 21, "-" * 23, "+" * 22, "é" * 22, None]),
        ("A" * 22, ["A" * 22 + "\n"]),
    ],
    "vct": [
        ("ab/v1", ["a/v1", "Ab/v1", "a_b/v1", "1b/v1", "ab/v1\n", None, 1, ["ab/v1"]]),
        ("ab/v999", ["ab/v0", "ab/v01", "ab/v1000", "ab", "ab/1"]),
        (f"{'a' * 40}/v1", [f"{'a' * 41}/v1"]),
    ],
    "policy": [
        (DIGEST, [DIGEST[:-1], f"{DIGEST}A", None, 5]),
        # A digest has one spelling: the last character's spare bits are zero.
        ("A" * 43, ["A" * 42 + "B"]),
    ],
    "_sd": [
        (digests(2), [[], None, {}, "x", [1], [None], digests(2)[::-1], ["\n".join(digests(2))]]),
        (digests(2), [[digests(2)[0], digests(2)[1][:-1] + "B"]]),
        (digests(1), [digests(1) * 2]),
        (digests(128), [digests(129)]),
    ],
    "aud": [(str(ORIGIN), [[ORIGIN], None])],
    "iss": [(PARTY.did, [[PARTY.did], None])],
}


@pytest.mark.parametrize(
    ("claim", "allowed", "refused"),
    [
        (claim, allowed, value)
        for claim, rows in FORMS.items()
        for allowed, refused in rows
        for value in refused
    ],
)
def test_each_clear_claim_has_one_form(claim: str, allowed: object, refused: object) -> None:
    # Of a type that the log does not know only the form is judged, so nothing else is wrong.
    base = {"vct": "unheard-of/v1", "_sd": digests(1)}
    bare = resign(RECORD.split("~")[0] + "~", PARTY.signing, claims=base | {claim: allowed})
    assert check(bare) is None
    assert check(resign(bare, PARTY.signing, claims={claim: refused})) == "malformed-claims"


@pytest.mark.parametrize("claim", ["iss", "iat", "jti", "aud", "vct", "policy", "_sd"])
def test_no_clear_claim_may_be_missing(claim: str) -> None:
    assert check(with_claims(**{claim: REMOVED})) == "malformed-claims"


@pytest.mark.item("2.bad.unknown-clear-claims")
@pytest.mark.parametrize(
    "name",
    ["exp", "nbf", "sub", "cnf", "status", "_sd_alg", "...", "", "Iss", "lot", "vct#integrity"],
)
def test_unknown_clear_claims_are_refused(name: str) -> None:
    assert check(with_claims()) is None
    assert check(with_claims(**{name: "x"})) == "malformed-claims"


@pytest.mark.item("2.bad.wrong-audience")
@pytest.mark.parametrize("aud", ["log.example", f"{ORIGIN}/", ORIGIN.upper(), "", " " + ORIGIN])
def test_a_record_for_another_log_is_refused(aud: str) -> None:
    assert check(with_claims(aud=ORIGIN)) is None
    assert check(with_claims(aud=aud)) == "wrong-audience"


@pytest.mark.item("2.bad.foreign-kid")
@pytest.mark.parametrize("iss", [OTHER.did, STRANGER.did])
def test_the_issuer_is_the_party_of_this_log_whose_key_signs(iss: str) -> None:
    assert check(with_claims(iss=PARTY.did)) is None
    assert check(with_claims(iss=iss)) == "foreign-key"


@pytest.mark.parametrize("iss", ["hanfeng-drive", "", "did:key:z6Mk", PARTY.did + "x" * 400])
def test_an_issuer_that_no_log_could_have_is_a_malformed_claim(iss: str) -> None:
    assert check(with_claims(iss=iss)) == "malformed-claims"


def test_entry_0_is_shared_under_no_policy() -> None:
    jws = with_claims(policy=NO_POLICY).split("~")[0]
    assert parse_jws(jws, origin=ORIGIN, is_first=True).claims.policy == NO_POLICY
    other = with_claims().split("~")[0]
    assert parse_jws(other, origin=ORIGIN).claims.policy != NO_POLICY
    with pytest.raises(MalformedClaims, match=r"/policy: expected A{43} in entry 0, found"):
        parse_jws(other, origin=ORIGIN, is_first=True)


def test_an_origin_is_compared_whole() -> None:
    jws = RECORD.split("~")[0]
    assert parse_jws(jws, origin=ORIGIN).claims.iss == PARTY.did
    with pytest.raises(LedgerError) as refusal:
        parse_jws(jws, origin="log.example")
    assert refusal.value.code == "wrong-audience"
    renamed = resign(RECORD, PARTY.signing, claims={"aud": "log.example"}).split("~")[0]
    with pytest.raises(ForeignKey, match=r"expected an iss of log\.example, found 'did:web"):
        parse_jws(renamed, origin="log.example")


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({}, None),
        ({"_sd": REMOVED}, "malformed-claims"),
        ({"body": REMOVED}, "malformed-claims"),
        ({"body": []}, "malformed-claims"),
        ({"body": None}, "malformed-claims"),
        ({"vct": "policy/v1"}, "malformed-claims"),
        ({"vct": "policy/v1", "_sd": REMOVED, "body": REMOVED}, "malformed-claims"),
    ],
)
def test_a_governance_type_has_the_form_of_its_kind(
    claims: dict[str, Any], code: str | None
) -> None:
    assert check(resign(KEY_RECORD, PARTY.admin, claims=claims)) == code


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"_sd": digests(1)}, None),
        ({"_sd": REMOVED, "body": {}}, None),
        ({"_sd": digests(1), "body": {"any": ["thing"]}}, None),
        ({"_sd": REMOVED}, "malformed-claims"),
        ({"_sd": REMOVED, "body": None}, "malformed-claims"),
    ],
)
def test_a_type_that_is_not_known_may_have_either_form(
    claims: dict[str, Any], code: str | None
) -> None:
    bare = RECORD.split("~")[0] + "~"
    claims = {"vct": "charter/v2"} | claims
    assert check(resign(bare, PARTY.signing, claims=claims)) == code


def test_a_known_business_type_has_no_body() -> None:
    assert check(with_claims()) is None
    assert check(with_claims(body={})) == "malformed-claims"


@pytest.mark.parametrize("text", [DIGEST, "A" * 43])
def test_a_digest_is_canonical_base64url_of_32_bytes(text: str) -> None:
    assert is_digest(text)
    for other in (text[:-1], f"{text}\n", text[:-1] + "B", text[:-1] + "=", None, 1, text.encode()):
        assert not is_digest(other)


@pytest.mark.parametrize(
    "claims",
    [{"x" * 40_000: 1}, {"vct": "v" * 40_000}, {"aud": "a" * 40_000}, {"iss": "i" * 40_000}],
)
def test_a_refusal_stays_short_whatever_was_sent(claims: dict[str, Any]) -> None:
    refusal = FOUNDED.check(with_claims(**claims))
    assert isinstance(refusal, Refusal)
    assert len(refusal.detail) < 800


def test_a_refusal_says_what_was_expected_and_what_was_found() -> None:
    with pytest.raises(MalformedRecord, match=r"expected header\.payload\.signature, found 1"):
        parse_jws("x", origin=ORIGIN)
