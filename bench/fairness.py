"""How long one party's single records take alone, and beside another party that floods.

The flood is batches over many connections, as many at once as connections; beside it the other
party sends one record after another, each when the one before is answered. Both come from one
address, and the load generator runs on the same cores. On a machine that has other work the
flood is shorter: the run ends within a minute.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bench.consortium import Consortium, Workshop, found_consortium
from bench.engines import Engine
from bench.load import Address, Answers, closed_loop, encode_batch, encode_single
from bench.report import Figures, run_benchmark
from bench.server import serving

CREATED: Final = 201
OK: Final = 200
AT_A_TIME: Final = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is sent: the flood's batches and connections, and single records alone."""

    connections: int
    batches: int
    batch_records: int
    singles: int
    signing_seconds: float


FULL: Final = Plan(connections=32, batches=160, batch_records=500, singles=400, signing_seconds=12)
QUICK: Final = Plan(connections=8, batches=16, batch_records=50, singles=20, signing_seconds=9)


def measure(plan: Plan, engine: Engine, root: Path) -> Figures:
    """All figures of one run."""
    consortium = found_consortium(engine.folder(root / "fairness"))
    signing = plan.signing_seconds
    # What is not sent beside the flood before it ends is left over.
    singles = _lines_of(consortium, 1, 2 * plan.singles + plan.batches * 4, seconds=signing / 2)
    flooding = _lines_of(consortium, 0, plan.batches * plan.batch_records, seconds=signing)
    batches = [
        encode_batch(flooding[start : start + plan.batch_records])
        for start in range(0, len(flooding), plan.batch_records)
    ]
    posts = [encode_single(line) for line in singles]
    with serving(consortium) as address:
        asyncio.run(_send_singles(address, posts[: plan.singles // 2]))
        alone = asyncio.run(_send_singles(address, posts[plan.singles // 2 : plan.singles]))
        beside, flood = asyncio.run(_flood(address, batches, posts[plan.singles :], plan))
    return _figures(alone, beside, flood)


def _lines_of(consortium: Consortium, supplier: int, count: int, *, seconds: float) -> list[bytes]:
    """As many records as can be signed in so many seconds, and ``count`` at most."""
    own = replace(consortium, suppliers=(consortium.suppliers[supplier],))
    lines: list[bytes] = []
    until = time.monotonic() + seconds
    with Workshop(own) as workshop:
        for chunk in workshop.chunks(count):
            lines += chunk
            if time.monotonic() > until:
                break
    return lines


async def _flood(
    address: Address, batches: Sequence[bytes], posts: Sequence[bytes], plan: Plan
) -> tuple[Answers, Answers]:
    """Singles for as long as the flood lasts, from the moment at which it has begun."""
    flood = asyncio.create_task(closed_loop(address, batches, plan.connections))
    await asyncio.sleep(0.2)
    beside = Answers()
    for start in range(0, len(posts), AT_A_TIME):
        if flood.done():
            break
        _join(beside, await _send_singles(address, posts[start : start + AT_A_TIME]))
    return beside, await flood


async def _send_singles(address: Address, posts: Sequence[bytes]) -> Answers:
    return await closed_loop(address, posts, 1)


def _join(all_answers: Answers, more: Answers) -> None:
    all_answers.statuses += more.statuses
    all_answers.latencies += more.latencies
    all_answers.seconds += more.seconds


def _figures(alone: Answers, beside: Answers, flood: Answers) -> Figures:
    for answers, status in ((alone, CREATED), (beside, CREATED), (flood, OK)):
        found = set(answers.statuses)
        assert found == {status}, f"expected {status} for every request, found {found}"
    admitted = sum(body.count(b'"first":true') for body in flood.bodies)
    return {
        "alone_p50_ms": alone.milliseconds(0.5),
        "alone_p99_ms": alone.milliseconds(0.99),
        "beside_flood_p50_ms": beside.milliseconds(0.5),
        "beside_flood_p99_ms": beside.milliseconds(0.99),
        "beside_flood_count": len(beside.statuses),
        "flood_per_s": admitted / flood.seconds,
        "flood_batch_p50_ms": flood.milliseconds(0.5),
    }


if __name__ == "__main__":
    run_benchmark("fairness", __doc__, measure=measure, quick=QUICK, full=FULL)
