"""Filings served from a store: what admission under the head lock asks of earlier records."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final

from keys.encoding import decode_base64url
from keys.errors import MalformedEncoding
from ledger import limits
from ledger.sharing.filed import Filed
from ledger.sharing.filings import filed_of_entry, has_filing
from ledger.store import EntryRow, Store

_ID_BYTES: Final = 32
#: Records whose content is in memory at a time: each may be 2 MiB.
_LOADED_AT_ONCE: Final = 4


class StoreFilings:
    """The filings of everything that a store holds.

    What a record says of its sharing never changes: the newest that were asked about are kept,
    so that naming the same large records again costs nothing.
    """

    def __init__(self, store: Store, origin: str) -> None:
        """Read records of the log of ``origin`` from ``store``."""
        self._store = store
        self._origin = origin
        self._kept: OrderedDict[str, Filed] = OrderedDict()
        self._lock = threading.Lock()

    def filed(self, record_ids: Sequence[str]) -> Mapping[str, Filed | None]:
        """The facts of those of the records that there are; None where they are not held.

        Raises:
            StoreUnavailable: the store did not answer.
        """
        found: dict[str, Filed | None] = {**self._remembered(record_ids)}
        rows = self._rows([text for text in record_ids if text not in found])
        asked = list(rows)
        for start in range(0, len(asked), _LOADED_AT_ONCE):
            some = asked[start : start + _LOADED_AT_ONCE]
            found |= self._load({text: rows[text] for text in some})
        return found

    def _load(self, rows: Mapping[str, EntryRow]) -> dict[str, Filed | None]:
        held = self._store.disclosures([row.index for row in rows.values()])
        found = {}
        for text, row in rows.items():
            filed = filed_of_entry(row.text, held.get(row.index), origin=self._origin)
            found[text] = filed
            if filed is not None:
                self._remember(text, filed)
        return found

    def _rows(self, record_ids: Sequence[str]) -> dict[str, EntryRow]:
        """The entries of those that say anything of their sharing."""
        named = {key: text for text in record_ids if (key := _key_of(text)) is not None}
        known = self._store.known(list(named), []).records if named else {}
        rows = {named[key]: self._row(index) for key, index in known.items()}
        return {text: row for text, row in rows.items() if has_filing(row.vct)}

    def _row(self, index: int) -> EntryRow:
        row = self._store.entry(index)
        assert row is not None, "what is known stands below the head"
        return row

    def _remembered(self, record_ids: Sequence[str]) -> dict[str, Filed]:
        with self._lock:
            found = {text: self._kept[text] for text in record_ids if text in self._kept}
            for text in found:
                self._kept.move_to_end(text)
        return found

    def _remember(self, record_id: str, filed: Filed) -> None:
        with self._lock:
            self._kept[record_id] = filed
            if len(self._kept) > limits.FILINGS_KEPT_MAX:
                self._kept.popitem(last=False)


def _key_of(record_id: str) -> bytes | None:
    try:
        key = decode_base64url(record_id)
    except MalformedEncoding:
        return None
    return key if len(key) == _ID_BYTES else None
