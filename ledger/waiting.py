"""Where submissions wait for the one writer: bounded, first come first served, never forgotten.

Whoever is taken is answered by the writer; whoever is left when the queue closes is told so.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

from ledger import limits
from ledger.errors import LedgerError, LogClosed, TooBusy
from ledger.store_errors import StoreUnavailable
from ledger.submission import Submission


class WaitingSubmissions:
    """The submissions that were handed over and not taken yet; used by many threads."""

    def __init__(self) -> None:
        """Begin empty and open."""
        self._waiting: deque[Submission] = deque()
        self._records = 0
        self._repeating = 0
        self._changed = threading.Condition()
        self._is_closing = False
        self._is_called = False
        self._outage: str | None = None

    @property
    def records(self) -> int:
        """How many records wait to be judged, or for a receipt that they had before."""
        return self._records + self._repeating

    @property
    def is_closing(self) -> bool:
        """Whether nothing more is taken in."""
        return self._is_closing

    @property
    def has_submissions(self) -> bool:
        """Whether somebody waits to be taken."""
        return bool(self._waiting)

    def put(self, submissions: Sequence[Submission]) -> None:
        """Take in submissions that arrived together.

        Raises:
            LogClosed: the queue has closed.
            StoreUnavailable: nothing can be written at the moment.
            TooBusy: too many records wait already.
        """
        count = sum(len(submission.records) for submission in submissions)
        with self._changed:
            if self._is_closing:
                raise LogClosed("the log has stopped")
            if self._outage is not None:
                raise StoreUnavailable(self._outage)
            if self.records + count > limits.SUBMISSIONS_WAITING_MAX:
                raise TooBusy(f"{self.records} records wait already")
            self._waiting.extend(submissions)
            self._records += count
            self._changed.notify_all()

    def wait(self, seconds_max: float | None) -> bool:
        """Wait for a submission, a call, or the end of the time given.

        Returns:
            False where the queue closes and nothing waits any more.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._waiting or self._is_closing or self._is_called, seconds_max
            )
            self._is_called = False
            return bool(self._waiting) or not self._is_closing

    def pause(self, seconds: float) -> bool:
        """Wait for so long, whoever comes; False at once where the queue closes."""
        with self._changed:
            return not self._changed.wait_for(lambda: self._is_closing, seconds)

    def call(self) -> None:
        """Wake the writer though nobody submits."""
        with self._changed:
            self._is_called = True
            self._changed.notify_all()

    def take(self) -> list[Submission]:
        """Everything that waits, up to one group; submissions stay whole."""
        with self._changed:
            taken: list[Submission] = []
            count = 0
            while self._waiting and (
                not taken
                or count + len(self._waiting[0].records) <= limits.COMMIT_GROUP_RECORDS_MAX
            ):
                taken.append(self._waiting.popleft())
                count += len(taken[-1].records)
            self._records -= count
        # Who has given up waiting is not answered; from here on nobody can give up any more.
        return [item for item in taken if item.answer.set_running_or_notify_cancel()]

    def note_repeating(self, change: int) -> None:
        """Count records whose earlier receipts are being proven: they wait as well."""
        with self._changed:
            self._repeating += change

    def note_outage(self, words: str | None) -> None:
        """Refuse what waits and what comes with these words; None: take it in again."""
        with self._changed:
            self._outage = words
        if words is not None:
            self._refuse_waiting(StoreUnavailable(words))

    def close(self) -> None:
        """Take nothing more in; what waits may still be taken."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()

    def abandon(self) -> None:
        """Close, and refuse what waits."""
        self.close()
        self._refuse_waiting(LogClosed("the log has stopped"))

    def _refuse_waiting(self, fault: LedgerError) -> None:
        with self._changed:
            refused = list(self._waiting)
            self._waiting.clear()
            self._records = 0
        for submission in refused:
            if submission.answer.set_running_or_notify_cancel():
                submission.answer.set_exception(fault)
