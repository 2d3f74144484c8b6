"""Whoever opens the database with SQLite cannot change what is written by changing rows.

What triggers cannot stop is DROP: who may write to the file may drop a trigger or a table, or
edit the bytes. That is noticed by proofs, the high-water file and ``lotmark audit``, not
prevented here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.store import TileRow
from tests.ledger.sqlite_files import new_database, opened, raw
from tests.ledger.store_groups import ALICE, Parts, append, contents, digest

pytestmark = pytest.mark.item("2.4")

ENTRY = "(idx, record_id, jti_key, leaf, party, vct, admitted_ms, text)"
VALUES = "x'01', x'02', x'03', 1, 1, 5, x'04'"

# Statement that is refused, and the same one with the value that makes it an extension.
INSERTS = [
    (f"INSERT INTO entry {ENTRY} VALUES (1, {VALUES})", ("(1,", "(4,")),
    (f"INSERT OR REPLACE INTO entry {ENTRY} VALUES (1, {VALUES})", ("(1,", "(4,")),
    (f"REPLACE INTO entry {ENTRY} VALUES (1, {VALUES})", ("(1,", "(4,")),
    (f"INSERT OR IGNORE INTO entry {ENTRY} VALUES (1, {VALUES})", ("(1,", "(4,")),
    (f"REPLACE INTO entry {ENTRY} VALUES (5, {VALUES})", ("(5,", "(4,")),
    (f"REPLACE INTO entry {ENTRY} VALUES (-1, {VALUES})", ("(-1,", "(4,")),
    ("REPLACE INTO tile VALUES (0, 0, x'01', x'02')", ("(0, 0", "(0, 1")),
    ("INSERT OR REPLACE INTO tile VALUES (0, 0, x'01', x'02')", ("(0, 0", "(1, 0")),
    ("REPLACE INTO checkpoint VALUES (4, 'forged')", ("(4", "(5")),
    ("INSERT OR REPLACE INTO checkpoint VALUES (2, 'forged')", ("(2", "(5")),
    ("REPLACE INTO cosigned VALUES (4, 'forged')", ("(4", "(5")),
    ("INSERT OR REPLACE INTO cosigned VALUES (2, 'forged')", ("(2", "(5")),
    ("REPLACE INTO name VALUES (1, 'somebody')", ("(1", "(9")),
    (f"REPLACE INTO name VALUES (9, '{ALICE}')", (ALICE, "somebody")),
]

REFUSED = [
    "UPDATE entry SET text = x'00' WHERE idx = 1",
    "UPDATE entry SET idx = 9 WHERE idx = 1",
    "UPDATE OR REPLACE entry SET idx = 2 WHERE idx = 1",
    f"INSERT INTO entry {ENTRY} VALUES (1, {VALUES}) ON CONFLICT (idx) DO UPDATE SET text = x'00'",
    "DELETE FROM entry WHERE idx = 1",
    "DELETE FROM entry",
    "UPDATE tile SET hashes = x'00'",
    "DELETE FROM tile",
    "UPDATE checkpoint SET note = 'forged'",
    "UPDATE OR REPLACE checkpoint SET size = 4 WHERE size = 2",
    "DELETE FROM checkpoint WHERE size = 2",
    "UPDATE cosigned SET note = 'forged'",
    "UPDATE OR REPLACE cosigned SET size = 4 WHERE size = 2",
    "DELETE FROM cosigned WHERE size = 2",
    "UPDATE name SET text = 'somebody'",
    "DELETE FROM name",
    "DELETE FROM head",
    "REPLACE INTO head VALUES (0, 9, x'00', x'00', 1, x'00')",
    "INSERT INTO head VALUES (1, 9, x'00', x'00', 1, x'00')",
    "UPDATE head SET size = 3",
    "UPDATE head SET size = 4, root = x'00'",
    "UPDATE head SET size = 5",
    "UPDATE head SET only = 1, size = 5",
    "DELETE FROM record_key",
    "UPDATE jti_key SET idx = 3",
    "DELETE FROM jti_key",
]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A log of four entries, a tile, two checkpoints, and an index that is partly merged."""
    made = new_database(tmp_path)
    with opened(made, segment_entries=1) as store:
        tile = TileRow(0, 0, digest("tile") * 256, digest("tile root"))
        append(store, 2, Parts(tiles=(tile,), disclosures=(("a~", 0),)))
        append(store, 2)
        store.keep_cosigned(2, "cosigned 2\n")
        store.keep_cosigned(4, "cosigned 4\n")
    return made


@pytest.fixture(params=["ON", "OFF"])
def stranger(url: str, request: pytest.FixtureRequest) -> Iterator[sqlite3.Connection]:
    """A connection of somebody else, with and without the pragma that REPLACE asks for."""
    with raw(url) as connection:
        connection.execute(f"PRAGMA recursive_triggers={request.param}")
        yield connection


@pytest.mark.parametrize("statement", REFUSED)
def test_written_rows_cannot_be_changed(
    url: str, stranger: sqlite3.Connection, statement: str
) -> None:
    before = _contents(url)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        stranger.execute(statement)
    assert _contents(url) == before


@pytest.mark.parametrize(("statement", "change"), INSERTS)
def test_written_rows_cannot_be_inserted_over(
    url: str, stranger: sqlite3.Connection, statement: str, change: tuple[str, str]
) -> None:
    before = _contents(url)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        stranger.execute(statement)
    assert _contents(url) == before
    stranger.execute(statement.replace(*change))


def test_refused_statement_undoes_its_whole_transaction(
    url: str, stranger: sqlite3.Connection
) -> None:
    stranger.execute("BEGIN")
    stranger.execute("INSERT INTO checkpoint VALUES (9, 'forged')")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        stranger.execute("DELETE FROM entry")
    assert not stranger.in_transaction
    assert stranger.execute("SELECT max(size) FROM checkpoint").fetchone() == (4,)


def test_head_moves_with_the_entries_only(url: str, stranger: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        stranger.execute("UPDATE head SET size = 5")
    stranger.execute(f"INSERT INTO entry {ENTRY} VALUES (4, {VALUES})")
    stranger.execute("UPDATE head SET size = 5")
    assert stranger.execute("SELECT size FROM head").fetchone() == (5,)


def test_disclosures_can_be_erased(url: str, stranger: sqlite3.Connection) -> None:
    stranger.execute("DELETE FROM vault")
    with opened(url) as store:
        assert store.disclosures([0]) == {}


def _contents(url: str) -> tuple[object, ...]:
    with opened(url, read_only=True) as store:
        return contents(store)
