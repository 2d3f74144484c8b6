"""X25519 keys for sealing (RFC 7748): what is accepted as one.

Sealing itself is :mod:`keys.hpke`. A party is sealed to by a key of its own; the key that is
derived from an Ed25519 key serves did:key only, whose documents name it.
"""

from __future__ import annotations

from typing import Final, NewType

from nacl import bindings
from nacl.exceptions import RuntimeError as SodiumRefusal

from keys.ed25519 import PublicKey
from keys.errors import MalformedKey

SEALING_KEY_BYTES: Final = 32

SealingKey = NewType("SealingKey", bytes)
"""An X25519 public key that passed :func:`check_sealing_key`, or that was derived here."""

_FIELD_PRIME: Final = 2**255 - 19
# Any scalar will do: clamping makes it a multiple of 8, which sends a small-order point to
# zero, and libsodium refuses that result.
_PROBE: Final = bytes(range(SEALING_KEY_BYTES))


def check_sealing_key(data: bytes) -> SealingKey:
    """Accept an X25519 public key: canonical and not of small order (RFC 7748, section 6.1).

    Raises:
        MalformedKey: not 32 bytes, not below the field prime, or a point of small order,
            with which everybody could compute the shared secret.
    """
    if len(data) != SEALING_KEY_BYTES:
        raise MalformedKey(f"expected {SEALING_KEY_BYTES} bytes of public key, found {len(data)}")
    if int.from_bytes(data, "little") >= _FIELD_PRIME:
        raise MalformedKey(f"expected a canonical X25519 coordinate, found {data.hex()}")
    try:
        bindings.crypto_scalarmult(_PROBE, data)
    except SodiumRefusal as fault:
        raise MalformedKey(
            f"expected an X25519 point of large order, found {data.hex()}",
        ) from fault
    return SealingKey(data)


def sealing_key_of(seed: bytes) -> SealingKey:
    """The public key of an X25519 private key: 32 random bytes (RFC 7748, section 6.1).

    Raises:
        MalformedKey: not 32 bytes.
    """
    if len(seed) != SEALING_KEY_BYTES:
        raise MalformedKey(f"expected {SEALING_KEY_BYTES} bytes of private key, found {len(seed)}")
    return SealingKey(bindings.crypto_scalarmult_base(seed))


def derive_sealing_key(public: PublicKey) -> SealingKey:
    """Map an Ed25519 key to its X25519 key, the birational map of RFC 7748, section 4.1."""
    return SealingKey(bindings.crypto_sign_ed25519_pk_to_curve25519(public))
