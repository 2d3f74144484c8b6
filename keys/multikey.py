"""Multikey texts (W3C Controlled Identifiers 1.0, "Multikey"): ``z`` + base58btc(prefix, key).

Lotmark signs with Ed25519 (``z6Mk...``) and seals with X25519 (``z6LS...``). Other registered
kinds are recognised, so that the refusal can name them. Secret keys are refused without
being repeated in any message.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import Final, NewType

from keys.base58btc import decode_base58btc, encode_base58btc
from keys.ed25519 import PublicKey, check_public_key
from keys.errors import MalformedEncoding, MalformedKey, UnsupportedKey
from keys.limits import MULTIKEYS_CACHED_MAX
from keys.x25519 import SealingKey, check_sealing_key

Multikey = NewType("Multikey", str)
"""The text of a public key that was checked."""


class KeyKind(Enum):
    """A kind of key that Lotmark uses; the value is its Multikey prefix."""

    ED25519 = b"\xed\x01"
    X25519 = b"\xec\x01"


_KEY_BYTES: Final = 32
# Prefix (the multicodec number as a varint) -> what it is, bytes of the public key.
_OTHER_KINDS: Final = {
    b"\xe7\x01": ("secp256k1", 33),
    b"\xea\x01": ("BLS12-381 G1", 48),
    b"\xeb\x01": ("BLS12-381 G2", 96),
    b"\xee\x01": ("BLS12-381 G1 and G2", 144),
    b"\xef\x01": ("sr25519", 32),
    b"\x80\x24": ("P-256", 33),
    b"\x81\x24": ("P-384", 49),
    b"\x82\x24": ("P-521", 67),
    b"\x83\x24": ("Ed448", 57),
    b"\x84\x24": ("X448", 56),
    b"\x86\x24": ("SM2", 33),
}


def encode_multikey(public: PublicKey) -> Multikey:
    """Write an Ed25519 public key as ``z6Mk...``."""
    return _encode(KeyKind.ED25519, public)


@lru_cache(maxsize=MULTIKEYS_CACHED_MAX)
def parse_multikey(text: str) -> PublicKey:
    """Read ``z6Mk...`` and check the point.

    The last few thousand accepted texts are remembered: every signature check needs one.

    Raises:
        UnsupportedKey: a well-formed public key of another kind.
        MalformedKey: anything else that is not an acceptable Ed25519 public key.
    """
    kind, data = split_multikey(text)
    if kind is not KeyKind.ED25519:
        raise UnsupportedKey(f"expected an Ed25519 key, found {kind.name}")
    return check_public_key(data)


def encode_sealing_multikey(key: SealingKey) -> Multikey:
    """Write an X25519 public key as ``z6LS...``."""
    return _encode(KeyKind.X25519, key)


def parse_sealing_multikey(text: str) -> SealingKey:
    """Read ``z6LS...`` and check the point.

    Raises:
        UnsupportedKey: a well-formed public key of another kind.
        MalformedKey: anything else that is not an acceptable X25519 public key.
    """
    kind, data = split_multikey(text)
    if kind is not KeyKind.X25519:
        raise UnsupportedKey(f"expected an X25519 key, found {kind.name}")
    return check_sealing_key(data)


def parse_any_multikey(text: str) -> KeyKind:
    """Read a multikey of either kind and check the point; its kind.

    Raises:
        UnsupportedKey: a well-formed public key of another kind.
        MalformedKey: anything else.
    """
    kind, data = split_multikey(text)
    if kind is KeyKind.ED25519:
        check_public_key(data)
    else:
        check_sealing_key(data)
    return kind


def split_multikey(text: str) -> tuple[KeyKind, bytes]:
    """Separate kind and key; the point is **not** checked here.

    Raises:
        UnsupportedKey: a well-formed public key of a kind that Lotmark does not use.
        MalformedKey: anything else.
    """
    prefix, data = _decode(text)
    if prefix not in (KeyKind.ED25519.value, KeyKind.X25519.value):
        raise _refusal_of(prefix, data)
    if len(data) != _KEY_BYTES:
        raise MalformedKey(f"expected {_KEY_BYTES} bytes of public key, found {len(data)}")
    return KeyKind(prefix), data


def _encode(kind: KeyKind, data: bytes) -> Multikey:
    return Multikey("z" + encode_base58btc(kind.value + data))


def _decode(text: str) -> tuple[bytes, bytes]:
    if not text.startswith("z"):
        raise MalformedKey("expected a Multikey that starts with 'z', found another text")
    try:
        data = decode_base58btc(text[1:])
    except MalformedEncoding as fault:
        raise MalformedKey(f"expected 'z' and base58btc, but: {fault}") from fault
    return data[:2], data[2:]


def _refusal_of(prefix: bytes, data: bytes) -> MalformedKey:
    # 0x1300 to 0x130f are the secret keys of all kinds.
    if len(prefix) == 2 and prefix[0] & 0xF0 == 0x80 and prefix[1] == 0x26:
        return MalformedKey("expected a public key, found a secret one: treat it as disclosed")
    if prefix not in _OTHER_KINDS:
        return MalformedKey(f"expected a registered key prefix, found {prefix.hex() or 'none'}")
    name, length = _OTHER_KINDS[prefix]
    if len(data) != length:
        return MalformedKey(f"expected {length} bytes of {name} key, found {len(data)}")
    return UnsupportedKey(f"expected an Ed25519 or X25519 key, found {name}")
