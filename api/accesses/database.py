"""The database of access receipts: a SQLite file beside the log, or a schema on its server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, insert, select

from api.accesses.periods import HOUR_MS
from api.accesses.tables import FORM, MARK, METADATA, SCHEMA
from api.side_tables import SideTables
from ledger.store_errors import StoreOutdated, StoreUnavailable
from ledger.store_postgres_tables import ACCESSES_SUFFIX

_WAIT: Final = "SELECT pg_advisory_xact_lock(hashtext('lotmark access tables'))"
_NAME: Final = "hashtext('lotmark accesses ' || current_schema())"
_TRY: Final = f"SELECT pg_try_advisory_lock({_NAME})"
_RELEASE: Final = f"SELECT pg_advisory_unlock({_NAME})"


class AccessDatabase(SideTables):
    """Connections to the tables of one log, which are there when this is."""

    def __init__(self, url: str, *, origin: str, now_ms: int) -> None:
        """Open the tables at the URL of a SQLite file or of the log's server; make them first.

        Args:
            url: where they are.
            origin: the log's name.
            now_ms: when they begin, where they are made now.

        Raises:
            StoreUnavailable: they cannot be made or read, or belong to another log.
        """
        super().__init__(url, name=SCHEMA, words="access tables", suffix=ACCESSES_SUFFIX)
        try:
            self._make(origin, now_ms)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """One state of the tables for several statements.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with self.reading() as connection:
            begin = "BEGIN ISOLATION LEVEL REPEATABLE READ" if self.is_postgres else "BEGIN"
            connection.exec_driver_sql(begin)
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Whether this process may close hours and purge: of replicas one does.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        if not self.is_postgres:
            yield True
            return
        alone = self._readers
        with self.failures(), alone.connect() as connection:
            has_turn = bool(connection.exec_driver_sql(_TRY).scalar())
            try:
                yield has_turn
            finally:
                if has_turn:
                    connection.exec_driver_sql(_RELEASE)

    def _make(self, origin: str, now_ms: int) -> None:
        with self.writing() as connection:
            if self.is_postgres:
                connection.exec_driver_sql(_WAIT)
            if not connection.dialect.has_table(connection, MARK.name, schema=self.schema):
                METADATA.create_all(connection)
                connection.execute(insert(MARK), _first_mark(origin, now_ms))
            found = connection.execute(select(MARK.c.form, MARK.c.origin)).one()
            if found.form != FORM:
                raise StoreOutdated(f"expected access tables {FORM}, found {found.form}")
            if found.origin != origin:
                raise StoreUnavailable(
                    f"expected accesses of {origin}, found those of {found.origin}"
                )


def _first_mark(origin: str, now_ms: int) -> dict[str, str | int]:
    begins = now_ms - now_ms % HOUR_MS
    return {
        "form": FORM,
        "origin": origin,
        "closed_ms": begins,
        "digested_ms": begins,
        # The hour under way goes with the one after it: no digest comes on the heels of a start.
        "first_ms": begins + 2 * HOUR_MS,
        "kept_from_ms": begins,
    }
