"""Stores for tests of the ledger: each test that asks for one runs on every kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.store import Store
from ledger.store_memory import MemoryStore
from tests.ledger.sqlite_files import new_database, opened


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    if request.param == "memory":
        yield MemoryStore()
        return
    with opened(new_database(tmp_path)) as opened_store:
        yield opened_store
