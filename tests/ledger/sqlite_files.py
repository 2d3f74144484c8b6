"""SQLite databases for tests, made by the migrations once and then copied."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from api import migrate
from ledger.store_sql import SqlStore


@lru_cache(maxsize=1)
def _template() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        migrate.upgrade(f"sqlite:///{path}")
        return path.read_bytes()


def new_database(folder: Path) -> str:
    """The URL of an empty log in ``folder``."""
    path = folder / "ledger.db"
    path.write_bytes(_template())
    return f"sqlite:///{path}"


@contextmanager
def opened(url: str, *, read_only: bool = False, segment_entries: int = 4) -> Iterator[SqlStore]:
    """A store, closed at the end; by default it merges its index all the time."""
    store = SqlStore(url, read_only=read_only, segment_entries=segment_entries)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def raw(url: str) -> Iterator[sqlite3.Connection]:
    """A plain connection, as somebody with a SQLite shell has one."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    with closing(connection):
        yield connection
