"""The courtesy DID document: what outside software finds in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from keys.did_document import party_document
from keys.ed25519 import public_key_of
from keys.encoding import encode_base64url
from keys.identifiers import Did, kid
from keys.multikey import encode_multikey, encode_sealing_multikey
from keys.x25519 import derive_sealing_key

pytestmark = pytest.mark.item("2.2")

DID = Did("did:web:log.example:parties:acme")
KEYS = [public_key_of(bytes([number] * 32)) for number in range(3)]
SIGNING = [encode_multikey(public) for public in KEYS]
SEALING = encode_sealing_multikey(derive_sealing_key(public_key_of(b"s" * 32)))


def a_document() -> dict[str, Any]:
    return party_document(DID, SIGNING, sealing=[SEALING])


def test_each_signing_key_stands_as_multikey_and_as_json_web_key() -> None:
    methods = {method["id"]: method for method in a_document()["verificationMethod"]}
    for public, multikey in zip(KEYS, SIGNING, strict=True):
        method = methods[kid(DID, multikey)]
        assert (method["type"], method["publicKeyMultibase"]) == ("Multikey", multikey)
        method = methods[kid(DID, multikey) + "-jwk"]
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": encode_base64url(public)}
        assert (method["type"], method["publicKeyJwk"]) == ("JsonWebKey", jwk)


def test_signing_keys_assert_and_sealing_keys_agree_and_never_both() -> None:
    document = a_document()
    signing = [f"{DID}#{key}{end}" for key in SIGNING for end in ("", "-jwk")]
    assert document["assertionMethod"] == document["authentication"] == signing
    assert document["keyAgreement"] == [f"{DID}#{SEALING}"]
    assert [method["id"] for method in document["verificationMethod"]] == [
        *signing,
        f"{DID}#{SEALING}",
    ]


def test_the_party_controls_every_method() -> None:
    document = a_document()
    assert document["id"] == DID
    assert {method["controller"] for method in document["verificationMethod"]} == {DID}


def test_a_party_without_keys_has_a_document_without_methods() -> None:
    document = party_document(DID, [])
    assert document["verificationMethod"] == document["keyAgreement"] == []


def test_a_document_is_json_with_the_did_context_first() -> None:
    document = json.loads(json.dumps(a_document()))
    assert document == a_document()
    assert document["@context"][0] == "https://www.w3.org/ns/did/v1"
