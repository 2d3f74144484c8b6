"""The database is made by its migrations, and by nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from api import migrate
from ledger.store_errors import (
    StoreBusy,
    StoreOutdated,
    StoreUnavailable,
)
from ledger.store_sql import SqlStore
from ledger.store_sqlite import reader_engine
from ledger.store_tables import METADATA, SCHEMA_REVISION

pytestmark = pytest.mark.item("2.4")

LOG_TABLES = {"entry", "tile", "checkpoint", "cosigned", "name", "head"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database will be."""
    return tmp_path / "log.db"


@pytest.fixture
def url(path: Path) -> str:
    """Its URL."""
    return f"sqlite:///{path}"


@pytest.fixture
def shell(path: Path, url: str) -> Iterator[sqlite3.Connection]:
    """A plain connection to a database just made."""
    migrate.upgrade(url)
    with closing(sqlite3.connect(path)) as connection:
        yield connection


def test_upgrade_makes_a_database_that_a_store_opens(url: str) -> None:
    assert migrate.current(url) is None
    assert migrate.needs_upgrade(url)
    migrate.upgrade(url)
    assert migrate.current(url) == SCHEMA_REVISION
    assert not migrate.needs_upgrade(url)
    SqlStore(url).close()


def test_asking_makes_no_database(url: str, path: Path) -> None:
    assert migrate.needs_upgrade(url)
    assert not path.exists()


def test_second_upgrade_changes_nothing(url: str, shell: sqlite3.Connection) -> None:
    before = shell.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall()
    migrate.upgrade(url)
    assert shell.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall() == before


def test_store_reads_the_newest_revision(url: str) -> None:
    assert migrate.newest(url) == SCHEMA_REVISION


def test_migrated_tables_are_the_tables_of_the_store(url: str, path: Path) -> None:
    migrate.upgrade(url)
    engine = reader_engine(path)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


# compare_metadata does not see these two, and a store works without them: more slowly.
def test_migrated_tables_are_stored_as_the_store_says(shell: sqlite3.Connection) -> None:
    rows = shell.execute("SELECT name, wr, strict FROM pragma_table_list WHERE schema = 'main'")
    found = {name: (not wr, bool(strict)) for name, wr, strict in rows if name in METADATA.tables}
    options = {name: table.dialect_options["sqlite"] for name, table in METADATA.tables.items()}
    expected = {name: (each["with_rowid"], each["strict"]) for name, each in options.items()}
    assert found == expected


def test_every_table_of_the_log_has_its_three_guards(shell: sqlite3.Connection) -> None:
    rows = shell.execute("SELECT tbl_name, name FROM sqlite_schema WHERE type = 'trigger'")
    guards = set(rows.fetchall())
    for table in LOG_TABLES:
        for verb in ("insert", "update", "delete"):
            assert (table, f"{table}_refuses_{verb}") in guards


def test_upgrade_is_refused_while_a_service_writes(url: str) -> None:
    migrate.upgrade(url)
    store = SqlStore(url)
    with pytest.raises(StoreBusy):
        migrate.upgrade(url)
    store.close()
    migrate.upgrade(url)


def test_database_of_a_newer_version_is_left_alone(url: str, shell: sqlite3.Connection) -> None:
    with shell:
        shell.execute("UPDATE alembic_version SET version_num = '9999'")
    assert migrate.needs_upgrade(url)
    with pytest.raises(StoreOutdated, match=rf"up to {SCHEMA_REVISION}, found 9999"):
        migrate.upgrade(url)
    assert migrate.current(url) == "9999"


def test_upgrade_that_fails_leaves_nothing_behind(url: str, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE unmerged (somebody_elses INTEGER)")
    with pytest.raises(StoreUnavailable, match="unmerged already exists"):
        migrate.upgrade(url)
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_schema").fetchall()
    assert names == [("unmerged",)]


def test_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"nowhere/log\.db"):
        migrate.upgrade(f"sqlite:///{tmp_path}/nowhere/log.db")
