"""What every benchmark shares: a folder on a disk, and one JSON object on standard output."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias, TypeVar

import structlog

from bench.engines import Engine, add_engine_option, chosen, started
from bench.machine import describe_machine

Figures: TypeAlias = dict[str, float]
Plan = TypeVar("Plan")


@contextmanager
def scratch_folder(kept: Path | None = None) -> Iterator[Path]:
    """A folder on a disk: /tmp is memory on many machines, and fsync means nothing there.

    Where one is named it stays, so that a long measurement can go on with it.
    """
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    root = Path(tempfile.mkdtemp(prefix="lotmark-bench-", dir="/var/tmp"))
    try:
        yield root
    finally:
        shutil.rmtree(root)


def run_benchmark(
    name: str,
    doc: str | None,
    *,
    measure: Callable[[Plan, Engine, Path], Figures],
    quick: Plan,
    full: Plan,
) -> None:
    """Measure as the command line says and print one JSON object."""
    parser = argparse.ArgumentParser(prog=f"python -m bench.{name}", description=doc)
    parser.add_argument("--json", action="store_true", help="on one line")
    parser.add_argument("--quick", action="store_true", help="only show that it works")
    add_engine_option(parser)
    options = parser.parse_args()
    plan = quick if options.quick else full
    print_report(
        lambda engine, root: measure(plan, engine, root),
        chosen(options.engine),
        is_compact=options.json,
    )


def print_report(
    measure: Callable[[Engine, Path], Figures],
    engines: Sequence[str],
    *,
    is_compact: bool,
    kept: Path | None = None,
) -> None:
    """Measure on each engine; print figures, machine and seconds as one JSON object.

    ``kept`` is a folder to work in that stays; None takes one that goes.
    """
    # A service in this process logs, and standard output is the report's alone.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    begun = time.perf_counter()
    figures: dict[str, Figures] = {}
    for name in engines:
        with scratch_folder(kept) as root, started(name) as engine:
            machine = describe_machine(root)
            measured = measure(engine, root)
        figures[name] = {figure: round(value, 3) for figure, value in measured.items()}
    report = {**figures, "machine": machine, "seconds": round(time.perf_counter() - begun, 1)}
    print(json.dumps(report, indent=None if is_compact else 1))
