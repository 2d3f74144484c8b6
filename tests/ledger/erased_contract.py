"""What every store does with what is erased or sealed; inherited beside the store contract."""

from __future__ import annotations

import pytest

from ledger.store import SearchQuery, Store
from tests.ledger.store_groups import BOB, Parts, append, digest

LOT = digest("lot")


class ErasedContract:
    """The suite; a subclass gives the fixture ``store``, an empty one."""

    @pytest.mark.item("5.8")
    def test_what_was_erased_is_found_no_more_and_pinned_no_more(self, store: Store) -> None:
        for index in range(12):
            brought = Parts(
                search=((LOT, index),), standing=((BOB, index),), pins=((f"b{index}", index),)
            )
            append(store, 1, brought)
        store.drop_projected(
            [(LOT, 1), (LOT, 11), (LOT, 99)],
            [(BOB, 1), (BOB, 11), ("did:web:log.example:parties:nobody", 2)],
            pins=[("b1", 1), ("b11", 11), ("b2", 3)],
        )
        left = [index for index in range(12) if index not in (1, 11)]
        assert store.search(SearchQuery(key=LOT)) == left[::-1]
        rows = list(store.projected(12))
        for kind in ("search", "standing", "pin"):
            assert sorted(row.entry for row in rows if row.kind == kind) == left

    @pytest.mark.item("5.6.rewrap")
    def test_disclosures_are_replaced_where_they_are_still_the_same(self, store: Store) -> None:
        append(store, 2, Parts(disclosures=(("a~!e~", 0), ("b~", 1))))
        assert not store.replace_disclosures(0, before="a~!d~", after="a~!f~")
        assert store.replace_disclosures(0, before="a~!e~", after="a~!f~")
        assert not store.replace_disclosures(0, before="a~!e~", after="a~!g~")
        assert not store.replace_disclosures(2, before="", after="a~")
        assert store.disclosures([0, 1, 2]) == {0: "a~!f~", 1: "b~"}
