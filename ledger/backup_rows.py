"""The files of a backup: rows of a number and bytes, one after the other (docs/spec/backup.md).

A row is its number in 8 bytes, the length of its content in 4, both big-endian, and the
content. The numbers of a file ascend. Nothing here knows an engine: whatever store gave the
rows, any other takes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import BinaryIO, Final

from ledger.errors import LedgerError

_HEAD: Final = Struct(">QI")


class BackupDamaged(LedgerError):
    """A backup whose files are not those that were written, or do not fit each other."""

    code = "backup-damaged"


def encode_row(number: int, content: bytes) -> bytes:
    """One row."""
    return _HEAD.pack(number, len(content)) + content


def read_rows(file: BinaryIO, *, content_max: int) -> Iterator[tuple[int, bytes]]:
    """The rows of a file, streamed.

    Raises:
        BackupDamaged: a row that is cut off, too long, or not above the one before it.
    """
    before = -1
    while head := file.read(_HEAD.size):
        if len(head) < _HEAD.size:
            raise BackupDamaged(f"expected a row of {_HEAD.size} bytes or more, found {len(head)}")
        number, length = _HEAD.unpack(head)
        if number <= before or length > content_max:
            raise BackupDamaged(
                f"expected a number above {before} and at most {content_max} bytes, "
                f"found {number} and {length}"
            )
        content = file.read(length)
        if len(content) < length:
            raise BackupDamaged(f"expected {length} bytes of row {number}, found {len(content)}")
        before = number
        yield number, content


class RowsInStep:
    """Rows that lie beside others: those of a number are taken when that number comes."""

    def __init__(self, rows: Iterable[tuple[int, bytes]]) -> None:
        """Read from ``rows``, whose numbers ascend."""
        self._rows = iter(rows)
        self._next = next(self._rows, None)

    def take(self, number: int) -> bytes | None:
        """The content of this number; what was passed over is not read again."""
        if self._next is None or self._next[0] > number:
            return None
        found, content = self._next
        if found < number:
            raise BackupDamaged(f"expected a row of {number} or above, found one of {found}")
        self._next = next(self._rows, None)
        return content

    def finish(self) -> None:
        """Check that nothing is left.

        Raises:
            BackupDamaged: rows of numbers that never came.
        """
        if self._next is not None:
            raise BackupDamaged(f"expected no more rows, found one of {self._next[0]}")
