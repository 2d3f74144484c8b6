"""Finds a jti that a party used twice, in a log of any size and in little memory.

A repeated record repeats its jti as well, so one check covers both. 24 bytes an entry are
kept: the key and the index, by the first byte of the key, so that one part after the other
is searched.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

KEY_BYTES: Final = 16
_INDEX_BYTES: Final = 8
_ROW_BYTES: Final = KEY_BYTES + _INDEX_BYTES


class UsedJtis:
    """The jti keys of a log: the first 16 bytes of SHA-256(iss, LF, jti) each."""

    def __init__(self) -> None:
        """Begin without any."""
        self._parts = [bytearray() for _ in range(256)]

    def add(self, key: bytes, index: int) -> None:
        """Note that an entry has this key."""
        self._parts[key[0]] += key + index.to_bytes(_INDEX_BYTES, "big")

    def repeats(self) -> Iterator[tuple[int, int]]:
        """Each index whose key was used before, after the index that used it first."""
        for part in self._parts:
            first: dict[bytes, int] = {}
            for start in range(0, len(part), _ROW_BYTES):
                key = bytes(part[start : start + KEY_BYTES])
                index = int.from_bytes(part[start + KEY_BYTES : start + _ROW_BYTES], "big")
                if first.setdefault(key, index) != index:
                    yield first[key], index
