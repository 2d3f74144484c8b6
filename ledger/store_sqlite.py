"""SQLite connections as the store needs them: one that writes, a few that only read.

WAL lets readers go on while a group is written, ``synchronous=FULL`` makes COMMIT wait for
the disk, ``recursive_triggers`` lets the delete trigger see what REPLACE would remove. All
caches are bounded here (``ledger/limits.py``). Transactions are begun by us, as IMMEDIATE:
the driver's own implicit ones would begin too late to fail cleanly.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from ledger import limits
from ledger.store_errors import StoreUnavailable

# Large pages: fewer of them for 1 KB rows, and so less work for each commit.
_PAGE_BYTES: Final = 8_192

_SHARED_PRAGMAS: Final = (
    "PRAGMA foreign_keys=ON",
    "PRAGMA recursive_triggers=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA trusted_schema=OFF",
)
_WRITER_PRAGMAS: Final = (
    f"PRAGMA page_size={_PAGE_BYTES}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    f"PRAGMA cache_size=-{limits.STORE_WRITER_CACHE_KIB_MAX}",
    f"PRAGMA wal_autocheckpoint={limits.STORE_WAL_PAGES_MAX}",
    f"PRAGMA journal_size_limit={limits.STORE_JOURNAL_BYTES_MAX}",
    *_SHARED_PRAGMAS,
)
_READER_PRAGMAS: Final = (
    "PRAGMA query_only=ON",
    f"PRAGMA cache_size=-{limits.STORE_READER_CACHE_KIB_MAX}",
    *_SHARED_PRAGMAS,
)


def database_path(url: str) -> Path:
    """The file that a ``sqlite:///`` URL names.

    Raises:
        StoreUnavailable: another kind of URL, or one without a file.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as fault:
        raise StoreUnavailable("expected a URL sqlite:///path, found no URL") from fault
    if (
        parsed.get_backend_name() != "sqlite"
        or not parsed.database
        or parsed.database == ":memory:"
    ):
        found = parsed.render_as_string(hide_password=True)
        raise StoreUnavailable(f"expected a URL sqlite:///path, found {found}")
    return Path(parsed.database).resolve()


def create_file(path: Path) -> None:
    """Make an empty database file that only this user reads; an existing one stays as it is.

    Raises:
        StoreUnavailable: it cannot be made.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as fault:
        raise StoreUnavailable(f"database file {path}: {fault}") from fault


def writer_engine(path: Path) -> Engine:
    """The engine of the one connection that writes; its transactions are IMMEDIATE."""
    engine = _engine(_connect(path, mode="rw", pragmas=_WRITER_PRAGMAS), connections=1)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def reader_engine(path: Path) -> Engine:
    """The engine of the connections that read and cannot write, for many threads."""
    return _engine(
        _connect(path, mode="ro", pragmas=_READER_PRAGMAS), connections=limits.STORE_READERS_MAX
    )


def _engine(creator: Callable[[], sqlite3.Connection], *, connections: int) -> Engine:
    return create_engine(
        "sqlite+pysqlite://",
        creator=creator,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=limits.STORE_WAIT_SECONDS_MAX,
    )


def _connect(
    path: Path, *, mode: str, pragmas: tuple[str, ...]
) -> Callable[[], sqlite3.Connection]:
    # Made absolute once: a connection that is opened later must be to the same file.
    uri = f"{path.absolute().as_uri()}?mode={mode}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri,
            uri=True,
            timeout=limits.STORE_WAIT_SECONDS_MAX,
            isolation_level=None,
            check_same_thread=False,
        )
        for pragma in pragmas:
            connection.execute(pragma).close()
        return connection

    return connect


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
