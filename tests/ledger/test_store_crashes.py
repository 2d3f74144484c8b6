"""A process that dies while it writes leaves a log that goes on from its last commit."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ledger.store import SearchQuery
from ledger.store_sql import SqlStore
from tests.ledger.sqlite_files import new_database, opened
from tests.ledger.store_groups import BOB, a_row, digest

pytestmark = pytest.mark.item("2.4")

ROOT = Path(__file__).resolve().parent.parent.parent
LOT = digest("lot")

# Commits for as long as it lives, and says each size once it is durable.
WRITER = """
import sys
from ledger.store_sql import SqlStore
from tests.ledger.store_groups import BOB, Parts, append, digest
store = SqlStore(sys.argv[1], segment_entries=8)
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


def check(store: SqlStore, durable: int) -> None:
    """Nothing durable is lost, no group is half there, and the index agrees with the log."""
    head = store.head()
    assert head is not None
    assert head.size >= durable
    assert head.size % 3 == 0
    indices = list(range(head.size))
    assert [row.index for row in store.entries(0, head.size + 9)] == indices
    rows = [a_row(index) for index in indices]
    known = store.known([row.record_id for row in rows], [row.jti_key for row in rows])
    assert known.records == {row.record_id: row.index for row in rows}
    assert known.jti_keys == {row.jti_key: row.index for row in rows}
    for query in (SearchQuery(key=LOT, limit=head.size), SearchQuery(reader=BOB, limit=head.size)):
        assert store.search(query) == indices[::-1]
    assert [index for *_, index in store.outbox_after(0, head.size)] == indices
    assert store.latest_checkpoint() == f"checkpoint of {head.size}\n"


def check_after_kills(folder: Path, *, rounds: int) -> None:
    """Kill a writer again and again, each time a little later, and look at what it left."""
    url = new_database(folder)
    for number in range(rounds):
        seconds = 0.0007 * number
        durable = write_and_be_killed(url, after_commits=5 + number, after_seconds=seconds)
        with opened(url, read_only=True) as reader:
            check(reader, durable)
        with opened(url, segment_entries=8) as store:
            check(store, durable)


def test_killed_writer_leaves_whole_commits(tmp_path: Path) -> None:
    check_after_kills(tmp_path, rounds=2)


@pytest.mark.long
def test_writer_killed_at_many_moments_leaves_whole_commits(tmp_path: Path) -> None:
    check_after_kills(tmp_path, rounds=40)
