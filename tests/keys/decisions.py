"""Yes or no where the code under test raises: for comparing decisions in bulk."""

from __future__ import annotations

from keys.ed25519 import check_public_key, verify
from keys.errors import BadSignature, MalformedKey


def verifies(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        verify(key, message, signature)
    except BadSignature:
        return False
    return True


def is_registrable(key: bytes) -> bool:
    try:
        check_public_key(key)
    except MalformedKey:
        return False
    return True
