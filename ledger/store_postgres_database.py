"""One PostgreSQL database opened for a store: whose turn it is, and what a failure means.

The row of the head orders all writers, of this process and of every other: who has locked
it appends, and COMMIT ends the turn. A failure before COMMIT was sent leaves nothing behind
(``StoreUnavailable``). A connection that is lost after that says nothing about the outcome
(``OutcomeUnknown``): the transaction may even still be running, until the lock is free.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import errors
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ledger import limits
from ledger.store import Head
from ledger.store_connections import OpenDatabase, close_engine
from ledger.store_errors import (
    AppendRefused,
    OutcomeUnknown,
    StoreOutdated,
    StoreUnavailable,
)
from ledger.store_postgres_connections import reader_engine, writer_engine
from ledger.store_postgres_tables import POSTGRES_REVISION
from ledger.store_rows import head_of
from ledger.store_turns import Turns

Raw = psycopg.Connection[Any]

_LOCK_HEAD: Final = (
    "SELECT size, leaf, root, admitted_ms, frontier, outbox_end FROM head WHERE id = 0 FOR UPDATE"
)
# A statement of its own: in that of the lock, the clock would be read before the wait for it.
_CLOCK: Final = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"


@dataclass(frozen=True, slots=True)
class AtHead:
    """A transaction that has locked the head, and what it found there."""

    connection: Connection
    head: Head | None
    outbox_end: int
    database_ms: int

    @property
    def raw(self) -> Raw:
        """The driver's own connection, for what only it can do."""
        return raw_of(self.connection)


class PostgresDatabase(OpenDatabase):
    """Connections to one database; any number of processes may hold them."""

    def __init__(self, url: str, *, read_only: bool) -> None:
        """Open the database.

        Raises:
            StoreOutdated: it has another schema.
            StoreUnavailable: it cannot be reached or read.
        """
        super().__init__(read_only=read_only)
        self._readers = reader_engine(url)
        self._writers = writer_engine(url)
        self._turns = Turns(limits.STORE_READERS_MAX, seconds_max=limits.STORE_WAIT_SECONDS_MAX)
        self._side_turns = Turns(1, seconds_max=limits.STORE_WAIT_SECONDS_MAX)
        try:
            self._check_schema()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that only reads; each statement sees the newest committed state."""
        self._refuse_closed()
        with self._turns.take(), failures(), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def at_head(self) -> Iterator[AtHead]:
        """A transaction that holds the head; :func:`commit` ends it, else nothing was written.

        Raises:
            StoreUnavailable: others hold the head for too long, or the database is not there.
        """
        self.refuse_read_only()
        self._refuse_closed()
        with failures(), self._writers.connect() as connection, _undone_or_discarded(connection):
            yield _lock_head(connection)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction beside the head, committed at the end of the block."""
        self.refuse_read_only()
        self._refuse_closed()
        with (
            self._side_turns.take(),
            failures(),
            self._writers.connect() as connection,
            _undone_or_discarded(connection),
        ):
            connection.begin()
            yield connection
            commit(connection)

    def close(self) -> None:
        """Close all connections."""
        self._is_open = False
        close_engine(self._readers)
        close_engine(self._writers)

    def _check_schema(self) -> None:
        with self.reading() as connection:
            found = connection.exec_driver_sql("SELECT to_regclass('alembic_version')").scalar()
            if found is not None:
                found = connection.exec_driver_sql("SELECT version_num FROM alembic_version")
                found = found.scalar()
        if found != POSTGRES_REVISION:
            raise StoreOutdated(
                f"expected schema {POSTGRES_REVISION}, found {found or 'none'}: run lotmark "
                "migrate with the newest Lotmark, as the role that owns the database"
            )


def commit(connection: Connection) -> None:
    """End the transaction; from here on what it wrote survives a crash.

    Raises:
        OutcomeUnknown: the connection was lost before the answer came.
        StoreUnavailable: the server has undone the transaction.
    """
    raw = raw_of(connection)
    try:
        answer = raw.execute("COMMIT").statusmessage
    except psycopg.Error as fault:
        if raw.closed:
            raise OutcomeUnknown(f"COMMIT was sent, no answer came: {_words(fault)}") from fault
        raise
    if answer != "COMMIT":
        # A transaction in which a statement has failed is answered so, and without an error.
        raise StoreUnavailable(f"expected COMMIT, found {answer}")


def raw_of(connection: Connection) -> Raw:
    """The driver's own connection below one of SQLAlchemy's."""
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    return raw


@contextmanager
def failures() -> Iterator[None]:
    """What a failure in the block means to who uses a store.

    Raises:
        AppendRefused: a trigger or a constraint refused; nothing was written.
        StoreUnavailable: nothing was written.
    """
    try:
        yield
    except DBAPIError as fault:
        raise _meaning(fault.orig or fault) from fault
    except psycopg.Error as fault:
        raise _meaning(fault) from fault
    except (InvalidRequestError, PoolTimeout) as fault:
        # The pool has no connection to give, or the one it gave was found broken.
        raise _meaning(fault) from fault


def _meaning(fault: BaseException) -> BaseException:
    if isinstance(fault, errors.IntegrityError):
        return AppendRefused(f"expected rows that extend the log, found: {_words(fault)}")
    if isinstance(fault, errors.InsufficientPrivilege):
        return StoreUnavailable(
            f"expected a role that may do this, found: {_words(fault)}; run lotmark migrate "
            "--role NAME as the role that owns the database"
        )
    if isinstance(fault, errors.LockNotAvailable):
        return StoreUnavailable(
            f"expected a turn at the head within {limits.STORE_WAIT_SECONDS_MAX} s, found none: "
            "another process has taken too long"
        )
    if isinstance(fault, errors.ProgrammingError):
        # A statement of ours is wrong, the database is not: nobody can handle that.
        return fault
    return StoreUnavailable(f"database: {_words(fault)}")


def _words(fault: BaseException) -> str:
    return " ".join(str(fault).split())


@contextmanager
def _undone_or_discarded(connection: Connection) -> Iterator[None]:
    """Undo what was not committed; a lost connection is thrown away, the pool must not lend it."""
    try:
        yield
    except Exception:
        _undo(connection)
        raise
    except BaseException:
        # What was interrupted in the middle of an answer cannot be used again.
        connection.invalidate()
        raise
    _undo(connection)


def _undo(connection: Connection) -> None:
    try:
        raw_of(connection).rollback()
    except psycopg.Error:
        # The server has undone it already: it does when a session ends.
        connection.invalidate()


def _lock_head(connection: Connection) -> AtHead:
    raw = raw_of(connection)
    # One round trip: BEGIN, the lock, and the clock.
    with raw.pipeline():
        locked, clock = raw.execute(_LOCK_HEAD), raw.execute(_CLOCK)
    row = locked.fetchone()
    assert row, "expected the row of the head, which no role may delete"
    now = clock.fetchone()
    assert now, "expected the time"
    *head, outbox_end = row
    return AtHead(connection, head_of(tuple(head)), outbox_end, now[0])
