"""One writes, many read: each sees whole groups, and nobody waits for the others to finish."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ledger.store import SearchQuery
from ledger.store_errors import (
    HeadMoved,
    StoreUnavailable,
)
from ledger.store_sql import SqlStore
from ledger.store_turns import HeadTurns, Turns
from tests.ledger.sqlite_files import new_database, opened
from tests.ledger.store_groups import Parts, a_group, a_row, append, digest, rows_after

pytestmark = pytest.mark.item("2.4")

LOT = digest("lot")
GROUPS = 60
GROUP = 3


def test_readers_see_whole_groups_while_one_writes(tmp_path: Path) -> None:
    url = new_database(tmp_path)
    stop = threading.Event()
    with opened(url, segment_entries=8) as store, ThreadPoolExecutor() as threads:
        readers = [threads.submit(_read_until, store, stop) for _ in range(6)]
        try:
            for _ in range(GROUPS):
                _append_listed(store)
        finally:
            stop.set()
        assert sum(reader.result() for reader in readers) > 0
        assert len(store.search(SearchQuery(key=LOT, limit=1_000))) == GROUPS * GROUP


def _append_listed(store: SqlStore) -> None:
    head = store.head()
    rows = rows_after(head, GROUP)
    store.commit(a_group(head, rows, Parts(search=tuple((LOT, row.index) for row in rows))))


def _read_until(store: SqlStore, stop: threading.Event) -> int:
    rounds = 0
    while not stop.is_set():
        head = store.head()
        size = head.size if head else 0
        assert size % GROUP == 0
        # What was committed before the question is in the answer; there may be more by now.
        found = store.search(SearchQuery(key=LOT, limit=1_000))
        assert list(found) == list(range(len(found) - 1, -1, -1))
        assert len(found) >= size - GROUP
        indices = [row.index for row in store.entries(0, size)]
        assert indices == list(range(size))
        asked = [a_row(index).record_id for index in range(size)]
        assert len(store.known(asked, []).records) >= size - GROUP
        rounds += 1
    return rounds


def test_open_reading_does_not_hold_up_a_commit(tmp_path: Path) -> None:
    with opened(new_database(tmp_path)) as store:
        append(store, 600)
        reading = store.entries(0, 600)
        assert next(reading).index == 0
        append(store, 1)
        assert [row.index for row in reading] == list(range(1, 600))


def test_of_writers_that_race_one_wins_each_head(tmp_path: Path) -> None:
    with opened(new_database(tmp_path)) as store, ThreadPoolExecutor() as threads:
        first = a_group(None, [a_row(0)])

        def race() -> bool:
            try:
                store.commit(first)
            except HeadMoved:
                return False
            return True

        outcomes = [threads.submit(race) for _ in range(8)]
        assert sum(outcome.result() for outcome in outcomes) == 1
        assert store.head() == first.head


def test_more_readers_than_connections_all_get_an_answer(tmp_path: Path) -> None:
    with opened(new_database(tmp_path)) as store, ThreadPoolExecutor(16) as threads:
        append(store, 100)
        answers = [threads.submit(lambda: len(list(store.entries(0, 100)))) for _ in range(64)]
        assert {answer.result() for answer in answers} == {100}


def test_turn_that_does_not_come_is_refused_and_later_ones_come() -> None:
    turns = Turns(1, seconds_max=0.01)
    with (
        turns.take(),
        pytest.raises(StoreUnavailable, match="a free connection within"),
        turns.take(),
    ):
        pass
    with turns.take():
        pass


def test_turns_come_in_the_order_of_asking() -> None:
    turns = Turns(1, seconds_max=30)
    order: list[int] = []

    def ask(number: int) -> None:
        with turns.take():
            order.append(number)

    with ThreadPoolExecutor() as threads, turns.take():
        for number in range(4):
            threads.submit(ask, number)
            while len(turns._waiting) <= number:
                time.sleep(0.001)
    assert order == [0, 1, 2, 3]


def test_turn_at_the_head_that_does_not_come_is_unavailable() -> None:
    turns = HeadTurns(seconds_max=0.05)
    with ThreadPoolExecutor(1) as threads:
        with turns.take():
            waits = threads.submit(_take, turns)
            with pytest.raises(StoreUnavailable, match="a turn at the head within"):
                waits.result()
        threads.submit(_take, turns).result()


def test_turns_at_the_head_do_not_nest() -> None:
    turns = HeadTurns(seconds_max=0.05)
    with turns.take():
        with pytest.raises(AssertionError, match="do not nest"), turns.take():
            raise LookupError
        with turns.committing():
            pass
    with turns.take():
        pass


def _take(turns: HeadTurns) -> None:
    with turns.take():
        pass


def test_store_that_only_reads_has_no_turns(tmp_path: Path) -> None:
    url = new_database(tmp_path)
    with (
        opened(url, read_only=True) as store,
        pytest.raises(StoreUnavailable, match="may write"),
        store.turn(),
    ):
        raise AssertionError("nothing may be written")
