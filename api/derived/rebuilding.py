"""Derived tables made anew from the log, and what of them was wrong before."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import Connection, MetaData, select

from api.data_folder import DataFolder, read_config
from api.derived.bookmark import Bookmark, MarkedLog
from api.derived.database import DerivedDatabase, derived_url
from api.derived.following import DeliveryFollower
from api.derived.sql_book import SqlDeliveryBook
from api.derived.tables import BOOKMARK, METADATA
from ledger.store import Projected, Store
from ledger.store_errors import StoreUnavailable
from ledger.store_scratch import Differences, Scratch

Progress = Callable[[int], None]
#: How long a rebuild waits for a service to let go of the tables.
TURN_SECONDS_MAX: Final = 30.0
_MARKS: Final = (BOOKMARK.c.size, BOOKMARK.c.origin, BOOKMARK.c.leaf)


@dataclass(frozen=True, slots=True)
class DerivedRebuilt:
    """What was found: how many entries the tables held, and which rows were wrong.

    ``size`` is that of the log which the tables hold now.
    """

    size_before: int = 0
    size: int = 0
    differences: Differences = field(default_factory=lambda: Differences({}, {}))


def rebuild_derived(
    folder: DataFolder, store: Store, *, size: int, on_progress: Progress
) -> DerivedRebuilt:
    """Drop the derived tables and make them from the log, and compare.

    Args:
        folder: where the log is.
        store: the log.
        size: how many of its entries.
        on_progress: told how many are counted.

    Raises:
        StoreUnavailable: the log or the tables did not answer, or a service is at work on them.
    """
    origin = read_config(folder).origin
    with (
        closing(DerivedDatabase(derived_url(folder.database_url, folder.derived))) as database,
        own_turn(database),
        closing(Scratch()) as scratch,
    ):
        before = _take_rows(database, scratch, MarkedLog(store, origin))
        database.remake()
        # First to the size that the tables had: what they had not come to was not wrong.
        _count(store, database, origin=origin, size=min(before, size), on_progress=on_progress)
        with database.snapshot() as connection:
            scratch.add("expected", rows_of(connection, METADATA))
        _count(store, database, origin=origin, size=size, on_progress=on_progress)
        return DerivedRebuilt(before, size, scratch.differences())


class Turns(Protocol):
    """Tables that one process at a time works on."""

    def turn(self) -> AbstractContextManager[bool]:
        """Whether this process may work on them."""


@contextmanager
def own_turn(database: Turns) -> Iterator[None]:
    """Have the turn at the tables; a service that follows the log lets go after a few pages.

    Raises:
        StoreUnavailable: it did not, or the database does not answer.
    """
    given_up_at = time.monotonic() + TURN_SECONDS_MAX
    while True:
        with database.turn() as has_turn:
            if has_turn:
                yield
                return
        if time.monotonic() > given_up_at:
            raise StoreUnavailable(
                "expected derived tables that nobody writes to, found a service at work on "
                "them: run the command again"
            )
        time.sleep(0.05)


def compare_derived(folder: DataFolder, store: Store, *, on_progress: Progress) -> DerivedRebuilt:
    """Compare the derived tables with what their part of the log comes to; nothing is changed.

    Raises:
        StoreUnavailable: the log or the tables did not answer.
    """
    origin = read_config(folder).origin
    with (
        closing(
            DerivedDatabase(derived_url(folder.database_url, folder.derived), read_only=True)
        ) as database,
        closing(Scratch()) as scratch,
        tempfile.TemporaryDirectory() as place,
        closing(DerivedDatabase(derived_url("", Path(place) / "derived.sqlite"))) as fresh,
    ):
        before = _take_rows(database, scratch, MarkedLog(store, origin))
        _count(store, fresh, origin=origin, size=before, on_progress=on_progress)
        with fresh.snapshot() as connection:
            scratch.add("expected", rows_of(connection, METADATA))
        return DerivedRebuilt(before, before, scratch.differences())


def _take_rows(database: DerivedDatabase, scratch: Scratch, log: MarkedLog) -> int:
    """Take the rows down; to how many entries of this log they belong."""
    if database.bookmark() is None:
        return 0
    with database.snapshot() as connection:
        scratch.add("found", rows_of(connection, METADATA))
        found = Bookmark(**connection.execute(select(*_MARKS)).one()._mapping)
    # Rows of another log are surplus, each of them.
    return 0 if log.fault_of(found) else found.size


def _count(
    store: Store, database: DerivedDatabase, *, origin: str, size: int, on_progress: Progress
) -> None:
    def note(done: int) -> bool:
        on_progress(done)
        return True

    book = SqlDeliveryBook(database, MarkedLog(store, origin))
    follower = DeliveryFollower(store, book, origin=origin)
    follower.bring_to(size, note_page=note)


def rows_of(connection: Connection, tables: MetaData) -> Iterator[Projected]:
    """Every row but the bookmark, as its table, and a digest of its values behind their first."""
    for table in tables.sorted_tables:
        if table.name == BOOKMARK.name:
            continue
        for row in connection.execute(select(table)):
            values = json.dumps(list(row), ensure_ascii=False, default=_text_of).encode()
            key = str(row[0]).encode() + b" " + hashlib.sha256(values).digest()
            yield Projected(table.name, key, 0)


def _text_of(value: Any) -> str:
    return bytes(value).hex()
