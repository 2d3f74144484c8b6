"""The SQLite store and its file: reopened, locked, read beside a writer, failing, crashing."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from api import migrate
from ledger.store import SearchQuery
from ledger.store_errors import (
    OutcomeUnknown,
    StoreBusy,
    StoreOutdated,
    StoreUnavailable,
)
from ledger.store_sql import SqlStore
from ledger.store_tables import SCHEMA_REVISION
from tests.ledger.sqlite_files import new_database, opened, raw
from tests.ledger.store_groups import (
    BOB,
    Parts,
    a_group,
    a_row,
    append,
    contents,
    digest,
    rows_after,
)

pytestmark = pytest.mark.item("2.4")

ROOT = Path(__file__).resolve().parent.parent.parent
LOT = digest("lot")
LISTED = Parts(
    disclosures=(("a~", 0),),
    search=((LOT, 1),),
    standing=((BOB, 0),),
    outbox=(("admitted", 0),),
    pins=(("blob", 1),),
)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """An empty database."""
    return new_database(tmp_path)


def run_elsewhere(script: str, url: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own; it finds ``SqlStore`` and ``url``."""
    head = "import os, signal, sys\nfrom ledger.store_sql import SqlStore\nurl = sys.argv[1]\n"
    return subprocess.run(
        [sys.executable, "-c", head + dedent(script), url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


# ---- reopening ----


def test_reopened_store_holds_what_was_committed(url: str) -> None:
    with opened(url) as store:
        append(store, 3, LISTED)
        before = contents(store)
    with opened(url) as store:
        assert contents(store) == before
        assert store.search(SearchQuery(key=LOT)) == [1]
        assert store.search(SearchQuery(reader=BOB)) == [0]
        assert store.is_pinned("blob")
        append(store, 1, Parts(outbox=(("admitted", 3),)))
        assert [position for position, *_ in store.outbox_after(0, 9)] == [1, 2]


def test_store_that_was_not_closed_holds_what_was_committed(url: str) -> None:
    killed = run_elsewhere(
        """
        from tests.ledger.store_groups import append
        append(SqlStore(url), 3)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        url,
    )
    assert killed.returncode == -signal.SIGKILL
    with opened(url) as store:
        assert [row.index for row in store.entries(0, 9)] == [0, 1, 2]
        append(store, 1)


def test_database_is_for_this_user_only(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/made.db"
    migrate.upgrade(url)
    with opened(url) as store:
        append(store, 1)
        modes = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}
    assert len(modes) == 4
    assert set(modes.values()) == {0}


# ---- opening ----


def test_second_store_is_refused_and_told_who_writes(url: str) -> None:
    with opened(url) as store:
        with pytest.raises(StoreBusy, match=f"found process {os.getpid()} writing"):
            SqlStore(url)
        append(store, 1)
    with opened(url) as store:
        append(store, 1)


def test_other_process_is_refused_while_this_one_writes(url: str) -> None:
    with opened(url):
        refused = run_elsewhere("SqlStore(url)", url)
        assert "StoreBusy" in refused.stderr
        assert f"process {os.getpid()}" in refused.stderr
    assert run_elsewhere("SqlStore(url)", url).returncode == 0


def test_right_to_write_is_not_inherited_by_forked_workers(url: str) -> None:
    forked = run_elsewhere(
        """
        store = SqlStore(url)
        begin, end = os.pipe()
        if os.fork() == 0:
            os.close(end)
            os.read(begin, 1)
            os._exit(0)
        store.close()
        SqlStore(url).close()
        os.close(end)
        os.wait()
        """,
        url,
    )
    assert forked.returncode == 0, forked.stderr


def test_database_without_schema_is_outdated(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    with pytest.raises(
        StoreOutdated, match="expected schema 0004, found none: run lotmark migrate"
    ):
        SqlStore(f"sqlite:///{tmp_path}/empty.db")


def test_database_of_another_schema_is_outdated(url: str) -> None:
    with raw(url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    for read_only in (False, True):
        with pytest.raises(StoreOutdated, match="found 0000"):
            SqlStore(url, read_only=read_only)
    with raw(url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (SCHEMA_REVISION,))
    SqlStore(url).close()


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("sqlite:////no/such/folder/ledger.db", "found none"),
        ("sqlite://", "found sqlite://"),
        ("sqlite:///:memory:", "found sqlite:///%3Amemory%3A"),
        ("postgresql://name:secret@host/log", r"found postgresql://name:\*\*\*@host/log"),
        ("ledger.db", "found no URL"),
    ],
)
def test_what_is_no_database_file_is_refused(url: str, found: str) -> None:
    with pytest.raises(StoreUnavailable, match=found):
        SqlStore(url)


def test_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("not a database, and long enough to be looked at" * 99)
    with pytest.raises(StoreUnavailable, match="not a database"):
        SqlStore(f"sqlite:///{tmp_path}/text.db")


# ---- reading beside a writer ----


def test_read_only_store_follows_the_writer(url: str) -> None:
    with opened(url, segment_entries=2) as writer:
        append(writer, 1)
        with opened(url, read_only=True) as reader:
            for size in range(1, 20):
                assert contents(reader) == contents(writer)
                assert list(reader.search(SearchQuery(key=LOT))) == list(range(size - 1, 0, -1))
                append(writer, 1, Parts(search=((LOT, size),)))


def test_read_only_store_cannot_write(url: str) -> None:
    with opened(url) as writer:
        append(writer, 1)
    with opened(url, read_only=True) as reader:
        head = reader.head()
        uses: list[Callable[[], None]] = [
            lambda: reader.commit(a_group(head, rows_after(head, 1))),
            lambda: reader.restore_disclosures(0, "a~"),
            lambda: reader.outbox_done(1),
            lambda: reader.replace_projections(iter([]), size=0),
        ]
        for use in uses:
            with pytest.raises(StoreUnavailable, match="read-only"):
                use()


def test_reading_connections_cannot_write(url: str) -> None:
    with opened(url) as store:
        append(store, 1)
        with (
            pytest.raises(StoreUnavailable, match="readonly"),
            store._database.reading() as connection,
        ):
            connection.exec_driver_sql("DELETE FROM vault")


def test_read_only_store_does_not_keep_a_writer_out(url: str) -> None:
    with opened(url, read_only=True), opened(url) as writer:
        append(writer, 1)


# ---- failing ----


def test_disk_that_is_full_leaves_the_log_as_it_was(url: str) -> None:
    with opened(url) as store:
        append(store, 3, LISTED)
        before = contents(store)
        with store._database.writing() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        with pytest.raises(StoreUnavailable, match="full"):
            append(store, 2_000)
        assert contents(store) == before
        with store._database.writing() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count=1000000")
        append(store, 2_000)
        assert [row.index for row in store.entries(2_000, 9_999)] == [2_000, 2_001, 2_002]


def test_database_that_another_program_locks_is_unavailable(url: str) -> None:
    with opened(url) as store, raw(url) as stranger:
        append(store, 1)
        with store._database.writing() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout=1")
        stranger.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked"):
            append(store, 1)
        assert [row.index for row in store.entries(0, 9)] == [0]
        stranger.execute("ROLLBACK")
        append(store, 1)


def test_commit_that_the_disk_cuts_short_is_of_unknown_outcome(url: str) -> None:
    with opened(url) as store:
        append(store, 1)
        group = a_group(store.head(), [a_row(1)], Parts(search=((LOT, 1),)))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        # Pages reach the file at COMMIT only, and there the kernel takes no more bytes.
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
        try:
            with pytest.raises(OutcomeUnknown, match="COMMIT failed"):
                store.commit(group)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        # As the service does: compare heads, then try again or go on.
        if store.head() != group.head:
            store.commit(group)
        assert store.head() == group.head
        assert store.search(SearchQuery(key=LOT)) == [1]
        assert store.known([a_row(1).record_id], []).records == {a_row(1).record_id: 1}
        append(store, 1)
