"""First come, first served: threads take turns at a few connections, and at the head.

A connection pool alone is not fair: the thread that gives a connection back takes it again
before one that waits has woken up, so that under load some wait for ever.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from ledger.store_errors import StoreUnavailable


class Turns:
    """Lets a fixed number of threads in at a time, in the order in which they came."""

    def __init__(
        self, count: int, *, seconds_max: float, awaited: str = "a free connection"
    ) -> None:
        """Let ``count`` in; nobody waits longer than ``seconds_max`` for what is ``awaited``."""
        self._awaited = awaited
        self._lock = threading.Lock()
        self._free = count
        self._waiting: deque[threading.Lock] = deque()
        self._seconds_max = seconds_max

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for a turn, and end it.

        Raises:
            StoreUnavailable: it did not come in time.
        """
        self._begin()
        try:
            yield
        finally:
            self._end()

    def _begin(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            signal = threading.Lock()
            signal.acquire()
            self._waiting.append(signal)
        if signal.acquire(timeout=self._seconds_max):
            return
        with self._lock:
            # The turn may have come between the end of the wait and here; then it is ours.
            if signal in self._waiting:
                self._waiting.remove(signal)
                raise StoreUnavailable(
                    f"expected {self._awaited} within {self._seconds_max} s, found none: "
                    "others have taken too long"
                )

    def _end(self) -> None:
        with self._lock:
            if self._waiting:
                # Handed over, never free in between: nobody can overtake.
                self._waiting.popleft().release()
            else:
                self._free += 1


class HeadTurns:
    """Lets one thread of this process at the head, where no other process may write."""

    def __init__(self, *, seconds_max: float) -> None:
        """Nobody waits longer than ``seconds_max``."""
        self._turns = Turns(1, seconds_max=seconds_max, awaited="a turn at the head")
        self._holder: int | None = None
        self._has_committed = False

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for a turn, and end it.

        Raises:
            StoreUnavailable: it did not come in time.
        """
        own = threading.get_ident()
        assert self._holder != own, "expected turns that do not nest"
        with self._turns.take():
            self._holder, self._has_committed = own, False
            try:
                yield
            finally:
                self._holder = None

    @contextmanager
    def committing(self) -> Iterator[None]:
        """The commit of the turn that this thread has, or a turn for this commit alone."""
        if self._holder != threading.get_ident():
            with self.take():
                yield
            return
        assert not self._has_committed, "expected one commit a turn, found another"
        self._has_committed = True
        yield
