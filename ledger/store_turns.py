"""First come, first served: threads take turns at a few connections.

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

    def __init__(self, count: int, *, seconds_max: float) -> None:
        """Let ``count`` in; nobody waits longer than ``seconds_max``."""
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
                raise StoreUnavailable("expected a free connection, found all in use for too long")

    def _end(self) -> None:
        with self._lock:
            if self._waiting:
                # Handed over, never free in between: nobody can overtake.
                self._waiting.popleft().release()
            else:
                self._free += 1
