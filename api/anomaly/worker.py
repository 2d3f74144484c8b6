"""The worker in the service that scores parameters: follows the log, one thread.

It never holds up admission: what was admitted is scored within a second or two, and a fault is
logged and told by health and metrics. It begins again where its tables are.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from api.anomaly.database import AnomalyDatabase
from api.anomaly.following import AnomalyFollower
from api.anomaly.keeping import ModelStore
from api.anomaly.line_book import LineBook
from api.anomaly.tables import FORM
from api.derived.bookmark import MarkedLog
from api.observability import describe_fault, log
from ledger.errors import LedgerError
from ledger.store import Store
from ledger.store_errors import StoreUnavailable

#: How often an idle worker looks for more.
LOOK_SECONDS: Final = 0.2
#: How long it leaves alone what failed.
REST_SECONDS: Final = 2.0
_REACH_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class AnomalyParts:
    """What the worker is built from; ``size`` is how much of the log may be shown."""

    url: str
    store: Store
    origin: str
    size: Callable[[], int]


class AnomalyWorker:
    """Keeps the scored parameters of one log. Create, :meth:`start`, :meth:`close`."""

    def __init__(self, parts: AnomalyParts) -> None:
        """Open the tables where that is possible now; else the thread tries again."""
        self._parts = parts
        self._moved = threading.Condition()
        self._stop = threading.Event()
        self._database: AnomalyDatabase | None = None
        self._follower: AnomalyFollower | None = None
        self._size = 0
        # Of how many erased records nothing is left in the files either.
        self._purged = 0
        self.fault: BaseException | None = None
        try:
            self._open()
        except LedgerError as fault:
            self._note_fault(fault)
        self._thread = threading.Thread(target=self._run, name="anomaly", daemon=True)

    @property
    def size(self) -> int:
        """How many entries the tables held when they were looked at last."""
        return self._size

    @property
    def is_well(self) -> bool:
        """Whether the tables follow the log."""
        return self.fault is None and self._thread.is_alive()

    def describe(self) -> dict[str, object]:
        """What health says of it."""
        passed_over = self._follower.passed_over if self._follower else 0
        status = "follows" if self.is_well else "behind"
        return {"size": self._size, "status": status, "passed_over": passed_over}

    @property
    def database(self) -> AnomalyDatabase:
        """The tables.

        Raises:
            StoreUnavailable: they could not be opened.
        """
        if self._database is None:
            raise StoreUnavailable(f"expected anomaly tables, found none: {self.fault}")
        return self._database

    @property
    def models(self) -> ModelStore:
        """Models and trainings.

        Raises:
            StoreUnavailable: the tables could not be opened.
        """
        return ModelStore(self.database)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    async def reach(self, size: int, seconds_max: float) -> None:
        """Wait until the tables hold so many entries, a bounded while, and hold no thread."""
        wanted = min(size, self._parts.size())
        until = time.monotonic() + seconds_max
        while self._size < wanted and time.monotonic() < until:
            await asyncio.sleep(_REACH_SECONDS)

    def await_size(self, size: int, seconds_max: float) -> None:
        """The same for a caller that has a thread to wait in: a tool, a test."""
        wanted = min(size, self._parts.size())
        with self._moved:
            self._moved.wait_for(lambda: self._size >= wanted, seconds_max)

    def close(self) -> None:
        """Stop at once, leaving the page under way, and close the tables."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._database is not None:
            self._database.close()

    # ---- the thread ----

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._stop.wait(self._work())
        except BaseException as fault:
            # A mistake of ours: the thread ends, its trace is printed, health tells it.
            self.fault = fault
            log.error("anomaly.broken", **describe_fault(fault))
            raise

    def _work(self) -> float:
        """Follow the log once; how long to wait then."""
        try:
            self._open()
            self._follow()
        except LedgerError as fault:
            self._note_fault(fault)
            return REST_SECONDS
        self.fault = None
        return LOOK_SECONDS

    def _open(self) -> None:
        if self._follower is None:
            parts = self._parts
            if self._database is None:
                self._database = AnomalyDatabase(parts.url, origin=parts.origin)
                if self._database.are_tables_new:
                    log.info("anomaly.made", form=FORM)
            self._follower = _follower(parts, self._database, self._stop.is_set)
            self._note_size(self._database.bookmark().size)

    def _follow(self) -> None:
        assert self._database is not None, "opened just now"
        assert self._follower is not None, "opened just now"
        size = self._parts.size()
        if self._size >= size:
            return
        with self._database.turn() as has_turn:
            if not has_turn:
                self._note_size(self._database.bookmark().size)
                return
            self._note_size(self._follower.bring_to(size, note_page=self._note_page))
            if self._follower.erased_records > self._purged and self._database.purge():
                self._purged = self._follower.erased_records

    def _note_page(self, size: int) -> bool:
        self._note_size(size)
        return not self._stop.is_set()

    def _note_size(self, size: int) -> None:
        with self._moved:
            self._size = size
            self._moved.notify_all()

    def _note_fault(self, fault: LedgerError) -> None:
        if str(self.fault) != str(fault):
            log.warning("anomaly.behind", code=fault.code, detail=str(fault))
        self.fault = fault


def score_uploads(parts: AnomalyParts) -> int:
    """Bring the scored parameters of a log up to date: one call, for a task queue or a command.

    Repeated or run beside another one it does no harm.

    Returns:
        How many entries the tables hold then.

    Raises:
        StoreUnavailable: the log or the tables did not answer.
    """
    with closing(AnomalyDatabase(parts.url, origin=parts.origin)) as database:
        follower = _follower(parts, database, lambda: False)
        with database.turn() as has_turn:
            return follower.bring_to(parts.size()) if has_turn else database.bookmark().size


def _follower(
    parts: AnomalyParts, database: AnomalyDatabase, is_stopped: Callable[[], bool]
) -> AnomalyFollower:
    book = LineBook(database, MarkedLog(parts.store, parts.origin))
    return AnomalyFollower(
        parts.store,
        book,
        origin=parts.origin,
        onnx=ModelStore(database).onnx,
        is_stopped=is_stopped,
    )
