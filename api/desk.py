"""Where submissions are checked, handed to the writer and matched with their outcomes.

Lines of one body travel together. Single records that arrive at the same moment do too:
checked beside one another in the worker processes and admitted in one hand-over, they cost
the event loop a fraction of what each would cost alone; one that arrives alone is checked
right here, because handing it to another process would cost more than the check. A large
one never is, and never travels with others: a megabyte of JSON can take a second to refuse.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final, TypeAlias

from starlette.concurrency import run_in_threadpool

from api.answers import Answers, Expected
from api.check_pool import Checked, CheckPool, check_lines, parse_submission
from ledger.content import CheckedRecord, split_submission
from ledger.errors import LedgerError
from ledger.faults import Refusal
from ledger.record import record_id
from ledger.service import Ledger
from ledger.submission import Outcome, Submission

CHECKED_HERE_MAX: Final = 4
CHECKED_HERE_BYTES_MAX: Final = 64 * 1024
_Expected: TypeAlias = Expected[tuple[Outcome, ...]]


class SubmissionDesk:
    """Takes lines ``{"sd_jwt": ...}`` and gives an outcome for each. Belongs to one event loop."""

    def __init__(self, ledger: Ledger, pool: CheckPool) -> None:
        """Admit through ``ledger``, check in ``pool``."""
        self._ledger = ledger
        self._pool = pool
        self._answers: Answers[tuple[Outcome, ...]] | None = None
        self._arrived: list[tuple[bytes, _Expected]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def admit_line(self, line: bytes) -> Outcome:
        """The outcome of one submission.

        Raises:
            LedgerError: nothing is known to have been admitted.
        """
        if len(line) > CHECKED_HERE_BYTES_MAX:
            (outcome,) = await self.admit_lines([line])
            return outcome
        expected = self._expect()
        self._arrived.append((line, expected))
        if len(self._arrived) == 1:
            # Runs behind everything that is ready now: whatever has arrived goes along.
            asyncio.get_running_loop().call_soon(self._take_arrived)
        (outcome,) = await expected.future
        return outcome

    async def admit_lines(self, lines: Sequence[bytes]) -> list[Outcome]:
        """The outcomes of many submissions, in their order.

        Raises:
            LedgerError: nothing is known to have been admitted.
        """
        checked = await self._check(lines)
        records = tuple(item for item in checked if isinstance(item, CheckedRecord))
        expected = self._expect()
        if records:
            self._ledger.submit_all([Submission(records, expected)])
        else:
            expected.set_result(())
        refused = await self._find_repeats(_refused(lines, checked))
        admitted = iter(await expected.future)
        return [
            next(admitted) if isinstance(item, CheckedRecord) else next(refused) for item in checked
        ]

    def _take_arrived(self) -> None:
        arrived, self._arrived = self._arrived, []
        task = asyncio.get_running_loop().create_task(self._admit_arrived(arrived))
        self._tasks.add(task)
        task.add_done_callback(partial(self._leave, arrived))

    def _leave(self, arrived: Sequence[tuple[bytes, _Expected]], task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            for _, expected in arrived:
                expected.future.cancel()
        elif fault := task.exception():
            for _, expected in arrived:
                expected.set_exception(fault)

    async def _admit_arrived(self, arrived: Sequence[tuple[bytes, _Expected]]) -> None:
        lines = [line for line, _ in arrived]
        checked = await self._check(lines)
        matched = list(zip(checked, arrived, strict=True))
        # Each by itself: what befalls one record is told to nobody else.
        self._ledger.submit_all(
            [
                Submission((item,), expected)
                for item, (_, expected) in matched
                if isinstance(item, CheckedRecord)
            ]
        )
        repeats = await self._find_repeats(_refused(lines, checked))
        for item, (_, expected) in matched:
            if isinstance(item, Refusal):
                expected.set_result((next(repeats),))

    async def _check(self, lines: Sequence[bytes]) -> list[Checked]:
        is_light = sum(map(len, lines)) <= CHECKED_HERE_BYTES_MAX
        if is_light and len(lines) <= CHECKED_HERE_MAX:
            return check_lines(lines, self._ledger.checker)
        return await self._pool.check_lines(lines, self._ledger.checker)

    def _expect(self) -> _Expected:
        loop = asyncio.get_running_loop()
        if self._answers is None or self._answers.loop is not loop:
            self._answers = Answers(loop)
        return self._answers.expect()

    async def _find_repeats(self, refused: Sequence[tuple[bytes, Refusal]]) -> Iterator[Outcome]:
        """Refused submissions, but for those whose JWS is in the log: they get its receipt."""
        if not refused:
            return iter(())
        return iter(await run_in_threadpool(self._look_up, refused))

    def _look_up(self, refused: Sequence[tuple[bytes, Refusal]]) -> list[Outcome]:
        ids = [_record_id_of(line) for line, _ in refused]
        try:
            known = self._ledger.find_repeats([name for name in ids if name is not None])
        except LedgerError as fault:
            # Told to those who asked for it; what stands beside them may be entries by now.
            failed = Refusal(fault.code, str(fault))
            return [
                refusal if name is None else failed
                for name, (_, refusal) in zip(ids, refused, strict=True)
            ]
        return [
            refusal if name is None else known.get(name, refusal)
            for name, (_, refusal) in zip(ids, refused, strict=True)
        ]


def _refused(lines: Sequence[bytes], checked: Sequence[Checked]) -> list[tuple[bytes, Refusal]]:
    return [
        (line, item) for line, item in zip(lines, checked, strict=True) if isinstance(item, Refusal)
    ]


def _record_id_of(line: bytes) -> bytes | None:
    """The record id of a submission, whatever else is wrong with it."""
    sd_jwt = parse_submission(line)
    if isinstance(sd_jwt, Refusal):
        return None
    try:
        jws, _ = split_submission(sd_jwt)
    except LedgerError:
        return None
    return record_id(jws)
