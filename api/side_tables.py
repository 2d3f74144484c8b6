"""Tables beside the log: a SQLite file of their own, or a schema on the log's server.

What every such place has in common: connections that read or write in transactions, the schema
that the service's role may make tables in, and one error for whatever fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import InvalidRequestError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ledger.store_connections import close_engine
from ledger.store_errors import StoreUnavailable
from ledger.store_postgres_connections import is_postgres
from ledger.store_postgres_connections import reader_engine as postgres_reader
from ledger.store_postgres_connections import writer_engine as postgres_writer
from ledger.store_sqlite import create_file, database_path
from ledger.store_sqlite import reader_engine as sqlite_reader
from ledger.store_sqlite import writer_engine as sqlite_writer


class SideTables:
    """Connections to tables beside the log. May be used by threads."""

    def __init__(self, url: str, *, name: str, words: str, suffix: str) -> None:
        """Connect to the URL of a SQLite file, made where there is none, or of the log's server.

        Args:
            url: where they are.
            name: the name of the schema in the definitions of the tables.
            words: what failures call them.
            suffix: behind the name of the log's schema, that of theirs on a server.

        Raises:
            StoreUnavailable: it cannot be reached.
        """
        self._name, self._words = name, words
        self._schema: str | None = None
        self.is_postgres = is_postgres(url)
        if not self.is_postgres:
            path = database_path(url)
            create_file(path)
            self._writers, self._readers = sqlite_writer(path), sqlite_reader(path)
            return
        self._writers, self._readers = postgres_writer(url), postgres_reader(url)
        try:
            with self.reading() as connection:
                own = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
        except BaseException:
            self.close()
            raise
        self._schema = own + suffix

    @property
    def schema(self) -> str | None:
        """The schema of the tables; None on SQLite."""
        return self._schema

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that only reads.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with self.failures(), self._translated(self._readers).connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction, on the disk at the end of the block; undone where the block raises.

        Raises:
            StoreUnavailable: nothing is known to have been written.
        """
        with self.failures(), self._translated(self._writers).begin() as connection:
            yield connection

    def close(self) -> None:
        """Close all connections."""
        close_engine(self._readers)
        close_engine(self._writers)

    def _translated(self, engine: Engine) -> Engine:
        return engine.execution_options(schema_translate_map={self._name: self._schema})

    @contextmanager
    def failures(self) -> Iterator[None]:
        """What a failure in the block means.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        try:
            yield
        except (InvalidRequestError, PoolTimeout) as fault:
            raise StoreUnavailable(f"{self._words}: {fault}") from fault
        except SQLAlchemyError as fault:
            told = " ".join(str(getattr(fault, "orig", None) or fault).split())
            raise StoreUnavailable(f"{self._words}: {told}") from fault


def side_url(database_url: str, path: Path) -> str:
    """Where tables beside a log are: on its server, else in a file of their own."""
    return database_url if is_postgres(database_url) else f"sqlite:///{path}"
