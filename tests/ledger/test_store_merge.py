"""The index of the SQLite store moves from memory to tables, and nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ledger.store import SearchQuery
from ledger.store_errors import AppendRefused
from ledger.store_merge import key_prefix, near_rows
from ledger.store_sql import SqlStore
from tests.ledger.sqlite_files import new_database, opened, raw
from tests.ledger.store_groups import (
    ALICE,
    BOB,
    Parts,
    a_group,
    a_row,
    append,
    digest,
    rows_after,
)

pytestmark = pytest.mark.item("2.4")

LOT = digest("lot")


def merged(url: str) -> int:
    """How many entries the index tables hold, by the store's own bookmark."""
    with raw(url) as connection:
        found = connection.execute("SELECT value FROM bookmark WHERE name = 'merged'").fetchone()
    return int(found[0]) if found else 0


def append_listed(store: SqlStore, count: int) -> None:
    """Commit one group whose entries all have a search key and a party that stands in them."""
    head = store.head()
    rows = rows_after(head, count)
    indices = [row.index for row in rows]
    parts = Parts(
        search=tuple((LOT, index) for index in indices),
        standing=tuple((BOB, index) for index in indices),
        outbox=tuple(("admitted", index) for index in indices),
    )
    store.commit(a_group(head, rows, parts))


def check_answers(store: SqlStore, size: int) -> None:
    """Every id is known at its index, every list complete, none has more."""
    everything = list(range(size - 1, -1, -1))
    rows = [a_row(index) for index in range(size)]
    known = store.known([row.record_id for row in rows], [row.jti_key for row in rows])
    assert known.records == {row.record_id: row.index for row in rows}
    assert known.jti_keys == {row.jti_key: row.index for row in rows}
    for query in (
        SearchQuery(limit=size + 1, key=LOT),
        SearchQuery(limit=size + 1, reader=BOB),
        SearchQuery(limit=size + 1, party=ALICE, reader=BOB, key=LOT),
    ):
        assert store.search(query) == everything


@pytest.mark.parametrize("group", [1, 3, 7])
@pytest.mark.parametrize("segment_entries", [1, 2, 5])
def test_answers_are_the_same_at_every_step_of_a_merge(
    tmp_path: Path, segment_entries: int, group: int
) -> None:
    url = new_database(tmp_path)
    with opened(url, segment_entries=segment_entries) as store:
        for size in range(group, 40, group):
            append_listed(store, group)
            check_answers(store, size)
        assert merged(url) > 0


@pytest.mark.parametrize("stop", range(1, 24, 2))
def test_store_closed_in_the_middle_of_a_merge_goes_on_from_there(
    tmp_path: Path, stop: int
) -> None:
    url = new_database(tmp_path)
    with opened(url, segment_entries=6) as store:
        for _ in range(stop):
            append_listed(store, 1)
    with opened(url, segment_entries=6) as store:
        check_answers(store, stop)
        for size in range(stop + 1, stop + 14):
            append_listed(store, 1)
            check_answers(store, size)
    assert merged(url) >= stop - 6


def test_merge_ends_before_the_next_segment_is_full(tmp_path: Path) -> None:
    url = new_database(tmp_path)
    with opened(url, segment_entries=100) as store:
        for _ in range(10):
            append_listed(store, 10)
        for _ in range(8):
            append(store, 10)
        assert merged(url) == 100


def test_rows_that_are_merged_are_not_kept_twice(tmp_path: Path) -> None:
    url = new_database(tmp_path)
    with opened(url, segment_entries=2) as store:
        for _ in range(9):
            append_listed(store, 1)
    with raw(url) as connection:
        oldest = connection.execute("SELECT min(idx) FROM unmerged").fetchone()[0]
    assert oldest == merged(url) > 0


def test_failed_commit_leaves_the_merge_where_it_was(tmp_path: Path) -> None:
    url = new_database(tmp_path)
    with opened(url, segment_entries=2) as store:
        for size in range(1, 30):
            head = store.head()
            refused = a_group(head, [a_row(size - 1)], Parts(disclosures=(("x", size + 9),)))
            with pytest.raises(AppendRefused):
                store.commit(refused)
            append_listed(store, 1)
            check_answers(store, size)


def test_id_merged_long_ago_is_still_refused(tmp_path: Path) -> None:
    url = new_database(tmp_path)
    with opened(url, segment_entries=2) as store:
        for _ in range(20):
            append_listed(store, 1)
        assert merged(url) > 3
        head = store.head()
        new, old = a_row(20), a_row(3)
        with pytest.raises(AppendRefused, match="entry 3"):
            store.commit(a_group(head, [replace(new, jti_key=old.jti_key)]))
        store.commit(a_group(head, [new]))


def test_id_that_shares_a_prefix_with_another_is_another(tmp_path: Path) -> None:
    twin = replace(a_row(1), record_id=a_row(0).record_id[:8] + bytes(24))
    assert key_prefix(twin.record_id) == key_prefix(a_row(0).record_id)
    with opened(new_database(tmp_path), segment_entries=1) as store:
        append(store, 1)
        store.commit(a_group(store.head(), [twin]))
        for index in range(2, 9):
            store.commit(a_group(store.head(), [a_row(index)]))
        known = store.known([a_row(0).record_id, twin.record_id], [])
        assert known.records == {a_row(0).record_id: 0, twin.record_id: 1}
        third = a_row(0).record_id[:8] + bytes(23) + b"x"
        assert store.known([third], []).records == {}


def test_near_rows_keep_every_row_and_bring_neighbours_together() -> None:
    pairs = [(digest(n), n) for n in range(1_000)]
    numbers = near_rows(pairs)
    rows = list(zip(numbers[::2], numbers[1::2], strict=True))
    assert sorted(rows) == sorted((key_prefix(key), index) for key, index in pairs)
    first_bytes = [digest(index)[0] for _, index in rows]
    assert first_bytes == sorted(first_bytes)
