"""The long series: ``python -m tests.reliability.rounds --engine sqlite --rounds 200 --seed 1``.

Progress goes to standard error, the figures as one JSON line to standard output.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final

from tests.postgres import running
from tests.reliability.grounds import Founded, Ground, PostgresGround, SqliteGround
from tests.reliability.kills import Counts, Series

#: After so many rounds the next ones are played on a new copy of the log.
SERIES_ROUNDS: Final = 20
SERIES_RECORDS: Final = 6_000


@contextmanager
def ground_of(engine: str) -> Iterator[Ground]:
    """The engine of this name; a PostgreSQL server that waits for the disk, for itself."""
    if engine == "sqlite":
        yield SqliteGround()
        return
    with running(is_durable=True) as server:
        yield PostgresGround(server)


def play(
    founded: Founded,
    root: Path,
    *,
    rounds: int,
    seed: int,
    on_round: Callable[[Counts], None] = lambda _: None,
) -> Counts:
    """Play so many rounds, on as many copies of the log as they need."""
    counts, chance = Counts(), random.Random(seed)
    while counts.rounds < rounds:
        last = min(counts.rounds + SERIES_ROUNDS, rounds)
        place = root / f"series-{counts.rounds}"
        place.mkdir()
        with Series.begun(founded, place, chance=chance, counts=counts) as series:
            while counts.rounds < last and series.has_records:
                series.play_round()
                on_round(counts)
            series.finish()
    return counts


def main(arguments: list[str]) -> None:
    """Play the rounds that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.rounds", description=__doc__)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="lotmark-kills-", dir="/var/tmp") as root,
        ground_of(asked.engine) as ground,
        Founded.on(ground, Path(root), records=SERIES_RECORDS) as founded,
    ):
        counts = play(
            founded, Path(root), rounds=asked.rounds, seed=asked.seed, on_round=_tell_progress
        )
    figures = {**vars(asked), **asdict(counts), "seconds": round(time.monotonic() - began)}
    sys.stdout.write(json.dumps(figures) + "\n")


def _tell_progress(counts: Counts) -> None:
    sys.stderr.write(f"\rround {counts.rounds}, {counts.receipts} receipts held ")
    sys.stderr.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
