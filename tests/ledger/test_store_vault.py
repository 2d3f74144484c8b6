"""Erasing in a store, down to the bytes: what its files hold, and what yesterday's open to."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import psycopg
import pytest

from keys.encoding import decode_base64url
from ledger.store_open import open_store
from ledger.store_postgres import PostgresStore
from ledger.store_sql import SqlStore
from ledger.vault.sealing import VaultRow
from tests.ledger.crashes import run_and_die
from tests.ledger.sqlite_files import new_database, opened, raw
from tests.ledger.store_groups import Parts, append
from tests.ledger.vault.vault_rows import a_disclosure, disclosures
from tests.postgres import LogDatabase, PostgresServer

pytestmark = pytest.mark.item("5.6")

SECRET: Final = a_disclosure("recipe", "two parts of nickel and one of chrome")
KEPT: Final = {
    0: f"{disclosures('lot', value='of the first')}{SECRET}~",
    1: disclosures("lot", value="of the second"),
    2: disclosures("recipe", value="somebody else's"),
}
LEFT: Final = KEPT | {0: disclosures("lot", value="of the first")}

SqlLog = SqlStore | PostgresStore


def filled(store: SqlLog) -> SqlLog:
    """A store with the contents of three records, in two commits."""
    append(store, 2, Parts(disclosures=tuple((KEPT[i], i) for i in (0, 1))))
    append(store, 1, Parts(disclosures=((KEPT[2], 2),)))
    return store


def told(store: SqlLog) -> dict[int, str]:
    """What opens."""
    return dict(store.disclosures(range(3)))


def plain_in(folder: Path) -> set[str]:
    """Which traces of the secret the files below a folder hold."""
    opened = decode_base64url(SECRET)
    traces = {
        "disclosure": SECRET.encode(),
        "its text": opened,
        "value": b"two parts of nickel",
        "salt": b"salt of recipe",
    }
    data = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return {name for name, trace in traces.items() if any(trace in found for found in data)}


@pytest.mark.item("5.done.erased-raw")
def test_files_of_sqlite_hold_neither_plaintext_nor_salt(tmp_path: Path) -> None:
    with opened(new_database(tmp_path)) as store:
        filled(store).erase(0, ["recipe"])
        assert told(store) == LEFT
        assert any(path.name.endswith("-wal") for path in tmp_path.iterdir())
        assert plain_in(tmp_path) == set()
    assert plain_in(tmp_path) == set()
    (tmp_path / "seen").write_bytes(SECRET.encode())
    assert "disclosure" in plain_in(tmp_path)


@pytest.mark.item("5.done.erased-raw")
def test_files_of_postgresql_hold_neither_plaintext_nor_salt(
    postgres: PostgresServer, postgres_log: LogDatabase
) -> None:
    with closing(PostgresStore(postgres_log.url, shelf=postgres_log.shelf)) as store:
        filled(store).erase(0, ["recipe"])
        assert told(store) == LEFT
    with postgres.connect() as connection:
        connection.execute("CHECKPOINT")
    assert plain_in(postgres.data) == set()


@pytest.mark.item("5.done.erased-backup")
def test_yesterdays_files_and_todays_shelf_open_all_but_the_erased(tmp_path: Path) -> None:
    today, yesterday = tmp_path / "today", tmp_path / "yesterday"
    today.mkdir()
    url = new_database(today)
    with opened(url) as store:
        filled(store)
    shutil.copytree(today, yesterday)
    with opened(url) as store:
        store.erase(0, ["recipe"])
    restored = f"sqlite:///{yesterday / 'ledger.db'}"
    with closing(open_store(restored, shelf=today / "shelf")) as store:
        assert told(store) == LEFT
        # It goes on from there: what it erases itself, and what it is given.
        store.erase(1, ["lot"])
        append(store, 1, Parts(disclosures=(("more~", 3),)))
        assert store.disclosures(range(4)) == {0: LEFT[0], 2: LEFT[2], 3: "more~"}
    with closing(open_store(restored)) as store:
        assert told(store) == {}, "with the shelf of yesterday alone nothing new opens"


@pytest.mark.item("5.done.erased-backup")
def test_yesterdays_rows_and_todays_shelf_open_all_but_the_erased_on_postgresql(
    postgres_log: LogDatabase,
) -> None:
    with closing(PostgresStore(postgres_log.url, shelf=postgres_log.shelf)) as store:
        yesterday = list(filled(store).vault_rows(0, 3))
        store.erase(0, ["recipe"])
        assert told(store) == LEFT
        _put_back(postgres_log, yesterday)
        assert list(store.vault_rows(0, 3)) == yesterday
        assert told(store) == LEFT


def _put_back(log: LogDatabase, rows: list[VaultRow]) -> None:
    with psycopg.connect(log.superuser_url, autocommit=True) as connection:
        for row in rows:
            connection.execute(
                "UPDATE vault SET epoch_key = %s, version = %s, wrapped = %s, content = %s "
                "WHERE idx = %s",
                (row.epoch_key, row.version, row.wrapped, row.content, row.entry),
            )


def test_replicas_that_share_a_shelf_read_and_seal_by_the_newest_key(
    postgres_log: LogDatabase,
) -> None:
    url, shelf = postgres_log.url, postgres_log.shelf
    with (
        closing(PostgresStore(url, shelf=shelf)) as one,
        closing(PostgresStore(url, shelf=shelf)) as other,
    ):
        assert told(filled(one)) == told(other) == KEPT
        other.erase(0, ["recipe"])
        assert told(one) == LEFT
        append(one, 1, Parts(disclosures=(("more~", 3),)))
        assert other.disclosures([0, 3]) == {0: LEFT[0], 3: "more~"}


@pytest.mark.parametrize("lose", [shutil.rmtree, lambda at: next(at.rglob("*.json")).unlink()])
def test_without_its_keys_contents_are_lost_and_may_come_back(
    tmp_path: Path, lose: Callable[[Path], None]
) -> None:
    url = new_database(tmp_path)
    with opened(url) as store:
        filled(store)
    lose(tmp_path / "shelf")
    with opened(url) as store:
        assert told(store) == {}
        store.restore_disclosures(0, KEPT[0])
        append(store, 1, Parts(disclosures=(("more~", 3),)))
        assert store.disclosures(range(4)) == {0: KEPT[0], 3: "more~"}


def _attempts(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A log for each touch of the shelf, and one for after the last."""
    for touch in range(1, 40):
        folder = tmp_path / str(touch)
        folder.mkdir()
        yield touch, folder


def test_an_erasure_that_is_killed_loses_nothing_else_and_may_be_repeated(tmp_path: Path) -> None:
    outcomes = set()
    for touch, folder in _attempts(tmp_path):
        url = new_database(folder)
        with opened(url) as store:
            filled(store)

        def erase(at: str = url) -> None:
            with opened(at) as store:
                store.erase(0, ["recipe"])

        died = run_and_die(folder / "shelf", erase, touch=touch)
        with opened(url) as store:
            found = told(store)
            assert found in (KEPT, LEFT)
            outcomes.add((died, found == LEFT, _keys_in(url)))
            store.erase(0, ["recipe"])
            assert told(store) == LEFT
            assert _keys_in(url) == 1
        if not died:
            break
    # Killed before, killed between the shelf and the database, and not killed.
    assert {(True, False, 1), (False, True, 1)} <= outcomes
    assert (True, True, 1) in outcomes


def _keys_in(url: str) -> int:
    with raw(url) as connection:
        ((count,),) = connection.execute("SELECT count(DISTINCT epoch_key) FROM vault").fetchall()
    return int(count)
