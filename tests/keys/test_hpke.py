"""HPKE: what opens, what does not, and an independent construction that agrees (RFC 9180)."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl import bindings

from keys.errors import MalformedKey, NotSealedToKey
from keys.hpke import Sealed, open_sealed, seal_to
from keys.x25519 import sealing_key_of

pytestmark = pytest.mark.item("5.6.sealed")

SEED, OTHER = bytes(range(32)), bytes(range(1, 33))
KEY = sealing_key_of(SEED)
SUITE_KEM = b"KEM" + bytes([0x00, 0x20])
SUITE_HPKE = b"HPKE" + bytes([0x00, 0x20, 0x00, 0x01, 0x00, 0x02])


def _extract(salt: bytes, label: bytes, secret: bytes, *, suite: bytes) -> bytes:
    message = b"HPKE-v1" + suite + label + secret
    return hmac.new(salt or bytes(32), message, hashlib.sha256).digest()


def _expand(key: bytes, label: bytes, info: bytes, *, suite: bytes, length: int) -> bytes:
    text = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    # No output here is longer than one block of the hash.
    return hmac.new(key, text + b"\x01", hashlib.sha256).digest()[:length]


def seal_by_hand(public: bytes, message: bytes, *, info: bytes, ephemeral: bytes) -> Sealed:
    """Sections 4.1 and 5.1 written out of X25519, HMAC and AES-GCM."""
    sent = bindings.crypto_scalarmult_base(ephemeral)
    agreed = bindings.crypto_scalarmult(ephemeral, public)
    eae = _extract(b"", b"eae_prk", agreed, suite=SUITE_KEM)
    shared = _expand(eae, b"shared_secret", sent + public, suite=SUITE_KEM, length=32)
    psk_id = _extract(b"", b"psk_id_hash", b"", suite=SUITE_HPKE)
    info_hash = _extract(b"", b"info_hash", info, suite=SUITE_HPKE)
    context = b"\x00" + psk_id + info_hash
    secret = _extract(shared, b"secret", b"", suite=SUITE_HPKE)
    key = _expand(secret, b"key", context, suite=SUITE_HPKE, length=32)
    nonce = _expand(secret, b"base_nonce", context, suite=SUITE_HPKE, length=12)
    return Sealed(sent, AESGCM(key).encrypt(nonce, message, b""))


@given(
    seed=st.binary(min_size=32, max_size=32),
    ephemeral=st.binary(min_size=32, max_size=32),
    message=st.binary(max_size=64),
    info=st.binary(max_size=200),
)
@settings(max_examples=30)
def test_what_the_standard_says_by_hand_opens_here(
    seed: bytes, ephemeral: bytes, message: bytes, info: bytes
) -> None:
    sealed = seal_by_hand(sealing_key_of(seed), message, info=info, ephemeral=ephemeral)
    assert open_sealed(seed, sealed, info=info) == message


def test_a_message_opens_with_the_key_it_was_sealed_to() -> None:
    sealed = seal_to(KEY, b"content key", info=b"context")
    assert (len(sealed.encapsulated), len(sealed.ciphertext)) == (32, 27)
    assert open_sealed(SEED, sealed, info=b"context") == b"content key"


def test_a_message_is_sealed_anew_each_time() -> None:
    assert seal_to(KEY, b"same", info=b"") != seal_to(KEY, b"same", info=b"")


def test_another_key_opens_nothing() -> None:
    sealed = seal_to(KEY, b"content key", info=b"context")
    with pytest.raises(NotSealedToKey):
        open_sealed(OTHER, sealed, info=b"context")


def test_another_context_opens_nothing() -> None:
    sealed = seal_to(KEY, b"content key", info=b"context")
    with pytest.raises(NotSealedToKey):
        open_sealed(SEED, sealed, info=b"context.")


@pytest.mark.parametrize("part", [0, 1])
def test_a_changed_message_does_not_open(part: int) -> None:
    sealed = [*seal_to(KEY, b"content key", info=b"context")]
    sealed[part] = bytes([sealed[part][0] ^ 1]) + sealed[part][1:]
    with pytest.raises(NotSealedToKey):
        open_sealed(SEED, Sealed(*sealed), info=b"context")


@pytest.mark.parametrize("encapsulated", [b"", bytes(32), bytes(31), b"\x01" + bytes(31)])
def test_a_key_that_encapsulates_nothing_does_not_open(encapsulated: bytes) -> None:
    with pytest.raises(NotSealedToKey):
        open_sealed(SEED, Sealed(encapsulated, bytes(48)), info=b"context")


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_private_key_has_32_bytes(length: int) -> None:
    with pytest.raises(MalformedKey):
        sealing_key_of(bytes(length))
