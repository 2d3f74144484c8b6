"""The store in PostgreSQL: any number of processes append, ordered by the row of the head.

The database holds every constraint itself (unique ids, no gaps, rows that only grow), so
nothing is kept in memory but the names of parties and types. Nothing here verifies.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ledger import limits, store_rows
from ledger.store import CommitGroup, KnownIds, Projected, SearchQuery, Turn
from ledger.store_errors import AppendRefused, HeadMoved
from ledger.store_memory import head_moved
from ledger.store_merge import key_prefix
from ledger.store_names import NameBook
from ledger.store_postgres_database import (
    AtHead,
    PostgresDatabase,
    commit,
    failures,
    raw_of,
)
from ledger.store_postgres_search import look_up, search_tables
from ledger.store_postgres_writes import (
    clear_projections,
    replace_contents,
    write_cosigned,
    write_group,
    write_pins,
    write_projections,
)
from ledger.store_projected import read_projected
from ledger.store_segment import check_group, refuse_twins
from ledger.store_sql_reads import SqlReads
from ledger.store_turns import HeadTurns
from ledger.store_vault import contents_between, find_contents, seal_group
from ledger.store_writes import drop_outbox, drop_pins, drop_projections
from ledger.vault.epoch_file import epoch_of, span_of
from ledger.vault.sealing import Found, Plain
from ledger.vault.shelf import KeyShelf
from ledger.vault.vault import Vault


class PostgresStore(SqlReads):
    """A log in a PostgreSQL database; every method may be called from any thread."""

    def __init__(self, url: str, *, shelf: Path, read_only: bool = False) -> None:
        """Open the database at ``url``; ``api.migrate`` makes one.

        Args:
            url: ``postgresql://role@host/database``.
            shelf: the folder of its keys, which all replicas share.
            read_only: leave writing to others.

        Raises:
            StoreOutdated: it has another schema.
            StoreUnavailable: it cannot be reached or read.
        """
        self._database = PostgresDatabase(url, read_only=read_only)
        SqlReads.__init__(self, self._database, NameBook(), Vault(KeyShelf(shelf)))
        # In this process first come, first served; the database does not promise that.
        self._turns = HeadTurns(seconds_max=limits.STORE_WAIT_SECONDS_MAX)
        self._held: AtHead | None = None

    # ---- writing ----

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """See :meth:`ledger.store.Store.turn`."""
        with self._turns.take(), self._database.at_head() as at:
            self._held = at
            try:
                yield Turn(at.head, at.database_ms)
            finally:
                self._held = None

    def commit(self, group: CommitGroup) -> None:
        """See :meth:`ledger.store.Store.commit`."""
        check_group(group)
        refuse_twins(group.entries)
        with self._turns.committing():
            if self._held:
                self._append(self._held, group)
                return
            with self._database.at_head() as at:
                self._append(at, group)

    def _append(self, at: AtHead, group: CommitGroup) -> None:
        if at.head != group.head_before:
            raise HeadMoved(head_moved(group.head_before, at.head))
        with failures():
            texts = {party for party, _ in group.standing}
            texts.update(row.party for row in group.entries)
            texts.update(row.vct for row in group.entries)
            added = self._names.add(sorted(texts), at.connection, {})
            contents = seal_group(self._vault, group)
            write_group(at, group, self._names.ids(added), contents=contents)
            commit(at.connection)
        # From here on the entries survive a crash, and the next writer has its turn.
        self._names.keep(added)

    def keep_cosigned(self, size: int, note: str) -> None:
        """See :meth:`ledger.store.Store.keep_cosigned`."""
        with self._database.writing() as connection:
            write_cosigned(raw_of(connection), size, note)

    def restore_disclosures(self, index: int, disclosures: str) -> None:
        """See :meth:`ledger.store.Store.restore_disclosures`."""
        with self._turns.committing(), self._database.at_head() as at:
            found = _content_of(at, index)
            if self._vault.is_lost(found):
                plain = Plain(disclosures, index, found.record_id)
                replace_contents(at.raw, self._vault.seal([plain]))
                commit(at.connection)

    def erase(self, index: int, groups: Collection[str]) -> None:
        """See :meth:`ledger.store.Store.erase`."""
        with self._turns.committing(), self._database.at_head() as at:
            _content_of(at, index)
            founds = contents_between(at.connection, span_of(epoch_of(index)))
            rows = self._vault.erase(founds, index=index, groups=groups)
            # From here on the groups are gone; the rows may follow in a second attempt.
            replace_contents(at.raw, rows)
            commit(at.connection)

    def replace_disclosures(self, index: int, *, before: str, after: str) -> bool:
        """See :meth:`ledger.store.Store.replace_disclosures`."""
        with self._turns.committing(), self._database.at_head() as at:
            found = find_contents(at.connection, [index])
            rows = self._vault.exchange(found, before=before, after=after)
            if rows:
                replace_contents(at.raw, rows)
                commit(at.connection)
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
        """See :meth:`ledger.store.Store.replace_projections`; who appends waits meanwhile."""
        added: dict[str, int] = {}
        with self._turns.committing(), self._database.at_head() as at:
            clear_projections(at.raw, size)
            for search, standing in projections:
                parties = (party for party, _ in standing)
                added |= self._names.add(parties, at.connection, added)
                write_projections(at.raw, search, standing, self._names.ids(added))
            commit(at.connection)
        self._names.keep(added)

    def projected(self, size: int) -> Iterator[Projected]:
        """See :meth:`ledger.store.Store.projected`; ids are indexed by the database itself."""
        with self._database.reading() as connection:
            yield from read_projected(
                connection, self._names, size, numbered=(("search", "search"),)
            )
        for row in self.entries(0, size):
            yield Projected("record", row.record_id[:8], row.index)
            yield Projected("jti", row.jti_key[:8], row.index)

    def restore_pins(self, pins: Sequence[tuple[str, int]]) -> None:
        """See :meth:`ledger.store.Store.restore_pins`."""
        with self._database.writing() as connection:
            write_pins(raw_of(connection), pins)

    def drop_projected(
        self,
        search: Sequence[tuple[bytes, int]],
        standing: Sequence[tuple[str, int]],
        *,
        pins: Sequence[tuple[str, int]],
    ) -> None:
        """See :meth:`ledger.store.Store.drop_projected`."""
        with self._database.writing() as connection:
            keys = [(key_prefix(key), index) for key, index in search]
            stands = [(self._names.find(name, connection) or 0, at) for name, at in standing]
            drop_projections(connection, keys, stands)
            drop_pins(connection, pins)

    def close(self) -> None:
        """See :meth:`ledger.store.Store.close`."""
        self._database.close()

    # ---- the index ----

    def known(self, record_ids: Sequence[bytes], jti_keys: Sequence[bytes]) -> KnownIds:
        """See :meth:`ledger.store.Store.known`."""
        with self._database.reading() as connection:
            return look_up(connection, record_ids, jti_keys)

    def search(self, query: SearchQuery) -> Sequence[int]:
        """See :meth:`ledger.store.Store.search`."""
        with self._database.reading() as connection:
            span = store_rows.span_of(connection, query)
            return search_tables(connection, query, span, names=self._names)


def _content_of(at: AtHead, index: int) -> Found:
    with failures():
        found = find_contents(at.connection, [index])
    if not found:
        raise AppendRefused(f"expected an entry {index}, found none")
    return found[0]
