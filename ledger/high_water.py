"""The high-water file: the largest size and root this log has signed, kept beside its key.

A database restored from yesterday is shorter than this file says. Signing on it would make
two histories, so the service refuses (``log-rolled-back``). The mark is durable before a
receipt leaves.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from keys.encoding import decode_base64, encode_base64
from keys.errors import MalformedEncoding
from ledger.errors import HighWaterDamaged
from ledger.store_errors import StoreUnavailable

_TWICE: Final = re.compile(r"([0-9]{20}) ([A-Za-z0-9+/]{43}=)\n\1 \2\n")
_FILE_BYTES: Final = 132


@dataclass(frozen=True, slots=True)
class Mark:
    """A tree head that was signed: size, and root of 32 bytes."""

    size: int
    root: bytes


def encode_mark(mark: Mark) -> bytes:
    """The content of a high-water file: one line, twice."""
    line = f"{mark.size:020d} {encode_base64(mark.root)}\n"
    data = (line * 2).encode("ascii")
    assert len(data) == _FILE_BYTES, "a size of at most 20 digits, a root of 32 bytes"
    return data


def parse_mark(text: str, place: object) -> Mark:
    """Read the content of a high-water file; the inverse of :func:`encode_mark`.

    Args:
        text: the content.
        place: where it was found, for the message.

    Raises:
        HighWaterDamaged: it has another form, or its two lines differ.
    """
    found = _TWICE.fullmatch(text)
    if found is None:
        raise HighWaterDamaged(f"{place}: expected a size and a root, twice, found {text[:80]!r}")
    try:
        return Mark(int(found[1]), decode_base64(found[2]))
    except MalformedEncoding as fault:
        raise HighWaterDamaged(f"{place}: {fault}") from fault


class HighWater(Protocol):
    """Keeps the last signed tree head outside the database."""

    def read(self) -> Mark | None:
        """The mark, or None where none was ever written."""

    def write(self, mark: Mark) -> None:
        """Make the mark durable before returning."""


class HighWaterMemory:
    """Keeps the mark in memory: for tests and for logs that live as long as a process."""

    def __init__(self, mark: Mark | None = None) -> None:
        """Start with ``mark``."""
        self._mark = mark

    def read(self) -> Mark | None:
        """The last mark written."""
        return self._mark

    def write(self, mark: Mark) -> None:
        """Remember the mark."""
        self._mark = mark


class HighWaterFile:
    """One line, size and base64 of the root, twice in a file that is rewritten in place.

    The 132 bytes lie in one disk sector, so a crash leaves the old mark or the new one; both
    are marks of committed heads. A write that is torn all the same leaves two lines that
    differ, and is not taken for a mark.
    """

    def __init__(self, path: Path) -> None:
        """Keep the mark in ``path``."""
        self._path = path
        self._descriptor: int | None = None
        #: What the file holds, once this process has opened it for writing.
        self._kept = b""

    def read(self) -> Mark | None:
        """The mark in the file.

        Raises:
            HighWaterDamaged: the file is there and holds no mark.
        """
        try:
            with self._path.open(encoding="ascii", newline="") as file:
                text = file.read(_FILE_BYTES + 1)
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as fault:
            raise HighWaterDamaged(f"{self._path}: {fault}") from fault
        return parse_mark(text, self._path)

    def write(self, mark: Mark) -> None:
        """Write and flush to the disk.

        Raises:
            StoreUnavailable: the disk did not take it.
        """
        data = encode_mark(mark)
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
                self._flush_folder()
                self._kept = os.pread(self._descriptor, _FILE_BYTES, 0)
            written = os.pwrite(self._descriptor, data, 0)
            if written != len(data):
                # What fitted a moment ago fits again: half a mark would stop the next start.
                os.pwrite(self._descriptor, self._kept[:written], 0)
            else:
                self._kept = data
            os.fdatasync(self._descriptor)
        except OSError as fault:
            raise StoreUnavailable(f"high-water file {self._path}: {fault}") from fault
        if written != len(data):
            raise StoreUnavailable(
                f"high-water file {self._path}: expected {len(data)} bytes written, found {written}"
            )

    def close(self) -> None:
        """Release the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _flush_folder(self) -> None:
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
