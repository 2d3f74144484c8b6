"""Finds a jti that a party used twice, in a log of any size and in little memory.

A repeated record repeats its jti as well, so one check covers both. 16 bytes an entry are
kept, in the order of the entries, so that a later audit goes on from them; what is compared
at one time is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final

KEY_BYTES: Final = 16
NO_KEY: Final = bytes(KEY_BYTES)
KEYS_COMPARED_MAX: Final = 250_000
_ROW: Final = Struct(f"{KEY_BYTES}s")


class UsedJtis:
    """The jti keys of a log: the first 16 bytes of SHA-256(iss, LF, jti) each."""

    def __init__(self, known: bytes = b"", *, compared_max: int = KEYS_COMPARED_MAX) -> None:
        """Begin with the keys of the entries audited before, which repeat nothing new.

        Args:
            known: those keys.
            compared_max: how many new keys are compared at a time.
        """
        self._compared_max = compared_max
        self._keys = bytearray(known)
        self._since = len(known) // KEY_BYTES

    def add(self, key: bytes) -> None:
        """Note the key of the next entry; NO_KEY where it has none."""
        self._keys += key

    def keys(self) -> bytes:
        """All keys, one after the other."""
        return bytes(self._keys)

    def keys_from(self, index: int) -> bytes:
        """The keys of the entries from ``index`` on."""
        return bytes(self._keys[index * KEY_BYTES :])

    def repeats(self) -> list[tuple[int, int]]:
        """Each new index whose key was used before, after the index that used it first."""
        count = len(self._keys) // KEY_BYTES - self._since
        parts = -(-count // self._compared_max)
        found = [pair for part in range(parts) for pair in self._repeats_of(part, parts)]
        return sorted(found, key=lambda pair: pair[1])

    def _repeats_of(self, part: int, parts: int) -> Iterator[tuple[int, int]]:
        """Those among one part of the keys."""
        first: dict[bytes, int] = {}
        again: list[tuple[bytes, int]] = []
        for index, key in self._rows(self._since):
            if key == NO_KEY or _part_of(key, parts) != part:
                continue
            if first.setdefault(key, index) != index:
                again.append((key, index))
        older: dict[bytes, int] = {}
        if self._since:
            for index, key in self._rows(0, self._since):
                if key in first:
                    older.setdefault(key, index)
        yield from ((older[key], first[key]) for key in older)
        yield from ((older.get(key, first[key]), index) for key, index in again)

    def _rows(self, start: int, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        with memoryview(self._keys) as keys:
            end = None if stop is None else stop * KEY_BYTES
            rows = keys[start * KEY_BYTES : end]
            try:
                for offset, (key,) in enumerate(_ROW.iter_unpack(rows)):
                    yield start + offset, key
            finally:
                rows.release()


def _part_of(key: bytes, parts: int) -> int:
    return int.from_bytes(key[:4], "big") % parts
