"""Ed25519 signatures (RFC 8032, section 5.1), made and checked by libsodium.

A signature is valid exactly if libsodium accepts it. Beyond RFC 8032 that means: the scalar
S is below the group order, the key is canonical, neither the key nor R has small order, and
R equals ``[S]B - [k]A`` byte for byte, without a cofactor. ``docs/spec/keys.md`` spells the
rule out, and the tests hold libsodium against a slow reading of that text. The check that
``cryptography`` offers accepts public edge cases that are refused here.

There is no batch verification: with it, a set of signatures could pass of which one alone
fails. This module does not ask whether a key is registered, or for what.
"""

from __future__ import annotations

from typing import Final, NewType

from nacl import bindings
from nacl.exceptions import BadSignatureError
from nacl.utils import random as random_bytes

from keys.errors import BadSignature, MalformedKey

PUBLIC_KEY_BYTES: Final = 32
SEED_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

PublicKey = NewType("PublicKey", bytes)
"""A public key that passed :func:`check_public_key`, or that was made here."""

Seed = NewType("Seed", bytes)
"""The 32 secret bytes of RFC 8032 from which a key pair is derived."""

ExpandedSeed = NewType("ExpandedSeed", bytes)
"""A seed and its public key, the form that libsodium signs with; as secret as the seed."""


def check_public_key(data: bytes) -> PublicKey:
    """Accept a public key for registration.

    libsodium's ``crypto_core_ed25519_is_valid_point`` decides: a canonical encoding of a
    curve point of prime order. Costs about as much as checking one signature.

    Raises:
        MalformedKey: not 32 bytes, or a point that is not canonical, not on the curve, of
            small order or outside the prime-order subgroup.
    """
    _require_bytes(data, PUBLIC_KEY_BYTES, "public key")
    if not bindings.crypto_core_ed25519_is_valid_point(data):
        raise MalformedKey(
            f"expected a canonical Ed25519 point of prime order, found {data.hex()}",
        )
    return PublicKey(data)


def verify(public: bytes, message: bytes, signature: bytes) -> None:
    """Check one signature; returning means that it is valid.

    Safe for keys that never passed :func:`check_public_key`, as those of foreign credentials:
    libsodium refuses small-order and non-canonical keys here too, but not points outside the
    prime-order subgroup.

    Raises:
        BadSignature: libsodium does not accept it.
        MalformedKey: the public key is not 32 bytes.
    """
    # libsodium reads 32 and 64 bytes whatever it was given: the lengths are ours to check.
    _require_bytes(public, PUBLIC_KEY_BYTES, "public key")
    if len(signature) != SIGNATURE_BYTES:
        raise BadSignature(f"expected {SIGNATURE_BYTES} bytes of signature, found {len(signature)}")
    try:
        # The detached form is not exported. This one costs 2 us more for copying a 1 KB
        # message, beside 45 to 60 us for the check itself.
        bindings.crypto_sign_open(signature + message, public)
    except BadSignatureError as fault:
        raise BadSignature(
            "expected a signature by this key over these bytes, found another",
        ) from fault


def generate_seed() -> Seed:
    """Draw a new seed from the system's random source."""
    return Seed(random_bytes(SEED_BYTES))


def expand_seed(seed: bytes) -> ExpandedSeed:
    """Derive once what every signature needs; saves half of the cost of each.

    Raises:
        MalformedKey: the seed is not 32 bytes.
    """
    _require_bytes(seed, SEED_BYTES, "seed")
    return ExpandedSeed(bindings.crypto_sign_seed_keypair(seed)[1])


def public_key_of(seed: bytes) -> PublicKey:
    """Derive the public key of a seed.

    Raises:
        MalformedKey: the seed is not 32 bytes.
    """
    return public_key_of_expanded(expand_seed(seed))


def public_key_of_expanded(expanded: ExpandedSeed) -> PublicKey:
    """Read the public key, the second half of an expanded seed."""
    return PublicKey(expanded[SEED_BYTES:])


def sign(seed: bytes, message: bytes) -> bytes:
    """Sign a message; who signs often keeps the result of :func:`expand_seed` instead.

    Returns:
        The 64 bytes of the signature, the same for the same seed and message.

    Raises:
        MalformedKey: the seed is not 32 bytes.
    """
    return sign_expanded(expand_seed(seed), message)


def sign_expanded(expanded: ExpandedSeed, message: bytes) -> bytes:
    """Sign a message with an expanded seed."""
    return bindings.crypto_sign(message, expanded)[:SIGNATURE_BYTES]


def _require_bytes(data: bytes, length: int, what: str) -> None:
    if len(data) != length:
        raise MalformedKey(f"expected {length} bytes of {what}, found {len(data)}")
