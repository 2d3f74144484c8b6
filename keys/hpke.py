"""Sealing to an X25519 key: HPKE in base mode (RFC 9180, sections 5.1.1 and 6.1).

DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM, one message to one key, no associated
data: whatever is to be bound stands in ``info``. Base mode says nothing of who sealed.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from keys.errors import NotSealedToKey
from keys.x25519 import SEALING_KEY_BYTES, SealingKey

ENCAPSULATED_BYTES: Final = SEALING_KEY_BYTES
TAG_BYTES: Final = 16
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class Sealed(NamedTuple):
    """What a recipient needs: the encapsulated key (32 bytes) and the ciphertext with its tag."""

    encapsulated: bytes
    ciphertext: bytes


def seal_to(key: SealingKey, message: bytes, *, info: bytes) -> Sealed:
    """Seal a short message to the holder of ``key``, bound to ``info``."""
    sent = _SUITE.encrypt(message, X25519PublicKey.from_public_bytes(key), info)
    return Sealed(sent[:ENCAPSULATED_BYTES], sent[ENCAPSULATED_BYTES:])


def open_sealed(seed: bytes, sealed: Sealed, *, info: bytes) -> bytes:
    """Open what was sealed to the key of ``seed`` under the same ``info``.

    Raises:
        NotSealedToKey: to another key, under another info, or it was changed; which of them
            cannot be told apart.
    """
    private = X25519PrivateKey.from_private_bytes(seed)
    try:
        return _SUITE.decrypt(sealed.encapsulated + sealed.ciphertext, private, info)
    except (InvalidTag, ValueError) as fault:
        raise NotSealedToKey(
            "expected a message sealed to this key under this context, found another"
        ) from fault
