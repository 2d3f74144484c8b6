"""What every benchmark shares: a folder on a disk, and one JSON object on standard output."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from bench.machine import describe_machine

Figures: TypeAlias = dict[str, float]


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder on a disk: /tmp is memory on many machines, and fsync means nothing there."""
    root = Path(tempfile.mkdtemp(prefix="lotmark-bench-", dir="/var/tmp"))
    try:
        yield root
    finally:
        shutil.rmtree(root)


def print_report(measure: Callable[[Path], Figures], *, is_compact: bool) -> None:
    """Measure, and print figures, machine and seconds as one JSON object."""
    started = time.perf_counter()
    with scratch_folder() as root:
        machine = describe_machine(root)
        figures = measure(root)
    report = {
        "sqlite": {name: round(value, 3) for name, value in figures.items()},
        "machine": machine,
        "seconds": round(time.perf_counter() - started, 1),
    }
    print(json.dumps(report, indent=None if is_compact else 1))
