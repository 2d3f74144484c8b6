"""Records by their ids as they are held now, for whoever may ask for them: no door by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from api.derived.entries import FiledRecords
from keys.encoding import decode_base64url
from keys.errors import MalformedEncoding
from ledger.sharing.agreements import Agreements
from ledger.store import Store
from quality.deliveries.agreed import Filed


class HeldRecords:
    """Reads the records of one log, without the groups that were ordered erased."""

    def __init__(self, store: Store, origin: str, agreements: Callable[[], Agreements]) -> None:
        """Read from ``store`` what ``agreements`` leave."""
        self._store = store
        self._records = FiledRecords(
            store, origin, erased=lambda name: frozenset(agreements().erased(name))
        )

    def __call__(self, record_ids: Sequence[str]) -> list[Filed]:
        """Those of the records that are there, in the order of their entries.

        Raises:
            StoreUnavailable: the log did not answer.
        """
        try:
            wanted = [decode_base64url(each) for each in record_ids]
        except MalformedEncoding:
            return []
        rows = self._store.entries_at(sorted(self._store.known(wanted, []).records.values()))
        # One by one: an upload is up to a megabyte.
        return [record for index in sorted(rows) for record in self._records.read([rows[index]])]
