"""The database of access receipts: a SQLite file beside the log, or a schema on its server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.exc import InvalidRequestError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.accesses.periods import HOUR_MS
from api.accesses.tables import FORM, MARK, METADATA, SCHEMA
from ledger.store_connections import close_engine
from ledger.store_errors import StoreOutdated, StoreUnavailable
from ledger.store_postgres_connections import is_postgres
from ledger.store_postgres_connections import reader_engine as postgres_reader
from ledger.store_postgres_connections import writer_engine as postgres_writer
from ledger.store_postgres_tables import ACCESSES_SUFFIX
from ledger.store_sqlite import create_file, database_path
from ledger.store_sqlite import reader_engine as sqlite_reader
from ledger.store_sqlite import writer_engine as sqlite_writer

_WAIT: Final = "SELECT pg_advisory_xact_lock(hashtext('lotmark access tables'))"
_NAME: Final = "hashtext('lotmark accesses ' || current_schema())"
_TRY: Final = f"SELECT pg_try_advisory_lock({_NAME})"
_RELEASE: Final = f"SELECT pg_advisory_unlock({_NAME})"


class AccessDatabase:
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
        self.is_postgres = is_postgres(url)
        if self.is_postgres:
            self._writers, self._readers = postgres_writer(url), postgres_reader(url)
        else:
            path = database_path(url)
            create_file(path)
            self._writers, self._readers = sqlite_writer(path), sqlite_reader(path)
        self._schema: str | None = None
        try:
            if self.is_postgres:
                with self.reading() as connection:
                    own = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
                self._schema = own + ACCESSES_SUFFIX
            self._make(origin, now_ms)
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
        """A transaction, on the disk at the end of the block.

        Raises:
            StoreUnavailable: nothing is known to have been written.
        """
        with _failures(), self._translated(self._writers).begin() as connection:
            yield connection

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
        with _failures(), alone.connect() as connection:
            has_turn = bool(connection.exec_driver_sql(_TRY).scalar())
            try:
                yield has_turn
            finally:
                if has_turn:
                    connection.exec_driver_sql(_RELEASE)

    def close(self) -> None:
        """Close all connections."""
        close_engine(self._readers)
        close_engine(self._writers)

    def _translated(self, engine: Engine) -> Engine:
        return engine.execution_options(schema_translate_map={SCHEMA: self._schema})

    def _make(self, origin: str, now_ms: int) -> None:
        with self.writing() as connection:
            if self.is_postgres:
                connection.exec_driver_sql(_WAIT)
            if not connection.dialect.has_table(connection, MARK.name, schema=self._schema):
                METADATA.create_all(connection)
                connection.execute(insert(MARK), _first_mark(origin, now_ms))
            found = connection.execute(select(MARK.c.form, MARK.c.origin)).one()
            if found.form != FORM:
                raise StoreOutdated(f"expected access tables {FORM}, found {found.form}")
            if found.origin != origin:
                raise StoreUnavailable(
                    f"expected accesses of {origin}, found those of {found.origin}"
                )


def access_url(database_url: str, path: Path) -> str:
    """Where the access tables of a log are: on its server, else in a file of their own."""
    return database_url if is_postgres(database_url) else f"sqlite:///{path}"


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


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except (InvalidRequestError, PoolTimeout) as fault:
        raise StoreUnavailable(f"access tables: {fault}") from fault
    except SQLAlchemyError as fault:
        told = " ".join(str(getattr(fault, "orig", None) or fault).split())
        raise StoreUnavailable(f"access tables: {told}") from fault
