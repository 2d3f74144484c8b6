"""Strict base64 and base64url (RFC 4648, sections 4 and 5).

Every byte string has exactly one accepted text: base64url without padding and without
spare bits, base64 with padding. What Python's decoder would forgive is refused here.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from keys.errors import MalformedEncoding

_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_TO_BASE64URL: Final = bytes.maketrans(b"+/", b"-_")
# Whatever is not of the alphabet becomes '!', which the strict decoder refuses: '+', '/' and
# '=' among it.
_TO_BASE64: Final = bytes.maketrans(
    bytes(range(256)),
    bytes(byte if byte in _ALPHABET else ord("!") for byte in range(256)).translate(
        bytes.maketrans(b"-_", b"+/")
    ),
)
# By length modulo 4; a remainder of 1 is impossible, and the decoder refuses it.
_PADDING: Final = (b"", b"", b"==", b"=")
_LAST_CHARACTERS: Final = ("", "", "AQgw", "AEIMQUYcgkosw048")


def encode_base64url(data: bytes) -> str:
    """Encode without padding (RFC 4648, section 5)."""
    text = binascii.b2a_base64(data, newline=False).translate(_TO_BASE64URL)
    return text.rstrip(b"=").decode("ascii")


def decode_base64url(text: str) -> bytes:
    """Decode the one canonical text of some bytes.

    Costs a third of decoding leniently and comparing what encoding again gives; a record
    needs it a dozen times.

    Raises:
        MalformedEncoding: padding, white space, a foreign character, an impossible
            length or spare bits that are not zero.
    """
    remainder = len(text) % 4
    try:
        encoded = text.encode("ascii").translate(_TO_BASE64) + _PADDING[remainder]
        data = binascii.a2b_base64(encoded, strict_mode=True)
    except (UnicodeEncodeError, binascii.Error) as fault:
        raise MalformedEncoding(
            f"expected base64url without padding, found {text[:40]!r}"
        ) from fault
    # The last character holds the spare bits; strict mode does not look at them.
    if remainder and text[-1] not in _LAST_CHARACTERS[remainder]:
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
