"""Where submissions are checked, handed to the writer and matched with their outcomes.

Lines of one body travel together. Single records that arrive at the same moment do too:
checked beside one another in the worker processes and admitted in one hand-over, they cost
the event loop a fraction of what each would cost alone; one that arrives alone is checked
right here, because handing it to another process would cost more than the check. A large
one never is, and never travels with others: a megabyte of JSON can take a second to refuse.

At the workers and before the writer parties take turns (:mod:`api.turns`): whoever comes with
one record waits for what the writer has begun with, and for no queue of another's batches.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import Final, NamedTuple, TypeAlias

from api.answers import Answers, Expected
from api.check_pool import Checked, CheckPool, check_lines, parse_submission
from api.claimants import Claimants
from api.exchange import Refused
from api.quotas import Quotas, charge_all
from api.turns import FairTurns
from ledger import limits
from ledger.content import CheckedRecord, split_submission
from ledger.errors import LedgerError
from ledger.faults import Refusal
from ledger.record import record_id
from ledger.service import Ledger
from ledger.submission import Outcome, Submission

CHECKED_HERE_MAX: Final = 4
CHECKED_HERE_BYTES_MAX: Final = 64 * 1024
#: Singles that arrived together are checked together, whoever they come from: there are never
#: more of them than there are connections.
SINGLES: Final = "singles"
_Expected: TypeAlias = Expected[tuple[Outcome, ...]]


class _Arrival(NamedTuple):
    """A single record that has arrived: the line, the flow of its address, who waits."""

    line: bytes
    source: str
    expected: _Expected


class SubmissionDesk:
    """Takes lines ``{"sd_jwt": ...}`` and gives an outcome for each. Belongs to one event loop."""

    def __init__(self, ledger: Ledger, pool: CheckPool, quotas: Quotas) -> None:
        """Admit through ``ledger``, check in ``pool``, within ``quotas``."""
        self._ledger = ledger
        self._pool = pool
        self._quotas = quotas
        self._claimants = Claimants(ledger)
        self._turns = FairTurns(limits.WRITER_AHEAD_RECORDS_MAX, quantum=limits.WRITER_TURN_RECORDS)
        self._rereading = FairTurns(1, quantum=limits.CHECKS_TURN_RECORDS)
        self._answers: Answers[tuple[Outcome, ...]] | None = None
        self._arrived: list[_Arrival] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """How many wait for a turn before the writer, a batch being one."""
        return self._turns.waiting

    # ---- single records ----

    async def admit_line(self, line: bytes, source: str) -> Outcome:
        """The outcome of one submission that comes from ``source``.

        Raises:
            LedgerError, Refused: nothing is known to have been admitted.
        """
        if len(line) > CHECKED_HERE_BYTES_MAX:
            (outcome,) = await self.admit_lines([line], source)
            return outcome
        expected = self._expect()
        self._arrived.append(_Arrival(line, source, expected))
        if len(self._arrived) == 1:
            # Runs behind everything that is ready now: whatever has arrived goes along.
            asyncio.get_running_loop().call_soon(self._take_arrived)
        (outcome,) = await expected.future
        return outcome

    def _take_arrived(self) -> None:
        arrived, self._arrived = self._arrived, []
        task = asyncio.get_running_loop().create_task(self._admit_arrived(arrived))
        self._tasks.add(task)
        task.add_done_callback(partial(self._leave, arrived))

    def _leave(self, arrived: Sequence[_Arrival], task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            for arrival in arrived:
                arrival.expected.future.cancel()
        elif fault := task.exception():
            for arrival in arrived:
                arrival.expected.set_exception(fault)

    async def _admit_arrived(self, arrived: Sequence[_Arrival]) -> None:
        checked = await self._check([arrival.line for arrival in arrived], SINGLES)
        admissible: dict[str, list[Submission]] = {}
        refused: dict[str, list[tuple[_Arrival, Refusal]]] = {}
        for item, arrival in zip(checked, arrived, strict=True):
            if isinstance(item, Refusal):
                refused.setdefault(arrival.source, []).append((arrival, item))
        for item, arrival, flow in await self._claim_singles(checked, arrived):
            try:
                self._quotas.records.charge(flow)
                self._quotas.bytes.charge(flow, len(arrival.line))
            except Refused as fault:
                arrival.expected.set_exception(fault)
                continue
            # Each by itself: what befalls one record is told to nobody else.
            admissible.setdefault(flow, []).append(Submission((item,), arrival.expected, flow))
        told = [self._tell_refused(source, items) for source, items in refused.items()]
        await asyncio.gather(self._admit_singles(admissible), *told)

    async def _claim_singles(
        self, checked: Sequence[Checked], arrived: Sequence[_Arrival]
    ) -> list[tuple[CheckedRecord, _Arrival, str]]:
        """Records that are right in themselves, each with its flow."""
        right = [
            (item, arrival)
            for item, arrival in zip(checked, arrived, strict=True)
            if isinstance(item, CheckedRecord)
        ]
        flows = await self._claimants.of_records(
            [item for item, _ in right], [arrival.source for _, arrival in right]
        )
        return [(*found, flow) for found, flow in zip(right, flows, strict=True)]

    async def _admit_singles(self, by_flow: dict[str, list[Submission]]) -> None:
        together = list(chain.from_iterable(by_flow.values()))
        if not together:
            return
        if self._turns.try_take(len(together)):
            self._submit(together)
            return
        await asyncio.gather(*(self._submit_in_turn(flow, own) for flow, own in by_flow.items()))

    async def _submit_in_turn(self, flow: str, submissions: Sequence[Submission]) -> None:
        await self._turns.take(flow, cost=len(submissions), weight=len(submissions))
        try:
            self._submit(submissions)
        except LedgerError as fault:
            # The turns of others may come, and go, otherwise.
            for submission in submissions:
                submission.answer.set_exception(fault)

    async def _tell_refused(self, source: str, refused: Sequence[tuple[_Arrival, Refusal]]) -> None:
        lines = [(arrival.line, refusal) for arrival, refusal in refused]
        outcomes = await self._find_repeats(lines, source)
        for (arrival, _), outcome in zip(refused, outcomes, strict=True):
            arrival.expected.set_result((outcome,))

    # ---- batches ----

    async def admit_lines(self, lines: Sequence[bytes], source: str) -> list[Outcome]:
        """The outcomes of many submissions that come from ``source``, in their order.

        Raises:
            LedgerError, Refused: nothing is known to have been admitted.
        """
        quotas, size = self._quotas, sum(map(len, lines))
        flow = await self._claimants.of_lines(lines, source)
        with (
            quotas.waiting_records.hold(flow, len(lines)),
            quotas.waiting_bytes.hold(flow, size),
        ):
            quotas.records.expect_left(flow)
            quotas.bytes.expect_left(flow)
            checked = await self._check(lines, flow)
            await self._charge(lines, checked, source)
            return await self._admit_checked(lines, checked, flow)

    async def _charge(
        self, lines: Sequence[bytes], checked: Sequence[Checked], source: str
    ) -> None:
        """Charge each party for its own new lines, and the address for all others.

        Charged by its first line, a batch would spend a party's share for whoever has one.
        """
        records = [item for item in checked if isinstance(item, CheckedRecord)]
        flows = iter(await self._claimants.of_records(records, [source] * len(records)))
        counts: defaultdict[str, float] = defaultdict(float)
        sizes: defaultdict[str, float] = defaultdict(float)
        for line, item in zip(lines, checked, strict=True):
            flow = source if isinstance(item, Refusal) else next(flows)
            counts[flow] += 1
            sizes[flow] += len(line)
        charge_all(self._quotas.records, counts)
        charge_all(self._quotas.bytes, sizes)

    async def _admit_checked(
        self, lines: Sequence[bytes], checked: Sequence[Checked], flow: str
    ) -> list[Outcome]:
        records = tuple(item for item in checked if isinstance(item, CheckedRecord))
        refused = [
            (line, item)
            for line, item in zip(lines, checked, strict=True)
            if isinstance(item, Refusal)
        ]
        admitted = iter(await self._hand_over(records, flow))
        repeated = iter(await self._find_repeats(refused, flow))
        return [
            next(admitted) if isinstance(item, CheckedRecord) else next(repeated)
            for item in checked
        ]

    async def _hand_over(
        self, records: tuple[CheckedRecord, ...], flow: str
    ) -> tuple[Outcome, ...]:
        """Have records judged, and those admitted committed together."""
        if not records:
            return ()
        expected = self._expect()
        await self._turns.take(flow, cost=len(records), weight=len(records))
        self._submit([Submission(records, expected, flow)])
        return await expected.future

    # ---- both ----

    def _submit(self, submissions: Sequence[Submission]) -> None:
        """Hand over what has a turn; it is given back when the writer has begun with the last."""
        release = partial(self._turns.release, sum(len(one.records) for one in submissions))
        last = submissions[-1].answer
        assert isinstance(last, Expected), "made here"
        last.on_taken = release
        try:
            self._ledger.submit_all(submissions)
        except BaseException:
            release()
            raise

    async def _check(self, lines: Sequence[bytes], flow: str) -> list[Checked]:
        is_light = sum(map(len, lines)) <= CHECKED_HERE_BYTES_MAX
        if is_light and len(lines) <= CHECKED_HERE_MAX:
            return check_lines(lines, self._ledger.checker)
        return await self._pool.check_lines(lines, self._ledger.checker, flow=flow)

    def _expect(self) -> _Expected:
        loop = asyncio.get_running_loop()
        if self._answers is None or self._answers.loop is not loop:
            self._answers = Answers(loop)
        return self._answers.expect()

    async def _find_repeats(
        self, refused: Sequence[tuple[bytes, Refusal]], flow: str
    ) -> list[Outcome]:
        """Refused submissions, but for those whose JWS is in the log: they get its receipt."""
        if not refused:
            return []
        # Bad lines may be large, and reading one again takes as long as it did.
        async with self._rereading.taken(flow, cost=len(refused)):
            ids = await asyncio.to_thread(lambda: [record_id_of_line(line) for line, _ in refused])
        asked = [name for name in ids if name is not None]
        if not asked:
            return [refusal for _, refusal in refused]
        try:
            later = self._ledger.find_repeats_later(asked, flow=flow)
            known = await asyncio.wrap_future(later)
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


def record_id_of_line(line: bytes) -> bytes | None:
    """The record id of a submission, whatever else is wrong with it."""
    sd_jwt = parse_submission(line)
    if isinstance(sd_jwt, Refusal):
        return None
    try:
        jws, _ = split_submission(sd_jwt)
    except LedgerError:
        return None
    return record_id(jws)
