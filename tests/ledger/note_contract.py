"""What every store does with signed notes: a suite that each implementation inherits."""

from __future__ import annotations

from ledger.store import Store
from tests.ledger.store_groups import append


class NoteContract:
    """The suite; a subclass gives the fixture ``store``, an empty one."""

    # ---- checkpoints ----

    def test_latest_checkpoint_is_the_newest(self, store: Store) -> None:
        append(store, 2)
        append(store, 3)
        assert store.latest_checkpoint() == "checkpoint of 5\n"

    def test_covering_checkpoint_is_the_first_and_stays(self, store: Store) -> None:
        append(store, 2)
        append(store, 3)
        first = [store.checkpoint_covering(index) for index in range(6)]
        assert first == ["checkpoint of 2\n"] * 2 + ["checkpoint of 5\n"] * 3 + [None]
        append(store, 1)
        assert [store.checkpoint_covering(index) for index in range(5)] == first[:5]

    def test_checkpoints_ascend(self, store: Store) -> None:
        for _ in range(300):
            append(store, 1)
        sizes = [size for size, _ in store.checkpoints()]
        assert sizes == list(range(1, 301))
        assert [size for size, _ in store.checkpoints(297)] == [298, 299, 300]
        assert list(store.checkpoints(300)) == []

    # ---- cosigned checkpoints ----

    def test_no_cosigned_checkpoint_is_none(self, store: Store) -> None:
        append(store, 2)
        assert store.latest_cosigned() is None
        assert store.cosigned_covering(0) is None
        assert list(store.cosigned(0)) == []

    def test_latest_cosigned_is_the_newest(self, store: Store) -> None:
        append(store, 5)
        store.keep_cosigned(2, "two\n")
        store.keep_cosigned(5, "five\n")
        assert store.latest_cosigned() == (5, "five\n")

    def test_first_cosigned_of_a_size_stays(self, store: Store) -> None:
        append(store, 2)
        store.keep_cosigned(2, "first\n")
        store.keep_cosigned(2, "second\n")
        assert list(store.cosigned(0)) == [(2, "first\n")]

    def test_covering_cosigned_is_the_first_and_stays(self, store: Store) -> None:
        append(store, 7)
        store.keep_cosigned(5, "five\n")
        first = [store.cosigned_covering(index) for index in range(6)]
        assert first == ["five\n"] * 5 + [None]
        store.keep_cosigned(3, "three, too late\n")
        store.keep_cosigned(7, "seven\n")
        assert [store.cosigned_covering(index) for index in range(5)] == first[:5]
        assert store.cosigned_covering(5) == "seven\n"

    def test_cosigned_above_a_size_ascend(self, store: Store) -> None:
        append(store, 300)
        for size in range(1, 301):
            store.keep_cosigned(size, f"note of {size}\n")
        assert [size for size, _ in store.cosigned(0)] == list(range(1, 301))
        assert list(store.cosigned(298)) == [(299, "note of 299\n"), (300, "note of 300\n")]
        assert list(store.cosigned(300)) == []
