"""Commitments to an admin key that is not shown yet (docs/spec/governance.md, 1 and 3)."""

from __future__ import annotations

import hashlib

from keys.encoding import encode_base64url


def commit_key(multikey: str) -> str:
    """The commitment to a key: base64url(SHA-256(ASCII of its multikey))."""
    return encode_base64url(hashlib.sha256(multikey.encode("ascii")).digest())
