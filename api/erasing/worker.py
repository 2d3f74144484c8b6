"""The worker in the service that carries out erasures: one thread.

It follows what is in force, not a queue: an act that is admitted and not in the book of what
was done is carried out, at once and after every start. Readers do not wait for it: from the
admission of the act on nobody is shown the group.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from api.erasing.book import Done, ErasureBook
from api.erasing.purge import Purge
from api.observability import describe_fault, log
from ledger.clock import Clock
from ledger.errors import LedgerError
from ledger.sharing.agreements import Agreements, Erasure
from ledger.store_errors import StoreUnavailable

#: How often an idle worker looks for more.
LOOK_SECONDS: Final = 0.2
#: How long it leaves alone what failed once, and at most: twice as long each time.
REST_SECONDS: Final = 2.0
REST_SECONDS_MAX: Final = 300.0


@dataclass(frozen=True, slots=True)
class ErasingParts:
    """What the worker is built from; ``agreements`` is what entries have put in force."""

    url: str
    purge: Purge
    agreements: Callable[[], Agreements]
    clock: Clock


@dataclass(frozen=True, slots=True)
class Failing:
    """An erasure that failed: when it is tried again, and how long it rested before that."""

    due: float
    rest: float


class ErasingWorker:
    """Carries out the erasures of one log. Create, :meth:`start`, :meth:`close`."""

    def __init__(self, parts: ErasingParts) -> None:
        """Open the book where that is possible now; else the thread tries again."""
        self._parts = parts
        self._stop = threading.Event()
        self._moved = threading.Condition()
        self._book: ErasureBook | None = None
        self._done: set[str] = set()
        self._seen: Mapping[str, Erasure] | None = None
        self._failing: dict[str, Failing] = {}
        self.fault: BaseException | None = None
        try:
            self._open()
        except StoreUnavailable as fault:
            self._note_fault(fault)
        self._thread = threading.Thread(target=self._run, name="erasing", daemon=True)

    @property
    def waiting(self) -> int:
        """How many erasures are ordered and not carried out."""
        return len(self._parts.agreements().erasures) - len(self._done)

    @property
    def is_well(self) -> bool:
        """Whether erasures are carried out."""
        return self.fault is None and self._thread.is_alive()

    def describe(self) -> dict[str, object]:
        """What health says of it."""
        status = "follows" if self.is_well else "behind"
        return {
            "done": len(self._done),
            "waiting": self.waiting,
            "failing": len(self._failing),
            "status": status,
        }

    @property
    def purge(self) -> Purge:
        """What erasures are carried out on."""
        return self._parts.purge

    @property
    def done_count(self) -> int:
        """How many were carried out."""
        return len(self._done)

    @property
    def book(self) -> ErasureBook:
        """What was done.

        Raises:
            StoreUnavailable: it could not be opened.
        """
        if self._book is None:
            raise StoreUnavailable(f"expected the book of erasures, found none: {self.fault}")
        return self._book

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def await_done(self, seconds_max: float) -> bool:
        """Wait a bounded while until nothing waits; whether that is so."""
        with self._moved:
            return self._moved.wait_for(lambda: self.waiting <= 0, seconds_max)

    def close(self) -> None:
        """Finish the erasure under way, stop, and close the book."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._book is not None:
            self._book.close()

    # ---- the thread ----

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._stop.wait(self._work())
        except BaseException as fault:
            # A mistake of ours: the thread ends, its trace is printed, health tells it.
            self.fault = fault
            log.error("erasing.broken", **describe_fault(fault))
            raise

    def _work(self) -> float:
        """Carry out what waits; how long to wait then."""
        try:
            self._open()
            self._carry_out()
        except LedgerError as fault:
            self._note_fault(fault)
            return REST_SECONDS
        if not self._failing:
            self.fault = None
        return LOOK_SECONDS

    def _open(self) -> None:
        if self._book is None:
            book = ErasureBook(self._parts.url)
            self._done = set(book.acts())
            self._book = book

    def _carry_out(self) -> None:
        erasures = self._parts.agreements().erasures
        # What is in force is replaced and never changed: most often it is the same one.
        if erasures is self._seen and not self._failing:
            return
        now = time.monotonic()
        for act, erasure in erasures.items():
            if self._stop.is_set():
                return
            if act not in self._done and self._is_due(act, now):
                self._try(act, erasure)
        self._seen = erasures

    def _is_due(self, act: str, now: float) -> bool:
        failing = self._failing.get(act)
        return failing is None or failing.due <= now

    def _try(self, act: str, erasure: Erasure) -> None:
        """Carry out one; its failure must not keep the others waiting."""
        try:
            self._carry_out_one(act, erasure)
        except LedgerError as fault:
            before = self._failing.get(act)
            rest = min(before.rest * 2, REST_SECONDS_MAX) if before else REST_SECONDS
            self._failing[act] = Failing(time.monotonic() + rest, rest)
            self._note_fault(fault)
        else:
            self._failing.pop(act, None)

    def _carry_out_one(self, act: str, erasure: Erasure) -> None:
        purged = self._parts.purge.destroy(erasure)
        done = Done(self._parts.clock.now_ms(), purged)
        self.book.note(act, done)
        with self._moved:
            self._done.add(act)
            self._moved.notify_all()
        log.info(
            "erasure.done",
            entry_index=erasure.index,
            record_index=purged.entry,
            blobs=purged.blobs,
            index_rows=purged.index_rows,
        )

    def _note_fault(self, fault: LedgerError) -> None:
        if str(self.fault) != str(fault):
            log.warning("erasing.behind", code=fault.code, detail=str(fault))
        self.fault = fault
