"""Keeps the receipts of reads: durable before a byte of what they are about leaves.

Reads wait beside the event loop for their rows. Whoever comes while a transaction is on its way
waits for the next one, which takes all that have gathered: the more readers there are, the
less each costs.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from api.accesses.database import AccessDatabase
from api.accesses.errors import AccessNotKept
from api.accesses.rows import Access, Seen
from api.accesses.writing import Noted, write_noted
from api.exchange import Reader
from api.request_evidence import evidence_digest
from ledger import limits
from ledger.clock import Clock
from ledger.store_errors import StoreUnavailable


class AccessNotes(Protocol):
    """Is told what a reader is about to get."""

    def note(self, reader: Reader, seen: Sequence[Seen]) -> None:
        """Keep receipts of it, or raise."""


class NoAccessNotes:
    """Keeps nothing: for tools that read for their operator alone, where no request is signed."""

    def note(self, reader: Reader, seen: Sequence[Seen]) -> None:
        """Nobody but the operator reads here."""


@dataclass(slots=True)
class _Ticket:
    """What one request showed, and what became of its receipts once that is known."""

    noted: Noted
    is_kept: bool = False
    fault: StoreUnavailable | None = field(default=None)

    @property
    def is_open(self) -> bool:
        return not self.is_kept and self.fault is None


class AccessLog:
    """The receipts of one log; safe to share between threads."""

    def __init__(self, url: str, *, origin: str, clock: Clock) -> None:
        """Keep them in the tables at ``url``; opened when they are needed, if not now."""
        self._url, self._origin, self._clock = url, origin, clock
        self._database: AccessDatabase | None = None
        self._gathered: list[_Ticket] = []
        self._settled = threading.Condition()
        self._is_writing = False
        self._opening = threading.Lock()
        #: Rows kept, transactions that they took, and reads refused, since this began.
        self.kept = 0
        self.transactions = 0
        self.refused = 0
        # Where it fails, readiness tells it, and each read that needs them.
        with suppress(StoreUnavailable):
            self.database()

    def note(self, reader: Reader, seen: Sequence[Seen]) -> None:
        """Keep receipts of what a reader is about to get; what is its own, or public, leaves none.

        Raises:
            AccessNotKept: they cannot be kept: nothing may be shown.
        """
        noted = self._noted(reader, seen)
        if noted is None:
            return
        ticket = _Ticket(noted)
        with self._settled:
            self._gathered.append(ticket)
        self._settle(ticket)
        if ticket.fault is not None:
            self.refused += 1
            raise AccessNotKept(
                f"expected a receipt of this read, found none: {ticket.fault}"
            ) from ticket.fault

    def database(self) -> AccessDatabase:
        """The tables.

        Raises:
            StoreUnavailable: they cannot be opened.
        """
        with self._opening:
            if self._database is None:
                now_ms = self._clock.now_ms()
                self._database = AccessDatabase(self._url, origin=self._origin, now_ms=now_ms)
            return self._database

    @property
    def is_open(self) -> bool:
        """Whether the tables could be opened."""
        return self._database is not None

    def close(self) -> None:
        """Release the connections."""
        if self._database is not None:
            self._database.close()

    def _noted(self, reader: Reader, seen: Sequence[Seen]) -> Noted | None:
        if reader.did is None:
            return None
        told = [(one, owner) for one in seen for owner in one.noted_for(reader.did)]
        if not told:
            return None
        assert reader.signed is not None, "somebody who is told more than the public has signed"
        evidence = reader.signed.evidence.encode()
        digest, at_ms, kid = evidence_digest(evidence), self._clock.now_ms(), reader.signed.kid
        accesses = [
            Access(
                at_ms=at_ms,
                owner=owner,
                reader=reader.did,
                kid=kid,
                record_id=one.record_id,
                index=one.index,
                vct=one.vct,
                groups=one.groups,
                request=digest,
            )
            for one, owner in told
        ]
        return Noted(digest, evidence, at_ms, accesses)

    def _settle(self, ticket: _Ticket) -> None:
        """Wait until what became of the ticket is known; write, where nobody else does."""
        while True:
            with self._settled:
                self._settled.wait_for(lambda: not ticket.is_open or not self._is_writing)
                if not ticket.is_open:
                    return
                self._is_writing = True
                tickets = self._take_gathered()
            try:
                self._write(tickets)
            finally:
                with self._settled:
                    self._is_writing = False
                    self._settled.notify_all()

    def _take_gathered(self) -> Sequence[_Ticket]:
        rows = stop = 0
        for ticket in self._gathered:
            rows += len(ticket.noted.accesses)
            if stop and rows > limits.ACCESSES_TOGETHER_MAX:
                break
            stop += 1
        taken = self._gathered[:stop]
        del self._gathered[:stop]
        return taken

    def _write(self, tickets: Sequence[_Ticket]) -> None:
        try:
            with self.database().writing() as connection:
                count = write_noted(connection, [ticket.noted for ticket in tickets])
            # From here on the receipts survive a crash.
            for ticket in tickets:
                ticket.is_kept = True
            self.kept += count
            self.transactions += 1
        except StoreUnavailable as fault:
            _end(tickets, fault)
        finally:
            # Where another fault is on its way up: nobody else will answer these.
            _end(tickets, StoreUnavailable("expected the fate of every receipt, found a fault"))


def _end(tickets: Sequence[_Ticket], fault: StoreUnavailable) -> None:
    for ticket in tickets:
        if ticket.is_open:
            ticket.fault = fault
