"""A PostgreSQL database is made by its migrations, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from api import migrate
from ledger.store_errors import StoreOutdated, StoreUnavailable
from ledger.store_postgres import PostgresStore
from ledger.store_postgres_connections import migration_engine
from ledger.store_postgres_tables import POSTGRES_METADATA, POSTGRES_REVISION
from tests.ledger.store_groups import append
from tests.postgres import APP, OWNER, Connection, PostgresServer

pytestmark = pytest.mark.item("3.5")

EMPTY = "migrated"
GUARDED = {
    "name": {"refuses"},
    "entry": {"refuses", "extends_entries"},
    "tile": {"refuses"},
    "checkpoint": {"refuses", "ascends"},
    "cosigned": {"refuses", "ascends_cosigned"},
    "head": {"refuses", "moves_with_entries"},
}


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """An empty database, as its owner."""
    with postgres.connect() as connection:
        connection.execute(f"CREATE DATABASE {EMPTY} OWNER {OWNER}")
        yield postgres.url(EMPTY, OWNER)
        connection.execute(f"DROP DATABASE {EMPTY} WITH (FORCE)")


@pytest.fixture
def shell(url: str) -> Iterator[Connection]:
    """A plain connection to a database just made."""
    migrate.upgrade(url)
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def test_upgrade_makes_a_database_that_a_store_opens(url: str, tmp_path: Path) -> None:
    assert migrate.current(url) is None
    assert migrate.needs_upgrade(url)
    migrate.upgrade(url)
    assert migrate.current(url) == POSTGRES_REVISION == migrate.newest(url)
    assert not migrate.needs_upgrade(url)
    with closing(PostgresStore(url, shelf=tmp_path)) as store:
        append(store, 1)


def test_second_upgrade_changes_nothing(url: str, shell: Connection) -> None:
    tables = "SELECT relname, relfilenode, xmin FROM pg_class WHERE relkind IN ('r', 'i')"
    before = shell.execute(f"{tables} ORDER BY relname").fetchall()
    migrate.upgrade(url)
    assert shell.execute(f"{tables} ORDER BY relname").fetchall() == before


def test_migrated_tables_are_the_tables_of_the_store(url: str) -> None:
    migrate.upgrade(url)
    engine = migration_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, POSTGRES_METADATA) == []
    engine.dispose()


def test_every_table_of_the_log_has_its_guards(shell: Connection) -> None:
    rows = shell.execute(
        "SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal"
    ).fetchall()
    expected = {(table, f"{table}_{name}") for table, names in GUARDED.items() for name in names}
    assert {(table, name) for table, name, _ in rows} == expected
    # A is for always: replication does not go round them either.
    assert {enabled for *_, enabled in rows} == {"A"}


def test_database_of_a_newer_version_is_left_alone(url: str, shell: Connection) -> None:
    shell.execute("UPDATE alembic_version SET version_num = '9999'")
    assert migrate.needs_upgrade(url)
    with pytest.raises(StoreOutdated, match=rf"up to {POSTGRES_REVISION}, found 9999"):
        migrate.upgrade(url)
    assert migrate.current(url) == "9999"


def test_upgrade_that_fails_leaves_nothing_behind(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE standing (somebody_elses integer)")
        with pytest.raises(StoreUnavailable, match='"standing" already exists'):
            migrate.upgrade(url)
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        assert tables.fetchall() == [("standing",)]


def test_role_without_grants_can_do_nothing(
    postgres: PostgresServer, url: str, shell: Connection, tmp_path: Path
) -> None:
    of_the_service = postgres.url(EMPTY, APP)
    with pytest.raises(StoreUnavailable, match="permission denied"):
        PostgresStore(of_the_service, shelf=tmp_path)
    migrate.grant(url, APP)
    migrate.grant(url, APP)
    with closing(PostgresStore(of_the_service, shelf=tmp_path)) as store:
        append(store, 1)


def test_grant_takes_back_what_was_given_before(url: str, shell: Connection) -> None:
    shell.execute(f"GRANT UPDATE ON entry TO {APP}")
    shell.execute("GRANT DELETE ON entry TO PUBLIC")
    migrate.grant(url, APP)
    rights = "SELECT has_table_privilege(%s, 'entry', %s)"
    for right, is_granted in (("INSERT", True), ("UPDATE", False), ("DELETE", False)):
        assert shell.execute(rights, (APP, right)).fetchone() == (is_granted,)


def test_role_that_owns_the_log_is_refused(url: str, shell: Connection) -> None:
    with pytest.raises(StoreUnavailable, match=f"found {OWNER}, which owns some"):
        migrate.grant(url, OWNER)


def test_role_that_is_not_there_is_refused(url: str, shell: Connection) -> None:
    with pytest.raises(StoreUnavailable, match='role "nobody; --" does not exist'):
        migrate.grant(url, "nobody; --")


def test_role_that_could_become_the_owner_is_refused(
    postgres: PostgresServer, url: str, shell: Connection
) -> None:
    with postgres.connect() as superuser:
        superuser.execute(f"GRANT {OWNER} TO {APP}")
        try:
            with pytest.raises(StoreUnavailable, match=f"{APP} may become {OWNER}"):
                migrate.grant(url, APP)
        finally:
            superuser.execute(f"REVOKE {OWNER} FROM {APP}")
    migrate.grant(url, APP)


def test_sqlite_has_no_roles() -> None:
    with pytest.raises(StoreUnavailable, match="it has no roles"):
        migrate.grant("sqlite:////tmp/ledger.db", APP)
