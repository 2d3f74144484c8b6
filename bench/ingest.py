"""How fast records become entries with receipts, beside what the machine could do at most.

The ceiling is measured again before every round, because the machine may have other work:
figures of one run belong together, and those of two runs are compared by their ratios.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from api import interpreter
from api.wiring import Service, open_service
from bench import ceilings
from bench.consortium import Workshop, found_consortium
from bench.engines import Engine
from bench.load import Address, Answers, closed_loop, encode_batch, encode_single, open_loop
from bench.report import Figures, run_benchmark
from bench.server import serving
from ledger.content import CheckedRecord
from ledger.submission import Admitted

LINES_PER_BATCH: Final = 1_000
BATCHES_IN_FLIGHT: Final = 6
SINGLES_IN_FLIGHT: Final = 256
STEADY_PER_S: Final = 200
OK: Final = 200
CREATED: Final = 201
# A machine that checks fewer signatures a second than this is given fewer records.
UNHURRIED_VERIFY_PER_S: Final = 30_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: rounds after one that warms up, records and seconds in each."""

    rounds: int
    batch_records: int
    single_records: int
    steady_seconds: float
    ceiling_seconds: float

    def scaled(self, share: float) -> Plan:
        """The same with a share of the records."""
        return Plan(
            self.rounds,
            int(self.batch_records * share),
            int(self.single_records * share),
            self.steady_seconds,
            self.ceiling_seconds,
        )


FULL: Final = Plan(3, 10_000, 5_000, 2.5, 0.5)
QUICK: Final = Plan(1, 400, 100, 0.3, 0.1)


def measure(plan: Plan, engine: Engine, root: Path) -> Figures:
    """All figures of one run on one engine."""
    run = _Run(plan, engine, root)
    commits = engine.commits_per_s(root, plan.ceiling_seconds)
    library = run.library()
    http = run.http()
    verify = median(run.ceilings)
    return {
        "ceiling_verify_per_s": verify,
        "ceiling_commits_per_s": commits,
        "library_batch_per_s": library,
        **http,
        "library_batch_of_ceiling": library / verify,
        "http_batch_of_ceiling": http["http_batch_per_s"] / verify,
        "http_single_of_ceiling": http["http_single_per_s"] / verify,
    }


class _Run:
    """One run: what is measured, and the ceilings that were measured between."""

    def __init__(self, plan: Plan, engine: Engine, root: Path) -> None:
        self._engine = engine
        self._root = root
        self._plan = plan
        self.ceilings: list[float] = []
        self._note_ceiling()
        self._plan = plan.scaled(min(1.0, max(0.2, self.ceilings[0] / UNHURRIED_VERIFY_PER_S)))

    def library(self) -> float:
        """Batches through worker processes and writer, without HTTP: records a second."""
        consortium = found_consortium(self._engine.folder(self._root / "library"))
        with Workshop(consortium) as workshop:
            rounds = self._rounds_of(workshop, self._plan.batch_records)
        service = open_service(consortium.settings(), passphrase=lambda: consortium.passphrase)
        interpreter.settle()
        try:
            return asyncio.run(self._library_rate(service, rounds))
        finally:
            service.close()

    async def _library_rate(self, service: Service, rounds: Sequence[Sequence[bytes]]) -> float:
        await service.pool.warm_up()
        rates = []
        for lines in rounds:
            self._note_ceiling()
            started = time.perf_counter()
            await admit_all(service, batches(lines))
            rates.append(len(lines) / (time.perf_counter() - started))
        return median(rates[1:])

    def http(self) -> Figures:
        """Batches and single records through the service: records a second, milliseconds."""
        consortium = found_consortium(self._engine.folder(self._root / "http"))
        with Workshop(consortium) as workshop:
            batch = self._rounds_of(workshop, self._plan.batch_records)
            single = self._rounds_of(workshop, self._plan.single_records)
            steady = self._rounds_of(workshop, int(self._plan.steady_seconds * STEADY_PER_S))
        with serving(consortium) as address:
            return {
                "http_batch_per_s": self._batch_rate(address, batch),
                **self._single_figures(address, single),
                **self._steady_figures(address, steady),
            }

    def _batch_rate(self, address: Address, rounds: Sequence[Sequence[bytes]]) -> float:
        rates = []
        for lines in rounds:
            requests = [encode_batch(batch) for batch in batches(lines)]
            self._note_ceiling()
            answers = asyncio.run(closed_loop(address, requests, BATCHES_IN_FLIGHT))
            rates.append(_count_admitted(answers) / answers.seconds)
        return median(rates[1:])

    def _single_figures(self, address: Address, rounds: Sequence[Sequence[bytes]]) -> Figures:
        answered = []
        for lines in rounds:
            requests = [encode_single(line) for line in lines]
            self._note_ceiling()
            answered.append(asyncio.run(closed_loop(address, requests, SINGLES_IN_FLIGHT)))
        _require(answered, CREATED)
        return {
            "http_single_per_s": median(len(one.statuses) / one.seconds for one in answered[1:]),
            "http_single_p50_ms": median(one.milliseconds(0.5) for one in answered[1:]),
            "http_single_p99_ms": median(one.milliseconds(0.99) for one in answered[1:]),
        }

    def _steady_figures(self, address: Address, rounds: Sequence[Sequence[bytes]]) -> Figures:
        answered = []
        for lines in rounds:
            requests = [encode_single(line) for line in lines]
            answered.append(asyncio.run(open_loop(address, requests, STEADY_PER_S)))
        _require(answered, CREATED)
        return {
            "http_at200_p50_ms": median(one.milliseconds(0.5) for one in answered[1:]),
            "http_at200_p99_ms": median(one.milliseconds(0.99) for one in answered[1:]),
        }

    def _rounds_of(self, workshop: Workshop, records: int) -> list[Sequence[bytes]]:
        # The first round warms up and does not count.
        lines = workshop.lines((self._plan.rounds + 1) * records)
        return [lines[start : start + records] for start in range(0, len(lines), records)]

    def _note_ceiling(self) -> None:
        self.ceilings.append(ceilings.verify_per_s(self._plan.ceiling_seconds, rounds=1))


async def admit_all(service: Service, batches: Iterator[Sequence[bytes]]) -> None:
    """A few batches at a time are checked in worker processes and admitted."""

    async def admit_in_turn() -> None:
        for batch in batches:
            checked = await service.pool.check_lines(batch, service.ledger.checker)
            records = [item for item in checked if isinstance(item, CheckedRecord)]
            outcomes = await asyncio.wrap_future(service.ledger.submit(records))
            assert len(outcomes) == len(batch)
            assert all(isinstance(outcome, Admitted) for outcome in outcomes)

    await asyncio.gather(*(admit_in_turn() for _ in range(BATCHES_IN_FLIGHT)))


def batches(lines: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(lines), LINES_PER_BATCH):
        yield lines[start : start + LINES_PER_BATCH]


def _count_admitted(answers: Answers) -> int:
    _require([answers], OK)
    admitted = sum(body.count(b'"first":true') for body in answers.bodies)
    assert admitted == sum(body.count(b"\n") for body in answers.bodies), "a line was refused"
    return admitted


def _require(answered: Sequence[Answers], status: int) -> None:
    found = {one for answers in answered for one in answers.statuses}
    assert found == {status}, f"expected {status} for every request, found {found}"


if __name__ == "__main__":
    run_benchmark("ingest", __doc__, measure=measure, quick=QUICK, full=FULL)
