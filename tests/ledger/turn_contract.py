"""What every store does with turns at the head: a suite that each implementation inherits."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from ledger.store import Store
from ledger.store_errors import AppendRefused, HeadMoved, StoreUnavailable
from tests.ledger.store_groups import a_group, append, contents, rows_after

WAIT_SECONDS_MAX = 30
PROOF_OF_WAITING_SECONDS = 0.15


class TurnContract:
    """The suite; a subclass gives the fixture ``store``, an empty one."""

    def test_turn_shows_the_head(self, store: Store) -> None:
        with store.turn() as turn:
            assert turn.head is None
        group = append(store, 3)
        with store.turn() as turn:
            assert turn.head == group.head == store.head()

    def test_commit_inside_a_turn_is_kept(self, store: Store) -> None:
        append(store, 2)
        with store.turn() as turn:
            group = a_group(turn.head, rows_after(turn.head, 2))
            store.commit(group)
            assert store.head() == group.head
        assert store.head() == group.head
        append(store, 1)

    def test_turn_without_a_commit_writes_nothing(self, store: Store) -> None:
        append(store, 2)
        before = contents(store)
        with store.turn():
            pass
        assert contents(store) == before

    def test_turn_that_fails_writes_nothing_and_ends(self, store: Store) -> None:
        append(store, 2)
        before = contents(store)
        with pytest.raises(LookupError), store.turn():
            raise LookupError
        assert contents(store) == before
        append(store, 1)

    def test_reads_inside_a_turn_see_all_that_came_before(self, store: Store) -> None:
        rows = append(store, 300).entries
        with store.turn():
            assert list(store.entries(0, 300)) == list(rows)
            ids = [row.record_id for row in rows], [row.jti_key for row in rows]
            assert len(store.known(*ids).records) == len(store.known(*ids).jti_keys) == 300

    @pytest.mark.parametrize("fault", [HeadMoved, AppendRefused])
    def test_refused_commit_ends_with_its_turn(self, store: Store, fault: type[Exception]) -> None:
        head = append(store, 2).head
        after = append(store, 2).head
        before = contents(store)
        begins, index = (head, 2) if fault is HeadMoved else (after, 5)
        with pytest.raises(fault), store.turn():
            store.commit(a_group(begins, rows_after(begins, 3)[index - begins.size :]))
        assert contents(store) == before
        append(store, 1)

    def test_second_commit_of_a_turn_is_a_mistake(self, store: Store) -> None:
        with store.turn() as turn:
            first = a_group(turn.head, rows_after(turn.head, 1))
            store.commit(first)
            with pytest.raises(AssertionError, match="one commit a turn"):
                store.commit(a_group(first.head, rows_after(first.head, 1)))
        assert store.head() == first.head

    def test_nobody_else_commits_during_a_turn(self, store: Store) -> None:
        group = a_group(None, rows_after(None, 1))
        with ThreadPoolExecutor(1) as threads:
            with store.turn():
                other = threads.submit(store.commit, a_group(None, rows_after(None, 2)))
                _expect_waiting(other)
                store.commit(group)
            with pytest.raises(HeadMoved):
                other.result(WAIT_SECONDS_MAX)
        assert store.head() == group.head

    def test_turns_of_threads_come_one_after_the_other(self, store: Store) -> None:
        def extend() -> None:
            for _ in range(10):
                with store.turn() as turn:
                    store.commit(a_group(turn.head, rows_after(turn.head, 2)))

        with ThreadPoolExecutor(4) as threads:
            for done in [threads.submit(extend) for _ in range(4)]:
                done.result(WAIT_SECONDS_MAX)
        head = store.head()
        assert head is not None
        assert head.size == 80

    def test_turn_of_a_closed_store_is_unavailable(self, store: Store) -> None:
        store.close()
        with pytest.raises(StoreUnavailable, match="closed"), store.turn():
            raise AssertionError("nothing may be written")


def _expect_waiting(other: Future[None]) -> None:
    with pytest.raises(TimeoutError):
        other.result(PROOF_OF_WAITING_SECONDS)
