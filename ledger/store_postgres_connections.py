"""PostgreSQL connections as the store needs them: some that write, a few that only read.

Every wait has a bound (``ledger/limits.py``), the server's own too: a process that stops in
the middle of its turn loses its session, and the head is free again. Values travel in binary.
"""

from __future__ import annotations

import select
from typing import Any, Final

import psycopg
from psycopg.pq import Format
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import IsolationLevel
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.pool import NullPool, QueuePool

from ledger import limits
from ledger.store_errors import StoreUnavailable

#: The turn at the head, and one statement beside it.
WRITERS_MAX: Final = 2

# Every read is a walk along an index, whatever the statistics of a table that grew in a
# minute say; the planner is kept from anything that reads a table as a whole.
_PLANS: Final = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_bitmapscan")

_SESSION: Final = {
    "lock_timeout": f"{limits.STORE_WAIT_SECONDS_MAX}s",
    "statement_timeout": f"{limits.STORE_STATEMENT_SECONDS_MAX}s",
    "idle_in_transaction_session_timeout": f"{limits.STORE_IDLE_SECONDS_MAX}s",
    "jit": "off",
    **dict.fromkeys(_PLANS, "off"),
}
_READER_SESSION: Final = {**_SESSION, "default_transaction_read_only": "on"}


class BinaryCursor(psycopg.Cursor[Any]):
    """Results in binary: as text, bytes would be twice as long."""

    def __init__(self, *given: Any, **named: Any) -> None:
        """As the driver makes one."""
        super().__init__(*given, **named)
        self.format = Format.BINARY


def is_postgres(url: str) -> bool:
    """Whether a URL names a PostgreSQL database."""
    try:
        return make_url(url).get_backend_name() == "postgresql"
    except ArgumentError:
        return False


def postgres_url(url: str) -> URL:
    """A ``postgresql://`` URL with the driver that is used for it.

    Raises:
        StoreUnavailable: another kind of URL, or one without a database.
    """
    expected = "expected a URL postgresql://role@host/database"
    if not is_postgres(url):
        raise StoreUnavailable(f"{expected}, found another")
    parsed = make_url(url)
    if not parsed.database:
        raise StoreUnavailable(f"{expected}, found {parsed.render_as_string()}")
    return parsed.set(drivername="postgresql+psycopg")


def writer_engine(url: str) -> Engine:
    """The engine of the connections that write, each in transactions that we end."""
    engine = _engine(url, _SESSION, connections=WRITERS_MAX, isolation="READ COMMITTED")
    event.listen(engine, "connect", _refuse_lossy_commits)
    return engine


def reader_engine(url: str) -> Engine:
    """The engine of the connections that read and cannot write, for many threads."""
    count = limits.STORE_READERS_MAX
    return _engine(url, _READER_SESSION, connections=count, isolation="AUTOCOMMIT")


def migration_engine(url: str) -> Engine:
    """The engine of the one connection that changes the schema, plans and waits unbounded."""
    return create_engine(postgres_url(url), poolclass=NullPool)


def _engine(
    url: str, session: dict[str, str], *, connections: int, isolation: IsolationLevel
) -> Engine:
    engine = create_engine(
        postgres_url(url),
        isolation_level=isolation,
        connect_args={
            "application_name": "lotmark",
            "connect_timeout": limits.STORE_WAIT_SECONDS_MAX,
            "cursor_factory": BinaryCursor,
            "options": " ".join(f"-c {name}={value}" for name, value in session.items()),
            # A server that is gone without a word is noticed within these seconds.
            "keepalives_idle": limits.STORE_WAIT_SECONDS_MAX,
            "keepalives_interval": limits.STORE_WAIT_SECONDS_MAX,
            "keepalives_count": 3,
            "tcp_user_timeout": limits.STORE_SILENCE_SECONDS_MAX * 1_000,
        },
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=limits.STORE_WAIT_SECONDS_MAX,
    )
    event.listen(engine, "checkout", _refuse_ended)
    return engine


def _refuse_ended(connection: Any, *_: Any) -> None:
    """Let the pool replace a connection that the server has ended.

    Between statements the server says nothing. If there is something to read, it is the end,
    or a notice whose loss costs a reconnection; asking costs no round trip.
    """
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
    if waiting.poll(0):
        raise DisconnectionError("the server has ended the connection")


def _refuse_lossy_commits(connection: Any, *_: Any) -> None:
    """A commit that returns before the disk has it would make receipts lie."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false) "
            "WHERE current_setting('synchronous_commit') = 'off'"
        )
    connection.commit()
