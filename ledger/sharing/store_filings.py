"""Filings served from a store: what admission under the head lock asks of earlier records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from keys.encoding import decode_base64url
from keys.errors import MalformedEncoding
from ledger.sharing.filed import Filed
from ledger.sharing.filings import filed_of_entry, has_filing
from ledger.store import EntryRow, Store

_ID_BYTES = 32


@dataclass(frozen=True, slots=True)
class StoreFilings:
    """The filings of everything that a store holds: one look-up of ids, one of disclosures."""

    store: Store
    origin: str

    def filed(self, record_ids: Sequence[str]) -> Mapping[str, Filed | None]:
        """The facts of those of the records that there are; None where they are not held.

        Raises:
            StoreUnavailable: the store did not answer.
        """
        named = {key: text for text in record_ids if (key := _key_of(text)) is not None}
        known = self.store.known(list(named), []).records if named else {}
        rows = {named[key]: self._row(index) for key, index in known.items()}
        asked = {text: row for text, row in rows.items() if has_filing(row.vct)}
        held = self.store.disclosures([row.index for row in asked.values()]) if asked else {}
        return {
            text: filed_of_entry(row.text, held.get(row.index), origin=self.origin)
            for text, row in asked.items()
        }

    def _row(self, index: int) -> EntryRow:
        row = self.store.entry(index)
        assert row is not None, "what is known stands below the head"
        return row


def _key_of(record_id: str) -> bytes | None:
    try:
        key = decode_base64url(record_id)
    except MalformedEncoding:
        return None
    return key if len(key) == _ID_BYTES else None
