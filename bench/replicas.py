"""Whether a second replica on the same PostgreSQL log makes ingestion slower, or faster.

The same load goes to one replica and to two in turn, on one log and in one run: figures of
the two are compared pair by pair, because the machine may have other work, and pairs are
smaller where it has: the run ends within a minute. While one replica is measured the other is
stopped. Load generator, replicas and database share the cores.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Final, TypeAlias

from api.joining import join_replica
from bench import ceilings
from bench.consortium import Consortium, Workshop, found_consortium
from bench.engines import POSTGRESQL, Engine
from bench.load import Answers, closed_loop, encode_batch, encode_single
from bench.pacing import Rounds, run_rounds
from bench.report import Figures, print_report
from bench.server import Server, running_server

LINES_PER_BATCH: Final = 500
BATCHES_IN_FLIGHT: Final = 6
SINGLES_IN_FLIGHT: Final = 256
STATUSES: Final = {200, 201}
Pair: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: pairs, of so many records twice, all within ``seconds``."""

    batches: Rounds
    singles: Rounds
    ceiling_seconds: float
    seconds: float


# Not all of a minute: what was begun in time is ended, and the processes stop.
FULL: Final = Plan(Rounds(3, 500, 5_000), Rounds(3, 100, 1_500), 0.5, seconds=30)
QUICK: Final = Plan(Rounds(1, 50, 100), Rounds(1, 20, 40), 0.1, seconds=10)


def measure(plan: Plan, engine: Engine, root: Path) -> Figures:
    """All figures of one run."""
    until = time.monotonic() + plan.seconds
    verify = ceilings.verify_per_s(plan.ceiling_seconds)
    commits = engine.commits_per_s(root, plan.ceiling_seconds)
    first = found_consortium(engine.folder(root / "first"))
    with ExitStack() as running:
        workshop = running.enter_context(Workshop(first))
        servers = [running.enter_context(running_server(each)) for each in _replicas(first, root)]
        half = (time.monotonic() + until) / 2
        batches = run_rounds(plan.batches, lambda n: _batch_pair(servers, workshop, n), until=half)
        singles = run_rounds(
            plan.singles, lambda n: _single_pair(servers, workshop, n), until=until
        )
    verify = median([verify, ceilings.verify_per_s(plan.ceiling_seconds)])
    return {
        "ceiling_verify_per_s": verify,
        "ceiling_commits_per_s": commits,
        **_figures("batch", batches, verify),
        **_figures("single", singles, verify),
    }


def _replicas(first: Consortium, root: Path) -> tuple[Consortium, Consortium]:
    folder = replace(first.folder, root=root / "second", keys=first.folder.shelf)
    join_replica(first.folder, folder)
    return first, replace(first, folder=folder)


def _batch_pair(servers: Sequence[Server], workshop: Workshop, count: int) -> Pair:
    size = min(LINES_PER_BATCH, max(count // len(servers), 1))
    halves = [[encode_batch(part) for part in _cut(half, size)] for half in _made(workshop, count)]
    return _pair(servers, halves, count, BATCHES_IN_FLIGHT)


def _single_pair(servers: Sequence[Server], workshop: Workshop, count: int) -> Pair:
    halves = [[encode_single(line) for line in half] for half in _made(workshop, count)]
    return _pair(servers, halves, count, SINGLES_IN_FLIGHT)


def _made(workshop: Workshop, count: int) -> list[Sequence[bytes]]:
    """The records of both halves of a pair, signed before anything of it is measured."""
    return _cut(workshop.lines(2 * count), count)


def _pair(
    servers: Sequence[Server], halves: Sequence[Sequence[bytes]], count: int, in_flight: int
) -> Pair:
    """Records a second of one replica and of two."""
    with servers[1].paused():
        alone = count / _seconds(servers[:1], halves[0], in_flight)
    return alone, count / _seconds(servers, halves[1], in_flight)


def _seconds(servers: Sequence[Server], requests: Sequence[bytes], in_flight: int) -> float:
    """How long the requests take, dealt out to the replicas."""
    started = time.perf_counter()
    answered = asyncio.run(_load_all(servers, requests, in_flight))
    seconds = time.perf_counter() - started
    found = {status for answers in answered for status in answers.statuses}
    assert found <= STATUSES, f"expected every record admitted, found {found}"
    return seconds


async def _load_all(
    servers: Sequence[Server], requests: Sequence[bytes], in_flight: int
) -> list[Answers]:
    count = len(servers)
    shares = [requests[number::count] for number in range(count)]
    return await asyncio.gather(
        *(
            closed_loop(server.address, share, in_flight // count)
            for server, share in zip(servers, shares, strict=True)
            if share
        )
    )


def _figures(kind: str, rates: Sequence[Pair], verify: float) -> Figures:
    one, two = median(rate for rate, _ in rates), median(rate for _, rate in rates)
    return {
        f"one_{kind}_per_s": one,
        f"two_{kind}_per_s": two,
        f"two_{kind}_of_ceiling": two / verify,
        f"{kind}_ratio_two_to_one": median(two / one for one, two in rates),
    }


def _cut(lines: Sequence[bytes], count: int) -> list[Sequence[bytes]]:
    return [lines[start : start + count] for start in range(0, len(lines), count)]


def main(arguments: Sequence[str]) -> int:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m bench.replicas", description=__doc__)
    parser.add_argument("--json", action="store_true", help="on one line")
    parser.add_argument("--quick", action="store_true", help="only show that it works")
    options = parser.parse_args(arguments)
    plan = QUICK if options.quick else FULL
    print_report(
        lambda engine, root: measure(plan, engine, root), [POSTGRESQL], is_compact=options.json
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
