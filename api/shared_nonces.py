"""Nonces taken in the database that replicas share, many in one statement.

Requests wait for their nonce beside the event loop. Whoever comes while a statement is on its
way waits for the next one, which takes all that have gathered: the more requests there are,
the less each costs. This process's own memory stands before it: it refuses a replay to the
same process at once, and bounds how many requests a window may have.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from api.nonces import Nonce, NonceMemory, UnixSeconds
from api.request_errors import NonceReplayed, SignatureExpired
from ledger.errors import LedgerError
from ledger.limits import REQUEST_NONCES_TOGETHER_MAX, REQUEST_WINDOW_SECONDS
from ledger.store_errors import StoreUnavailable
from ledger.store_postgres_nonces import Fate, NonceClaim, PostgresNonces


@dataclass(slots=True)
class _Ticket:
    """One claim, and what became of it once that is known."""

    claim: NonceClaim
    fate: Fate | None = None
    fault: LedgerError | None = None

    @property
    def is_open(self) -> bool:
        return self.fate is None and self.fault is None


class SharedNonces:
    """The nonces that any replica has seen; safe to share between threads."""

    def __init__(self, table: PostgresNonces) -> None:
        """Take nonces in ``table``."""
        self._table = table
        self._memory = NonceMemory()
        self._gathered: list[_Ticket] = []
        self._gathering = threading.Lock()
        self._asking = threading.Lock()
        self._forgotten_at = 0

    def claim(self, key: Hashable, nonce: Nonce, *, created: UnixSeconds, now: UnixSeconds) -> None:
        """Take the nonce for this key once, of all replicas.

        Raises:
            NonceReplayed: this key has used this nonce, at whichever replica.
            SignatureExpired: by the database's clock the signature is too old.
            NoncesFull: this process has no room for one more.
            StoreUnavailable: the database does not answer; sign again with another nonce.
        """
        self._memory.claim(key, nonce, created=created, now=now)
        ticket = _Ticket(NonceClaim(str(key), nonce, created))
        with self._gathering:
            self._gathered.append(ticket)
        with self._asking:
            # Whoever had this lock before may have asked for us.
            while ticket.is_open:
                self._ask(self._take_gathered(), now)
        _tell(ticket, now)

    @property
    def waiting(self) -> int:
        """How many claims wait for the next statement."""
        return len(self._gathered)

    def close(self) -> None:
        """Release the connections."""
        self._table.close()

    def _take_gathered(self) -> Sequence[_Ticket]:
        with self._gathering:
            taken = self._gathered[:REQUEST_NONCES_TOGETHER_MAX]
            del self._gathered[:REQUEST_NONCES_TOGETHER_MAX]
        return taken

    def _ask(self, tickets: Sequence[_Ticket], now: UnixSeconds) -> None:
        # No two of them are equal: the memory has let each pass once.
        try:
            fates = self._table.claim([ticket.claim for ticket in tickets])
            for ticket, fate in zip(tickets, fates, strict=True):
                ticket.fate = fate
            self._forget_sometimes(now)
        except LedgerError as fault:
            _end(tickets, fault)
        finally:
            # Where another fault is on its way up: nobody else will answer these, and who waits
            # for them must not wait on.
            _end(tickets, StoreUnavailable("expected the fate of every nonce, found a fault"))

    def _forget_sometimes(self, now: UnixSeconds) -> None:
        if now - self._forgotten_at >= REQUEST_WINDOW_SECONDS:
            self._forgotten_at = now
            self._table.forget()


def _end(tickets: Sequence[_Ticket], fault: LedgerError) -> None:
    """Give a fault to every claim that has nothing yet."""
    for ticket in tickets:
        if ticket.is_open:
            ticket.fault = fault


def _tell(ticket: _Ticket, now: UnixSeconds) -> None:
    claim = ticket.claim
    if ticket.fault is not None:
        raise ticket.fault
    if ticket.fate is Fate.REPLAYED:
        raise NonceReplayed(f"expected a nonce not used before, found {claim.nonce!r} again")
    if ticket.fate is Fate.EXPIRED:
        raise SignatureExpired(
            f"expected created within {REQUEST_WINDOW_SECONDS} s of the database's time, found "
            f"{claim.created}",
            server_seconds=now,
            skew_seconds=now - claim.created,
        )
