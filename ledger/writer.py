"""One turn at the head of the log: catch up, judge, number, commit; then mark, then show.

The head lock of the store orders the replicas, nothing else does (docs/adr/0008-replicas.md).
In its turn a replica first follows what others appended, so that every record is judged
against all entries before it. What readers and receipts may show is only what this
replica's own high-water mark covers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from ledger import limits
from ledger.blob_errors import BlobError
from ledger.blobs import BlobId, BlobStore
from ledger.clock import Clock
from ledger.commit import (
    Built,
    LogSoFar,
    Tip,
    build_group,
    judge_group,
    next_admission_ms,
)
from ledger.content import CheckedRecord, Checker
from ledger.domain import DomainRules
from ledger.domain_state import DomainState
from ledger.entitled_reading import Trade
from ledger.errors import LogKeyRetired
from ledger.fold import PublicFold
from ledger.following import follow
from ledger.high_water import HighWater, Mark
from ledger.note import Ed25519Signer, encode_vkey
from ledger.relations_state import RelationsState
from ledger.releases import Admission
from ledger.store import Head, Store, Turn
from ledger.store_errors import AppendRefused, HeadMoved, OutcomeUnknown, StoreUnavailable
from ledger.submission import Submission


@dataclass(frozen=True, slots=True)
class Pace:
    """How the writer waits for a store that does not answer."""

    first_seconds: float = 0.05
    longest_seconds: float = limits.STORE_RETRY_SECONDS_MAX
    outcome_seconds_max: float = limits.OUTCOME_SECONDS_MAX

    def waits(self) -> Iterator[float]:
        """The waits between tries, without end: each twice the one before, up to a bound."""
        wait = self.first_seconds
        while True:
            yield wait
            wait = min(2 * wait, self.longest_seconds)


PATIENT: Final = Pace()


@dataclass(frozen=True, slots=True)
class LedgerParts:
    """What a ledger is built from.

    ``follow_seconds`` is how often an idle replica looks at the head for what others have
    appended; None where no other process writes to the store. ``is_clock_given`` says that
    ``clock`` stands for that of the database too, as in a test or a replay. ``state`` is what
    the trade has in force before any entry; without one, relations alone are kept.
    """

    origin: str
    store: Store
    high_water: HighWater
    clock: Clock
    signer: Ed25519Signer
    blobs: BlobStore
    rules: DomainRules
    search_secret: bytes = field(repr=False)
    follow_seconds: float | None = None
    is_clock_given: bool = False
    pace: Pace = PATIENT
    state: DomainState = field(default_factory=RelationsState)

    @property
    def trade(self) -> Trade:
        """What the trade brings."""
        return Trade(self.rules, self.state)

    def checker(self, fold: PublicFold) -> Checker:
        """What submissions are checked against under a fold."""
        return Checker(self.origin, fold.book(), self.rules, self.search_secret)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A group that was handed to the store, and what its submitters will be told."""

    built: Built
    admission: Admission


class Group:
    """The submissions that one turn is about, taken when the turn has begun."""

    def __init__(self, take: Callable[[], list[Submission]]) -> None:
        """Ask ``take`` once, at the last moment: whoever has come by then goes along."""
        self._take = take
        self.submissions: list[Submission] = []
        #: Set while it is, or may be, in the store.
        self.sent: _Sent | None = None
        #: How many commits of it were found not to have happened.
        self.lost = 0

    def records(self) -> Sequence[CheckedRecord]:
        """The records of all submissions, in their order."""
        if not self.submissions:
            self.submissions = self._take()
        return [record for item in self.submissions for record in item.records]


