"""What a growing log costs: appending, proving, auditing, memory and disk at its size."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from api.audit_sources import StoreSource, map_in_processes
from api.settings import Settings
from api.wiring import Service, open_service
from bench.consortium import CHUNK_RECORDS, Consortium, Workshop, found_consortium
from bench.ingest import scratch_folder
from bench.machine import describe_machine
from ledger.audit import audit
from ledger.content import CheckedRecord

ENTRIES_DEFAULT: Final = 40_000
ENTRIES_FULL: Final = 1_000_000
SMALL_SIZE: Final = 10_000
WINDOW_GROUPS: Final = 16
PROOFS: Final = 2_000


@dataclass(slots=True)
class Growth:
    """What was seen while the log grew: seconds a record of each group, bytes a record."""

    sizes: list[int]
    seconds: list[float]
    content_bytes: int = 0

    def seconds_near(self, size: int) -> float:
        """The median over the groups that brought the log up to ``size``."""
        until = [s for n, s in zip(self.sizes, self.seconds, strict=True) if n <= size]
        return median(until[-WINDOW_GROUPS:])


def measure(entries: int, root: Path) -> dict[str, float]:
    """All figures of one run, at the size that the log reaches."""
    consortium = found_consortium(root / "log")
    settings = Settings(data=consortium.folder.root)
    service = open_service(settings, passphrase=lambda: consortium.passphrase)
    try:
        growth = asyncio.run(_grow(service, consortium, entries))
        small = min(SMALL_SIZE, max(entries // 4, CHUNK_RECORDS * 2))
        return {
            "entries": service.ledger.size,
            "append_small_size": small,
            "append_us_small": growth.seconds_near(small) * 1e6,
            "append_us_large": growth.seconds_near(growth.sizes[-1]) * 1e6,
            "append_ratio_1m_to_10k": growth.seconds_near(growth.sizes[-1])
            / growth.seconds_near(small),
            "proof_p99_ms": _proof_p99_ms(service),
            "rss_mib": _peak_mib(),
            "audit_per_s": _audit_per_s(service),
            "disk_per_record_byte": _disk_bytes(consortium) / growth.content_bytes,
        }
    finally:
        service.close()


async def _grow(service: Service, consortium: Consortium, entries: int) -> Growth:
    """Append group by group; an append is the check of its records and their commit."""
    growth = Growth([], [])
    workshop = Workshop(consortium)
    await service.pool.warm_up()
    try:
        for lines in workshop.chunks(entries):
            started = time.perf_counter()
            checked = await service.pool.check_lines(lines, service.ledger.checker)
            records = [item for item in checked if isinstance(item, CheckedRecord)]
            assert len(records) == len(lines)
            await asyncio.wrap_future(service.ledger.submit(records))
            growth.seconds.append((time.perf_counter() - started) / len(lines))
            growth.sizes.append(service.ledger.size)
            growth.content_bytes += sum(len(r.jws) + len(r.disclosures) for r in records)
    finally:
        workshop.close()
    return growth


def _proof_p99_ms(service: Service) -> float:
    """Inclusion proofs of entries drawn at random against the newest size."""
    size, draw = service.ledger.size, random.Random(1)
    seconds = []
    for _ in range(PROOFS):
        index = draw.randrange(size)
        started = time.perf_counter()
        service.ledger.reader.inclusion_path(index, size)
        seconds.append(time.perf_counter() - started)
    return sorted(seconds)[int(len(seconds) * 0.99)] * 1e3


def _audit_per_s(service: Service) -> float:
    size = service.ledger.size
    started = time.perf_counter()
    report = audit(
        service.config.origin, StoreSource(service.store, size), map_chunks=map_in_processes(2)
    )
    seconds = time.perf_counter() - started
    assert report.is_clean, report.findings[:3]
    return size / seconds


def _disk_bytes(consortium: Consortium) -> int:
    database = consortium.folder.database
    return sum(path.stat().st_size for path in database.parent.glob(f"{database.name}*"))


def _peak_mib() -> float:
    """The peak of this process, which holds the ledger, in MiB (proc(5), VmHWM)."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("expected VmHWM in /proc/self/status, found none")


def main(arguments: Sequence[str]) -> int:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one line (else indented)")
    parser.add_argument("--entries", type=int, default=ENTRIES_DEFAULT)
    parser.add_argument("--full", action="store_true", help=f"{ENTRIES_FULL} entries, minutes")
    parser.add_argument("--quick", action="store_true", help="see that it works")
    options = parser.parse_args(arguments)
    entries = ENTRIES_FULL if options.full else 3_000 if options.quick else options.entries
    started = time.perf_counter()
    with scratch_folder() as root:
        machine = describe_machine(root)
        figures = measure(entries, root)
    report = {
        "sqlite": {name: round(value, 3) for name, value in figures.items()},
        "machine": machine,
        "seconds": round(time.perf_counter() - started, 1),
    }
    print(json.dumps(report, indent=None if options.json else 1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
