"""What the machine could do at most, measured in the same run as what the service does."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Final

from keys import ed25519

MESSAGE_BYTES: Final = 950
COMMIT_ROW_BYTES: Final = 1_024


def verify_per_s(seconds: float, *, rounds: int = 3) -> float:
    """Ed25519 checks a second of two threads, through the call that the service makes.

    libsodium runs without the interpreter's lock, so two threads keep two cores busy.
    """
    seed = ed25519.generate_seed()
    message = b"m" * MESSAGE_BYTES
    signature = ed25519.sign(seed, message)
    public = ed25519.public_key_of(seed)

    def check() -> None:
        ed25519.verify(public, message, signature)

    return median(_rate_of_two_threads(check, seconds / rounds) for _ in range(rounds))


def commits_per_s(folder: Path, seconds: float, *, rounds: int = 3) -> float:
    """Commits of one row a second that SQLite makes durable: write-ahead log, synchronous=FULL."""
    path = folder / "ceiling.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL").close()
        connection.execute("PRAGMA synchronous=FULL").close()
        connection.execute("CREATE TABLE row (data BLOB)")

        def commit() -> None:
            connection.execute("INSERT INTO row VALUES (?)", (b"r" * COMMIT_ROW_BYTES,))

        return rate_of(commit, seconds, rounds=rounds)


def rate_of(action: Callable[[], object], seconds: float, *, rounds: int = 3) -> float:
    """How often a second something can be done, the median of a few rounds."""
    return median(_rate(action, seconds / rounds) for _ in range(rounds))


def _rate(action: Callable[[], object], seconds: float) -> float:
    count, started = 0, time.perf_counter()
    stop = started + seconds
    while time.perf_counter() < stop:
        action()
        count += 1
    return count / (time.perf_counter() - started)


def _rate_of_two_threads(action: Callable[[], None], seconds: float) -> float:
    rates: list[float] = []
    threads = [
        threading.Thread(target=lambda: rates.append(_rate(action, seconds))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(rates)
