"""Rows become records: a batch is closed by its size or its age, signed, kept, and submitted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from api.client_errors import ClientError
from api.streaming.rows import StreamRow
from api.streaming.spool import Outcome, SignedBatch, Spool
from ledger.submission import Admitted

#: Between two attempts to reach the service, in seconds.
RETRY_SECONDS: Final = 10.0


class Sender(Protocol):
    """Signs batches for one party, and submits them to its log."""

    def sign(self, rows: Sequence[dict[str, Any]]) -> str:
        """A record of these rows.

        Raises:
            ClientError: what it is signed under could not be had.
        """

    def submit(self, sd_jwt: str) -> Admitted | str:
        """The receipt, verified, or the code that the record was refused with.

        Raises:
            ClientError: no answer came.
        """


@dataclass(frozen=True, slots=True)
class Batching:
    """When a batch is closed: so many rows, or so many seconds behind its first."""

    rows: int = 500
    seconds: float = 60.0


class Edge:
    """Takes rows in on any thread; one other calls :meth:`tick`."""

    def __init__(
        self, spool: Spool, sender: Sender, batching: Batching, *, tell: Callable[[str], None]
    ) -> None:
        """Work on an open spool; ``tell`` is told what people are to know."""
        self._spool, self._sender, self._batching, self._tell = spool, sender, batching, tell
        self._lock = threading.Lock()
        self._since: float | None = None
        self._retry_at: float | None = None

    def accept(self, rows: Sequence[StreamRow], *, at: float) -> int:
        """Put rows on the disk; how many were new. ``at`` is now, in seconds of any clock.

        Raises:
            JournalDamaged: no more rows can be kept.
        """
        with self._lock:
            taken = self._spool.accept(rows)
            if self._since is None and len(self._spool):
                self._since = at
            return taken

    def counts(self) -> dict[str, int]:
        """Rows that wait, records that wait, and what became of the others."""
        with self._lock:
            outcomes = self._spool.outcomes
            refused = sum(outcome.refused is not None for outcome in outcomes)
            return {
                "rows_waiting": len(self._spool),
                "records_waiting": len(self._spool.signed()),
                "records_admitted": len(outcomes) - refused,
                "records_refused": refused,
            }

    def tick(self, *, at: float, is_last: bool = False) -> bool:
        """Sign what is due and send what is signed; with ``is_last`` all rows are due.

        Returns:
            Whether nothing is left to be sent.
        """
        if self._retry_at is not None and at < self._retry_at and not is_last:
            return False
        try:
            while self._is_due(at, is_last=is_last):
                self._sign(at)
                self._send()
            self._send()
        except ClientError as fault:
            self._tell(f"the service does not answer, rows are kept: {fault}")
            self._retry_at = at + RETRY_SECONDS
            return False
        self._retry_at = None
        return not self._spool.signed() and not (is_last and len(self._spool))

    def _is_due(self, at: float, *, is_last: bool) -> bool:
        with self._lock:
            waiting = len(self._spool)
            if waiting and self._since is None:
                # Rows of a run before: their age counts from now.
                self._since = at
            is_old = self._since is not None and at - self._since >= self._batching.seconds
            return waiting > 0 and (is_last or is_old or waiting >= self._batching.rows)

    def _sign(self, at: float) -> SignedBatch:
        with self._lock:
            rows = self._spool.rows(self._batching.rows)
        # Signing may ask the service; rows are taken in meanwhile, behind these.
        sd_jwt = self._sender.sign(rows)
        with self._lock:
            batch = self._spool.keep_signed(sd_jwt, len(rows))
            self._since = at if len(self._spool) else None
        return batch

    def _send(self) -> None:
        for batch in self._spool.signed():
            answer = self._sender.submit(batch.sd_jwt)
            outcome = Outcome(batch.number, batch.last, batch.rows)
            if isinstance(answer, Admitted):
                told = Outcome(
                    outcome.number, outcome.last, outcome.rows, answer.record_id, answer.index
                )
                self._tell(f"{batch.rows} rows are entry {answer.index}")
            else:
                told = Outcome(outcome.number, outcome.last, outcome.rows, refused=answer)
                self._tell(f"refused: {answer}: {batch.rows} rows stay in the spool")
            with self._lock:
                self._spool.keep_outcome(told)
