"""Answers those who submitted, once what they are told is durable.

A record that the log held before gets its first receipt again, which is proven anew from the
store. That takes longer than admission does, so it is done beside the writer, whom everybody
waits for, and in fair turns: one who repeats much does not hold up another who repeats little.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from ledger import limits
from ledger.commit import Numbered, Repeat, Verdict
from ledger.errors import LedgerError
from ledger.fair_worker import FairWorker
from ledger.faults import Refusal
from ledger.reader import LogReader
from ledger.record import encode_record_id
from ledger.store import Store
from ledger.store_errors import OutcomeUnknown
from ledger.submission import Admitted, Outcome, Submission
from ledger.vault.erasing import group_of

Result = TypeVar("Result")
ErasedGroups = Callable[[str], Collection[str]]
"""The groups of a record, by its id, that an entry ordered erased."""


@dataclass(frozen=True, slots=True)
class Admission:
    """The verdict on each record of a group, and the receipt of every index that is new."""

    verdicts: Sequence[Verdict]
    receipts: Mapping[int, str]


class Releases:
    """Turns verdicts into answers."""

    def __init__(
        self,
        store: Store,
        reader: LogReader,
        *,
        note_repeating: Callable[[int], None],
        erased: ErasedGroups,
    ) -> None:
        """Answer from ``store``.

        Args:
            store: what the log holds.
            reader: proves entries.
            note_repeating: counts the records still to be answered.
            erased: what the entries that are shown ordered erased.
        """
        self._store = store
        self._reader = reader
        self._note_repeating = note_repeating
        self._erased = erased
        self._repeats = FairWorker(name="ledger-repeats", quantum=limits.REPEATS_TURN_RECORDS)

    def release(self, submissions: Sequence[Submission], admission: Admission) -> None:
        """Answer submissions whose records were judged together, in their order."""
        position = 0
        for submission in submissions:
            stop = position + len(submission.records)
            own = Admission(admission.verdicts[position:stop], admission.receipts)
            position = stop
            if any(isinstance(verdict, Repeat) for verdict in own.verdicts):
                self._note_repeating(len(own.verdicts))
                answer = partial(self._answer_beside, submission, own)
                self._repeats.submit(submission.flow, answer, cost=len(own.verdicts))
            else:
                self._answer(submission, own)

    def do_later(self, flow: str, work: Callable[[], Result], *, cost: int) -> Future[Result]:
        """Have what concerns repeats done when the flow's turn comes, beside the writer."""
        return self._repeats.submit(flow, work, cost=cost)

    def close(self) -> None:
        """Wait until everybody is answered."""
        self._repeats.shutdown()

    def _answer_beside(self, submission: Submission, admission: Admission) -> None:
        try:
            self._answer(submission, admission)
        except BaseException as fault:
            submission.answer.set_exception(fault)
            raise
        finally:
            self._note_repeating(-len(admission.verdicts))

    def _answer(self, submission: Submission, admission: Admission) -> None:
        """Answer one submission; a repeat that cannot be read now fails nobody else's."""
        try:
            outcomes = tuple(
                self._outcome(verdict, admission.receipts) for verdict in admission.verdicts
            )
        except LedgerError as fault:
            has_entries = any(isinstance(verdict, Numbered) for verdict in admission.verdicts)
            told = (
                OutcomeUnknown(f"some records are entries now: {fault}") if has_entries else fault
            )
            submission.answer.set_exception(told)
            return
        submission.answer.set_result(outcomes)

    def _outcome(self, verdict: Verdict, receipts: Mapping[int, str]) -> Outcome:
        if isinstance(verdict, Refusal):
            return verdict
        record_id = encode_record_id(verdict.record.record_id)
        if isinstance(verdict, Numbered):
            return Admitted(record_id, verdict.index, receipts[verdict.index], True)
        return self._repeat(verdict, record_id)

    def _repeat(self, verdict: Repeat, record_id: str) -> Outcome:
        """The first receipt; what the store lost is restored, and what was erased never is."""
        store, index, given = self._store, verdict.index, verdict.record.disclosures
        held = store.disclosures([index]).get(index, "")
        erased = self._erased(record_id)
        if erased:
            given, gone = _split_erased(given, held, erased)
            if gone and not given:
                return _refuse_erased(gone, index, record_id)
        if given and not held:
            store.restore_disclosures(index, given)
        return Admitted(record_id, index, self._reader.receipt(index), False)


def _split_erased(given: str, held: str, erased: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """Of given disclosures those that are missing and may come back, and the erased groups."""
    kept = set(held.split("~"))
    # Their digests were compared with the record's when it was checked.
    missing = [(group_of(text), text) for text in given.split("~")[:-1] if text not in kept]
    back = "".join(f"{text}~" for group, text in missing if group not in erased)
    return back, tuple(group for group, _ in missing if group is not None and group in erased)


def _refuse_erased(groups: Sequence[str], index: int, record_id: str) -> Refusal:
    return Refusal(
        "erased",
        f"expected groups that are held, found {', '.join(sorted(groups))} of entry {index} "
        f"erased: its receipt stands at /v1/records/{record_id}/receipt",
    )
