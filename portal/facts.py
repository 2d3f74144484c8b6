"""What the portal asks of the service below it, and nothing more.

The reader of these pages is anyone: none shows what an unsigned request would not get. Those of
a party that has signed in stand in :mod:`portal.own_facts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger.fold import PublicFold
from ledger.store import EntryRow


@dataclass(frozen=True, slots=True)
class PublicRecord:
    """A record as anyone gets it: its entry, and the view that proves it."""

    row: EntryRow
    view: bytes


class PortalFacts(Protocol):
    """What pages are made of. Absent and not public look the same."""

    @property
    def fold(self) -> PublicFold:
        """The governance in force."""

    @property
    def anchor(self) -> str:
        """The text of the service's own trust anchor."""

    def checkpoint(self) -> str:
        """The newest signed note."""

    def newest(self, *, before: int, limit: int) -> Sequence[EntryRow]:
        """At most ``limit`` entries below an index that anyone may know of, newest first."""

    def open(self, record_id: str) -> PublicRecord:
        """The record for a reader who is anyone; where there is none, the request ends here."""