class Writer:
    """Brings the log forward, one group a turn. Used by one thread; its tip is read by many."""

    def __init__(self, parts: LedgerParts, tip: Tip, log: LogSoFar) -> None:
        """Go on from ``tip``; ``log`` answers what judging asks."""
        self._parts = parts
        self._log = log
        self._is_mark_behind = False
        self.tip = tip
        self.checker = parts.checker(tip.fold)

    def follow(self) -> None:
        """Show what other replicas have appended.

        Raises:
            LogRolledBack: the stored log does not extend ours.
            StoreUnavailable: it could not be read, or the mark not written.
        """
        self._show(self._followed(self._parts.store.head()))

    def admit(self, group: Group, *, pause: Callable[[float], bool]) -> Admission:
        """Judge and commit a group; what it returns is durable, and so is the mark over it.

        Args:
            group: what waits.
            pause: waits for seconds; False where there is no time left to wait.

        Raises:
            OutcomeUnknown: nobody can tell whether records of the group are entries.
            LogKeyRetired: our key would sign what comes after its retirement.
            ClockSuspect, StoreUnavailable, HeadMoved, AppendRefused: nothing was written.
            LogRolledBack: the stored log does not extend ours.
        """
        tip, admission = self._settle(group, pause)
        try:
            self._show(tip)
        except StoreUnavailable as fault:
            if group.sent is None:
                raise
            raise OutcomeUnknown(f"the entries are stored, their mark is not: {fault}") from fault
        if group.sent is not None:
            # Should this fail, expiry pins what the store says is cited.
            with suppress(BlobError):
                self._parts.blobs.pin([BlobId(blob) for blob, _ in group.sent.built.group.pins])
        return admission

    def _settle(self, group: Group, pause: Callable[[float], bool]) -> tuple[Tip, Admission]:
        """Take turns until one of them tells what became of the group."""
        waited = 0.0
        for wait in self._parts.pace.waits():
            try:
                return self._take_turn(group)
            except (OutcomeUnknown, HeadMoved, StoreUnavailable) as fault:
                if group.sent is None and not isinstance(fault, HeadMoved):
                    raise
                if waited >= self._parts.pace.outcome_seconds_max or not pause(wait):
                    raise _told(group, fault) from fault
            waited += wait
        raise AssertionError("the waits have no end")

    def _take_turn(self, group: Group) -> tuple[Tip, Admission]:
        with self._parts.store.turn() as turn:
            tip = self._followed(turn.head)
            if self._is_mark_behind:
                # The disk did not take the last mark: no entry more before it does.
                self._show(tip)
            # In our turn nothing is on its way any more: it is there, or it never will be.
            if group.sent is not None and self._is_stored(group.sent, turn.head):
                return tip, group.sent.admission
            if group.sent is not None:
                _give_up(group)
            return self._admit(group, turn, tip)

    def _admit(self, group: Group, turn: Turn, tip: Tip) -> tuple[Tip, Admission]:
        parts, records = self._parts, group.records()
        database_ms = None if parts.is_clock_given else turn.database_ms
        admitted_ms = next_admission_ms(parts.clock.now_ms(), tip, database_ms=database_ms)
        known = parts.store.known(
            [record.record_id for record in records], [record.jti_key for record in records]
        )
        judged = judge_group(records, tip, known=known, admitted_ms=admitted_ms, log=self._log)
        if not judged.numbered():
            return tip, Admission(judged.verdicts, {})
        _check_own_key(parts.signer, judged.fold)
        built = build_group(tip, judged, admitted_ms=admitted_ms, signer=parts.signer)
        receipts = {tip.size + position: text for position, text in enumerate(built.receipts)}
        group.sent = _Sent(built, Admission(judged.verdicts, receipts))
        try:
            parts.store.commit(built.group)
        except (StoreUnavailable, HeadMoved, AppendRefused):
            group.sent = None
            raise
        # From here on the entries survive a crash.
        return built.tip, group.sent.admission

    def _followed(self, head: Head | None) -> Tip:
        parts = self._parts
        return follow(self.tip, head, store=parts.store, key=parts.signer.key, rules=parts.rules)

    def _is_stored(self, sent: _Sent, head: Head | None) -> bool:
        # Others may have gone on behind it. A leaf stands for all before it, by the chain.
        ours = sent.built.group.head
        if head is None or head.size < ours.size:
            return False
        return self._parts.store.leaves(ours.size - 1, ours.size) == ours.leaf

    def _show(self, tip: Tip) -> None:
        """Write the mark, then let readers and receipts go up to ``tip``."""
        if tip.head is not None and tip.size > self.tip.size:
            self._is_mark_behind = True
            self._parts.high_water.write(Mark(tip.head.size, tip.head.root))
            self._is_mark_behind = False
        has_new_fold = tip.fold is not self.tip.fold
        self.tip = tip
        if has_new_fold:
            self.checker = self._parts.checker(tip.fold)


def _give_up(group: Group) -> None:
    """Note a commit that did not happen; a store that takes none is said to be unavailable."""
    group.sent = None
    group.lost += 1
    if group.lost >= limits.COMMIT_TRIES_MAX:
        # A full disk: it answers at once, and takes nothing however long we try.
        raise StoreUnavailable(
            f"expected the store to take entries, found {group.lost} commits without effect"
        )


def _check_own_key(signer: Ed25519Signer, fold: PublicFold) -> None:
    """Refuse to sign a head after which our key is no log key; readers would refuse it too."""
    vkey = encode_vkey(signer.key)
    if vkey not in fold.rules.log_keys:
        raise LogKeyRetired(
            f"expected a log key that is in force after these entries, found {vkey}: "
            "serve with a key that stays, then submit them again"
        )


def _told(group: Group, fault: Exception) -> Exception:
    """What submitters are told when waiting has no end in sight."""
    if group.sent is None:
        return fault
    return OutcomeUnknown(f"expected an outcome of the commit, found none: {fault}")
