"""What the portal asks, answered from the log: the reader is anyone, by the one door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.exchange import ANYONE
from api.published import Published
from api.record_search import RecordSearch
from api.records import RecordShelf
from ledger.fold import PublicFold
from ledger.service import Ledger
from ledger.store import EntryRow
from portal.facts import PublicRecord


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """The facts of a running service."""

    ledger: Ledger
    shelf: RecordShelf
    search: RecordSearch
    anchor: str
    published: Published

    @property
    def fold(self) -> PublicFold:
        """The governance in force."""
        return self.ledger.fold

    def checkpoint(self) -> str:
        """The newest note that the trust policy accepts; the newest at all before there is one."""
        self.ledger.catch_up()
        has_some = self.published.size() != 0
        return self.published.checkpoint(cosigned=None if has_some else False)

    def newest(self, *, before: int, limit: int) -> Sequence[EntryRow]:
        """At most ``limit`` entries below an index that anyone may know of, newest first."""
        return self.search.known_to_anyone(before=before, limit=limit)

    def open(self, record_id: str) -> PublicRecord:
        """The record as an unsigned request gets it.

        Raises:
            Refused: there is no such record.
        """
        opened = self.shelf.open(record_id, ANYONE)
        view = self.shelf.view([opened], as_lines=False)
        return PublicRecord(opened.row, view.encode())
