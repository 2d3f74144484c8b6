"""The writer of a log in this process: takes checked records, releases receipts.

Many submitters hand records to :meth:`Ledger.submit` and get a future; one thread takes turns
at the head (:mod:`ledger.writer`) with what has gathered, and answers all. A receipt leaves
only after its entry, the signed head and the high-water mark are durable. Other replicas may
write to the same store: their entries are followed, and shown once this replica's own mark
covers them.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence, Set
from concurrent.futures import Future
from functools import partial

from ledger import limits
from ledger.admission import Precedent, Signed
from ledger.blob_errors import BlobError
from ledger.blob_readiness import UploadedBlobs
from ledger.commit import Tip
from ledger.content import BlobClaim, CheckedRecord, Checker, check_submission
from ledger.domain_state import DomainState
from ledger.errors import LedgerError, LogRolledBack
from ledger.faults import Refusal
from ledger.fold import PublicFold
from ledger.high_water import Mark
from ledger.reader import LogReader
from ledger.record import encode_record_id
from ledger.recovery import load_tip, signed_of
from ledger.releases import Releases
from ledger.sharing.filed import Filed
from ledger.sharing.store_filings import StoreFilings
from ledger.store_errors import AppendRefused, StoreUnavailable
from ledger.submission import Admitted, Outcome, Submission
from ledger.tree import EMPTY_ROOT
from ledger.waiting import WaitingSubmissions
from ledger.writer import Group, LedgerParts, Pace, Writer

__all__ = ["Ledger", "LedgerParts", "Pace"]


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
        tip = load_tip(
            parts.origin, parts.store, mark=parts.high_water, is_new=is_new, trade=parts.trade
        )
        mark = parts.high_water.read()
        if mark is None or mark.size < tip.size:
            # From here on a crash between the first commit and its mark is no missing mark,
            # and what readers see is covered by a mark of our own.
            parts.high_water.write(
                Mark(tip.head.size, tip.head.root) if tip.head else Mark(0, EMPTY_ROOT)
            )
        self._writer = Writer(parts, tip, self)
        self._filings = StoreFilings(parts.store, parts.origin)
        self._waiting = WaitingSubmissions()
        self._releases = Releases(
            parts.store,
            self.reader,
            note_repeating=self._waiting.note_repeating,
            erased=self._erased_groups,
        )
        self._shown = threading.Condition()
        self._stopped_by: LedgerError | None = None
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)

    @property
    def fold(self) -> PublicFold:
        """The governance in force after the last entry that is shown."""
        return self._writer.tip.fold

    @property
    def state(self) -> DomainState:
        """What parties have put in force between them, after the last entry that is shown."""
        return self._writer.tip.state

    @property
    def tip(self) -> Tip:
        """The last entry that is shown, with both folds and the size of one moment."""
        return self._writer.tip

    @property
    def state_gaps(self) -> Mapping[str, int]:
        """By party, its first entry that changes the state and whose content is not held.

        Records of, to or about these parties are refused until it is submitted again and the
        log restarted.
        """
        return self._writer.tip.entitled.gaps

    @property
    def checker(self) -> Checker:
        """What submissions are checked against outside the lock; immutable."""
        return self._writer.checker

    @property
    def size(self) -> int:
        """How many entries are committed, by any replica, and covered by our mark."""
        return self._writer.tip.size

    @property
    def waiting(self) -> int:
        """How many records wait to be judged, or for a receipt that they had before."""
        return self._waiting.records

    @property
    def is_running(self) -> bool:
        """Whether the writer takes records."""
        return self._thread.is_alive() and not self._waiting.is_closing

    @property
    def stopped_by(self) -> LedgerError | None:
        """Why the writer has stopped by itself, None where it has not: only a restart helps."""
        return self._stopped_by

    def start(self) -> None:
        """Start the writer thread."""
        self._thread.start()

    def close(self) -> None:
        """Finish what waits, stop the thread; later submissions are refused."""
        self._waiting.close()
        if self._thread.is_alive():
            self._thread.join()
        else:
            self._waiting.abandon()
        self._releases.close()

    def submit(self, records: Sequence[CheckedRecord]) -> Future[tuple[Outcome, ...]]:
        """Hand over records that belong together in one group; answered in their order.

        Raises:
            LogClosed: the ledger has stopped.
            TooBusy: too many records wait already.
            StoreUnavailable: nothing can be written at the moment.
        """
        answer: Future[tuple[Outcome, ...]] = Future()
        self.submit_all([Submission(tuple(records), answer)])
        return answer

    def submit_all(self, submissions: Sequence[Submission]) -> None:
        """Hand over submissions that arrived together; each is answered by itself.

        Raises:
            LogClosed: the ledger has stopped.
            TooBusy: too many records wait already.
            StoreUnavailable: nothing can be written at the moment.
        """
        self._waiting.put(submissions)

    def submit_text(self, sd_jwt: str) -> Outcome:
        """Check one submission here and wait for its outcome: for tools, not for servers."""
        checked = check_submission(sd_jwt, self.checker)
        if isinstance(checked, Refusal):
            return checked
        return self.submit([checked]).result()[0]

    def find_repeats(self, record_ids: Sequence[bytes]) -> Mapping[bytes, Admitted]:
        """Those of the records that are in the log already, each with its first receipt."""
        known = self._parts.store.known(record_ids, []).records
        self.catch_up(max(known.values(), default=-1) + 1)
        return {
            key: Admitted(encode_record_id(key), index, self.reader.receipt(index), False)
            for key, index in known.items()
            if index < self.size
        }

    def find_repeats_later(
        self, record_ids: Sequence[bytes], *, flow: str
    ) -> Future[Mapping[bytes, Admitted]]:
        """The same when the flow's turn comes, beside the writer.

        Raises:
            LogClosed: the ledger has stopped.
        """
        find = partial(self.find_repeats, record_ids)
        return self._releases.do_later(flow, find, cost=len(record_ids))

    def catch_up(self, size: int | None = None) -> None:
        """Wait until readers here see what any replica has acknowledged up to now.

        Costs nothing where no other process writes to the store.

        Args:
            size: how much the reader asks for, where that is known; None: all there is.

        Raises:
            StoreUnavailable: it could not be read, or did not come in time.
        """
        if self._parts.follow_seconds is None:
            return
        if size is None:
            head = self._parts.store.head()
            size = head.size if head else 0
        if size <= self.size:
            return
        with self._shown:
            self._waiting.call()
            self._shown.wait_for(
                lambda: size <= self.size or not self.is_running, limits.FOLLOW_SECONDS_MAX
            )
        if self.size < size:
            raise StoreUnavailable(
                f"expected {size} entries, found {self.size}: this replica is behind"
            )

    # ---- the writer thread ----

    def _run(self) -> None:
        try:
            while self._stopped_by is None and self._waiting.wait(self._parts.follow_seconds):
                self._work()
                with self._shown:
                    self._shown.notify_all()
        finally:
            # Where this was not asked for, nobody may wait for a thread that is gone.
            self._waiting.abandon()
            with self._shown:
                self._shown.notify_all()

    def _work(self) -> None:
        group = Group(self._waiting.take)
        try:
            if not self._waiting.has_submissions:
                self._writer.follow()
                return
            admission = self._writer.admit(group, pause=self._waiting.pause)
            self._releases.release(group.submissions, admission)
        except LedgerError as fault:
            self._fail(group.submissions or self._waiting.take(), fault)
        except BaseException as fault:
            self._fail(group.submissions, fault)
            raise

    def _fail(self, submissions: Sequence[Submission], fault: BaseException) -> None:
        is_outage = isinstance(fault, StoreUnavailable) and not self._is_store_there()
        # The stored log is another than ours, or the store finds ours wrong: nothing is
        # signed before a restart has looked.
        if isinstance(fault, LogRolledBack | AppendRefused):
            self._stopped_by = fault
        for submission in submissions:
            if not submission.answer.done():
                submission.answer.set_exception(fault)
        if is_outage:
            self._sit_out(str(fault))

    def _sit_out(self, words: str) -> None:
        """Refuse everybody at once until the store answers again."""
        self._waiting.note_outage(words)
        for wait in self._parts.pace.waits():
            if not self._waiting.pause(wait) or self._is_store_there():
                break
        self._waiting.note_outage(None)

    def _is_store_there(self) -> bool:
        try:
            self._parts.store.head()
        except StoreUnavailable:
            return False
        return True

    def _erased_groups(self, record_id: str) -> Mapping[str, int]:
        return self.state.agreements.erased(record_id)

    # ---- what judging a group asks of the log ----

    def check_again(self, record: CheckedRecord, fold: PublicFold) -> CheckedRecord | Refusal:
        """Check a record by the types of this fold."""
        return check_submission(f"{record.jws}~{record.disclosures}", self._parts.checker(fold))

    def find_record(self, record_id: str) -> Precedent | None:
        """The party and type of an admitted record."""
        row = self.reader.find(record_id)
        return Precedent(row.party, row.vct) if row else None

    def filed(self, record_ids: Sequence[str]) -> Mapping[str, Filed | None]:
        """What admitted records say of their sharing; None where the content is not held."""
        return self._filings.filed(record_ids)

    def find_entries(self, record_ids: Sequence[bytes]) -> Set[bytes]:
        """Those of the records that are in the log."""
        return self._parts.store.known(record_ids, []).records.keys()

    def find_signed(self, record_id: str) -> Signed | None:
        """The position of an admitted record, and the key that signed it."""
        row = self.reader.find(record_id)
        return signed_of(row) if row else None

    def admitted_ms(self, index: int) -> int | None:
        """The admission time of an entry."""
        row = self._parts.store.entry(index)
        return row.admitted_ms if row else None

    def is_blob_ready(self, claim: BlobClaim, owner: str) -> bool:
        """Whether the owner's upload is complete and as claimed."""
        try:
            return UploadedBlobs(self._parts.blobs, self._parts.clock).is_ready(claim, owner)
        except BlobError:
            # One upload that cannot be read must not fail the others of the group.
            return False
