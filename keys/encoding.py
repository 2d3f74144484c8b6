"""Strict base64 and base64url (RFC 4648, sections 4 and 5).

Every byte string has exactly one accepted text: base64url without padding and without
spare bits, base64 with padding. What Python's decoder would forgive is refused here.
"""

from __future__ import annotations

import base64
import binascii
import re

from keys.errors import MalformedEncoding

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


def encode_base64url(data: bytes) -> str:
    """Encode without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode_base64url(text: str) -> bytes:
    """Decode the one canonical text of some bytes.

    Raises:
        MalformedEncoding: padding, white space, a foreign character, an impossible
            length or spare bits that are not zero.
    """
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise MalformedEncoding(f"expected base64url without padding, found {text[:40]!r}")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode_base64url(data) != text:
        raise MalformedEncoding(f"expected zero spare bits at the end, found {text[-4:]!r}")
    return data


def encode_base64(data: bytes) -> str:
    """Encode with padding (RFC 4648, section 4)."""
    return base64.b64encode(data).decode("ascii")


def decode_base64(text: str) -> bytes:
    """Decode standard base64 with padding; only the canonical text is accepted.

    Raises:
        MalformedEncoding: anything :func:`encode_base64` would not have produced.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise MalformedEncoding(f"expected standard base64, found {text[:40]!r}") from fault
    if encode_base64(data) != text:
        raise MalformedEncoding(f"expected canonical base64, found {text[:40]!r}")
    return data
