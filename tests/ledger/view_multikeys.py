"""Multikey texts over any bytes, right or wrong."""

from __future__ import annotations

import hashlib

from keys.base58btc import encode_base58btc


def multikey_of(public: bytes) -> str:
    """The Ed25519 multikey of 32 bytes, be they a key or not."""
    return "z" + encode_base58btc(b"\xed\x01" + public)


def sealing_multikey() -> str:
    """A well-formed X25519 multikey."""
    return "z" + encode_base58btc(b"\xec\x01" + hashlib.sha256(b"sealing").digest()[:31] + b"\0")
