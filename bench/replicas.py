"""Whether a second replica on the same PostgreSQL log makes ingestion slower, or faster.

The same load goes to one replica and to two in turn, on one log and in one run: figures of
the two are compared pair by pair, because the machine may have other work. While one is
measured the other is stopped. Load generator, replicas and database share the cores.
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
from typing import Final

from api.joining import join_replica
from bench import ceilings
from bench.consortium import Consortium, Workshop, found_consortium
from bench.engines import POSTGRESQL, Engine
from bench.load import Answers, closed_loop, encode_post
from bench.report import Figures, print_report
from bench.server import Server, running_server

LINES_PER_BATCH: Final = 500
BATCHES_IN_FLIGHT: Final = 6
SINGLES_IN_FLIGHT: Final = 256
STATUSES: Final = {200, 201}
UNHURRIED_VERIFY_PER_S: Final = 25_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: pairs after one that warms up, records in each half of a pair."""

    pairs: int
    batch_records: int
    single_records: int
    ceiling_seconds: float

    def scaled(self, share: float) -> Plan:
        """The same with a share of the records."""
        return replace(
            self,
            batch_records=int(self.batch_records * share),
            single_records=int(self.single_records * share),
        )


FULL: Final = Plan(3, 5_000, 1_500, 0.5)
QUICK: Final = Plan(1, 200, 50, 0.1)


@dataclass(frozen=True, slots=True)
class Load:
    """One way to submit: the requests of each half, and how many are in flight over all."""

    halves: Sequence[Sequence[bytes]]
    records: int
    in_flight: int


def measure(plan: Plan, engine: Engine, root: Path) -> Figures:
    """All figures of one run."""
    verify = ceilings.verify_per_s(plan.ceiling_seconds)
    commits = engine.commits_per_s(root, plan.ceiling_seconds)
    # Fewer records on a machine that has other work: the run shall end within a minute.
    plan = plan.scaled(min(1.0, max(0.2, verify / UNHURRIED_VERIFY_PER_S)))
    first = found_consortium(engine.folder(root / "first"))
    loads = _loads(first, plan)
    with ExitStack() as running:
        servers = [running.enter_context(running_server(each)) for each in _replicas(first, root)]
        batches = _rates(servers, loads[0])
        singles = _rates(servers, loads[1])
    verify = median([verify, ceilings.verify_per_s(plan.ceiling_seconds)])
    return {
        "ceiling_verify_per_s": verify,
        "ceiling_commits_per_s": commits,
        **_figures("batch", batches, verify),
        **_figures("single", singles, verify),
    }


def _replicas(first: Consortium, root: Path) -> tuple[Consortium, Consortium]:
    folder = replace(first.folder, root=root / "second")
    join_replica(first.folder, folder)
    return first, replace(first, folder=folder)


def _loads(consortium: Consortium, plan: Plan) -> tuple[Load, Load]:
    """Batches and single records, all signed before anything is measured."""
    halves = 2 * (plan.pairs + 1)
    with Workshop(consortium) as workshop:
        batch = workshop.lines(halves * plan.batch_records)
        single = workshop.lines(halves * plan.single_records)
    batches = [
        [_batch_post(lines) for lines in _cut(part, LINES_PER_BATCH)]
        for part in _cut(batch, plan.batch_records)
    ]
    singles = [
        [encode_post("/v1/records", "application/json", line) for line in part]
        for part in _cut(single, plan.single_records)
    ]
    return (
        Load(batches, plan.batch_records, BATCHES_IN_FLIGHT),
        Load(singles, plan.single_records, SINGLES_IN_FLIGHT),
    )


def _rates(servers: Sequence[Server], load: Load) -> list[tuple[float, float]]:
    """Records a second of one replica and of two, pair by pair; the first pair warms up."""
    rates = []
    for one, two in zip(load.halves[::2], load.halves[1::2], strict=True):
        with servers[1].paused():
            alone = load.records / _seconds(servers[:1], one, load.in_flight)
        rates.append((alone, load.records / _seconds(servers, two, load.in_flight)))
    return rates[1:]


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


def _figures(kind: str, rates: Sequence[tuple[float, float]], verify: float) -> Figures:
    one, two = median(rate for rate, _ in rates), median(rate for _, rate in rates)
    return {
        f"one_{kind}_per_s": one,
        f"two_{kind}_per_s": two,
        f"two_{kind}_of_ceiling": two / verify,
        f"{kind}_ratio_two_to_one": median(two / one for one, two in rates),
    }


def _batch_post(lines: Sequence[bytes]) -> bytes:
    return encode_post("/v1/records", "application/jsonl", b"\n".join(lines) + b"\n")


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
