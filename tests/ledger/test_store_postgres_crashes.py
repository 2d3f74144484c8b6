"""A process killed while it writes to PostgreSQL leaves whole groups, and holds nobody up."""

from __future__ import annotations

from contextlib import closing

import pytest

from ledger.store_postgres import PostgresStore
from tests.ledger.killed_writers import GROUP, a_writer, check_left, write_and_be_killed
from tests.ledger.store_groups import append
from tests.postgres import LogDatabase, running

pytestmark = [pytest.mark.item("3.5"), pytest.mark.timeout(300)]


def check_settled(store: PostgresStore, durable: int) -> None:
    """Look at what a killed writer left, once its last commit is done or undone."""
    with store.turn():
        check_left(store, durable)


def check_after_kills(log: LogDatabase, *, rounds: int) -> None:
    """Kill a writer again and again, each time a little later, and look at what it left."""
    for number in range(rounds):
        durable = write_and_be_killed(
            log.url, after_commits=3 + number, after_seconds=0.0007 * number
        )
        with closing(PostgresStore(log.url, shelf=log.shelf)) as store:
            check_settled(store, durable)


def test_killed_writer_loses_nothing_that_was_durable(postgres_log: LogDatabase) -> None:
    check_after_kills(postgres_log, rounds=3)


@pytest.mark.parametrize("is_durable", [False, pytest.param(True, marks=pytest.mark.long)])
def test_crashed_server_loses_nothing_that_was_durable(is_durable: bool) -> None:
    with running(is_durable=is_durable) as server, server.log_database() as log:
        with a_writer(log.url, is_silent=True) as (writer, sizes):
            said = [int(sizes.readline()) for _ in range(5)]
            server.kill()
            said += map(int, sizes.read().split())
        assert writer.returncode == 1
        server.start()
        with closing(PostgresStore(log.url, shelf=log.shelf)) as store:
            check_settled(store, said[-1])
            append(store, GROUP)


@pytest.mark.long
def test_writer_killed_many_times_loses_nothing_that_was_durable(postgres_log: LogDatabase) -> None:
    check_after_kills(postgres_log, rounds=60)
