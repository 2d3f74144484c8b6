"""What every store does: a suite that each implementation inherits, with a fixture of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from ledger.store import CommitGroup, Projected, SearchQuery, Store, TileRow
from ledger.store_errors import (
    AppendRefused,
    HeadMoved,
    StoreUnavailable,
)
from tests.ledger.store_groups import (
    ALICE,
    BOB,
    CAROL,
    CHARTER,
    FIRST_MS,
    KEY,
    REPORT,
    Parts,
    a_group,
    a_row,
    append,
    append_each,
    contents,
    digest,
    rows_after,
)

Projection = tuple[Sequence[tuple[bytes, int]], Sequence[tuple[str, int]]]

LOT = digest("lot")
PART = digest("part")


class StoreContract:
    """The suite; a subclass gives the fixture ``store``, an empty one."""

    # ---- an empty log ----

    def test_empty_log_has_no_head_and_no_checkpoint(self, store: Store) -> None:
        assert store.head() is None
        assert store.latest_checkpoint() is None
        assert list(store.checkpoints()) == []

    def test_empty_log_holds_nothing(self, store: Store) -> None:
        assert store.entry(0) is None
        assert list(store.entries(0, 10)) == []
        assert store.search(SearchQuery()) == []
        assert store.known([digest("record", 0)], []).records == {}

    # ---- commit ----

    def test_committed_head_is_the_head(self, store: Store) -> None:
        group = append(store, 3)
        assert store.head() == group.head

    def test_next_group_builds_on_the_head(self, store: Store) -> None:
        append(store, 3)
        group = append(store, 4)
        assert store.head() == group.head
        assert group.head.size == 7

    def test_stale_group_is_head_moved_and_writes_nothing(self, store: Store) -> None:
        append(store, 3)
        head = store.head()
        stale = a_group(head, rows_after(head, 2))
        append(store, 1)
        before = contents(store)
        with pytest.raises(HeadMoved, match="end after 3 entries, found 4 entries"):
            store.commit(stale)
        assert contents(store) == before

    def test_group_on_an_empty_log_is_head_moved_where_there_is_a_log(self, store: Store) -> None:
        group = append(store, 1)
        with pytest.raises(HeadMoved, match="an empty log, found 1 entries"):
            store.commit(replace(group, head_before=None))

    def test_every_part_of_the_head_is_compared(self, store: Store) -> None:
        head = append(store, 3).head
        group = a_group(head, rows_after(head, 1))
        others = (
            replace(head, leaf=digest("other")),
            replace(head, root=digest("other")),
            replace(head, admitted_ms=head.admitted_ms + 1),
            replace(head, frontier=head.frontier[1:]),
        )
        for other in others:
            with pytest.raises(HeadMoved):
                store.commit(replace(group, head_before=other))
        store.commit(group)

    def test_gap_is_refused_and_writes_nothing(self, store: Store) -> None:
        head = append(store, 2).head
        before = contents(store)
        with pytest.raises(AppendRefused, match=r"expected entries 2\.\.3 without a gap"):
            store.commit(a_group(head, [a_row(3)]))
        assert contents(store) == before
        store.commit(a_group(head, [a_row(2)]))

    def test_group_without_entries_is_refused(self, store: Store) -> None:
        group = append(store, 2)
        with pytest.raises(AppendRefused, match="found none"):
            store.commit(replace(group, head_before=group.head, entries=[]))

    def test_index_that_is_taken_is_refused(self, store: Store) -> None:
        head = append(store, 2).head
        with pytest.raises(AppendRefused):
            store.commit(replace(a_group(head, [a_row(2)]), entries=[a_row(1)]))

    @pytest.mark.parametrize("column", ["record_id", "jti_key"])
    def test_id_that_the_log_holds_is_refused_and_writes_nothing(
        self, store: Store, column: str
    ) -> None:
        append(store, 12)
        head = append(store, 1).head
        before = contents(store)
        group = a_group(head, rows_after(head, 2), Parts(disclosures=(("~x~", head.size),)))
        for taken in (0, 7, 12):
            repeat = replace(group.entries[1], **{column: getattr(a_row(taken), column)})
            with pytest.raises(AppendRefused):
                store.commit(replace(group, entries=[group.entries[0], repeat]))
            assert contents(store) == before
        store.commit(group)

    @pytest.mark.parametrize("column", ["record_id", "jti_key"])
    def test_id_twice_in_a_group_is_refused(self, store: Store, column: str) -> None:
        first, second = a_row(0), a_row(1)
        repeat = replace(second, **{column: getattr(first, column)})
        with pytest.raises(AppendRefused, match="once, found one twice"):
            store.commit(a_group(None, [first, repeat]))
        store.commit(a_group(None, [first, second]))

    def test_search_key_of_another_length_is_refused(self, store: Store) -> None:
        with pytest.raises(AppendRefused, match="32 bytes"):
            store.commit(a_group(None, [a_row(0)], Parts(search=((LOT[:31], 0),))))
        store.commit(a_group(None, [a_row(0)], Parts(search=((LOT, 0),))))

    def test_large_group_is_one_commit(self, store: Store) -> None:
        group = append(store, 2_000)
        assert [row.index for row in store.entries(0, 2_000)] == list(range(2_000))
        assert len(list(store.checkpoints())) == 1
        asked = [row.record_id for row in group.entries], [row.jti_key for row in group.entries]
        known = store.known(*asked)
        assert known.records == {row.record_id: row.index for row in group.entries}
        assert known.jti_keys == {row.jti_key: row.index for row in group.entries}

    # ---- entries ----

    def test_entry_reads_back_as_written(self, store: Store) -> None:
        row = a_row(0, party=BOB, vct=KEY, admitted_ms=5)
        store.commit(a_group(None, [row]))
        assert {0: store.entry(0)} == store.entries_at([1, 0, -1]) == {0: row}

    def test_entry_beyond_the_head_is_none(self, store: Store) -> None:
        append(store, 3)
        assert store.entry(2) is not None
        assert store.entry(3) is None
        assert store.entry(-1) is None

    def test_entries_are_the_half_open_range(self, store: Store) -> None:
        append(store, 600)
        assert [row.index for row in store.entries(250, 530)] == list(range(250, 530))
        assert [row.index for row in store.entries(598, 10_000)] == [598, 599]
        assert list(store.entries(5, 5)) == []
        assert [row.index for row in store.entries(-3, 2)] == [0, 1]

    def test_entries_of_types_come_in_order(self, store: Store) -> None:
        types = [CHARTER, KEY, REPORT, KEY, REPORT, CHARTER]
        append_each(store, [a_row(index, vct=vct) for index, vct in enumerate(types)])
        found = [row.index for row in store.entries_of([KEY, CHARTER])]
        assert found == [0, 1, 3, 5]
        assert [row.vct for row in store.entries_of([KEY])] == [KEY, KEY]
        assert [
            [row.index for row in store.entries_of([KEY, CHARTER], start=start)]
            for start in (found[1], found[1] + 1, found[-1] + 1)
        ] == [found[1:], found[2:], []]

    def test_entries_of_an_unknown_type_are_none(self, store: Store) -> None:
        append(store, 2)
        assert list(store.entries_of(["no-such/v1"])) == []
        assert list(store.entries_of([])) == []

    def test_entries_of_many_are_all_of_them(self, store: Store) -> None:
        append(store, 700)
        assert [row.index for row in store.entries_of([REPORT])] == list(range(700))

    def test_known_tells_which_ids_are_there(self, store: Store) -> None:
        append(store, 3)
        known = store.known(
            [digest("record", 1), digest("record", 9)], [a_row(2).jti_key, a_row(9).jti_key]
        )
        assert known.records == {digest("record", 1): 1}
        assert known.jti_keys == {a_row(2).jti_key: 2}

    def test_id_found_absent_is_known_once_committed(self, store: Store) -> None:
        row = a_row(0)
        assert store.known([row.record_id], [row.jti_key]).records == {}
        append(store, 1)
        assert store.known([row.record_id], [row.jti_key]).records == {row.record_id: 0}

    # ---- tree ----

    def test_leaves_are_concatenated(self, store: Store) -> None:
        append(store, 5)
        assert store.leaves(1, 3) == digest("leaf", 1) + digest("leaf", 2)
        assert store.leaves(4, 9) == digest("leaf", 4)

    def test_tiles_and_their_roots_read_back(self, store: Store) -> None:
        tiles = [TileRow(0, n, digest("tile", n) * 256, digest("tile root", n)) for n in range(3)]
        tiles.append(TileRow(1, 0, digest("upper") * 256, digest("upper root")))
        append(store, 2, Parts(tiles=tuple(tiles)))
        assert store.tile(0, 2) == tiles[2].hashes
        assert store.tile(1, 0) == tiles[3].hashes
        assert store.tile(0, 3) is None
        assert store.tile_roots(0, 1, 9) == tiles[1].root + tiles[2].root
        assert store.tile_roots(2, 0, 9) == b""

    # ---- outbox and pins ----

    def test_outbox_hands_rows_on_in_order(self, store: Store) -> None:
        outbox = (("admitted", 0), ("admitted", 1), ("score", 0), ("admitted", 2))
        append(store, 3, Parts(outbox=outbox))
        rows = store.outbox_after(0, 10)
        assert tuple((topic, index) for _, topic, index in rows) == outbox
        assert [position for position, _, _ in rows] == [1, 2, 3, 4]

    def test_outbox_is_read_page_by_page(self, store: Store) -> None:
        append(store, 5, Parts(outbox=tuple(("admitted", index) for index in range(5))))
        first = store.outbox_after(0, 2)
        second = store.outbox_after(first[-1][0], 2)
        third = store.outbox_after(second[-1][0], 2)
        assert [index for *_, index in (*first, *second, *third)] == [0, 1, 2, 3, 4]
        assert store.outbox_after(5, 2) == []

    @pytest.mark.parametrize("done", range(7))
    def test_outbox_rows_that_are_done_are_gone(self, store: Store, done: int) -> None:
        append(store, 3, Parts(outbox=tuple(("admitted", index) for index in range(3))))
        append(store, 3, Parts(outbox=tuple(("admitted", index) for index in range(3, 6))))
        left = store.outbox_after(done, 10)
        store.outbox_done(done)
        assert store.outbox_after(0, 10) == left
        assert [position for position, _, _ in left] == list(range(done + 1, 7))

    def test_outbox_positions_are_never_used_again(self, store: Store) -> None:
        append(store, 2, Parts(outbox=(("admitted", 0), ("admitted", 1))))
        store.outbox_done(2)
        append(store, 1, Parts(outbox=(("admitted", 2),)))
        assert store.outbox_after(2, 10) == [(3, "admitted", 2)]

    def test_pinned_blob_is_pinned(self, store: Store) -> None:
        append(store, 1, Parts(pins=(("blob-1", 0),)))
        append(store, 1, Parts(pins=(("blob-1", 1), ("blob-2", 1))))
        assert store.is_pinned("blob-1")
        assert store.is_pinned("blob-2")
        assert not store.is_pinned("blob-3")
        # Listed by page, and up to a size.
        assert store.pins_after("", size=2, limit=9) == [("blob-1", 0), ("blob-2", 1)]
        assert store.pins_after("", size=1, limit=9) == [("blob-1", 0)]
        assert store.pins_after("blob-1", size=2, limit=1) == [("blob-2", 1)]

    # ---- search ----

    def test_search_finds_the_newest_first(self, store: Store) -> None:
        append(store, 5)
        assert store.search(SearchQuery()) == [4, 3, 2, 1, 0]
        assert store.search(SearchQuery(limit=2)) == [4, 3]
        assert store.search(SearchQuery(limit=2, before=3)) == [2, 1]
        assert store.search(SearchQuery(limit=0)) == []
        assert store.search(SearchQuery(before=0)) == []

    def test_search_by_signer_type_and_key(self, store: Store) -> None:
        rows = [a_row(0, vct=KEY), a_row(1), a_row(2, party=BOB), a_row(3)]
        parts = Parts(search=((LOT, 1), (LOT, 2), (PART, 3), (LOT, 3)))
        store.commit(a_group(None, rows, parts))
        assert store.search(SearchQuery(party=ALICE)) == [3, 1, 0]
        assert store.search(SearchQuery(vct=REPORT)) == [3, 2, 1]
        assert store.search(SearchQuery(key=LOT)) == [3, 2, 1]
        assert store.search(SearchQuery(party=ALICE, vct=REPORT, key=LOT)) == [3, 1]
        assert store.search(SearchQuery(party=CAROL)) == []
        assert store.search(SearchQuery(key=digest("other"))) == []

    def test_reader_finds_what_it_signed_or_stands_in_once(self, store: Store) -> None:
        rows = [a_row(0, party=BOB), a_row(1), a_row(2), a_row(3, party=BOB)]
        parts = Parts(standing=((BOB, 0), (BOB, 2), (CAROL, 1)), search=((LOT, 2), (LOT, 1)))
        store.commit(a_group(None, rows, parts))
        assert store.search(SearchQuery(reader=BOB)) == [3, 2, 0]
        assert store.search(SearchQuery(reader=BOB, limit=1)) == [3]
        assert store.search(SearchQuery(reader=BOB, party=ALICE)) == [2]
        assert store.search(SearchQuery(reader=BOB, party=BOB)) == [3, 0]
        assert store.search(SearchQuery(reader=CAROL, key=LOT)) == [1]

    def test_search_by_admission_time_is_half_open(self, store: Store) -> None:
        times = [10, 10, 20, 30, 30]
        append_each(store, [a_row(i, admitted_ms=FIRST_MS + t) for i, t in enumerate(times)])

        def found(since: int, until: int) -> list[int]:
            query = SearchQuery(since_ms=FIRST_MS + since, until_ms=FIRST_MS + until)
            return list(store.search(query))

        assert found(10, 30) == [2, 1, 0]
        assert found(11, 31) == [4, 3, 2]
        assert found(0, 10) == []
        assert found(31, 99) == []

    def test_search_row_twice_is_found_once(self, store: Store) -> None:
        append(store, 2, Parts(search=((LOT, 1), (LOT, 0), (LOT, 1)), standing=((BOB, 0),) * 2))
        assert store.search(SearchQuery(key=LOT)) == [1, 0]
        assert store.search(SearchQuery(reader=BOB)) == [0]

    def test_rebuilt_projections_replace_the_old_ones(self, store: Store) -> None:
        for index in range(8):
            append(store, 1, Parts(search=((LOT, index),), standing=((BOB, index),)))
        rebuilt = [([(PART, 1), (PART, 5)], [(CAROL, 2)]), ([], [(BOB, 7)])]
        store.replace_projections(iter(rebuilt), size=8)
        assert store.search(SearchQuery(key=LOT)) == []
        assert store.search(SearchQuery(key=PART)) == [5, 1]
        assert store.search(SearchQuery(reader=BOB)) == [7]
        assert store.search(SearchQuery(reader=CAROL)) == [2]

    def test_rebuilding_leaves_what_later_entries_brought(self, store: Store) -> None:
        for index in range(12):
            append(store, 1, Parts(search=((LOT, index),), standing=((BOB, index),)))
        for size in (7, 3):
            store.replace_projections(iter([([(PART, 1)], [])]), size=size)
            for kept in (SearchQuery(key=LOT), SearchQuery(reader=BOB)):
                assert store.search(kept) == [11, 10, 9, 8, 7]

    def test_rebuilding_projections_leaves_the_log_alone(self, store: Store) -> None:
        append(store, 5)
        before = contents(store)
        store.replace_projections(iter([]), size=5)
        assert contents(store) == before
        append(store, 5, Parts(search=((LOT, 6),)))
        assert store.search(SearchQuery(key=LOT)) == [6]

    def test_projections_may_be_computed_from_the_store_itself(self, store: Store) -> None:
        append(store, 5)

        def projections() -> Iterator[Projection]:
            for row in store.entries(0, 5):
                yield [(digest(row.text), row.index)], []

        store.replace_projections(projections(), size=5)
        assert store.search(SearchQuery(key=digest(a_row(3).text))) == [3]

    def test_rows_beside_the_log_are_told_as_they_are(self, store: Store) -> None:
        for index in range(12):
            brought = Parts(search=((LOT, index),), standing=((BOB, index),), pins=(("b", index),))
            append(store, 1, brought)
        rows = [Projected("search", LOT[:8], i) for i in range(10)]
        rows += [Projected("standing", BOB.encode(), i) for i in range(10)]
        ids = [store.entry(i) for i in range(10)]
        rows += [Projected("record", row.record_id[:8], row.index) for row in ids if row]
        rows += [Projected("jti", row.jti_key[:8], row.index) for row in ids if row]
        assert set(store.projected(10)) == {*rows, Projected("pin", b"b", 0)}

    def test_lost_pins_are_put_back_and_none_is_moved(self, store: Store) -> None:
        append(store, 3, Parts(pins=(("kept", 1),)))
        store.restore_pins([("kept", 2), ("lost", 2)])
        pins = {row for row in store.projected(3) if row.kind == "pin"}
        assert pins == {Projected("pin", b"kept", 1), Projected("pin", b"lost", 2)}

    # ---- the end ----

    def test_closed_store_is_unavailable(self, store: Store) -> None:
        group: CommitGroup = append(store, 1)
        store.close()
        for use in (store.head, lambda: store.search(SearchQuery()), lambda: store.entry(0)):
            with pytest.raises(StoreUnavailable, match="closed"):
                use()
        with pytest.raises(StoreUnavailable, match="closed"):
            store.commit(a_group(group.head, rows_after(group.head, 1)))

    def test_store_closes_twice(self, store: Store) -> None:
        store.close()
        store.close()
