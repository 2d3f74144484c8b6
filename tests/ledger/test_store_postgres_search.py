"""Search on PostgreSQL agrees with the slow reference, and the shortest list bounds its work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.store import SearchQuery
from ledger.store_postgres import PostgresStore
from ledger.store_postgres_search import _intersection
from ledger.store_search_lists import alternatives
from tests.ledger.store_groups import ALICE, BOB, REPORT, Parts, a_group, a_row, append, digest
from tests.ledger.test_store_search import Fact, check, groups, queries
from tests.postgres import LogDatabase, PostgresServer

pytestmark = pytest.mark.item("3.5")

POPULAR = digest("popular")
ENTRIES = 2_000
RARE_EVERY = 500
STEPS_MAX = 4 * (ENTRIES // RARE_EVERY) + 4


# Every example makes a database.
@settings(max_examples=25)
@given(log=groups, asked=st.lists(queries, min_size=1, max_size=6))
def test_postgres_search_agrees_with_the_reference(
    postgres: PostgresServer, log: list[list[Fact]], asked: list[SearchQuery]
) -> None:
    with (
        postgres.log_database() as database,
        closing(PostgresStore(database.url, shelf=database.shelf)) as store,
    ):
        check(store, log, asked)


@pytest.fixture
def store(postgres_log: LogDatabase) -> Iterator[PostgresStore]:
    """A log in which every entry has one key, and few have one reader or one type."""
    with closing(PostgresStore(postgres_log.url, shelf=postgres_log.shelf)) as store:
        rare = range(0, ENTRIES, RARE_EVERY)
        rows = [a_row(i, vct="rare/v1" if i in rare else REPORT) for i in range(ENTRIES)]
        search = tuple((POPULAR, index) for index in range(ENTRIES))
        parts = Parts(search=search, standing=tuple((BOB, index) for index in rare))
        store.commit(a_group(None, rows, parts))
        yield store


@pytest.mark.parametrize(
    "query",
    [
        SearchQuery(key=POPULAR, reader=BOB),
        SearchQuery(key=POPULAR, vct="rare/v1"),
        SearchQuery(party=ALICE, vct="rare/v1"),
        SearchQuery(key=POPULAR, party=ALICE, vct="rare/v1", reader=BOB),
    ],
)
def test_shortest_list_bounds_the_work(store: PostgresStore, query: SearchQuery) -> None:
    assert store.search(query) == list(range(0, ENTRIES, RARE_EVERY))[::-1]
    with store._database.reading() as connection:
        for lists in alternatives(connection, query, store._names):
            shape = tuple((each.table, each.column) for each in lists)
            values = [value for each in lists for value in (each.value, 0)]
            told = connection.exec_driver_sql(
                f"EXPLAIN (ANALYZE, FORMAT JSON) {_intersection(shape)}",
                (ENTRIES - 1, *values, 50),
            ).scalar_one()
            steps = list(_nodes(told[0]["Plan"]))
            assert not [step for step in steps if step["Node Type"] == "Seq Scan"]
            (union,) = [step for step in steps if step["Node Type"] == "Recursive Union"]
            assert union["Actual Rows"] <= STEPS_MAX


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


def test_open_reading_does_not_hold_up_a_commit(store: PostgresStore) -> None:
    reading = store.entries(0, ENTRIES)
    assert next(reading).index == 0
    append(store, 1)
    assert [row.index for row in reading] == list(range(1, ENTRIES))


# What a long reading keeps on the server, it keeps from being cleaned up.
def test_reading_page_by_page_holds_no_transaction_open(
    postgres_log: LogDatabase, store: PostgresStore
) -> None:
    reading = store.entries(0, ENTRIES)
    next(reading)
    with psycopg.connect(postgres_log.superuser_url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND state <> 'idle'"
        ).fetchone()
    assert found == (0,)
    assert sum(1 for _ in reading) == ENTRIES - 1
