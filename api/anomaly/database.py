"""The database of scored parameters: a SQLite file beside the log, or a schema on its server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Connection, delete, event, insert, select

from api.anomaly.tables import (
    BOOKMARK,
    FORM,
    KEPT,
    KEPT_FORM,
    KEPT_FORM_ROW,
    METADATA,
    SCHEMA,
)
from api.derived.bookmark import Bookmark
from api.side_tables import SideTables
from ledger.store_errors import StoreOutdated, StoreUnavailable
from ledger.store_postgres_tables import ANOMALY_SUFFIX

_WAIT: Final = "SELECT pg_advisory_xact_lock(hashtext('lotmark anomaly tables'))"
_NAME: Final = "hashtext('lotmark anomaly ' || current_schema())"
_TRY: Final = f"SELECT pg_try_advisory_lock({_NAME})"
_RELEASE: Final = f"SELECT pg_advisory_unlock({_NAME})"


class AnomalyDatabase(SideTables):
    """Connections to the tables of one log, which are there when this is."""

    def __init__(self, url: str, *, origin: str, read_only: bool = False) -> None:
        """Open the tables at the URL of a SQLite file or of the log's server; make them first.

        Args:
            url: where they are.
            origin: the log's name.
            read_only: make nothing; where ``are_tables_new`` there are none to read.

        Raises:
            StoreUnavailable: they cannot be made or read, or belong to another log.
            StoreOutdated: models were kept by another version.
        """
        super().__init__(url, name=SCHEMA, words="anomaly tables", suffix=ANOMALY_SUFFIX)
        #: Whether there were no tables of this form before.
        self.are_tables_new = False
        #: Whether models may be read: not where they are only looked for, and there is no table.
        self.has_models = True
        try:
            if not self.is_postgres:
                event.listen(self._writers, "connect", _overwrite_deleted)
            if read_only:
                self._look(origin)
            else:
                self._make(origin)
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
        """Whether this process may work on the tables: of replicas one does, others look on.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        if not self.is_postgres:
            # The log itself has one process that writes.
            yield True
            return
        alone = self._writers.execution_options(isolation_level="AUTOCOMMIT")
        with self.failures(), alone.connect() as connection:
            has_turn = bool(connection.exec_driver_sql(_TRY).scalar())
            try:
                yield has_turn
            finally:
                if has_turn:
                    connection.exec_driver_sql(_RELEASE)

    def bookmark(self) -> Bookmark:
        """How far the tables have come, and in which log.

        Raises:
            StoreUnavailable: the database does not answer, or another version made the tables.
        """
        with self.reading() as connection:
            row = connection.execute(select(BOOKMARK)).one_or_none()
        if row is None or row.form != FORM:
            raise StoreUnavailable(
                f"expected anomaly tables of form {FORM}, found others: replicas of one log run"
                " one version"
            )
        return Bookmark(row.size, row.origin, row.leaf)

    def remake(self) -> None:
        """Drop what follows from the log and make it anew, empty; models stay.

        Raises:
            StoreUnavailable: they cannot be made.
        """
        with self.writing() as connection:
            self._wait(connection)
            _create(connection)

    def purge(self) -> bool:
        """Leave nothing of deleted rows in the files; whether that is so now.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        if self.is_postgres:
            return True
        with self.failures(), closing(self._writers.raw_connection()) as raw:
            found = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not found[0]

    def _make(self, origin: str) -> None:
        with self.writing() as connection:
            self._wait(connection)
            if not self._has_kept(connection):
                KEPT.create_all(connection)
                connection.execute(insert(KEPT_FORM_ROW), {"form": KEPT_FORM, "origin": origin})
            _check_kept(connection, origin)
            if not self._has_form(connection):
                self.are_tables_new = True
                _create(connection)

    def _look(self, origin: str) -> None:
        with self.reading() as connection:
            self.are_tables_new = not self._has_form(connection)
            self.has_models = self._has_kept(connection)
            if self.has_models:
                _check_kept(connection, origin)

    def _has_kept(self, connection: Connection) -> bool:
        name = KEPT_FORM_ROW.name
        return bool(connection.dialect.has_table(connection, name, schema=self.schema))

    def _has_form(self, connection: Connection) -> bool:
        if not connection.dialect.has_table(connection, BOOKMARK.name, schema=self.schema):
            return False
        # Tables of another form need not have the other columns.
        return connection.execute(select(BOOKMARK.c.form)).scalar() == FORM

    def _wait(self, connection: Connection) -> None:
        if self.is_postgres:
            connection.exec_driver_sql(_WAIT)


def _overwrite_deleted(connection: Any, _: object) -> None:
    """Deleted rows are overwritten with zeros: some were made of what is erased."""
    connection.execute("PRAGMA secure_delete=ON").close()


def _check_kept(connection: Connection, origin: str) -> None:
    kept = connection.execute(select(KEPT_FORM_ROW)).one()
    if kept.form != KEPT_FORM:
        raise StoreOutdated(f"expected models kept as {KEPT_FORM}, found {kept.form}")
    if kept.origin != origin:
        raise StoreUnavailable(f"expected models of {origin}, found those of {kept.origin}")


def _create(connection: Connection) -> None:
    METADATA.drop_all(connection)
    METADATA.create_all(connection)
    connection.execute(delete(BOOKMARK))
    connection.execute(insert(BOOKMARK), {"form": FORM, **asdict(Bookmark())})
