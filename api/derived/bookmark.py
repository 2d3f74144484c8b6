"""To which log derived tables belong, and how far they have come in it.

Rows say nothing of the log that they were counted from. So the bookmark beside them has its
name, and the leaf of the last entry that they hold: tables of another log, or of one that was
rolled back and went on otherwise, are told by it and made anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from keys.encoding import encode_base64url
from ledger.store import Store


@dataclass(frozen=True, slots=True)
class Bookmark:
    """What tables say of themselves; ``leaf`` is that of their last entry, empty without any."""

    size: int = 0
    origin: str = ""
    leaf: str = ""


class MarkedLog:
    """A log that derived tables are made of."""

    def __init__(self, store: Store, origin: str) -> None:
        """Mark the log called ``origin`` in ``store``."""
        self._store = store
        self._origin = origin

    def mark(self, size: int) -> Bookmark:
        """The bookmark of its first ``size`` entries.

        Raises:
            StoreUnavailable: the store did not answer.
        """
        last = self._store.entry(size - 1) if size else None
        return Bookmark(size, self._origin, encode_base64url(last.leaf) if last else "")

    def fault_of(self, found: Bookmark) -> str | None:
        """Why tables with this bookmark are not of this log; None where they are, or are empty.

        Raises:
            StoreUnavailable: the store did not answer.
        """
        if not found.size:
            return None
        if found.origin != self._origin:
            return f"expected tables of {self._origin}, found those of {found.origin}"
        head = self._store.head()
        held = head.size if head else 0
        if found.size > held:
            return f"expected tables of at most {held} entries, found those of {found.size}"
        if found != self.mark(found.size):
            return f"expected tables of this log, found another entry {found.size - 1} in them"
        return None
