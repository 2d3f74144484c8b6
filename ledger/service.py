"""The one writer: takes checked records, commits them in groups, releases receipts.

Many submitters hand records to :meth:`Ledger.submit` and get a future; one thread judges
what has gathered, commits it in one transaction and answers all. A receipt leaves only
after its entry, the signed head and the high-water mark are durable.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from ledger import limits
from ledger.admission import Precedent
from ledger.blob_errors import BlobError
from ledger.blob_readiness import UploadedBlobs
from ledger.blobs import BlobId, BlobStore
from ledger.clock import Clock
from ledger.commit import (
    Built,
    Numbered,
    Repeat,
    Verdict,
    build_group,
    judge_group,
    next_admission_ms,
)
from ledger.content import BlobClaim, CheckedRecord, Checker, check_submission
from ledger.domain import DomainRules
from ledger.errors import (
    LedgerError,
    LogClosed,
    TooBusy,
)
from ledger.faults import Refusal
from ledger.fold import PublicFold
from ledger.high_water import HighWater, Mark
from ledger.note import Ed25519Signer
from ledger.reader import LogReader
from ledger.record import encode_record_id
from ledger.recovery import load_tip
from ledger.store import CommitGroup, Head, Store
from ledger.store_errors import (
    AppendRefused,
    HeadMoved,
    OutcomeUnknown,
    StoreUnavailable,
)
from ledger.submission import Admitted, Outcome, Submission
from ledger.tree import EMPTY_ROOT

COMMIT_ATTEMPTS_MAX = 3


@dataclass(frozen=True, slots=True)
class LedgerParts:
    """What a ledger is built from."""

    origin: str
    store: Store
    high_water: HighWater
    clock: Clock
    signer: Ed25519Signer
    blobs: BlobStore
    rules: DomainRules
    search_secret: bytes


class Ledger:
    """Admits, orders and proves. Create, :meth:`start`, :meth:`submit`, :meth:`close`."""

    def __init__(self, parts: LedgerParts, *, is_new: bool = False) -> None:
        """Load the log and check it against the high-water mark.

        Args:
            parts: what it is built from.
            is_new: the log was made just now; only then may the mark be missing.

        Raises:
            LogRolledBack: the stored log does not extend what was signed.
            StoreUnavailable, HighWaterDamaged: it could not be read, or the first mark not set.
        """
        self._parts = parts
        self.reader = LogReader(parts.store, published=lambda: self.size)
        self._tip = load_tip(parts.origin, parts.store, mark=parts.high_water, is_new=is_new)
        if is_new and parts.high_water.read() is None:
            # From here on a crash between the first commit and its mark is no missing mark.
            parts.high_water.write(Mark(0, EMPTY_ROOT))
        self._checker = self._checker_of(self._tip.fold)
        self._waiting: deque[Submission] = deque()
        self._waiting_records = 0
        self._repeating_records = 0
        self._wake = threading.Condition()
        self._is_closing = False
        self._is_broken = False
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        # Old receipts are proven anew from the store, which takes longer than admission does:
        # that is not for the writer, whom everybody waits for.
        self._repeats = ThreadPoolExecutor(1, thread_name_prefix="ledger-repeats")

    @property
    def fold(self) -> PublicFold:
        """The governance in force after the last committed entry."""
        return self._tip.fold

    @property
    def checker(self) -> Checker:
        """What submissions are checked against outside the lock; immutable."""
        return self._checker

    @property
    def size(self) -> int:
        """How many entries are committed."""
        return self._tip.size

    @property
    def waiting(self) -> int:
        """How many records wait to be judged, or for a receipt that they had before."""
        return self._waiting_records + self._repeating_records

    @property
    def is_running(self) -> bool:
        """Whether the writer takes records."""
        return self._thread.is_alive() and not self._is_closing

    def start(self) -> None:
        """Start the writer thread."""
        self._thread.start()

    def close(self) -> None:
        """Finish what waits, stop the thread; later submissions are refused."""
        with self._wake:
            self._is_closing = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()
        else:
            self._abandon()
        self._repeats.shutdown()

    def submit(self, records: Sequence[CheckedRecord]) -> Future[tuple[Outcome, ...]]:
        """Hand over records that belong together in one group; answered in their order.

        Raises:
            LogClosed: the ledger has stopped.
            TooBusy: too many records wait already.
        """
        answer: Future[tuple[Outcome, ...]] = Future()
        self.submit_all([Submission(tuple(records), answer)])
        return answer

    def submit_all(self, submissions: Sequence[Submission]) -> None:
        """Hand over submissions that arrived together; each is answered by itself.

        Raises:
            LogClosed: the ledger has stopped.
            TooBusy: too many records wait already.
        """
        count = sum(len(submission.records) for submission in submissions)
        with self._wake:
            if self._is_closing:
                raise LogClosed("the log has stopped")
            if self.waiting + count > limits.SUBMISSIONS_WAITING_MAX:
                raise TooBusy(f"{self.waiting} records wait already")
            self._waiting.extend(submissions)
            self._waiting_records += count
            self._wake.notify()

    def submit_text(self, sd_jwt: str) -> Outcome:
        """Check one submission here and wait for its outcome: for tools, not for servers."""
        checked = check_submission(sd_jwt, self.checker)
        if isinstance(checked, Refusal):
            return checked
        return self.submit([checked]).result()[0]

    def find_repeats(self, record_ids: Sequence[bytes]) -> Mapping[bytes, Admitted]:
        """Those of the records that are in the log already, each with its first receipt."""
        size = self.size
        known = self._parts.store.known(record_ids, []).records
        return {
            key: Admitted(encode_record_id(key), index, self.reader.receipt(index), False)
            for key, index in known.items()
            if index < size
        }

    # ---- the writer thread ----

    def _run(self) -> None:
        try:
            while not self._is_broken and (submissions := self._take()) is not None:
                self._answer(submissions)
        finally:
            # Where this was not asked for, nobody may wait for a thread that is gone.
            self._abandon()

    def _abandon(self) -> None:
        """Refuse what waits, and what comes."""
        with self._wake:
            self._is_closing = True
            abandoned = list(self._waiting)
            self._waiting.clear()
            self._waiting_records = 0
        for submission in abandoned:
            if submission.answer.set_running_or_notify_cancel():
                submission.answer.set_exception(LogClosed("the log has stopped"))

    def _take(self) -> list[Submission] | None:
        """Everything that waits, up to one group; None when closing and nothing waits."""
        with self._wake:
            while not self._waiting:
                if self._is_closing:
                    return None
                self._wake.wait()
            taken: list[Submission] = []
            count = 0
            while self._waiting and (
                not taken
                or count + len(self._waiting[0].records) <= limits.COMMIT_GROUP_RECORDS_MAX
            ):
                taken.append(self._waiting.popleft())
                count += len(taken[-1].records)
            self._waiting_records -= count
        # Who has given up waiting is not answered; from here on nobody can give up any more.
        return [item for item in taken if item.answer.set_running_or_notify_cancel()]

    def _answer(self, submissions: Sequence[Submission]) -> None:
        try:
            self._settle(submissions)
        except BaseException as fault:
            for submission in submissions:
                if not submission.answer.done():
                    submission.answer.set_exception(fault)
            if isinstance(fault, LedgerError):
                # The stored log may be another than ours: nothing is signed before a restart
                # has looked.
                self._is_broken = isinstance(fault, OutcomeUnknown | HeadMoved | AppendRefused)
                return
            raise

    def _settle(self, submissions: Sequence[Submission]) -> None:
        verdicts, receipts = self._admit([r for item in submissions for r in item.records])
        position = 0
        for submission in submissions:
            stop = position + len(submission.records)
            own, position = verdicts[position:stop], stop
            if any(isinstance(verdict, Repeat) for verdict in own):
                self._count_repeating(len(own))
                self._repeats.submit(self._release_beside, submission, own, receipts)
            else:
                self._release(submission, own, receipts)

    def _release_beside(
        self, submission: Submission, verdicts: Sequence[Verdict], receipts: Mapping[int, str]
    ) -> None:
        try:
            self._release(submission, verdicts, receipts)
        except BaseException as fault:
            submission.answer.set_exception(fault)
            raise
        finally:
            self._count_repeating(-len(verdicts))

    def _count_repeating(self, change: int) -> None:
        with self._wake:
            self._repeating_records += change

    def _release(
        self, submission: Submission, verdicts: Sequence[Verdict], receipts: Mapping[int, str]
    ) -> None:
        """Answer one submission; a repeat that cannot be read now fails nobody else's."""
        try:
            outcomes = tuple(self._outcome(verdict, receipts) for verdict in verdicts)
        except LedgerError as fault:
            has_entries = any(isinstance(verdict, Numbered) for verdict in verdicts)
            told = (
                OutcomeUnknown(f"some records are entries now: {fault}") if has_entries else fault
            )
            submission.answer.set_exception(told)
            return
        submission.answer.set_result(outcomes)

    def _admit(
        self, records: Sequence[CheckedRecord]
    ) -> tuple[Sequence[Verdict], Mapping[int, str]]:
        """The verdict on each record, and the receipt of every index that is new."""
        admitted_ms = next_admission_ms(self._parts.clock.now_ms(), self._tip)
        known = self._parts.store.known(
            [record.record_id for record in records], [record.jti_key for record in records]
        )
        judged = judge_group(records, self._tip, known=known, admitted_ms=admitted_ms, log=self)
        receipts: dict[int, str] = {}
        if judged.numbered():
            built = build_group(
                self._tip, judged, admitted_ms=admitted_ms, signer=self._parts.signer
            )
            self._commit(built)
            first = self._tip.size - len(built.receipts)
            receipts = {first + position: text for position, text in enumerate(built.receipts)}
        return judged.verdicts, receipts

    def _commit(self, built: Built) -> None:
        """Make the group durable, then the mark; only then does the tip move."""
        self._store_group(built.group)
        # From here on the entries survive a crash.
        head = built.group.head
        try:
            self._parts.high_water.write(Mark(head.size, head.root))
        except StoreUnavailable as fault:
            raise OutcomeUnknown(f"the entries are stored, their mark is not: {fault}") from fault
        # Should this fail, expiry pins what the store says is cited.
        with suppress(BlobError):
            self._parts.blobs.pin([BlobId(blob) for blob, _ in built.group.pins])
        fold_changed = built.tip.fold is not self._tip.fold
        self._tip = built.tip
        if fold_changed:
            self._checker = self._checker_of(self._tip.fold)

    def _store_group(self, group: CommitGroup) -> None:
        unknown = OutcomeUnknown("expected an outcome of the commit, found none")
        for _ in range(COMMIT_ATTEMPTS_MAX):
            try:
                self._parts.store.commit(group)
                return
            except OutcomeUnknown as fault:
                unknown = fault
            # The store says where it stands: after the group, or before it.
            if self._stands_at(group.head, unknown):
                return
        raise unknown

    def _stands_at(self, head: Head, unknown: OutcomeUnknown) -> bool:
        try:
            return self._parts.store.head() == head
        except StoreUnavailable as fault:
            raise unknown from fault

    def _outcome(self, verdict: Verdict, receipts: Mapping[int, str]) -> Outcome:
        if isinstance(verdict, Refusal):
            return verdict
        record_id = encode_record_id(verdict.record.record_id)
        if isinstance(verdict, Numbered):
            return Admitted(record_id, verdict.index, receipts[verdict.index], True)
        return self._repeat(verdict, record_id)

    def _repeat(self, verdict: Repeat, record_id: str) -> Admitted:
        store, given = self._parts.store, verdict.record.disclosures
        if given and not store.disclosures([verdict.index]):
            store.restore_disclosures(verdict.index, given)
        return Admitted(record_id, verdict.index, self.reader.receipt(verdict.index), False)

    def _checker_of(self, fold: PublicFold) -> Checker:
        parts = self._parts
        return Checker(parts.origin, fold.book(), parts.rules, parts.search_secret)

    # ---- what judging a group asks of the log ----

    def check_again(self, record: CheckedRecord, fold: PublicFold) -> CheckedRecord | Refusal:
        """Check a record by the types of this fold."""
        return check_submission(f"{record.jws}~{record.disclosures}", self._checker_of(fold))

    def find_record(self, record_id: str) -> Precedent | None:
        """The party and type of an admitted record."""
        row = self.reader.find(record_id)
        return Precedent(row.party, row.vct) if row else None

    def is_blob_ready(self, claim: BlobClaim, owner: str) -> bool:
        """Whether the owner's upload is complete and as claimed."""
        try:
            return UploadedBlobs(self._parts.blobs, self._parts.clock).is_ready(claim, owner)
        except BlobError:
            # One upload that cannot be read must not fail the others of the group.
            return False
