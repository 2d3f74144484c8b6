"""What a growing log costs: appending, proving, auditing, memory and disk at its size.

An append is the commit of records that were checked before, and nothing else runs while one
is timed; a proof is an inclusion path against the newest size. Memory is that of the process
which holds the ledger, at its peak, without the worker processes.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from api import interpreter
from api.audit_sources import StoreSource, log_types, map_in_processes
from api.trade import opening_state
from api.wiring import Service, open_service
from bench.consortium import CHUNK_RECORDS, Workshop, found_consortium
from bench.engines import Engine, add_engine_option, chosen
from bench.report import Figures, print_report
from ledger.audit import Audit
from ledger.content import CheckedRecord

ENTRIES: Final = 60_000
ENTRIES_FULL: Final = 1_000_000
ENTRIES_QUICK: Final = 3_000
SMALL_SIZE: Final = 10_000
TIMED_GROUPS: Final = 12
PROOFS: Final = 2_000
PROCESSES: Final = 2


@dataclass(frozen=True, slots=True)
class Append:
    """What appending cost at a size: microseconds a record, the median over a few groups."""

    size: int
    microseconds: float


def measure(entries: int, engine: Engine, root: Path) -> Figures:
    """All figures of one run on one engine, at the size that the log reaches."""
    consortium = found_consortium(engine.folder(root / "log"))
    settings = consortium.settings(PROCESSES)
    service = open_service(settings, passphrase=lambda: consortium.passphrase)
    interpreter.settle()
    try:
        with Workshop(consortium, PROCESSES) as workshop:
            small, large, content_bytes = asyncio.run(_grow(service, workshop, entries))
        figures = {
            "entries": service.ledger.size,
            "append_size_small": small.size,
            "append_size_large": large.size,
            "append_us_small": small.microseconds,
            "append_us_large": large.microseconds,
            "append_ratio_1m_to_10k": large.microseconds / small.microseconds,
            "proof_p99_ms": _proof_p99_ms(service),
            "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "disk_per_record_byte": engine.disk_bytes(consortium.folder) / content_bytes,
        }
        return {**figures, "audit_per_s": _audit_per_s(service)}
    finally:
        service.close()


async def _grow(service: Service, workshop: Workshop, entries: int) -> tuple[Append, Append, int]:
    """Bring the log to ``entries`` and time the groups around the small and at the large size."""
    await service.pool.warm_up()
    timed = min(TIMED_GROUPS * CHUNK_RECORDS, entries // 3)
    small_size = min(SMALL_SIZE, entries // 2)
    content_bytes = await _fill(service, workshop, small_size - timed // 2)
    small, small_bytes = await _time_appends(service, workshop, timed)
    content_bytes += small_bytes
    content_bytes += await _fill(service, workshop, entries - service.ledger.size - timed)
    large, large_bytes = await _time_appends(service, workshop, timed)
    return small, large, content_bytes + large_bytes


async def _fill(service: Service, workshop: Workshop, records: int) -> int:
    """Append records as fast as they are made; the bytes of their JWS and disclosures."""
    total = 0
    for lines in workshop.chunks(records):
        checked = await _check(service, lines)
        await asyncio.wrap_future(service.ledger.submit(checked))
        total += _content_bytes(checked)
    return total


async def _time_appends(service: Service, workshop: Workshop, records: int) -> tuple[Append, int]:
    """Append records that are made and checked before the first of them is timed."""
    groups = [await _check(service, lines) for lines in list(workshop.chunks(records))]
    size, seconds = service.ledger.size, []
    for group in groups:
        started = time.perf_counter()
        service.ledger.submit(group).result()
        seconds.append((time.perf_counter() - started) / len(group))
    middle = (size + service.ledger.size) // 2
    return Append(middle, median(seconds) * 1e6), sum(map(_content_bytes, groups))


async def _check(service: Service, lines: Sequence[bytes]) -> list[CheckedRecord]:
    checked = await service.pool.check_lines(lines, service.ledger.checker)
    records = [item for item in checked if isinstance(item, CheckedRecord)]
    assert len(records) == len(lines), "a record was refused"
    return records


def _content_bytes(records: Sequence[CheckedRecord]) -> int:
    return sum(len(record.jws) + len(record.disclosures) for record in records)


def _proof_p99_ms(service: Service) -> float:
    """Inclusion proofs of entries drawn at random against the newest size."""
    size, draw = service.ledger.size, random.Random(1)
    milliseconds = []
    for _ in range(PROOFS):
        index = draw.randrange(size)
        started = time.perf_counter()
        service.ledger.reader.inclusion_path(index, size)
        milliseconds.append((time.perf_counter() - started) * 1e3)
    return quantiles(milliseconds, n=100)[-1]


def _audit_per_s(service: Service) -> float:
    source = StoreSource.of(service.store)
    started = time.perf_counter()
    types = log_types(service.config.origin, service.store)
    running = Audit(service.config.origin, source, types=types, state=opening_state())
    for _ in running.run(map_in_processes(PROCESSES, types)):
        pass
    report = running.finish()
    seconds = time.perf_counter() - started
    assert report.is_clean, report.findings[:3]
    return report.entries / seconds


def main(arguments: Sequence[str]) -> int:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--json", action="store_true", help="on one line")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--entries", type=int, default=ENTRIES, help="default: %(default)s")
    sizes.add_argument("--full", action="store_true", help=f"{ENTRIES_FULL} entries; minutes")
    sizes.add_argument("--quick", action="store_true", help="only show that it works")
    add_engine_option(parser)
    options = parser.parse_args(arguments)
    entries = ENTRIES_FULL if options.full else ENTRIES_QUICK if options.quick else options.entries
    if entries < ENTRIES_QUICK:
        parser.error(f"expected at least {ENTRIES_QUICK} entries, found {entries}")
    print_report(
        lambda engine, root: measure(entries, engine, root),
        chosen(options.engine),
        is_compact=options.json,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
