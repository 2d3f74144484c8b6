"""The database of derived tables: a SQLite file beside the log, or a schema on its server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, event, insert, select
from sqlalchemy.exc import DataError, InvalidRequestError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.derived.bookmark import Bookmark
from api.derived.tables import BOOKMARK, FORM, METADATA, SCHEMA
from ledger.store_connections import close_engine
from ledger.store_errors import StoreUnavailable
from ledger.store_postgres_connections import is_postgres
from ledger.store_postgres_connections import reader_engine as postgres_reader
from ledger.store_postgres_connections import writer_engine as postgres_writer
from ledger.store_postgres_tables import DERIVED_SUFFIX
from ledger.store_sqlite import create_file, database_path
from ledger.store_sqlite import reader_engine as sqlite_reader
from ledger.store_sqlite import writer_engine as sqlite_writer

_NAME: Final = "hashtext('lotmark derived ' || current_schema())"
_TRY: Final = f"SELECT pg_try_advisory_lock({_NAME})"
_RELEASE: Final = f"SELECT pg_advisory_unlock({_NAME})"
# Another one than that of the turn: who holds that may make the tables, too.
_WAIT: Final = "SELECT pg_advisory_xact_lock(hashtext('lotmark derived tables'))"


class UnfitContent(ValueError):
    """What was to be written is nothing that the database can hold; trying again is no use."""


class DerivedDatabase:
    """Connections to the derived tables, which are there when this is, unless it only reads."""

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        """Open the tables at the URL of a SQLite file or of the log's server; make them first.

        Args:
            url: where they are.
            read_only: make nothing, and change nothing; they may be missing then.

        Raises:
            StoreUnavailable: they cannot be made or read.
        """
        self.is_postgres = is_postgres(url)
        self._path: Path | None = None
        if self.is_postgres:
            self._writers, self._readers = postgres_writer(url), postgres_reader(url)
        else:
            self._path = path = database_path(url)
            if not read_only:
                create_file(path)
            self._writers, self._readers = sqlite_writer(path), sqlite_reader(path)
            event.listen(self._writers, "connect", _overwrite_deleted)
        self._schema: str | None = None
        #: Whether there were no tables of this form before.
        self.are_tables_new = False
        try:
            self._find_schema()
            if not read_only:
                self._make()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that only reads.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with _failures(), self._translated(self._readers).connect() as connection:
            yield connection

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
    def writing(self) -> Iterator[Connection]:
        """A transaction, committed at the end of the block.

        Raises:
            StoreUnavailable: nothing is known to have been written.
            UnfitContent: nothing was, and nothing of this will be.
        """
        with _failures():
            try:
                with self._translated(self._writers).begin() as connection:
                    yield connection
            except DataError as fault:
                raise UnfitContent(f"derived tables: {fault.orig}") from fault

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Whether this process may work on the tables: of replicas one does, the others look on.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        if not self.is_postgres:
            # The log itself has one process that writes.
            yield True
            return
        alone = self._writers.execution_options(isolation_level="AUTOCOMMIT")
        with _failures(), alone.connect() as connection:
            has_turn = bool(connection.exec_driver_sql(_TRY).scalar())
            try:
                yield has_turn
            finally:
                if has_turn:
                    connection.exec_driver_sql(_RELEASE)

    def bookmark(self) -> Bookmark | None:
        """How far the tables have come; None where there are none of the form expected.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        if self._path is not None and not self._path.exists():
            return None
        with self.reading() as connection:
            return _bookmark(connection)

    def remake(self, *, found: Bookmark | None = None) -> None:
        """Drop all tables and make them anew, empty.

        Args:
            found: only if this is their bookmark still; by default whatever it is.

        Raises:
            StoreUnavailable: they cannot be made.
        """
        with self.writing() as connection:
            self._wait(connection)
            if found in (None, _bookmark(connection)):
                _create(connection)

    def purge(self) -> bool:
        """Leave nothing of deleted rows in the files; whether that is so now.

        On SQLite the write-ahead log is emptied, which waits for readers a while. PostgreSQL's
        own vacuum reuses the room of deleted rows; its log is recycled.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        if self.is_postgres:
            return True
        with _failures(), closing(self._writers.raw_connection()) as raw:
            found = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not found[0]

    def close(self) -> None:
        """Close all connections."""
        close_engine(self._readers)
        close_engine(self._writers)

    def _translated(self, engine: Engine) -> Engine:
        return engine.execution_options(schema_translate_map={SCHEMA: self._schema})

    def _find_schema(self) -> None:
        if self.is_postgres:
            with self.reading() as connection:
                own = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
            self._schema = own + DERIVED_SUFFIX

    def _make(self) -> None:
        with self.writing() as connection:
            self._wait(connection)
            if _bookmark(connection) is None:
                self.are_tables_new = True
                _create(connection)

    def _wait(self, connection: Connection) -> None:
        if self.is_postgres:
            connection.exec_driver_sql(_WAIT)


def derived_url(database_url: str, path: Path) -> str:
    """Where the derived tables of a log are: on its server, else in a file of their own."""
    return database_url if is_postgres(database_url) else f"sqlite:///{path}"


def _overwrite_deleted(connection: Any, _: object) -> None:
    """Deleted rows are overwritten with zeros: some were derived from what is erased."""
    connection.execute("PRAGMA secure_delete=ON").close()


def _bookmark(connection: Connection) -> Bookmark | None:
    has_table = connection.dialect.has_table
    schema = connection.get_execution_options()["schema_translate_map"][SCHEMA]
    if not has_table(connection, BOOKMARK.name, schema=schema):
        return None
    # Tables of another form need not have the other columns.
    if connection.execute(select(BOOKMARK.c.form)).scalar() != FORM:
        return None
    row = connection.execute(select(BOOKMARK)).one()
    return Bookmark(row.size, row.origin, row.leaf)


def _create(connection: Connection) -> None:
    METADATA.drop_all(connection)
    METADATA.create_all(connection)
    empty = Bookmark()
    connection.execute(delete(BOOKMARK))
    connection.execute(insert(BOOKMARK), {"form": FORM, **asdict(empty)})


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except (InvalidRequestError, PoolTimeout) as fault:
        raise StoreUnavailable(f"derived tables: {fault}") from fault
    except SQLAlchemyError as fault:
        told = " ".join(str(getattr(fault, "orig", None) or fault).split())
        raise StoreUnavailable(f"derived tables: {told}") from fault
