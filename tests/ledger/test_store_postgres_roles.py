"""What the database refuses to the role that a service connects as, and to the owner.

The service's role adds to the log and does nothing else to it; each refusal here is the
database's own, told by its SQLSTATE. Whoever owns the tables is stopped by triggers until
they drop them, which proofs, witnesses and audits show.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from ledger.store import TileRow
from ledger.store_errors import StoreUnavailable
from ledger.store_postgres import PostgresStore
from ledger.store_postgres_tables import GRANTS, POSTGRES_METADATA
from tests.ledger.store_groups import Parts, append, contents, digest
from tests.postgres import APP, OWNER, Connection, LogDatabase, PostgresServer

pytestmark = pytest.mark.item("3.5.role")

PRIVILEGE = "42501"
APPEND_ONLY = "23001"
LOG_TABLES = ("entry", "tile", "checkpoint", "cosigned", "name")
NEW = "'\\x01', '\\x02', '\\x03', 1, 1, 5, '\\x04'"
OTHER = "'\\x05', '\\x06', '\\x07', 1, 1, 5, '\\x08'"

CHANGES = [
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "DELETE FROM {table} WHERE false",
    "TRUNCATE {table}",
    "TRUNCATE {table} CASCADE",
]
COLUMNS = {
    "entry": "text",
    "tile": "hashes",
    "checkpoint": "note",
    "cosigned": "note",
    "name": "text",
}

FORBIDDEN = [
    "DROP TABLE entry CASCADE",
    "DROP TRIGGER entry_refuses ON entry",
    "DROP FUNCTION lotmark_refuses CASCADE",
    "ALTER TABLE entry DISABLE TRIGGER ALL",
    "ALTER TABLE entry DISABLE TRIGGER entry_refuses",
    "ALTER TABLE entry OWNER TO CURRENT_USER",
    "ALTER TABLE checkpoint ADD COLUMN mine text",
    "CREATE OR REPLACE FUNCTION lotmark_refuses() RETURNS trigger LANGUAGE plpgsql "
    "AS 'BEGIN RETURN NEW; END'",
    "CREATE RULE mine AS ON INSERT TO entry DO INSTEAD NOTHING",
    "CREATE TRIGGER mine BEFORE INSERT ON entry EXECUTE FUNCTION lotmark_refuses()",
    "CREATE TABLE mine (id integer)",
    "CREATE SCHEMA mine",
    "DROP SCHEMA public CASCADE",
    "REINDEX TABLE entry",
    "DO $$ BEGIN LOCK TABLE entry IN ACCESS EXCLUSIVE MODE; END $$",
    f"SET ROLE {OWNER}",
    f"SET SESSION AUTHORIZATION {OWNER}",
    "SET session_replication_role = replica",
    f"GRANT {OWNER} TO {APP}",
    f"ALTER ROLE {APP} SUPERUSER",
    "INSERT INTO head VALUES (1, 9, '', '', 0, '', 0)",
    "DELETE FROM head",
    "TRUNCATE head",
    "DELETE FROM vault",
    "UPDATE alembic_version SET version_num = '0000'",
]

# What the service's role may write to the log, refused where it does not extend it.
INSERTS = [
    (f"INSERT INTO entry VALUES (5, {NEW})", ("(5,", "(4,")),
    (f"INSERT INTO entry VALUES (-1, {NEW})", ("(-1,", "(4,")),
    (f"INSERT INTO entry VALUES (4, {NEW}), (6, {OTHER})", ("(6,", "(5,")),
    ("INSERT INTO checkpoint VALUES (3, 'forged')", ("(3", "(5")),
    ("INSERT INTO cosigned VALUES (3, 'forged')", ("(3", "(5")),
]
HEADS = [
    "UPDATE head SET size = 3",
    "UPDATE head SET leaf = '', root = ''",
    "UPDATE head SET size = 5",
    "UPDATE head SET size = size + 1, outbox_end = -1",
]


@pytest.fixture
def log(postgres_log: LogDatabase) -> LogDatabase:
    """A log of four entries, with a tile, two checkpoints and a cosigned one."""
    with closing(PostgresStore(postgres_log.url, shelf=postgres_log.shelf)) as store:
        tile = TileRow(0, 0, digest("tile") * 256, digest("tile root"))
        append(store, 2, Parts(tiles=(tile,), disclosures=(("a~", 0),)))
        append(store, 2)
        store.keep_cosigned(4, "cosigned\n")
    return postgres_log


@pytest.fixture
def app(log: LogDatabase) -> Iterator[Connection]:
    """A connection of the service's role, as somebody who stole its password has one."""
    with psycopg.connect(log.url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def owner(log: LogDatabase) -> Iterator[Connection]:
    """A connection of the role that owns the database."""
    with psycopg.connect(log.owner_url, autocommit=True) as connection:
        yield connection


def _refusal(connection: Connection, statement: str) -> str | None:
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(statement)
    return caught.value.sqlstate


@pytest.mark.parametrize("table", LOG_TABLES)
def test_role_of_the_service_cannot_change_the_log(
    log: LogDatabase, app: Connection, table: str
) -> None:
    before = _contents(log)
    for change in CHANGES:
        statement = change.format(table=table, column=COLUMNS[table])
        assert _refusal(app, statement) == PRIVILEGE, statement
    assert _contents(log) == before


@pytest.mark.parametrize("table", LOG_TABLES)
def test_owner_is_refused_by_triggers(log: LogDatabase, owner: Connection, table: str) -> None:
    before = _contents(log)
    for change in CHANGES:
        statement = change.format(table=table, column=COLUMNS[table])
        assert _refusal(owner, statement) == APPEND_ONLY, statement
    assert _contents(log) == before


@pytest.mark.parametrize("table", [*LOG_TABLES, "head"])
def test_triggers_fire_for_a_superuser_that_plays_a_replica(log: LogDatabase, table: str) -> None:
    with psycopg.connect(log.superuser_url, autocommit=True) as superuser:
        superuser.execute("SET session_replication_role = replica")
        assert _refusal(superuser, f"DELETE FROM {table}") == APPEND_ONLY


def test_role_of_the_service_can_do_nothing_of_an_owner(log: LogDatabase, app: Connection) -> None:
    before = _contents(log)
    for statement in FORBIDDEN:
        assert _refusal(app, statement) == PRIVILEGE, statement
    assert _contents(log) == before


@pytest.mark.parametrize(("statement", "change"), INSERTS)
def test_rows_that_do_not_extend_the_log_are_refused(
    log: LogDatabase, app: Connection, statement: str, change: tuple[str, str]
) -> None:
    before = _contents(log)
    assert _refusal(app, statement) == APPEND_ONLY
    assert _contents(log) == before
    app.execute(statement.replace(*change))


@pytest.mark.parametrize("statement", HEADS)
def test_head_moves_with_the_entries_only(app: Connection, statement: str) -> None:
    assert _refusal(app, statement) == APPEND_ONLY
    app.execute(f"INSERT INTO entry VALUES (4, {NEW})")
    app.execute("UPDATE head SET size = 5")


def test_temporary_tables_do_not_deceive_the_guards(app: Connection) -> None:
    app.execute("CREATE TEMP TABLE entry (idx bigint)")
    app.execute("INSERT INTO pg_temp.entry VALUES (8)")
    assert _refusal(app, f"INSERT INTO public.entry VALUES (9, {NEW})") == APPEND_ONLY
    app.execute(f"INSERT INTO public.entry VALUES (4, {NEW})")


@pytest.mark.parametrize("column", ["record_id", "jti_key"])
def test_database_holds_that_ids_are_unique(app: Connection, column: str) -> None:
    values = {"record_id": "'\\x01'", "jti_key": "'\\x02'"}
    taken = f"(SELECT {column} FROM entry WHERE idx = 1)"
    columns = ", ".join((values | {column: taken}).values())
    rest = "'\\x03', 1, 1, 5, '\\x04'"
    assert _refusal(app, f"INSERT INTO entry VALUES (4, {columns}, {rest})") == "23505"
    app.execute(f"INSERT INTO entry VALUES (4, {', '.join(values.values())}, {rest})")


def test_every_table_has_its_grants(app: Connection) -> None:
    assert set(GRANTS) == {*POSTGRES_METADATA.tables, "alembic_version"}
    found = app.execute(
        "SELECT table_name, string_agg(privilege_type, ', ' ORDER BY privilege_type) "
        "FROM information_schema.role_table_grants WHERE grantee = current_user GROUP BY 1"
    ).fetchall()
    expected = {table: ", ".join(sorted(rights.split(", "))) for table, rights in GRANTS.items()}
    assert dict(found) == expected


def test_role_of_the_service_owns_nothing(app: Connection) -> None:
    owned = app.execute(
        "SELECT count(*) FROM pg_shdepend JOIN pg_roles ON refobjid = pg_roles.oid "
        "WHERE rolname = current_user AND deptype = 'o'"
    ).fetchone()
    assert owned == (0,)


def test_store_without_grants_names_the_remedy(postgres: PostgresServer, log: LogDatabase) -> None:
    with psycopg.connect(log.owner_url, autocommit=True) as owner:
        owner.execute(f"REVOKE INSERT ON checkpoint FROM {APP}")
    with closing(PostgresStore(log.url, shelf=log.shelf)) as store:
        with pytest.raises(StoreUnavailable, match="lotmark migrate --role"):
            append(store, 1)
        with psycopg.connect(log.owner_url, autocommit=True) as owner:
            owner.execute(f"GRANT INSERT ON checkpoint TO {APP}")
        append(store, 1)


def _contents(log: LogDatabase) -> tuple[object, ...]:
    with closing(PostgresStore(log.url, shelf=log.shelf, read_only=True)) as store:
        return contents(store)
