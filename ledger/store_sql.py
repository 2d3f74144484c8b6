"""The store in a SQL database: SQLAlchemy Core on SQLite.

The database itself refuses to change what is written (triggers of ``api/migrations``); they
do not stop somebody who may drop them, and ``lotmark audit`` shows what such a one did.
What depends on the product is in the modules ``store_sqlite*``. Nothing here verifies.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from ledger import limits, store_rows
from ledger.store import CommitGroup, Head, KnownIds, Projected, SearchQuery, Turn
from ledger.store_database import Database
from ledger.store_errors import (
    AppendRefused,
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
from ledger.store_vault import contents_between, find_contents, seal_group
from ledger.store_writes import (
    drop_outbox,
    drop_pins,
    replace_contents,
    write_content,
    write_cosigned,
    write_log,
    write_pins,
)
from ledger.vault.epoch_file import epoch_of, span_of
from ledger.vault.sealing import Found, Plain
from ledger.vault.shelf import KeyShelf
from ledger.vault.vault import Vault


class SqlStore(SqlReads):
    """A log in a database file; every method may be called from any thread."""

    def __init__(
        self,
        url: str,
        *,
        shelf: Path | None = None,
        read_only: bool = False,
        segment_entries: int = limits.INDEX_SEGMENT_ENTRIES_MAX,
    ) -> None:
        """Open the database at ``url``; ``api.migrate`` makes one.

        Args:
            url: ``sqlite:///path``.
            shelf: the folder of its keys; by default ``shelf`` beside the file.
            read_only: leave writing to another process, and follow what it commits.
            segment_entries: how many entries the index keeps in memory before it merges them.

        Raises:
            StoreBusy: another process writes to it.
            StoreOutdated: it has another schema.
            StoreUnavailable: it is not there or cannot be read.
        """
        path = database_path(url)
        self._database = Database(path, read_only=read_only)
        vault = Vault(KeyShelf(shelf or default_shelf(path)))
        SqlReads.__init__(self, self._database, NameBook(), vault)
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
                write_content(connection, group, seal_group(self._vault, group))
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
        with self._turns.committing(), self._database.writing() as connection:
            found = _content_of(connection, index)
            if self._vault.is_lost(found):
                plain = Plain(disclosures, index, found.record_id)
                replace_contents(connection, self._vault.seal([plain]))

    def erase(self, index: int, groups: Collection[str]) -> None:
        """See :meth:`ledger.store.Store.erase`."""
        with self._turns.committing(), self._database.writing() as connection:
            _content_of(connection, index)
            founds = contents_between(connection, span_of(epoch_of(index)))
            rows = self._vault.erase(founds, index=index, groups=groups)
            # From here on the groups are gone; the rows may follow in a second attempt.
            replace_contents(connection, rows)

    def replace_disclosures(self, index: int, *, before: str, after: str) -> bool:
        """See :meth:`ledger.store.Store.replace_disclosures`."""
        with self._turns.committing(), self._database.writing() as connection:
            found = find_contents(connection, [index])
            rows = self._vault.exchange(found, before=before, after=after)
            replace_contents(connection, rows)
            return bool(rows)

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


def default_shelf(database: Path) -> Path:
    """The folder of a file's keys, where none is named."""
    return database.with_name("shelf")


def _content_of(connection: Connection, index: int) -> Found:
    found = find_contents(connection, [index])
    if not found:
        raise AppendRefused(f"expected an entry {index}, found none")
    return found[0]


def _expect_head(connection: Connection, expected: Head | None) -> None:
    found = store_rows.read_head(connection)
    if found != expected:
        raise HeadMoved(head_moved(expected, found))
