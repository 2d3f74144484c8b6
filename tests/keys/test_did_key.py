"""did:key: the published vectors of did-method-key, and their tampered siblings."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.base58btc import decode_base58btc
from keys.ed25519 import public_key_of
from keys.encoding import decode_base64url
from keys.errors import MalformedIdentifier, MalformedKey, UnsupportedKey
from keys.identifiers import Did, did_key, kid, resolve_did_key
from keys.multikey import encode_multikey, encode_sealing_multikey
from tests.vectors import vectors_dir

pytestmark = [pytest.mark.item("2.2"), pytest.mark.item("2.done.vectors-did-key")]


@cache
def vectors(name: str) -> dict[str, Any]:
    path = vectors_dir() / "credentials" / "did-key" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def key_bytes(method: dict[str, Any]) -> bytes:
    """The older vectors write keys in base58btc, the newer ones as JSON web keys."""
    if "publicKeyJwk" in method:
        return decode_base64url(method["publicKeyJwk"]["x"])
    return decode_base58btc(method["publicKeyBase58"])


def test_every_published_seed_gives_its_did_and_both_keys() -> None:
    assert len(vectors("ed25519-x25519")) == 5
    for did, vector in vectors("ed25519-x25519").items():
        public = public_key_of(bytes.fromhex(vector["seed"]))
        assert did_key(public) == did
        resolved = resolve_did_key(did)
        assert resolved.signing == public == key_bytes(vector["verificationKeyPair"])
        assert resolved.sealing == key_bytes(vector["keyAgreementKeyPair"])


def test_every_published_document_names_its_methods_as_resolved() -> None:
    for did, vector in vectors("ed25519-x25519").items():
        resolved, document = resolve_did_key(did), vector["didDocument"]
        assert resolved.signing is not None
        signing = kid(Did(did), encode_multikey(resolved.signing))
        sealing = kid(Did(did), encode_sealing_multikey(resolved.sealing))
        assert document["assertionMethod"] == document["authentication"] == [signing]
        assert document["keyAgreement"] == [sealing]
        keys = {method["id"]: key_bytes(method) for method in document["verificationMethod"]}
        assert keys == {signing: resolved.signing, sealing: resolved.sealing}


def test_every_published_x25519_did_seals_only() -> None:
    documents = vectors("x25519")["didDocument"]
    assert len(documents) == 4
    for did, document in documents.items():
        resolved = resolve_did_key(did)
        assert resolved.signing is None
        assert resolved.sealing == key_bytes(document["verificationMethod"][0])
        assert document["keyAgreement"] == [f"{did}#{encode_sealing_multikey(resolved.sealing)}"]


def test_every_published_did_of_another_curve_is_unsupported() -> None:
    assert len(vectors("nist-curves")) == 7
    for did in vectors("nist-curves"):
        with pytest.raises(UnsupportedKey, match="found P-") as refusal:
            resolve_did_key(did)
        assert refusal.value.code == "unsupported-key"


@pytest.mark.parametrize("name", ["ed25519-x25519", "nist-curves"])
def test_a_published_did_with_a_missing_or_foreign_character_is_refused(name: str) -> None:
    for did in vectors(name):
        for changed in (did[:-1], did + "1", did[:20] + "0" + did[21:], did[:8] + did[9:]):
            with pytest.raises(MalformedKey) as refusal:
                resolve_did_key(changed)
            assert refusal.value.code == "malformed-key"


@pytest.mark.parametrize("suffix", ["#", "#z6Mk", "?a=b", "/x", "\n", ":1", " "])
def test_a_did_key_with_anything_after_it_is_refused(suffix: str) -> None:
    did = did_key(public_key_of(bytes(32)))
    assert resolve_did_key(did).did == did
    with pytest.raises(MalformedIdentifier, match="expected did:key:<multikey>"):
        resolve_did_key(did + suffix)


@pytest.mark.parametrize("prefix", ["", "did:web:", "DID:KEY:", "did:key", "did:key:did:key:"])
def test_a_did_of_another_method_is_refused(prefix: str) -> None:
    with pytest.raises(MalformedIdentifier, match="expected did:key:<multikey>"):
        resolve_did_key(prefix + encode_multikey(public_key_of(bytes(32))))


@given(seed=st.binary(min_size=32, max_size=32))
def test_a_did_key_reads_back_as_its_key(seed: bytes) -> None:
    assert resolve_did_key(did_key(public_key_of(seed))).signing == public_key_of(seed)
