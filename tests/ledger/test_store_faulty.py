"""The store that fails on purpose fails once, where and how it was told."""

from __future__ import annotations

import inspect

import pytest

from ledger.errors import LedgerError
from ledger.store import Store
from ledger.store_errors import (
    HeadMoved,
    OutcomeUnknown,
    StoreUnavailable,
)
from ledger.store_faulty import FaultyStore, When
from ledger.store_memory import MemoryStore
from tests.ledger.store_groups import a_group, append, contents, rows_after

pytestmark = pytest.mark.item("2.4")


@pytest.mark.parametrize(
    ("when", "error", "size"),
    [("before", StoreUnavailable, 0), ("after", OutcomeUnknown, 2)],
)
def test_failed_commit_is_kept_only_if_it_failed_after(
    when: When, error: type[LedgerError], size: int
) -> None:
    store = FaultyStore(MemoryStore(), fail_on="commit", when=when)
    with pytest.raises(error, match=f"fault set {when} it"):
        append(store, 2)
    assert len(list(store.entries(0, 9))) == size


def test_fault_happens_once() -> None:
    store = FaultyStore(MemoryStore(), fail_on="commit", when="before")
    with pytest.raises(StoreUnavailable):
        append(store, 1)
    append(store, 1)
    assert len(contents(store)) == len(contents(store.inner))


def test_fault_waits_for_its_turn() -> None:
    store = FaultyStore(MemoryStore(), fail_on="commit", when="before", calls_before=2)
    append(store, 1)
    append(store, 1)
    with pytest.raises(StoreUnavailable):
        append(store, 1)


def test_fault_can_be_another_error() -> None:
    store = FaultyStore(MemoryStore(), fail_on="head", when="before", calls_before=99)
    store.fail("commit", "before", error=OutcomeUnknown)
    with pytest.raises(OutcomeUnknown):
        append(store, 1)
    assert store.head() is None


def test_refusal_of_the_inner_store_comes_through() -> None:
    store = FaultyStore(MemoryStore(), fail_on="head", when="before", calls_before=99)
    group = a_group(None, rows_after(None, 1))
    store.commit(group)
    with pytest.raises(HeadMoved):
        store.commit(group)


def test_every_method_of_the_port_can_fail() -> None:
    names = [name for name, _ in inspect.getmembers(Store, inspect.isfunction)]
    for name in names:
        if not name.startswith("_"):
            store = FaultyStore(MemoryStore(), fail_on=name, when="before")
            given = inspect.signature(getattr(store, name)).parameters.values()
            count = sum(1 for parameter in given if parameter.kind is not parameter.KEYWORD_ONLY)
            named = {one.name: 0 for one in given if one.kind is one.KEYWORD_ONLY}
            with pytest.raises(StoreUnavailable, match=f"expected {name} to work"):
                getattr(store, name)(*[0] * count, **named)
