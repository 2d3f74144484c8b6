"""A log of an earlier version: its plain contents move into the vault, and nowhere stay."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import psycopg
import pytest

from api import migrate
from ledger.store_errors import StoreOutdated
from ledger.store_open import open_store
from ledger.store_postgres_connections import migration_engine
from ledger.store_sqlite import create_file, writer_engine
from ledger.vault.errors import ShelfMissing
from tests.ledger.store_groups import a_row
from tests.postgres import PostgresServer

pytestmark = pytest.mark.item("5.6.migration")

#: More than one batch.
SIZE: Final = 700
OLD: Final = "migrated_log"
_ENTRY: Final = "(idx, record_id, jti_key, leaf, party, vct, admitted_ms, text)"


def plain(index: int) -> str:
    """What the log holds of an entry."""
    return f"a-plain-disclosure-of-entry-{index:04}-that-nobody-else-may-read~"


def entries() -> list[tuple[object, ...]]:
    """The entries as rows."""
    rows = (a_row(index) for index in range(SIZE))
    return [(r.index, r.record_id, r.jti_key, r.leaf, 1, 1, 1, r.text) for r in rows]


def contents() -> list[tuple[int, str]]:
    """The plain rows; the last entry has none."""
    return [(index, plain(index)) for index in range(SIZE - 1)]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A SQLite log as the version before made and filled it."""
    path = tmp_path / "ledger.db"
    create_file(path)
    migrate._run(writer_engine(path), lambda connection: migrate._upgrade(connection, "0002"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO name VALUES (1, 'did:web:a')")
        marks = ",".join("?" * 8)
        connection.executemany(f"INSERT INTO entry {_ENTRY} VALUES ({marks})", entries())
        connection.executemany("INSERT INTO disclosure VALUES (?, ?)", contents())
        head = (0, SIZE, bytes(32), bytes(32), 1, b"")
        connection.execute("INSERT INTO head VALUES (?, ?, ?, ?, ?, ?)", head)
        connection.commit()
    return f"sqlite:///{path}"


def traces(folder: Path) -> int:
    """How many files below a folder hold something of the plain contents."""
    found = (path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return sum(b"a-plain-disclosure" in data for data in found)


def test_plain_contents_move_and_nothing_of_them_stays(url: str, tmp_path: Path) -> None:
    assert traces(tmp_path) == 1
    with pytest.raises(StoreOutdated, match="run lotmark migrate"):
        open_store(url)
    moved: list[int] = []
    migrate.upgrade(url, on_moved=moved.append)
    assert sum(moved) == SIZE - 1
    assert len(moved) > 1
    assert traces(tmp_path) == 0
    with closing(open_store(url)) as store:
        assert store.disclosures(range(SIZE)) == dict(contents())
        assert traces(tmp_path) == 0


def _killed(_: int) -> None:
    raise KeyboardInterrupt


def test_a_move_that_was_killed_goes_on(url: str, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        migrate.upgrade(url, on_moved=_killed)
    with pytest.raises(StoreOutdated, match="found 0003"):
        open_store(url)
    moved: list[int] = []
    migrate.upgrade(url, on_moved=moved.append)
    assert 0 < sum(moved) < SIZE - 1
    assert traces(tmp_path) == 0
    with closing(open_store(url)) as store:
        assert store.disclosures(range(SIZE)) == dict(contents())


def test_a_move_whose_shelf_fails_loses_nothing(url: str, tmp_path: Path) -> None:
    (tmp_path / "no folder").write_bytes(b"")
    with pytest.raises(Exception, match="key shelf"):
        migrate.upgrade(url, shelf=tmp_path / "no folder")
    migrate.upgrade(url)
    with closing(open_store(url)) as store:
        assert store.disclosures([0]) == {0: plain(0)}


def test_contents_on_a_server_move_under_a_shelf_that_is_named(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with postgres.connect() as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {OLD}")
        connection.execute(f"CREATE DATABASE {OLD}")
        oid = connection.execute(f"SELECT oid FROM pg_database WHERE datname = '{OLD}'").fetchone()
    url = postgres.url(OLD)
    migrate._run(migration_engine(url), lambda connection: migrate._upgrade(connection, "0003"))
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        connection.execute("INSERT INTO name VALUES (1, 'did:web:a')")
        marks = ",".join(["%s"] * 8)
        cursor.executemany(f"INSERT INTO entry {_ENTRY} VALUES ({marks})", entries())
        cursor.executemany("INSERT INTO disclosure VALUES (%s, %s)", contents())
        connection.execute("CHECKPOINT")
    assert oid
    files = postgres.data / "base" / str(oid[0])
    assert traces(files) == 1
    with pytest.raises(ShelfMissing, match="set LOTMARK_SHELF"):
        migrate.upgrade(url)
    moved: list[int] = []
    migrate.upgrade(url, shelf=tmp_path / "shelf", on_moved=moved.append)
    assert sum(moved) == SIZE - 1
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    assert traces(files) == 0
    with closing(open_store(url, shelf=tmp_path / "shelf")) as store:
        assert store.disclosures(range(SIZE)) == dict(contents())
    with postgres.connect() as connection:
        connection.execute(f"DROP DATABASE {OLD}")
