"""The high-water file: the largest size and root this log has signed, kept beside its key.

A database restored from yesterday is shorter than this file says. Signing on it would make
two histories, so the service refuses (``log-rolled-back``). The file is replaced as a whole
and is durable before a receipt leaves.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from keys.encoding import decode_base64, encode_base64
from keys.errors import MalformedEncoding
from ledger.errors import HighWaterDamaged, StoreUnavailable


@dataclass(frozen=True, slots=True)
class Mark:
    """A tree head that was signed: size, and root of 32 bytes."""

    size: int
    root: bytes


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
    """Two lines, size and base64 of the root, in a file that is rewritten in place.

    One fixed-width write of fewer than 128 bytes lies in one disk sector, so a crash leaves
    the old mark or the new one; both are marks of committed heads. Each line pair is
    guarded by a repetition, so a torn write is noticed and not taken for a mark.
    """

    def __init__(self, path: Path) -> None:
        """Keep the mark in ``path``."""
        self._path = path
        self._descriptor: int | None = None

    def read(self) -> Mark | None:
        """The mark in the file.

        Raises:
            HighWaterDamaged: the file is there and holds no mark.
        """
        try:
            text = self._path.read_text("ascii")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as fault:
            raise HighWaterDamaged(f"{self._path}: {fault}") from fault
        return self._parse(text)

    def write(self, mark: Mark) -> None:
        """Write and flush to the disk.

        Raises:
            StoreUnavailable: the disk did not take it.
        """
        line = f"{mark.size:020d} {encode_base64(mark.root)}\n"
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
                self._flush_folder()
            os.pwrite(self._descriptor, (line * 2).encode("ascii"), 0)
            os.fdatasync(self._descriptor)
        except OSError as fault:
            raise StoreUnavailable(f"high-water file {self._path}: {fault}") from fault

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

    def _parse(self, text: str) -> Mark:
        lines = text.split("\n")
        if len(lines) != 3 or lines[0] != lines[1] or lines[2] != "":
            raise HighWaterDamaged(f"{self._path}: expected the same line twice")
        size, _, root = lines[0].partition(" ")
        try:
            mark = Mark(int(size), decode_base64(root))
        except (ValueError, MalformedEncoding) as fault:
            raise HighWaterDamaged(f"{self._path}: {fault}") from fault
        if len(mark.root) != 32:
            raise HighWaterDamaged(f"{self._path}: expected a root of 32 bytes")
        return mark
