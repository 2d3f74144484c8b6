"""How fast records become entries with receipts, beside what the machine could do at most."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Final

from api.settings import Settings
from api.wiring import Service, open_service
from bench import ceilings
from bench.consortium import Consortium, Workshop, found_consortium
from bench.load import Address, Answers, closed_loop, encode_post, open_loop
from bench.machine import describe_machine
from bench.server import serving
from ledger.content import CheckedRecord
from ledger.submission import Admitted

LINES_PER_BATCH: Final = 1_000
BATCHES_IN_FLIGHT: Final = 6
SINGLES_IN_FLIGHT: Final = 256
CREATED: Final = 201


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: rounds, and records or seconds in each."""

    rounds: int
    batch_records: int
    single_records: int
    steady_seconds: float
    ceiling_seconds: float


FULL: Final = Plan(3, 12_000, 6_000, 3.0, 1.5)
QUICK: Final = Plan(1, 400, 100, 0.3, 0.1)
STEADY_PER_S: Final = 200


def measure(plan: Plan, root: Path) -> dict[str, float]:
    """All figures of one run."""
    library, http = found_consortium(root / "library"), found_consortium(root / "http")
    figures = {"ceiling_commits_per_s": ceilings.commits_per_s(root, plan.ceiling_seconds)}
    figures["library_batch_per_s"] = _library(plan, library)
    figures |= _http(plan, http)
    ceiling = figures["ceiling_verify_per_s"]
    figures["library_batch_of_ceiling"] = figures["library_batch_per_s"] / ceiling
    figures["http_batch_of_ceiling"] = figures["http_batch_per_s"] / ceiling
    return figures


def main(arguments: Sequence[str]) -> int:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m bench.ingest", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one line (else indented)")
    parser.add_argument("--quick", action="store_true", help="see that it works")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    with scratch_folder() as root:
        machine = describe_machine(root)
        figures = measure(QUICK if options.quick else FULL, root)
    report = {
        "sqlite": {name: round(value, 3) for name, value in figures.items()},
        "machine": machine,
        "seconds": round(time.perf_counter() - started, 1),
    }
    print(json.dumps(report, indent=None if options.json else 1))
    return 0


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder on a disk: /tmp is memory on many machines, and fsync means nothing there."""
    root = Path(tempfile.mkdtemp(prefix="lotmark-bench-", dir="/var/tmp"))
    try:
        yield root
    finally:
        shutil.rmtree(root)


# ---- the library: worker processes check, the writer commits ----


def _library(plan: Plan, consortium: Consortium) -> float:
    workshop = Workshop(consortium)
    lines = workshop.lines((plan.rounds + 1) * plan.batch_records)
    workshop.close()
    settings = Settings(data=consortium.folder.root)
    service = open_service(settings, passphrase=lambda: consortium.passphrase)
    try:
        return asyncio.run(_library_rounds(plan, service, lines))
    finally:
        service.close()


async def _library_rounds(plan: Plan, service: Service, lines: Sequence[bytes]) -> float:
    await service.pool.warm_up()
    rates = []
    for part in _parts(lines, plan.rounds + 1):
        started = time.perf_counter()
        await _submit_all(service, _batches(part))
        rates.append(len(part) / (time.perf_counter() - started))
    return median(rates[1:])


async def _submit_all(service: Service, batches: Sequence[list[bytes]]) -> None:
    waiting = iter(batches)

    async def submit_in_turn() -> None:
        for batch in waiting:
            checked = await service.pool.check_lines(batch, service.ledger.checker)
            records = [item for item in checked if isinstance(item, CheckedRecord)]
            outcomes = await asyncio.wrap_future(service.ledger.submit(records))
            assert len(outcomes) == len(batch)
            assert all(isinstance(outcome, Admitted) for outcome in outcomes)

    await asyncio.gather(*(submit_in_turn() for _ in range(BATCHES_IN_FLIGHT)))


def _batches(lines: Sequence[bytes]) -> list[list[bytes]]:
    rest = iter(lines)
    return list(iter(lambda: list(islice(rest, LINES_PER_BATCH)), []))


# ---- over HTTP ----


def _http(plan: Plan, consortium: Consortium) -> dict[str, float]:
    workshop = Workshop(consortium)
    rounds = plan.rounds + 1
    batch = workshop.lines(rounds * plan.batch_records)
    single = workshop.lines(rounds * plan.single_records)
    steady = workshop.lines(rounds * int(plan.steady_seconds * STEADY_PER_S))
    workshop.close()
    figures = {"ceiling_verify_per_s": ceilings.verify_per_s(plan.ceiling_seconds)}
    with serving(consortium) as address:
        figures["http_batch_per_s"] = _batch_rate(address, batch, rounds)
        figures |= _single_figures(address, single, rounds)
        figures |= _steady_figures(address, steady, rounds)
    return figures


def _batch_rate(address: Address, lines: Sequence[bytes], rounds: int) -> float:
    answers = [
        asyncio.run(closed_loop(address, _batch_posts(part), BATCHES_IN_FLIGHT))
        for part in _parts(lines, rounds)
    ]
    # The first round warms up.
    return median(_admitted_per_s(answer) for answer in answers[1:])


def _single_figures(address: Address, lines: Sequence[bytes], rounds: int) -> dict[str, float]:
    answers = [
        asyncio.run(closed_loop(address, part, SINGLES_IN_FLIGHT))
        for part in _parts(_posts(lines), rounds)
    ]
    _require_created(answers)
    return {
        "http_single_per_s": median(len(a.statuses) / a.seconds for a in answers[1:]),
        "http_single_p50_ms": median(a.milliseconds(0.5) for a in answers[1:]),
        "http_single_p99_ms": median(a.milliseconds(0.99) for a in answers[1:]),
    }


def _steady_figures(address: Address, lines: Sequence[bytes], rounds: int) -> dict[str, float]:
    answers = [
        asyncio.run(open_loop(address, part, STEADY_PER_S))
        for part in _parts(_posts(lines), rounds)
    ]
    _require_created(answers)
    return {
        "http_at200_p50_ms": median(a.milliseconds(0.5) for a in answers[1:]),
        "http_at200_p99_ms": median(a.milliseconds(0.99) for a in answers[1:]),
    }


def _require_created(answers: Sequence[Answers]) -> None:
    assert all(status == CREATED for answer in answers for status in answer.statuses)


def _admitted_per_s(answers: Answers) -> float:
    admitted = sum(body.count(b'"first":true') for body in answers.bodies)
    assert admitted == sum(body.count(b"\n") for body in answers.bodies), "a line was refused"
    return admitted / answers.seconds


def _posts(lines: Sequence[bytes]) -> list[bytes]:
    return [encode_post("/v1/records", "application/json", line) for line in lines]


def _batch_posts(lines: Sequence[bytes]) -> list[bytes]:
    bodies = [b"\n".join(part) + b"\n" for part in _batches(lines)]
    return [encode_post("/v1/records", "application/jsonl", body) for body in bodies]


def _parts(items: Sequence[bytes], count: int) -> list[Sequence[bytes]]:
    size = -(-len(items) // count)
    return [items[start : start + size] for start in range(0, len(items), size)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
