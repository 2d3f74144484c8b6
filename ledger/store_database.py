"""One SQLite database opened for a store: who may write, which connection, what a failure means.

A failure before COMMIT leaves nothing behind (``StoreUnavailable``). A failure of COMMIT
itself may come before or after the disk took it (``OutcomeUnknown``): the connection is then
thrown away, so that the next one sees what is really there.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from ledger import limits
from ledger.store_connections import OpenDatabase, close_engine
from ledger.store_errors import (
    AppendRefused,
    OutcomeUnknown,
    StoreOutdated,
    StoreUnavailable,
)
from ledger.store_lock import WriterLock
from ledger.store_sqlite import reader_engine, writer_engine
from ledger.store_tables import SCHEMA_REVISION
from ledger.store_turns import Turns


class Database(OpenDatabase):
    """Connections to one database; close it to let another process write."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        """Open the database, and take the right to write unless it is only read.

        Raises:
            StoreBusy: another process writes to it.
            StoreOutdated: it has another schema.
            StoreUnavailable: it is not there or cannot be read.
        """
        if not path.exists():
            raise StoreUnavailable(
                f"expected a database at {path}, found none: run lotmark init, or set "
                "LOTMARK_DATABASE_URL where the log is on a server"
            )
        super().__init__(read_only=read_only)
        self.lock = threading.RLock()
        self._right = None if read_only else WriterLock(path)
        self._readers = reader_engine(path)
        self._turns = Turns(limits.STORE_READERS_MAX, seconds_max=limits.STORE_WAIT_SECONDS_MAX)
        self._writer = writer_engine(path)
        try:
            self._check_schema()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that only reads; each statement sees the newest committed state."""
        self._refuse_closed()
        with self._turns.take(), _failures(), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection that only reads, and one state for all its statements."""
        with self.reading() as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The connection that writes, in a transaction that is committed at the end.

        Raises:
            OutcomeUnknown: COMMIT failed.
            AppendRefused: a trigger or a constraint refused; nothing was written.
            StoreUnavailable: nothing was written.
        """
        with self.lock:
            self._refuse_closed()
            self.refuse_read_only()
            with _failures(), self._writer.connect() as connection:
                connection.begin()
                yield connection
                _commit(connection)

    def close(self) -> None:
        """Close all connections, then give the right to write back."""
        with self.lock:
            self._is_open = False
            close_engine(self._readers)
            # The last connection to close copies the write-ahead log into the database.
            close_engine(self._writer)
            if self._right is not None:
                self._right.close()

    def _check_schema(self) -> None:
        with self.reading() as connection:
            tables = connection.exec_driver_sql(
                "SELECT count(*) FROM sqlite_schema WHERE name = 'alembic_version'"
            ).scalar()
            found = (
                tables
                and connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
            )
        if found != SCHEMA_REVISION:
            raise StoreOutdated(
                f"expected schema {SCHEMA_REVISION}, found {found or 'none'}: run lotmark migrate "
                "with the newest Lotmark"
            )


def _commit(connection: Connection) -> None:
    try:
        connection.commit()
    except DBAPIError as fault:
        connection.invalidate()
        raise OutcomeUnknown(f"COMMIT failed: {fault.orig}") from fault
    except BaseException:
        connection.invalidate()
        raise


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except ProgrammingError:
        # A statement of ours is wrong, the database is not: nobody can handle that.
        raise
    except IntegrityError as fault:
        raise AppendRefused(f"expected rows that extend the log, found: {fault.orig}") from fault
    except DBAPIError as fault:
        raise StoreUnavailable(f"database: {fault.orig}") from fault
