"""One thread that does the work of many in fair turns."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from ledger.errors import LogClosed
from ledger.fair_queue import FairQueue

Result = TypeVar("Result")


class FairWorker:
    """Runs calls one after another, flow by flow; safe to share between threads."""

    def __init__(self, *, name: str, quantum: int) -> None:
        """Name the thread; see :class:`ledger.fair_queue.FairQueue` for the quantum."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._waiting: FairQueue[tuple[Callable[[], Any], Future[Any]]] = FairQueue(quantum)
        self._lock = threading.Lock()
        self._is_closed = False

    def submit(self, flow: str, work: Callable[[], Result], *, cost: int) -> Future[Result]:
        """Have ``work`` done when its flow's turn comes.

        Raises:
            LogClosed: after :meth:`shutdown`.
        """
        answer: Future[Result] = Future()
        with self._lock:
            if self._is_closed:
                raise LogClosed("the log has stopped")
            self._waiting.push(flow, (work, answer), cost)
            # As many runs as there are calls; which call a run takes is decided when it starts.
            self._thread.submit(self._run_next)
        return answer

    def shutdown(self) -> None:
        """Do what waits, then end the thread."""
        with self._lock:
            self._is_closed = True
        self._thread.shutdown()

    def _run_next(self) -> None:
        with self._lock:
            taken = self._waiting.pop()
        assert taken is not None, "as many runs as calls"
        work, answer = taken
        if not answer.set_running_or_notify_cancel():
            return
        try:
            answer.set_result(work())
        except BaseException as fault:
            answer.set_exception(fault)
            raise
