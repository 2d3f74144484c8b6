"""Which store a database has: the URL says it."""

from __future__ import annotations

from ledger.store_postgres import PostgresStore
from ledger.store_postgres_connections import is_postgres
from ledger.store_sql import SqlStore


def open_store(url: str, *, read_only: bool = False) -> SqlStore | PostgresStore:
    """Open the database at ``url``, ``sqlite:///path`` or ``postgresql://role@host/database``.

    Raises:
        StoreBusy: another process writes to a SQLite database.
        StoreOutdated: it has another schema.
        StoreUnavailable: it is not there or cannot be read.
    """
    store = PostgresStore if is_postgres(url) else SqlStore
    return store(url, read_only=read_only)
