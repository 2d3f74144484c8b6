"""The compose file's PostgreSQL: its roles are made here as there, and suffice to serve a log."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from api import migrate
from ledger.store_postgres import PostgresStore
from tests.ledger.store_groups import append
from tests.postgres import SUPERUSER, PostgresServer

pytestmark = [pytest.mark.item("3.5"), pytest.mark.item("3.5.role")]

ROOT = Path(__file__).resolve().parents[2]
OWNER, APP, DATABASE = "lotmark_owner", "lotmark_app", "lotmark"


def compose() -> dict[str, Any]:
    """The compose file, its anchors resolved."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return read


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server on which nobody has made a role yet, after the script of the compose file."""
    server = PostgresServer()
    try:
        server.start()
        script = compose()["configs"]["roles"]["content"].replace("$$", "$")
        subprocess.run(
            ["/bin/sh", "-euc", script],
            check=True,
            env={
                "PATH": f"{server.binaries}:/usr/bin:/bin",
                "PGHOST": str(server.folder),
                "LOTMARK_OWNER_PASSWORD": "owner's",
                "LOTMARK_APP_PASSWORD": "app's",
            },
        )
        yield server
    finally:
        server.remove()


def test_replicas_serve_as_the_role_that_owns_nothing() -> None:
    services = compose()["services"]
    for name in ("replica-1", "replica-2"):
        assert f"//{APP}:" in services[name]["environment"]["LOTMARK_DATABASE_URL"]
        assert OWNER not in str(services[name]["environment"])
    assert f"//{OWNER}:" in services["migrate"]["environment"]["LOTMARK_DATABASE_URL"]
    assert services["migrate"]["command"] == ["migrate", "--role", APP]


def test_replicas_have_folders_of_their_own_and_loopback_ports() -> None:
    services = [compose()["services"][name] for name in ("replica-1", "replica-2")]
    assert len({service["environment"]["LOTMARK_DATA"] for service in services}) == 2
    assert len({service["environment"]["LOTMARK_BLOBS"] for service in services}) == 1
    ports = [port for service in services for port in service["ports"]]
    assert len(set(ports)) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


PASSWORDS = ("POSTGRES_PASSWORD", "LOTMARK_OWNER_PASSWORD", "LOTMARK_APP_PASSWORD")


@pytest.mark.parametrize("unset", ["", *PASSWORDS])
def test_no_database_is_made_without_its_passwords(unset: str, tmp_path: Path) -> None:
    entrypoint = tmp_path / "docker-entrypoint.sh"
    entrypoint.write_text('#!/bin/sh\necho "starts $1"\n')
    entrypoint.chmod(0o755)
    words = [word.replace("$$", "$") for word in compose()["services"]["postgres"]["entrypoint"]]
    given = {name: "" if name == unset else "letters" for name in PASSWORDS}
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", **given}
    ran = subprocess.run(words, check=False, env=environment, capture_output=True, text=True)
    assert (ran.returncode == 0, ran.stdout) == (
        (False, "") if unset else (True, "starts postgres\n")
    )
    assert unset in ran.stderr


def test_every_service_is_told_its_public_address() -> None:
    services = compose()["services"]
    for name in ("lotmark", "replica-1", "replica-2"):
        assert services[name]["environment"]["LOTMARK_BASE_URL"] == "${LOTMARK_BASE_URL:-}"


def test_nobody_outside_reaches_the_database() -> None:
    assert "ports" not in compose()["services"]["postgres"]


def test_roles_of_the_compose_file_migrate_and_serve(server: PostgresServer) -> None:
    owner_url = server.url(DATABASE, OWNER)
    migrate.upgrade(owner_url)
    migrate.grant(owner_url, APP)
    with closing(PostgresStore(server.url(DATABASE, APP), shelf=server.folder / "shelf")) as store:
        append(store, 2)
        store.keep_cosigned(2, "two\n")
    with psycopg.connect(server.url(DATABASE, APP), autocommit=True) as app:
        for statement in ("DELETE FROM entry", "CREATE TEMP TABLE mine (id integer)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)


def test_passwords_of_the_roles_are_those_of_the_environment(server: PostgresServer) -> None:
    with server.connect(SUPERUSER) as connection:
        found = connection.execute(
            "SELECT rolname, rolpassword LIKE 'SCRAM-SHA-256$%%', rolsuper, rolcreaterole "
            "FROM pg_authid WHERE rolname LIKE 'lotmark%%' ORDER BY 1"
        ).fetchall()
    assert found == [(APP, True, False, False), (OWNER, True, False, False)]
