"""Makes and upgrades the database: the only place where tables come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection, Engine, inspect, select
from sqlalchemy.exc import DBAPIError

from api.contents_moving import has_plain_contents, move_contents
from ledger.store_errors import (
    StoreOutdated,
    StoreUnavailable,
)
from ledger.store_lock import WriterLock
from ledger.store_postgres_connections import is_postgres, migration_engine
from ledger.store_postgres_tables import (
    ACCESSES_SUFFIX,
    ANOMALY_SUFFIX,
    DERIVED_SUFFIX,
    GRANTS,
    TALLIES_SUFFIX,
)
from ledger.store_sql import default_shelf
from ledger.store_sqlite import create_file, database_path
from ledger.store_sqlite import reader_engine as sqlite_reader
from ledger.store_sqlite import writer_engine as sqlite_writer
from ledger.store_tables import ENTRY
from ledger.vault.errors import ShelfMissing
from ledger.vault.shelf import KeyShelf
from ledger.vault.vault import Vault

_SCRIPTS = Path(__file__).parent / "migrations"
#: The last revision in which plain contents may stand.
_VAULT_MADE = {"sqlite": "0003", "postgresql": "0004"}
_VERSIONS = {"sqlite": "versions", "postgresql": "versions_postgresql"}
_Answer = TypeVar("_Answer")


def upgrade(
    url: str, *, shelf: Path | None = None, on_moved: Callable[[int], None] = lambda _: None
) -> None:
    """Bring the database at ``url`` to the newest revision.

    A SQLite file is made where there is none. A PostgreSQL database is there already, and is
    upgraded by the role that owns it. The plain contents of a log of an earlier version move
    into the vault; one that was killed meanwhile goes on where it was.

    Args:
        url: of the database.
        shelf: the folder of the log's keys; by default that beside a SQLite file.
        on_moved: told how many more contents have moved.

    Raises:
        StoreBusy: a service is writing to it.
        StoreOutdated: a newer version of Lotmark has upgraded it.
        ShelfMissing: contents are to move on a server, and no shelf is named.
        StoreUnavailable: it cannot be opened or changed; what was done stays so.
    """
    if is_postgres(url):
        _upgrade_all(migration_engine(url), shelf, on_moved)
        return
    path = database_path(url)
    with closing(WriterLock(path)):
        create_file(path)
        _upgrade_all(sqlite_writer(path), shelf or default_shelf(path), on_moved)


def grant(url: str, role: str) -> None:
    """Let the role of the service do what a service does, and nothing else.

    To be repeated after an upgrade. The role must be there, and own nothing of the log.

    Args:
        url: of a PostgreSQL database, as the role that owns it.
        role: the role that a service connects as.

    Raises:
        StoreUnavailable: there is no such role, it owns the log, or this is no PostgreSQL.
    """
    if not is_postgres(url):
        raise StoreUnavailable("expected a PostgreSQL database, found another: it has no roles")
    _run(migration_engine(url), lambda connection: _grant(connection, role))


def current(url: str) -> str | None:
    """The revision of the database, None where there is no database or no schema in it.

    Raises:
        StoreUnavailable: it is there and cannot be read.
    """
    if is_postgres(url):
        return _run(migration_engine(url), _revision)
    path = database_path(url)
    if not path.exists() or path.stat().st_size == 0:
        return None
    return _run(sqlite_reader(path), _revision)


def newest(url: str) -> str:
    """The revision of such a database that this version of Lotmark reads."""
    product = "postgresql" if is_postgres(url) else "sqlite"
    return _newest(_config(None, product))


def needs_upgrade(url: str) -> bool:
    """Whether the database has another revision than the newest, or is not there.

    Raises:
        StoreUnavailable: it is there and cannot be read.
    """
    return current(url) != newest(url)


def _upgrade_all(engine: Engine, shelf: Path | None, on_moved: Callable[[int], None]) -> None:
    with _failures(engine):
        with engine.begin() as connection:
            _upgrade(connection, _VAULT_MADE[connection.dialect.name])
            is_plain = has_plain_contents(connection)
        if is_plain and shelf is None:
            raise ShelfMissing(
                "expected the key shelf that the contents move under, found none named: set "
                "LOTMARK_SHELF to the folder that all replicas share"
            )
        if _is_between(engine) and shelf is not None:
            keys = KeyShelf(shelf)
            keys.make()
            move_contents(engine, Vault(keys), on_moved=on_moved)
        with engine.begin() as connection:
            _upgrade(connection, "head")


def _is_between(engine: Engine) -> bool:
    """Whether the table of plain contents is still there, of a log that has entries."""
    with engine.connect() as connection:
        found = inspect(connection).has_table("disclosure")
        return found and connection.execute(select(ENTRY.c.idx).limit(1)).first() is not None


def _run(engine: Engine, action: Callable[[Connection], _Answer]) -> _Answer:
    with _failures(engine), engine.begin() as connection:
        return action(connection)


@contextmanager
def _failures(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as fault:
        told = f"database: {' '.join(str(fault.orig).split())}"
        if isinstance(fault.orig, InsufficientPrivilege):
            told += "; run lotmark migrate as the role that owns the database"
        raise StoreUnavailable(told) from fault
    finally:
        engine.dispose()


def _upgrade(connection: Connection, target: str) -> None:
    config = _config(connection, connection.dialect.name)
    if connection.dialect.name == "postgresql":
        # Two at once would both find the database empty.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('lotmark migrate'))")
    try:
        # A database that is beyond the target stays as it is.
        command.upgrade(config, target)
    except CommandError as fault:
        raise StoreOutdated(
            f"expected a schema up to {_newest(config)}, found {_revision(connection)}: "
            "start the newer Lotmark that made it"
        ) from fault


def _grant(connection: Connection, role: str) -> None:
    _refuse_owner(connection, role)
    quoted = connection.dialect.identifier_preparer.quote_identifier(role)
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO {quoted}")
    for suffix in (DERIVED_SUFFIX, ACCESSES_SUFFIX, TALLIES_SUFFIX, ANOMALY_SUFFIX):
        beside = connection.exec_driver_sql(
            f"SELECT quote_ident(current_schema() || '{suffix}')"
        ).scalar_one()
        # There it makes its tables itself: nothing in them decides what the log is.
        connection.exec_driver_sql(f"GRANT USAGE, CREATE ON SCHEMA {beside} TO {quoted}")
    for table, rights in GRANTS.items():
        connection.exec_driver_sql(f"REVOKE ALL ON {table} FROM PUBLIC, {quoted}")
        connection.exec_driver_sql(f"GRANT {rights} ON {table} TO {quoted}")


def _refuse_owner(connection: Connection, role: str) -> None:
    owner = connection.exec_driver_sql(
        "SELECT tableowner FROM pg_tables WHERE tablename = 'entry' "
        "AND schemaname = current_schema() AND pg_has_role(%s, tableowner, 'MEMBER')",
        (role,),
    ).scalar()
    if owner is not None:
        found = "which owns some" if owner == role else f"and {role} may become {owner}"
        raise StoreUnavailable(
            f"expected a role that owns no table, found {role}, {found}: whoever owns a table may "
            "change what is written; create another role for the service, no superuser"
        )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _newest(config: Config) -> str:
    head = ScriptDirectory.from_config(config).get_current_head()
    assert head is not None, "there is at least one revision"
    return head


def _config(connection: Connection | None, product: str) -> Config:
    # No file: what Alembic needs to know is where the revisions are and on which connection.
    # Each product has a line of its own: their tables have little in common.
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", _escaped(_SCRIPTS))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", _escaped(_SCRIPTS / _VERSIONS[product]))
    return config


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")
