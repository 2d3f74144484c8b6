"""A store that fails on purpose, around a real one: for rehearsing crashes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Literal, ParamSpec, TypeVar

from ledger.errors import LedgerError
from ledger.store import CommitGroup, EntryRow, Head, KnownIds, Projected, SearchQuery, Store, Turn
from ledger.store_errors import (
    OutcomeUnknown,
    StoreUnavailable,
)
from ledger.vault.sealing import VaultRow

When = Literal["before", "after"]
_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")


class FaultyStore:
    """Passes every call on, except one call of one method: that fails.

    It fails *before* the inner store saw the call, or *after* the inner store has done it.
    A fault is over once it has happened; :meth:`fail` sets the next one.
    """

    def __init__(self, inner: Store, *, fail_on: str, when: When, calls_before: int = 0) -> None:
        """Fail on the method of this name, after ``calls_before`` calls that pass."""
        self.inner = inner
        self.fail(fail_on, when, calls_before=calls_before)

    def fail(
        self,
        fail_on: str,
        when: When,
        *,
        calls_before: int = 0,
        error: type[LedgerError] | None = None,
    ) -> None:
        """Set the next fault.

        Args:
            fail_on: the name of a method of the store.
            when: before or after the inner store does it.
            calls_before: how many calls of it pass first.
            error: what is raised; by default what a real store would raise there:
                OutcomeUnknown after a commit, StoreUnavailable otherwise.
        """
        assert callable(getattr(self.inner, fail_on)), "a method of the store"
        is_unknown = fail_on == "commit" and when == "after"
        self._fail_on: str | None = fail_on
        self._when = when
        self._calls_before = calls_before
        self._error = error or (OutcomeUnknown if is_unknown else StoreUnavailable)

    def _pass_on(
        self, method: Callable[_Given, _Answer], *given: _Given.args, **named: _Given.kwargs
    ) -> _Answer:
        if method.__name__ != self._fail_on:
            return method(*given, **named)
        if self._calls_before:
            self._calls_before -= 1
            return method(*given, **named)
        self._fail_on = None
        if self._when == "after":
            method(*given, **named)
        raise self._error(f"expected {method.__name__} to work, found a fault set {self._when} it")

    def head(self) -> Head | None:
        """See :meth:`ledger.store.Store.head`."""
        return self._pass_on(self.inner.head)

    def turn(self) -> AbstractContextManager[Turn]:
        """See :meth:`ledger.store.Store.turn`; a fault comes before the turn begins."""
        return self._pass_on(self.inner.turn)

    def commit(self, group: CommitGroup) -> None:
        """See :meth:`ledger.store.Store.commit`."""
        self._pass_on(self.inner.commit, group)

    def known(self, record_ids: Sequence[bytes], jti_keys: Sequence[bytes]) -> KnownIds:
        """See :meth:`ledger.store.Store.known`."""
        return self._pass_on(self.inner.known, record_ids, jti_keys)

    def entry(self, index: int) -> EntryRow | None:
        """See :meth:`ledger.store.Store.entry`."""
        return self._pass_on(self.inner.entry, index)

    def entries_at(self, indices: Sequence[int]) -> Mapping[int, EntryRow]:
        """See :meth:`ledger.store.Store.entries_at`."""
        return self._pass_on(self.inner.entries_at, indices)

    def entries(self, start: int, stop: int) -> Iterator[EntryRow]:
        """See :meth:`ledger.store.Store.entries`."""
        return self._pass_on(self.inner.entries, start, stop)

    def entries_of(self, vcts: Sequence[str], *, start: int = 0) -> Iterator[EntryRow]:
        """See :meth:`ledger.store.Store.entries_of`."""
        return self._pass_on(self.inner.entries_of, vcts, start=start)

    def leaves(self, start: int, stop: int) -> bytes:
        """See :meth:`ledger.store.Store.leaves`."""
        return self._pass_on(self.inner.leaves, start, stop)

    def tile(self, level: int, number: int) -> bytes | None:
        """See :meth:`ledger.store.Store.tile`."""
        return self._pass_on(self.inner.tile, level, number)

    def tile_roots(self, level: int, start: int, stop: int) -> bytes:
        """See :meth:`ledger.store.Store.tile_roots`."""
        return self._pass_on(self.inner.tile_roots, level, start, stop)

    def checkpoint_covering(self, index: int) -> str | None:
        """See :meth:`ledger.store.Store.checkpoint_covering`."""
        return self._pass_on(self.inner.checkpoint_covering, index)

    def latest_checkpoint(self) -> str | None:
        """See :meth:`ledger.store.Store.latest_checkpoint`."""
        return self._pass_on(self.inner.latest_checkpoint)

    def checkpoints(self, above: int = 0) -> Iterator[tuple[int, str]]:
        """See :meth:`ledger.store.Store.checkpoints`."""
        return self._pass_on(self.inner.checkpoints, above)

    def keep_cosigned(self, size: int, note: str) -> None:
        """See :meth:`ledger.store.Store.keep_cosigned`."""
        self._pass_on(self.inner.keep_cosigned, size, note)

    def latest_cosigned(self) -> tuple[int, str] | None:
        """See :meth:`ledger.store.Store.latest_cosigned`."""
        return self._pass_on(self.inner.latest_cosigned)

    def cosigned_covering(self, index: int) -> str | None:
        """See :meth:`ledger.store.Store.cosigned_covering`."""
        return self._pass_on(self.inner.cosigned_covering, index)

    def cosigned(self, above: int) -> Iterator[tuple[int, str]]:
        """See :meth:`ledger.store.Store.cosigned`."""
        return self._pass_on(self.inner.cosigned, above)

    def disclosures(self, indices: Sequence[int]) -> Mapping[int, str]:
        """See :meth:`ledger.store.Store.disclosures`."""
        return self._pass_on(self.inner.disclosures, indices)

    def restore_disclosures(self, index: int, disclosures: str) -> None:
        """See :meth:`ledger.store.Store.restore_disclosures`."""
        self._pass_on(self.inner.restore_disclosures, index, disclosures)

    def replace_disclosures(self, index: int, *, before: str, after: str) -> bool:
        """See :meth:`ledger.store.Store.replace_disclosures`."""
        return self._pass_on(self.inner.replace_disclosures, index, before=before, after=after)

    def vault_rows(self, start: int, stop: int) -> Iterator[VaultRow]:
        """See :meth:`ledger.store.Store.vault_rows`."""
        return self._pass_on(self.inner.vault_rows, start, stop)

    def erase(self, index: int, groups: Collection[str]) -> None:
        """See :meth:`ledger.store.Store.erase`."""
        self._pass_on(self.inner.erase, index, groups)

    def search(self, query: SearchQuery) -> Sequence[int]:
        """See :meth:`ledger.store.Store.search`."""
        return self._pass_on(self.inner.search, query)

    def outbox_after(self, position: int, limit: int) -> Sequence[tuple[int, str, int]]:
        """See :meth:`ledger.store.Store.outbox_after`."""
        return self._pass_on(self.inner.outbox_after, position, limit)

    def outbox_done(self, position: int) -> None:
        """See :meth:`ledger.store.Store.outbox_done`."""
        self._pass_on(self.inner.outbox_done, position)

    def is_pinned(self, blob: str) -> bool:
        """See :meth:`ledger.store.Store.is_pinned`."""
        return self._pass_on(self.inner.is_pinned, blob)

    def pins_after(self, blob: str, *, size: int, limit: int) -> Sequence[tuple[str, int]]:
        """See :meth:`ledger.store.Store.pins_after`."""
        return self._pass_on(self.inner.pins_after, blob, size=size, limit=limit)

    def replace_projections(
        self,
        projections: Iterator[tuple[Sequence[tuple[bytes, int]], Sequence[tuple[str, int]]]],
        *,
        size: int,
    ) -> None:
        """See :meth:`ledger.store.Store.replace_projections`."""
        self._pass_on(self.inner.replace_projections, projections, size=size)

    def projected(self, size: int) -> Iterator[Projected]:
        """See :meth:`ledger.store.Store.projected`."""
        return self._pass_on(self.inner.projected, size)

    def restore_pins(self, pins: Sequence[tuple[str, int]]) -> None:
        """See :meth:`ledger.store.Store.restore_pins`."""
        self._pass_on(self.inner.restore_pins, pins)

    def drop_projected(
        self,
        search: Sequence[tuple[bytes, int]],
        standing: Sequence[tuple[str, int]],
        *,
        pins: Sequence[tuple[str, int]],
    ) -> None:
        """See :meth:`ledger.store.Store.drop_projected`."""
        self._pass_on(self.inner.drop_projected, search, standing, pins=pins)

    def close(self) -> None:
        """See :meth:`ledger.store.Store.close`."""
        self._pass_on(self.inner.close)
