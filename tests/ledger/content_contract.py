"""What every store promises about disclosures: kept, put back, and erased for good."""

from __future__ import annotations

import pytest

from ledger.store import Store
from ledger.store_errors import AppendRefused
from tests.ledger.store_groups import Parts, append
from tests.ledger.vault.vault_rows import disclosures


class ContentContract:
    """For a ``store`` that is empty."""

    def test_disclosures_are_absent_where_none_are_kept(self, store: Store) -> None:
        append(store, 3, Parts(disclosures=(("a~b~", 0), ("c~", 2))))
        assert store.disclosures([0, 1, 2, 3]) == {0: "a~b~", 2: "c~"}
        assert store.disclosures([]) == {}

    def test_restored_disclosures_are_kept_and_never_replace(self, store: Store) -> None:
        append(store, 2, Parts(disclosures=(("first~", 0),)))
        store.restore_disclosures(0, "second~")
        store.restore_disclosures(1, "back~")
        assert store.disclosures([0, 1]) == {0: "first~", 1: "back~"}

    def test_disclosures_of_no_entry_are_refused(self, store: Store) -> None:
        append(store, 2)
        with pytest.raises(AppendRefused):
            store.restore_disclosures(2, "x~")
        store.restore_disclosures(1, "x~")

    def test_erased_groups_are_gone_and_never_come_back(self, store: Store) -> None:
        kept = ((disclosures("a", "b"), 0), (disclosures("a"), 1), (disclosures("c"), 2))
        append(store, 3, Parts(disclosures=kept))
        for _ in range(2):
            store.erase(0, ["a", "no such group"])
            store.erase(1, ["a"])
            assert store.disclosures([0, 1, 2]) == {0: disclosures("b"), 2: disclosures("c")}
            store.restore_disclosures(0, disclosures("a", "b"))
            store.restore_disclosures(1, disclosures("a"))

    def test_what_follows_an_erasure_is_kept_as_ever(self, store: Store) -> None:
        append(store, 1, Parts(disclosures=((disclosures("a"), 0),)))
        store.erase(0, ["a"])
        append(store, 2, Parts(disclosures=((disclosures("b"), 1),)))
        store.restore_disclosures(2, disclosures("c"))
        assert store.disclosures([0, 1, 2]) == {1: disclosures("b"), 2: disclosures("c")}

    def test_nothing_is_erased_of_no_entry(self, store: Store) -> None:
        append(store, 2)
        store.erase(1, ["a"])
        with pytest.raises(AppendRefused):
            store.erase(2, ["a"])

    def test_what_an_erasure_left_may_be_replaced(self, store: Store) -> None:
        append(store, 1, Parts(disclosures=((disclosures("a", "b"), 0),)))
        store.erase(0, ["a"])
        left, more = disclosures("b"), disclosures("b", value="given to more")
        assert not store.replace_disclosures(0, before=more, after=left)
        assert store.replace_disclosures(0, before=left, after=more)
        assert store.disclosures([0]) == {0: more}
        store.erase(0, ["b"])
        assert store.disclosures([0]) == {}
