"""The store in a SQL database: SQLAlchemy Core on SQLite.

The database itself refuses to change what is written (triggers of ``api/migrations``); they
do not stop somebody who may drop them, and ``lotmark audit`` shows what such a one did.
What depends on the product is in the modules ``store_sqlite*``. Nothing here verifies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection

from ledger import limits, store_rows
from ledger.store import CommitGroup, Head, KnownIds, Projected, SearchQuery, Turn
from ledger.store_database import Database
from ledger.store_errors import (
    HeadMoved,
    OutcomeUnknown,
)
from ledger.store_memory import head_moved
from ledger.store_names import NameBook
from ledger.store_segment import check_group
from ledger.store_sql_reads import SqlReads
from ledger.store_sqlite import database_path
from ledger.store_sqlite_index import SqliteIndex
from ledger.store_turns import HeadTurns
from ledger.store_writes import (
    drop_outbox,
    drop_pins,
    exchange_disclosures,
    write_content,
    write_cosigned,
    write_log,
    write_missing_disclosures,
    write_pins,
)


class SqlStore(SqlReads):
    """A log in a database file; every method may be called from any thread."""

    def __init__(
        self,
        url: str,
        *,
        read_only: bool = False,
        segment_entries: int = limits.INDEX_SEGMENT_ENTRIES_MAX,
    ) -> None:
        """Open the database at ``url``; ``api.migrate`` makes one.

        Args:
            url: ``sqlite:///path``.
            read_only: leave writing to another process, and follow what it commits.
            segment_entries: how many entries the index keeps in memory before it merges them.

        Raises:
            StoreBusy: another process writes to it.
            StoreOutdated: it has another schema.
            StoreUnavailable: it is not there or cannot be read.
        """
        self._database = Database(database_path(url), read_only=read_only)
        SqlReads.__init__(self, self._database, NameBook())
        self._turns = HeadTurns(seconds_max=limits.STORE_WAIT_SECONDS_MAX)
        self._index = SqliteIndex(self._names, segment_entries=segment_entries)
        self._is_index_stale = False
        try:
            self._load_index()
        except BaseException:
            self.close()
            raise

    # ---- writing ----

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """See :meth:`ledger.store.Store.turn`; the file lock keeps other processes out."""
        self._database.refuse_read_only()
        with self._turns.take():
            yield Turn(self.head(), None)

    def commit(self, group: CommitGroup) -> None:
        """See :meth:`ledger.store.Store.commit`."""
        check_group(group)
        with self._turns.committing(), self._database.lock:
            with self._changing() as connection:
                _expect_head(connection, group.head_before)
                added = self._add_names(connection, group)
                names = self._names.ids(added)
                write_log(connection, group, names)
                write_content(connection, group)
                staged = self._index.stage(connection, group, names)
            # From here on the entries survive a crash.
            self._names.keep(added)
            self._index.settle(staged)

    def keep_cosigned(self, size: int, note: str) -> None:
        """See :meth:`ledger.store.Store.keep_cosigned`."""
        with self._database.writing() as connection:
            write_cosigned(connection, size, note)

    def restore_disclosures(self, index: int, disclosures: str) -> None:
        """See :meth:`ledger.store.Store.restore_disclosures`."""
        with self._database.writing() as connection:
            write_missing_disclosures(connection, index, disclosures)

    def replace_disclosures(self, index: int, *, before: str, after: str) -> bool:
        """See :meth:`ledger.store.Store.replace_disclosures`."""
        with self._database.writing() as connection:
            return exchange_disclosures(connection, index, before=before, after=after)

    def outbox_done(self, position: int) -> None:
        """See :meth:`ledger.store.Store.outbox_done`."""
        with self._database.writing() as connection:
            drop_outbox(connection, position)

    def replace_projections(
        self,
        projections: Iterator[tuple[Sequence[tuple[bytes, int]], Sequence[tuple[str, int]]]],
        *,
        size: int,
    ) -> None:
        """See :meth:`ledger.store.Store.replace_projections`."""
        with self._database.lock:
            with self._changing() as connection:
                self._index.replace(connection, projections, size=size)
            self._load_index()

    def projected(self, size: int) -> Iterator[Projected]:
        """See :meth:`ledger.store.Store.projected`."""
        self._refresh_index()
        with self._database.snapshot() as connection:
            yield from self._index.projected(connection, size)

    def restore_pins(self, pins: Sequence[tuple[str, int]]) -> None:
        """See :meth:`ledger.store.Store.restore_pins`."""
        with self._database.writing() as connection:
            write_pins(connection, pins)

    def drop_projected(
        self,
        search: Sequence[tuple[bytes, int]],
        standing: Sequence[tuple[str, int]],
        *,
        pins: Sequence[tuple[str, int]],
    ) -> None:
        """See :meth:`ledger.store.Store.drop_projected`; a merge under way begins anew."""
        with self._database.lock:
            with self._changing() as connection:
                self._index.drop_projections(connection, search, standing)
                drop_pins(connection, pins)
            self._load_index()

    def close(self) -> None:
        """See :meth:`ledger.store.Store.close`."""
        self._database.close()

    # ---- the index ----

    def known(self, record_ids: Sequence[bytes], jti_keys: Sequence[bytes]) -> KnownIds:
        """See :meth:`ledger.store.Store.known`."""
        with self._indexed() as connection:
            return self._index.known(connection, record_ids, jti_keys)

    def search(self, query: SearchQuery) -> Sequence[int]:
        """See :meth:`ledger.store.Store.search`."""
        with self._indexed() as connection:
            return self._index.search(connection, query, store_rows.span_of(connection, query))

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """A transaction that changes what the index holds."""
        self._refresh_index()
        try:
            with self._database.writing() as connection:
                yield connection
        except OutcomeUnknown:
            self._is_index_stale = True
            raise

    @contextmanager
    def _indexed(self) -> Iterator[Connection]:
        """A reading connection, after the index has caught up with the database."""
        self._refresh_index()
        with self._database.reading() as connection:
            yield connection

    def _refresh_index(self) -> None:
        if not (self._is_index_stale or self._database.read_only):
            return
        with self._database.lock:
            if self._is_index_stale:
                self._load_index()
            elif self._database.read_only:
                with self._database.snapshot() as connection:
                    self._index.follow(connection)

    def _load_index(self) -> None:
        with self._database.snapshot() as connection:
            self._names.load(connection)
            self._index.load(connection)
        self._is_index_stale = False

    def _add_names(self, connection: Connection, group: CommitGroup) -> dict[str, int]:
        texts = {party for party, _ in group.standing}
        texts.update(row.party for row in group.entries)
        texts.update(row.vct for row in group.entries)
        return self._names.add(sorted(texts), connection, {})


def _expect_head(connection: Connection, expected: Head | None) -> None:
    found = store_rows.read_head(connection)
    if found != expected:
        raise HeadMoved(head_moved(expected, found))
