"""What entries ordered erased, as derived tables read it: of the log, like everything else.

A record is read without its erased groups whether they are held still or not, so that tables
come to the same before and after an erasure was carried out.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, takewhile
from typing import Final

from api.derived.entries import FiledRecords
from ledger.relations import ACT_VCT
from ledger.sharing.act_forms import ERASE
from ledger.store import Store
from quality.deliveries.agreed import Filed
from quality.values import items, text

_PAGE: Final = 500
_NONE: Final[frozenset[str]] = frozenset()


class ErasedGroups:
    """Read along with the log. Belongs to one thread."""

    def __init__(self, store: Store, origin: str) -> None:
        """Read the log called ``origin`` from ``store``."""
        self._store = store
        self._records = FiledRecords(store, origin)
        self._size = 0
        self._by_record: dict[str, frozenset[str]] = {}

    def read_to(self, size: int) -> None:
        """Know what the entries below ``size`` order.

        Raises:
            StoreUnavailable: the store did not answer.
        """
        if size <= self._size:
            return
        rows = takewhile(
            lambda row: row.index < size, self._store.entries_of((ACT_VCT,), start=self._size)
        )
        while page := list(islice(rows, _PAGE)):
            for record in self._records.read(page):
                for of, groups in ordered_by(record):
                    self._by_record[of] = self.of(of) | groups
        self._size = size

    def of(self, record_id: str) -> frozenset[str]:
        """The erased groups of a record."""
        return self._by_record.get(record_id, _NONE)


def ordered_by(record: Filed) -> Iterator[tuple[str, frozenset[str]]]:
    """What a record orders erased: a record id and groups of it; nothing if it is no such act."""
    if record.vct != ACT_VCT or text(record.groups, "state", "act") != ERASE:
        return
    of = text(record.groups, "state", "of")
    groups = items(record.groups, "state", "groups")
    if of is not None:
        yield of, frozenset(name for name in groups if isinstance(name, str))
