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
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from ledger.store_errors import (
    StoreOutdated,
    StoreUnavailable,
)
from ledger.store_lock import WriterLock
from ledger.store_postgres_connections import is_postgres, migration_engine
from ledger.store_postgres_tables import ACCESSES_SUFFIX, DERIVED_SUFFIX, GRANTS
from ledger.store_sqlite import create_file, database_path
from ledger.store_sqlite import reader_engine as sqlite_reader
from ledger.store_sqlite import writer_engine as sqlite_writer

_SCRIPTS = Path(__file__).parent / "migrations"
_VERSIONS = {"sqlite": "versions", "postgresql": "versions_postgresql"}
_Answer = TypeVar("_Answer")


def upgrade(url: str) -> None:
    """Bring the database at ``url`` to the newest revision.

    A SQLite file is made where there is none. A PostgreSQL database is there already, and is
    upgraded by the role that owns it.

    Raises:
        StoreBusy: a service is writing to it.
        StoreOutdated: a newer version of Lotmark has upgraded it.
        StoreUnavailable: it cannot be opened or changed; it is as it was.
    """
    if is_postgres(url):
        _run(migration_engine(url), _upgrade)
        return
    path = database_path(url)
    with closing(WriterLock(path)):
        create_file(path)
        _run(sqlite_writer(path), _upgrade)


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


def _run(engine: Engine, action: Callable[[Connection], _Answer]) -> _Answer:
    try:
        with engine.begin() as connection:
            return action(connection)
    except DBAPIError as fault:
        told = f"database: {' '.join(str(fault.orig).split())}"
        if isinstance(fault.orig, InsufficientPrivilege):
            told += "; run lotmark migrate as the role that owns the database"
        raise StoreUnavailable(told) from fault
    finally:
        engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = _config(connection, connection.dialect.name)
    if connection.dialect.name == "postgresql":
        # Two at once would both find the database empty.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('lotmark migrate'))")
    try:
        command.upgrade(config, "head")
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
    for suffix in (DERIVED_SUFFIX, ACCESSES_SUFFIX):
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
