"""Where a witness decides: one thread, in order, and durable before anybody is answered.

Requests that arrive together are judged one after another and made durable in one
transaction; a cosignature leaves after it. What was cosigned last is held in memory by this
thread alone, and read anew after any failure, so that a check and its storing are one step.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from ledger.checkpoint import Checkpoint, parse_checkpoint
from ledger.clock import Clock
from ledger.cosignature import CosignedAt, Cosigner
from ledger.errors import ClockSuspect, LedgerError, LogClosed
from ledger.fork_evidence import ForkEvidence, find_replaced_root
from ledger.limits import (
    CLOCK_BEHIND_MILLISECONDS_MAX,
    WITNESS_EVIDENCE_PER_LOG_MAX,
    WITNESS_GROUP_MAX,
    WITNESS_WAITING_MAX,
)
from ledger.note import Note, parse_note
from ledger.store_errors import StoreUnavailable
from ledger.store_witness import CosignedRow, ForkRow, WitnessStore
from ledger.tree import TreeSize
from ledger.witness import NEVER_SEEN, LastSeen, SignedRequest, check_extension, note_text
from ledger.witness_errors import (
    ExtensionRefused,
    ForkNotShown,
    SizeConflict,
    WitnessBusy,
)

_CLOCK_BEHIND_SECONDS_MAX: Final = CLOCK_BEHIND_MILLISECONDS_MAX // 1000


@dataclass(slots=True)
class _Asked:
    """A request, and who waits for its answer."""

    request: SignedRequest
    answer: Future[str]


@dataclass(slots=True)
class _Group:
    """What one transaction is going to make durable, and what is so after it."""

    last: dict[str, CosignedRow]
    repeated_s: dict[str, int]
    repeats: dict[str, int] = field(default_factory=dict)
    cosigned: list[CosignedRow] = field(default_factory=list)
    forks: list[ForkRow] = field(default_factory=list)


class WitnessDesk:
    """Cosigns for many logs. Create, :meth:`start`, :meth:`submit`, :meth:`close`."""

    def __init__(self, store: WitnessStore, cosigner: Cosigner, clock: Clock) -> None:
        """Read what was cosigned.

        Raises:
            StoreUnavailable: it could not be read.
        """
        self._store = store
        self._cosigner = cosigner
        self._clock = clock
        self._last = store.last()
        self._repeated_s = store.repeated()
        self._known_forks: set[tuple[bool, str, str]] = set()
        self._fork_counts: Counter[tuple[str, bool]] = Counter()
        for row in store.forks():
            self._remember_fork(row)
        self._is_stale = False
        self._waiting: deque[_Asked] = deque()
        self._wake = threading.Condition()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="witness-writer", daemon=True)

    @property
    def is_running(self) -> bool:
        """Whether requests are taken."""
        return self._thread.is_alive() and not self._is_closing

    def last(self) -> Mapping[str, CosignedRow]:
        """What was cosigned last for each log; all of it is durable."""
        return self._last

    def fork_count(self, origin: str, *, is_proven: bool) -> int:
        """How many pieces of evidence are kept of a log."""
        return self._fork_counts[origin, is_proven]

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Answer what waits, then stop."""
        with self._wake:
            self._is_closing = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()

    def submit(self, request: SignedRequest) -> Future[str]:
        """Ask for a cosignature; the answer is its line, or the refusal.

        Raises:
            LogClosed: the witness has stopped.
            WitnessBusy: too much waits already.
        """
        asked = _Asked(request, Future())
        with self._wake:
            if self._is_closing:
                raise LogClosed("the witness has stopped")
            if len(self._waiting) >= WITNESS_WAITING_MAX:
                raise WitnessBusy(f"{len(self._waiting)} requests wait already")
            self._waiting.append(asked)
            self._wake.notify()
        return asked.answer

    # ---- the thread ----

    def _run(self) -> None:
        try:
            while (group := self._take()) is not None:
                self._answer(group)
        finally:
            self._abandon()

    def _abandon(self) -> None:
        with self._wake:
            self._is_closing = True
            abandoned = list(self._waiting)
            self._waiting.clear()
        for asked in abandoned:
            if asked.answer.set_running_or_notify_cancel():
                asked.answer.set_exception(LogClosed("the witness has stopped"))

    def _take(self) -> list[_Asked] | None:
        with self._wake:
            while not self._waiting:
                if self._is_closing:
                    return None
                self._wake.wait()
            count = min(len(self._waiting), WITNESS_GROUP_MAX)
            taken = [self._waiting.popleft() for _ in range(count)]
        return [item for item in taken if item.answer.set_running_or_notify_cancel()]

    def _answer(self, taken: Sequence[_Asked]) -> None:
        try:
            group = self._begin()
            outcomes = [self._judge(asked.request, group) for asked in taken]
            if group.cosigned or group.forks or group.repeats:
                self._store.keep(group.cosigned, group.forks, repeats=group.repeats)
        except LedgerError as fault:
            # What reached the disk may not be what is remembered here.
            self._is_stale = True
            _fail(taken, fault)
            return
        except BaseException as fault:
            _fail(taken, fault)
            raise
        # From here on what was signed, and what was refused for a fork, survives a crash.
        self._last = group.last
        self._repeated_s = group.repeated_s | group.repeats
        for row in group.forks:
            self._remember_fork(row)
        for asked, outcome in zip(taken, outcomes, strict=True):
            if isinstance(outcome, LedgerError):
                asked.answer.set_exception(outcome)
            else:
                asked.answer.set_result(outcome)

    def _begin(self) -> _Group:
        if self._is_stale:
            self._last = self._store.last()
            self._repeated_s = self._store.repeated()
            self._is_stale = False
        return _Group(dict(self._last), self._repeated_s)

    def _judge(self, request: SignedRequest, group: _Group) -> str | LedgerError:
        """The line for a request, or why there is none."""
        try:
            return self._cosign(request, group)
        except StoreUnavailable:
            raise
        except LedgerError as fault:
            if isinstance(fault, ExtensionRefused | SizeConflict):
                self._note_fork(request, fault, group)
            return fault

    def _cosign(self, request: SignedRequest, group: _Group) -> str:
        origin = request.checkpoint.origin
        before = group.last.get(origin)
        seen = check_extension(request, _seen(before))
        last_s = _last_second(before, group)
        at = self._timestamp(last_s)
        line = self._cosigner.cosign(request.note.text.encode(), at)
        if before is None or seen.size != before.size:
            note = note_text(Note(request.note.text, (*request.note.signatures, line)))
            row = CosignedRow(origin, seen.size, seen.root, at, note)
            group.cosigned.append(row)
            group.last[origin] = row
        elif at > last_s:
            # No new checkpoint, but a new time that the next one must not be before.
            group.repeats[origin] = at
        return line.line()

    def _timestamp(self, last: int) -> CosignedAt:
        """Now, and never before the last cosignature of the log."""
        now = max(self._clock.now_ms() // 1000, 1)
        if now < last - _CLOCK_BEHIND_SECONDS_MAX:
            raise ClockSuspect(f"expected a time after {last} s, found {now} s: set the clock")
        return CosignedAt(max(now, last))

    # ---- evidence ----

    def _note_fork(self, request: SignedRequest, fault: LedgerError, group: _Group) -> None:
        """Keep what a refused request shows of a second history, within the bounds."""
        first = self._counterpart(request.checkpoint, fault, group)
        if first is None:
            return
        evidence = ForkEvidence(
            origin=request.checkpoint.origin,
            first=first.note,
            second=note_text(request.note),
            proof=request.proof,
            noticed_ms=self._clock.now_ms(),
            witness=self._cosigner.key.name,
        )
        row = ForkRow(evidence, _is_proven(first, request))
        # Two bounds: refused proofs, which anybody can send, leave room for what is proven.
        pending = [kept for kept in group.forks if _kind(kept) == _kind(row)]
        known = self._known_forks | {_fork_key(kept) for kept in pending}
        count = self._fork_counts[_kind(row)] + len(pending)
        if _fork_key(row) not in known and count < WITNESS_EVIDENCE_PER_LOG_MAX:
            group.forks.append(row)

    def _counterpart(
        self, found: Checkpoint, fault: LedgerError, group: _Group
    ) -> CosignedRow | None:
        """The cosigned checkpoint that this one may contradict."""
        last = group.last.get(found.origin)
        if last is None:
            return None
        if found.size > last.size:
            return last if isinstance(fault, ExtensionRefused) else None
        same = self._cosigned_at(found, group)
        return same if same is not None and same.root != found.root else None

    def _cosigned_at(self, found: Checkpoint, group: _Group) -> CosignedRow | None:
        for row in (*group.cosigned, group.last[found.origin]):
            if (row.origin, row.size) == (found.origin, found.size):
                return row
        return self._store.cosigned_at(found.origin, found.size)

    def _remember_fork(self, row: ForkRow) -> None:
        self._known_forks.add(_fork_key(row))
        self._fork_counts[_kind(row)] += 1


def _seen(row: CosignedRow | None) -> LastSeen:
    return LastSeen(TreeSize(row.size), row.root) if row else NEVER_SEEN


def _last_second(before: CosignedRow | None, group: _Group) -> int:
    """The time of the last cosignature of the log, of a repeated one too; 0 for none."""
    if before is None:
        return 0
    repeated = group.repeats.get(before.origin, group.repeated_s.get(before.origin, 0))
    return max(before.cosigned_s, repeated)


def _is_proven(first: CosignedRow, request: SignedRequest) -> bool:
    older = parse_checkpoint(parse_note(first.note.encode()).text)
    try:
        find_replaced_root(older, request.checkpoint, proof=request.proof)
    except ForkNotShown:
        return False
    return True


def _kind(row: ForkRow) -> tuple[str, bool]:
    return row.evidence.origin, row.is_proven


def _fork_key(row: ForkRow) -> tuple[bool, str, str]:
    notes = (row.evidence.first, row.evidence.second)
    first, second = (parse_note(note.encode()).text for note in notes)
    return row.is_proven, first, second


def _fail(taken: Sequence[_Asked], fault: BaseException) -> None:
    for asked in taken:
        if not asked.answer.done():
            asked.answer.set_exception(fault)
