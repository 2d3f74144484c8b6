"""The book of erasures keeps what was done first, on SQLite and on PostgreSQL."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from api.erasing.book import Done, ErasureBook
from api.erasing.purge import Purged
from tests.postgres import LogDatabase

pytestmark = pytest.mark.item("5.8")

FIRST, SECOND = Done(1_000, Purged(7, 2, 1, 0)), Done(2_000, Purged(7))


def keeps_what_was_done_first(url: str) -> None:
    """Note twice, open again, ask."""
    with closing(ErasureBook(url)) as book:
        assert book.acts() == frozenset()
        book.note("a" * 43, FIRST)
        book.note("a" * 43, SECOND)
    with closing(ErasureBook(url)) as again:
        assert again.acts() == {"a" * 43}
        assert again.done(["a" * 43, "b" * 43]) == {"a" * 43: FIRST}


def test_on_sqlite(tmp_path: Path) -> None:
    keeps_what_was_done_first(f"sqlite:///{tmp_path / 'erasures.sqlite'}")


def test_on_postgresql(postgres_log: LogDatabase) -> None:
    keeps_what_was_done_first(postgres_log.url)
