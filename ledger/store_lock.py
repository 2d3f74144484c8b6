"""One process writes: a lock beside the database, held for as long as a store may write.

The kernel releases the lock when the process ends, however it ends; the file stays, because
removing it would let two processes lock two files of one name. It says who holds it. The
lock is advisory and local: it does not guard a database on a network file system.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import weakref
from pathlib import Path

from ledger.store_errors import (
    StoreBusy,
    StoreUnavailable,
)

_HOLDER_BYTES_MAX = 32


class WriterLock:
    """The right to write to one database; taken on creation, given back by :meth:`close`."""

    def __init__(self, database: Path) -> None:
        """Take the lock.

        Raises:
            StoreBusy: another process, or another store of this one, has it.
            StoreUnavailable: the file cannot be made.
        """
        path = database.with_name(database.name + ".lock")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as fault:
            raise StoreUnavailable(f"lock file {path}: {fault}") from fault
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            holder = os.pread(descriptor, _HOLDER_BYTES_MAX, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise StoreBusy(
                f"expected {database} to be free, found process {holder or 'unknown'} writing to "
                "it: stop that one first"
            ) from fault
        self._descriptor: int | None = descriptor
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        _forget_in_children(self)

    def close(self) -> None:
        """Give the right back; a second call does nothing."""
        if self._descriptor is not None:
            # Unlocked by word: closing alone waits for forked workers to close theirs as well.
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            self.forget()

    def forget(self) -> None:
        """Close the file without a word to the others who have it open."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _forget_in_children(lock: WriterLock) -> None:
    # A forked worker shares the locked file; one that outlived us would keep the next start out.
    held = weakref.ref(lock)

    def forget() -> None:
        inherited = held()
        if inherited is not None:
            with contextlib.suppress(OSError):
                inherited.forget()

    os.register_at_fork(after_in_child=forget)
