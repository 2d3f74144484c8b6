"""The worker in the service: follows the log into derived tables, one thread.

The service goes on whatever befalls it: a fault is logged and told by health and metrics, and
answers say the tree size that they are made for. It begins again where its tables are.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from api.derived.bookmark import MarkedLog
from api.derived.database import DerivedDatabase
from api.derived.following import DeliveryFollower
from api.derived.outbox import OutboxKeeper
from api.derived.sampling import SqlSamplingBook
from api.derived.sql_book import SqlDeliveryBook
from api.derived.tables import FORM
from api.observability import describe_fault, log
from ledger.errors import LedgerError
from ledger.store import Store
from ledger.store_errors import StoreUnavailable

#: How often an idle worker looks for more.
LOOK_SECONDS: Final = 0.2
#: How long it leaves alone what failed.
REST_SECONDS: Final = 2.0
PROGRESS_SECONDS: Final = 5.0
_REACH_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class DerivedParts:
    """What the worker is built from; ``size`` is how much of the log may be shown.

    ``others`` are the sizes that other readers of the log have worked off.
    """

    url: str
    store: Store
    origin: str
    size: Callable[[], int]
    others: Sequence[Callable[[], int]] = ()


class DerivedWorker:
    """Keeps the derived tables of one log. Create, :meth:`start`, :meth:`close`."""

    def __init__(self, parts: DerivedParts) -> None:
        """Open the tables where that is possible now; else the thread tries again."""
        self._parts = parts
        self._moved = threading.Condition()
        self._stop = threading.Event()
        self._database: DerivedDatabase | None = None
        self._book: SqlDeliveryBook | None = None
        self._follower: DeliveryFollower | None = None
        self._size = 0
        # Of how many erased records nothing is left in the files either.
        self._purged = 0
        self._told_at = time.monotonic()
        self._has_undropped = False
        self._keeper = OutboxKeeper(parts.store, [lambda: self._size, *parts.others])
        self.fault: BaseException | None = None
        try:
            self._open()
        except StoreUnavailable as fault:
            self._note_fault(fault)
        self._thread = threading.Thread(target=self._run, name="derived", daemon=True)

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
    def book(self) -> SqlDeliveryBook:
        """The book of deliveries.

        Raises:
            StoreUnavailable: its tables could not be opened.
        """
        if self._book is None:
            raise StoreUnavailable(f"expected derived tables, found none: {self.fault}")
        return self._book

    @property
    def sampling(self) -> SqlSamplingBook:
        """The records that the sampling of parts follows from.

        Raises:
            StoreUnavailable: the tables could not be opened.
        """
        if self._book is None or self._database is None:
            raise StoreUnavailable(f"expected derived tables, found none: {self.fault}")
        return SqlSamplingBook(self._database)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    async def reach(self, size: int, seconds_max: float) -> None:
        """Wait until the tables hold so many entries, a bounded while, and hold no thread.

        For entries that the log does not have yet nobody waits.
        """
        wanted = min(size, self._parts.size())
        until = time.monotonic() + seconds_max
        while self._size < wanted and time.monotonic() < until:
            await asyncio.sleep(_REACH_SECONDS)

    def await_size(self, size: int, seconds_max: float) -> None:
        """The same for a caller that has a thread to wait in: a tool, a benchmark."""
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
            log.error("derived.broken", **describe_fault(fault))
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
        if self._book is None:
            parts = self._parts
            if self._database is None:
                self._database = DerivedDatabase(parts.url)
                if self._database.are_tables_new:
                    log.info("derived.made", form=FORM)
            book = SqlDeliveryBook(self._database, MarkedLog(parts.store, parts.origin))
            self._note_size(book.size())
            self._follower = DeliveryFollower(
                parts.store, book, origin=parts.origin, is_stopped=self._stop.is_set
            )
            # Nobody reads from it before it is known to be of this log.
            self._book = book

    def _follow(self) -> None:
        assert self._database, "opened just now"
        assert self._follower, "opened just now"
        # What waits in the outbox may not be shown yet; what may be shown may wait no more.
        waiting = self._keeper.waiting_size()
        size = self._parts.size()
        if not waiting and self._size >= size and not self._has_undropped:
            return
        with self._database.turn() as has_turn:
            if has_turn:
                self._note_size(self._follower.bring_to(size, note_page=self._note_page))
                if self._follower.erased_records > self._purged and self._database.purge():
                    self._purged = self._follower.erased_records
                # A slower reader's rows wait for it: they are looked at again.
                self._has_undropped = not self._keeper.drop_done()
            else:
                self._note_size(self.book.size())

    def _note_page(self, size: int) -> bool:
        self._note_size(size)
        now = time.monotonic()
        if now - self._told_at >= PROGRESS_SECONDS:
            self._told_at = now
            log.info("derived.followed", size=size, log_size=self._parts.size())
        return not self._stop.is_set()

    def _note_size(self, size: int) -> None:
        with self._moved:
            self._size = size
            self._moved.notify_all()

    def _note_fault(self, fault: LedgerError) -> None:
        if str(self.fault) != str(fault):
            log.warning("derived.behind", code=fault.code, detail=str(fault))
        self.fault = fault


def fold_deliveries(parts: DerivedParts) -> int:
    """Bring the derived tables of a log up to date: one call, for a task queue or a command.

    Repeated or run beside another one it does no harm.

    Raises:
        StoreUnavailable: the log or the tables did not answer.
    """
    database = DerivedDatabase(parts.url)
    try:
        book = SqlDeliveryBook(database, MarkedLog(parts.store, parts.origin))
        with database.turn() as has_turn:
            if not has_turn:
                return book.size()
            return DeliveryFollower(parts.store, book, origin=parts.origin).bring_to(parts.size())
    finally:
        database.close()
