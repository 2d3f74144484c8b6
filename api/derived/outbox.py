"""The outbox of the log, and who drops its rows.

A commit puts a row for each entry into the outbox. Readers of the log keep their own position,
the size of the tree that they have worked off; for them the outbox says that there is more.
Its one keeper drops a row when every reader is beyond its entry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from ledger.store import Store

_ROWS: Final = 1_000
Position = Callable[[], int]


class OutboxKeeper:
    """Reads and drops rows for all readers of one log."""

    def __init__(self, store: Store, readers: Sequence[Position]) -> None:
        """Keep rows until every reader is beyond them.

        Args:
            store: the log.
            readers: the tree size that each of them has worked off.
        """
        self._store = store
        self._readers = readers
        self._seen = 0

    def waiting_size(self) -> int:
        """The size of the tree up to the last entry announced since; 0 where none was."""
        size = 0
        while rows := self._store.outbox_after(self._seen, _ROWS):
            self._seen = rows[-1][0]
            size = max(size, *(index + 1 for _, _, index in rows), 0)
        return size

    def drop_done(self) -> bool:
        """Drop the rows that every reader has worked off; whether none is left."""
        done = min((reader() for reader in self._readers), default=0)
        while rows := self._store.outbox_after(0, _ROWS):
            finished = [position for position, _, index in rows if index < done]
            # Positions ascend with entries: the first that waits ends what can be dropped.
            if not finished:
                return False
            self._store.outbox_done(finished[-1])
            if len(finished) < len(rows):
                return False
        return True
