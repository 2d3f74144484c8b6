"""Answers those who submitted, once what they are told is durable.

A record that the log held before gets its first receipt again, which is proven anew from the
store. That takes longer than admission does, so it is done beside the writer, whom everybody
waits for, and in fair turns: one who repeats much does not hold up another who repeats little.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Admission:
    """The verdict on each record of a group, and the receipt of every index that is new."""

    verdicts: Sequence[Verdict]
    receipts: Mapping[int, str]


class Releases:
    """Turns verdicts into answers."""

    def __init__(
        self, store: Store, reader: LogReader, *, note_repeating: Callable[[int], None]
    ) -> None:
        """Answer from ``store``; ``note_repeating`` counts the records still to be answered."""
        self._store = store
        self._reader = reader
        self._note_repeating = note_repeating
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

    def _repeat(self, verdict: Repeat, record_id: str) -> Admitted:
        store, given = self._store, verdict.record.disclosures
        if given and not store.disclosures([verdict.index]):
            store.restore_disclosures(verdict.index, given)
        return Admitted(record_id, verdict.index, self._reader.receipt(verdict.index), False)
