"""Stores for tests of the ledger: each test that asks for one runs on every kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ledger.store import Store
from ledger.store_memory import MemoryStore
from ledger.store_postgres import PostgresStore
from tests.ledger.sqlite_files import new_database, opened
from tests.postgres import PostgresServer


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    if request.param == "memory":
        yield MemoryStore()
    elif request.param == "sqlite":
        with opened(new_database(tmp_path)) as sqlite_store:
            yield sqlite_store
    else:
        # Asked for here, so that nothing else starts a server.
        server: PostgresServer = request.getfixturevalue("postgres")
        with (
            server.log_database() as log,
            closing(PostgresStore(log.url, shelf=log.shelf)) as postgres_store,
        ):
            yield postgres_store
