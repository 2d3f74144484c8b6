"""A database that is closed keeps no connection for longer than it is in use."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection

from ledger.store_database import Database
from ledger.store_postgres_database import PostgresDatabase
from ledger.store_postgres_nonces import NonceClaim, PostgresNonces
from tests.ledger.sqlite_files import new_database
from tests.postgres import LogDatabase


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database | PostgresDatabase:
    """An open database of either kind; the test closes it."""
    if request.param == "sqlite":
        path = Path(new_database(tmp_path).removeprefix("sqlite:///"))
        return Database(path, read_only=False)
    log: LogDatabase = request.getfixturevalue("postgres_log")
    return PostgresDatabase(log.url, read_only=False)


def _driven(connection: Connection) -> object:
    return connection.connection.driver_connection


def _is_open(driven: object) -> bool:
    if isinstance(driven, psycopg.Connection):
        return not driven.closed
    assert isinstance(driven, sqlite3.Connection)
    try:
        driven.execute("SELECT 1").close()
    except sqlite3.ProgrammingError:
        return False
    return True


@pytest.mark.parametrize("is_closed", [False, True], ids=["open", "closed"])
def test_reading_held_across_close_ends_its_connection(
    database: Database | PostgresDatabase, is_closed: bool
) -> None:
    with database.reading() as connection:
        driven = _driven(connection)
        if is_closed:
            database.close()
        # Who is in the middle of a reading may end it.
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    assert _is_open(driven) is not is_closed
    database.close()
    assert not _is_open(driven)


def test_writing_held_across_close_is_committed_and_ends_its_connection(
    database: Database | PostgresDatabase,
) -> None:
    with database.writing() as connection:
        driven = _driven(connection)
        database.close()
    assert not _is_open(driven)


def test_nonces_that_are_closed_hold_no_connection(postgres_log: LogDatabase) -> None:
    nonces = PostgresNonces(postgres_log.url)
    nonces.claim([NonceClaim("key", "nonce", 0)])
    with nonces._engine.connect() as connection:
        driven = _driven(connection)
        nonces.close()
    assert not _is_open(driven)
