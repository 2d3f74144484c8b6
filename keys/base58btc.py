"""Base58 in the Bitcoin alphabet, without check characters.

Every byte string has one text and every text over the alphabet one byte string: a leading
zero byte is a leading ``1``, and the rest is the number in base 58. The project needs only
this much, and the one library for it has not been released since 2021.
"""

from __future__ import annotations

from typing import Final

from keys.errors import MalformedEncoding
from keys.limits import BASE58BTC_CHARACTERS_MAX

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES: Final = {character: value for value, character in enumerate(_ALPHABET)}


def encode_base58btc(data: bytes) -> str:
    """Encode a key or a signature; the cost is quadratic in the length."""
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, value = divmod(number, 58)
        digits = _ALPHABET[value] + digits
    zeros = len(data) - len(data.lstrip(b"\x00"))
    return "1" * zeros + digits


def decode_base58btc(text: str) -> bytes:
    """Decode base58btc; its length is judged first, because decoding is quadratic in it.

    Raises:
        MalformedEncoding: too long, or a character outside the alphabet.
    """
    if len(text) > BASE58BTC_CHARACTERS_MAX:
        raise MalformedEncoding(
            f"expected at most {BASE58BTC_CHARACTERS_MAX} characters, found {len(text)}",
        )
    number = 0
    for position, character in enumerate(text):
        if character not in _VALUES:
            raise MalformedEncoding(f"expected base58btc, found {character!r} at {position}")
        number = number * 58 + _VALUES[character]
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
