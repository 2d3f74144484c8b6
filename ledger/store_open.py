"""Which store a database has: the URL says it."""

from __future__ import annotations

from pathlib import Path

from ledger.store_postgres import PostgresStore
from ledger.store_postgres_connections import is_postgres
from ledger.store_sql import SqlStore
from ledger.vault.errors import ShelfMissing


def open_store(
    url: str, *, shelf: Path | None = None, read_only: bool = False
) -> SqlStore | PostgresStore:
    """Open the database at ``url``, ``sqlite:///path`` or ``postgresql://role@host/database``.

    ``shelf`` is the folder of its keys; by default that beside a SQLite file.

    Raises:
        StoreBusy: another process writes to a SQLite database.
        StoreOutdated: it has another schema.
        StoreUnavailable: it is not there or cannot be read.
    """
    if not is_postgres(url):
        return SqlStore(url, shelf=shelf, read_only=read_only)
    if shelf is None:
        raise ShelfMissing("expected the key shelf of a log on a server, found none named")
    return PostgresStore(url, shelf=shelf, read_only=read_only)
