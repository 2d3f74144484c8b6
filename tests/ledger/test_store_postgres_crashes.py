"""A process killed while it writes to PostgreSQL leaves whole groups, and holds nobody up."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from ledger.store import SearchQuery, Store
from ledger.store_postgres import PostgresStore
from tests.ledger.store_groups import BOB, a_row, append, digest
from tests.postgres import LogDatabase, running

pytestmark = [pytest.mark.item("3.5"), pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
GROUP = 3

# Commits for as long as it lives, and says each size once it is durable.
WRITER = """
import sys
from ledger.store_open import open_store
from tests.ledger.store_groups import BOB, Parts, append, digest
store = open_store(sys.argv[1])
size = store.head().size if store.head() else 0
while True:
    new = range(size, size + 3)
    parts = Parts(
        search=tuple((digest("lot"), index) for index in new),
        standing=tuple((BOB, index) for index in new),
        outbox=tuple(("admitted", index) for index in new),
    )
    size = append(store, 3, parts).head.size
    print(size, flush=True)
"""


def write_and_be_killed(url: str, *, after_commits: int, after_seconds: float) -> int:
    """Run the writer and kill it; gives the last size it said was durable."""
    command = [sys.executable, "-c", WRITER, url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        said = [int(writer.stdout.readline()) for _ in range(after_commits)]
        # Somewhere in the middle of a later commit.
        time.sleep(after_seconds)
        writer.kill()
        said += map(int, writer.stdout.read().split())
    assert writer.returncode == -signal.SIGKILL
    return said[-1]


def check(store: Store, durable: int) -> None:
    """Nothing durable is lost, no group is half there, and all tables agree with the log."""
    with store.turn() as turn:
        head = turn.head
    assert head is not None
    assert head.size >= durable
    assert head.size % GROUP == 0
    indices = list(range(head.size))
    assert [row.index for row in store.entries(0, head.size + 9)] == indices
    known = store.known([a_row(index).record_id for index in indices], [])
    assert len(known.records) == head.size
    for query in (
        SearchQuery(key=digest("lot"), limit=head.size),
        SearchQuery(reader=BOB, limit=head.size),
    ):
        assert store.search(query) == indices[::-1]
    assert [index for *_, index in store.outbox_after(0, head.size)] == indices
    assert store.latest_checkpoint() == f"checkpoint of {head.size}\n"


def check_after_kills(log: LogDatabase, *, rounds: int) -> None:
    """Kill a writer again and again, each time a little later, and look at what it left."""
    for number in range(rounds):
        durable = write_and_be_killed(
            log.url, after_commits=3 + number, after_seconds=0.0007 * number
        )
        with closing(PostgresStore(log.url)) as store:
            check(store, durable)


def test_killed_writer_loses_nothing_that_was_durable(postgres_log: LogDatabase) -> None:
    check_after_kills(postgres_log, rounds=3)


@pytest.mark.parametrize("is_durable", [False, pytest.param(True, marks=pytest.mark.long)])
def test_crashed_server_loses_nothing_that_was_durable(is_durable: bool) -> None:
    with running(is_durable=is_durable) as server, server.log_database() as log:
        command = [sys.executable, "-c", WRITER, log.url]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as writer:
            assert writer.stdout is not None
            said = [int(writer.stdout.readline()) for _ in range(5)]
            server.kill()
            said += map(int, writer.stdout.read().split())
        assert writer.returncode == 1
        server.start()
        with closing(PostgresStore(log.url)) as store:
            check(store, said[-1])
            append(store, GROUP)


@pytest.mark.long
def test_writer_killed_many_times_loses_nothing_that_was_durable(postgres_log: LogDatabase) -> None:
    check_after_kills(postgres_log, rounds=60)
