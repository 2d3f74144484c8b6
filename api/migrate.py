"""Makes and upgrades the database: the only place where tables come from."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from ledger.store_errors import (
    StoreOutdated,
    StoreUnavailable,
)
from ledger.store_lock import WriterLock
from ledger.store_sqlite import create_file, database_path, reader_engine, writer_engine

_SCRIPTS = Path(__file__).parent / "migrations"
_Answer = TypeVar("_Answer")


def upgrade(url: str) -> None:
    """Bring the database at ``url`` to the newest revision, making it where there is none.

    Raises:
        StoreBusy: a service is writing to it.
        StoreOutdated: a newer version of Lotmark has upgraded it.
        StoreUnavailable: it cannot be opened or changed; it is as it was.
    """
    path = database_path(url)
    with closing(WriterLock(path)):
        create_file(path)
        _run(writer_engine(path), _upgrade)


def current(url: str) -> str | None:
    """The revision of the database, None where there is no database or no schema in it.

    Raises:
        StoreUnavailable: it is there and cannot be read.
    """
    path = database_path(url)
    if not path.exists() or path.stat().st_size == 0:
        return None
    return _run(reader_engine(path), _revision)


def newest() -> str:
    """The revision that this version of Lotmark reads."""
    head = ScriptDirectory.from_config(_config(None)).get_current_head()
    assert head is not None, "there is at least one revision"
    return head


def needs_upgrade(url: str) -> bool:
    """Whether the database has another revision than the newest, or is not there.

    Raises:
        StoreUnavailable: it is there and cannot be read.
    """
    return current(url) != newest()


def _run(engine: Engine, action: Callable[[Connection], _Answer]) -> _Answer:
    try:
        with engine.begin() as connection:
            return action(connection)
    except DBAPIError as fault:
        raise StoreUnavailable(f"database: {fault.orig}") from fault
    finally:
        engine.dispose()


def _upgrade(connection: Connection) -> None:
    try:
        command.upgrade(_config(connection), "head")
    except CommandError as fault:
        raise StoreOutdated(
            f"expected a schema up to {newest()}, found {_revision(connection)}: "
            "start the newer Lotmark that made it"
        ) from fault


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection | None) -> Config:
    # No file: what Alembic needs to know is where the revisions are and on which connection.
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
