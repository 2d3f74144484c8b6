"""The command line on PostgreSQL: migrate as the owner, found and serve as a role of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.store_postgres_tables import POSTGRES_REVISION
from tests.api.cli.shell import a_shell
from tests.api.cli.solo import FOUNDED, lotmark
from tests.api.cli.test_story import TABLE
from tests.postgres import APP, OWNER, LogDatabase, PostgresServer

pytestmark = pytest.mark.item("3.5")

SLUG = "hanfeng-drive"
EMPTY = "of_the_command_line"


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[str]:
    """The name of a database in which nothing is yet."""
    with postgres.connect() as connection:
        connection.execute(f"CREATE DATABASE {EMPTY} OWNER {OWNER}")
        yield EMPTY
        connection.execute(f"DROP DATABASE {EMPTY} WITH (FORCE)")


def document(*arguments: str, env: Mapping[str, str]) -> dict[str, Any]:
    """Run a command with --json; its one document."""
    found = json.loads(lotmark(*arguments, "--json", env=env).stdout)
    assert isinstance(found, dict)
    return found


def init(folder: Path, url: str) -> dict[str, Any]:
    """Found a log of one party in a database."""
    party = str(folder / "parties" / SLUG)
    options = ("--solo", SLUG, "--data", str(folder / "data"), "--party", party)
    return document("init", *options, env={"LOTMARK_DATABASE_URL": url})


@pytest.mark.item("3.5.role")
def test_owner_migrates_and_another_role_founds(
    postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    owner = {"LOTMARK_DATABASE_URL": postgres.url(database, OWNER)}
    refused = init(tmp_path, postgres.url(database, APP))
    assert refused["error"]["code"] == "store-unavailable"
    assert "lotmark migrate" in refused["error"]["detail"]
    told = {"schema": POSTGRES_REVISION, "role": APP, "moved": 0, "uploads": 0}
    assert document("migrate", "--role", APP, env=owner) == {"before": None, **told}
    again = document("migrate", env={**owner, "LOTMARK_DATABASE_ROLE": APP})
    assert again == {"before": POSTGRES_REVISION, **told}
    assert init(tmp_path, postgres.url(database, APP))["size"] == FOUNDED
    assert not (tmp_path / "data" / "ledger.db").exists()


def test_database_that_holds_a_log_is_not_founded_again(
    postgres_log: LogDatabase, tmp_path: Path
) -> None:
    init(tmp_path, postgres_log.url)
    (tmp_path / "other").mkdir()
    refused = init(tmp_path / "other", postgres_log.url)
    assert refused["error"]["code"] == "log-exists"
    assert f"a log of {FOUNDED} entries" in refused["error"]["detail"]
    assert list((tmp_path / "other" / "data").iterdir()) == []


def test_role_for_the_service_is_none_of_sqlite(tmp_path: Path) -> None:
    init(tmp_path, "")
    data = ("--data", str(tmp_path / "data"))
    refused = document("migrate", "--role", APP, *data, env={})
    assert "it has no roles" in refused["error"]["detail"]
    assert document("migrate", *data, env={})["role"] is None


def test_log_on_postgres_is_served_audited_and_rebuilt(
    postgres_log: LogDatabase, tmp_path: Path
) -> None:
    shell = a_shell(tmp_path)
    environment = dict(shell.environment, LOTMARK_DATABASE_URL=postgres_log.url)
    shell = type(shell)(shell.folder, environment)

    def run(*arguments: str) -> dict[str, Any]:
        ran = shell.lotmark(*arguments, "--json")
        assert ran.returncode == 0, ran.stderr
        found: dict[str, Any] = json.loads(ran.stdout)
        return found

    run("init", "--solo", SLUG)
    (tmp_path / "m.csv").write_text(TABLE)
    with shell.served():
        sent = run("submit", "m.csv", "--type", "inspection-report/v1", "--offset", "+01:00")
        assert [item["index"] for item in sent["records"]] == [FOUNDED, FOUNDED + 1]
        assert run("audit", "data")["clean"] is True
        assert run("audit", environment["LOTMARK_URL"])["clean"] is True
        rebuilt = run("rebuild")
        assert (rebuilt["entries"], rebuilt["missing_before"]) == (FOUNDED + 2, 0)
    with psycopg.connect(postgres_log.superuser_url) as connection:
        assert connection.execute("SELECT count(*) FROM entry").fetchone() == (FOUNDED + 2,)
