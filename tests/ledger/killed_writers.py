"""A process that commits until it is killed, and what its log must then be like."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from ledger.store import SearchQuery, Store
from tests.ledger.store_groups import BOB, a_row, digest

ROOT: Final = Path(__file__).resolve().parents[2]
GROUP: Final = 3
LOT: Final = digest("lot")

# Commits for as long as it lives, and says each size once it is durable.
_WRITER: Final = f"""
import sys
from pathlib import Path
from ledger.store_open import open_store
from ledger.store_sql import SqlStore
from tests.ledger.store_groups import BOB, Parts, append, digest
url = sys.argv[1]
shelf = Path("of nothing")
is_file = url.startswith("sqlite")
store = SqlStore(url, segment_entries=8) if is_file else open_store(url, shelf=shelf)
size = store.head().size if store.head() else 0
while True:
    new = range(size, size + {GROUP})
    parts = Parts(
        search=tuple((digest("lot"), index) for index in new),
        standing=tuple((BOB, index) for index in new),
        outbox=tuple(("admitted", index) for index in new),
    )
    size = append(store, {GROUP}, parts).head.size
    print(size, flush=True)
"""


def write_and_be_killed(url: str, *, after_commits: int, after_seconds: float) -> int:
    """Run the writer and kill it; gives the last size it said was durable."""
    with a_writer(url) as (writer, sizes):
        said = [int(sizes.readline()) for _ in range(after_commits)]
        # Somewhere in the middle of a later commit.
        time.sleep(after_seconds)
        writer.kill()
        said += map(int, sizes.read().split())
    assert writer.returncode == -signal.SIGKILL
    return said[-1]


@contextmanager
def a_writer(
    url: str, *, is_silent: bool = False
) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """A writer that runs, and the sizes that it says; a silent one does not say why it ended."""
    command = [sys.executable, "-c", _WRITER, url]
    errors = subprocess.DEVNULL if is_silent else None
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True
    ) as writer:
        assert writer.stdout is not None
        yield writer, writer.stdout


def check_left(store: Store, durable: int) -> None:
    """Nothing durable is lost, no group is half there, and all tables agree with the log."""
    head = store.head()
    assert head is not None
    assert head.size >= durable
    assert head.size % GROUP == 0
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
