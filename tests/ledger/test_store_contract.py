"""Every store keeps the contract: memory, SQLite, SQLite that merges all the time, PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ledger.store import Store
from ledger.store_faulty import FaultyStore
from ledger.store_memory import MemoryStore
from ledger.store_postgres import PostgresStore
from tests.ledger.content_contract import ContentContract
from tests.ledger.erased_contract import ErasedContract
from tests.ledger.note_contract import NoteContract
from tests.ledger.sqlite_files import new_database, opened
from tests.ledger.store_contract import StoreContract
from tests.ledger.turn_contract import TurnContract
from tests.postgres import LogDatabase

pytestmark = pytest.mark.item("2.4")


class EveryContract(StoreContract, ContentContract, ErasedContract, NoteContract, TurnContract):
    """All that a store does."""


class TestMemoryStore(EveryContract):
    """The store in memory."""

    @pytest.fixture
    def store(self) -> Store:
        """An empty one."""
        return MemoryStore()


class TestFaultyStore(EveryContract):
    """A store whose fault never comes is the store inside."""

    @pytest.fixture
    def store(self) -> Store:
        """An empty one."""
        return FaultyStore(MemoryStore(), fail_on="commit", when="before", calls_before=10**6)


class TestSqlStore(EveryContract):
    """SQLite as it is run: in these small logs everything is in the newest segment."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        """An empty one."""
        with opened(new_database(tmp_path), segment_entries=32_768) as store:
            yield store


class TestSqlStoreThatMerges(
    StoreContract, ContentContract, ErasedContract, NoteContract, TurnContract
):
    """SQLite whose segments are so short that most answers come from the index tables."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        """An empty one."""
        with opened(new_database(tmp_path), segment_entries=2) as store:
            yield store


@pytest.mark.item("3.5")
@pytest.mark.item("3.5.role")
class TestPostgresStore(EveryContract):
    """PostgreSQL, as the role that owns nothing."""

    @pytest.fixture
    def store(self, postgres_log: LogDatabase) -> Iterator[Store]:
        """An empty one."""
        with closing(PostgresStore(postgres_log.url, shelf=postgres_log.shelf)) as store:
            yield store
