"""Entries of the log as derived data reads them: the groups of a record, each as it was signed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from keys.errors import KeysError
from ledger.disclosure import open_disclosures
from ledger.entry import split_entry
from ledger.errors import LedgerError
from ledger.kept import split_kept
from ledger.record import encode_record_id, parse_jws
from ledger.store import EntryRow, Store
from quality.deliveries.agreed import Filed

_DAY: Final = timedelta(days=1)


class FiledRecords:
    """Reads records with their groups; what is not held, or not what was signed, is left out."""

    def __init__(
        self,
        store: Store,
        origin: str,
        *,
        erased: Callable[[str], frozenset[str]] = lambda _: frozenset(),
    ) -> None:
        """Read the log called ``origin`` from ``store``, without the groups that are ``erased``."""
        self._store = store
        self._origin = origin
        self._erased = erased

    def read(self, rows: Sequence[EntryRow]) -> Iterator[Filed]:
        """The records of these entries, those without any content left out.

        Raises:
            StoreUnavailable: the store did not answer.
        """
        held = self._store.disclosures([row.index for row in rows])
        for row in rows:
            filed = self._open(row, held.get(row.index, ""))
            if filed is not None:
                yield filed

    def _open(self, row: EntryRow, disclosures: str) -> Filed | None:
        try:
            parsed = parse_jws(split_entry(row.text)[1], origin=self._origin)
            opened = open_disclosures(parsed.claims, split_kept(disclosures).disclosures)
        except (LedgerError, KeysError, ValueError, RecursionError):
            # For an audit to find; a figure is made of what was signed, or without it.
            return None
        record_id = encode_record_id(row.record_id)
        erased = self._erased(record_id)
        groups = {group: value for group, value, _ in opened if group not in erased}
        if not groups:
            return None
        return Filed(
            index=row.index,
            record_id=record_id,
            party=row.party,
            vct=row.vct,
            groups=groups,
            erased=erased,
            month=month_of_admission(row.admitted_ms),
            admitted_ms=row.admitted_ms,
            kid=parsed.header.kid,
        )


def month_of_admission(admitted_ms: int) -> str:
    """The month of an admission, in UTC, and of the day after it: days are anyone's calendar."""
    return f"{datetime.fromtimestamp(admitted_ms / 1_000, UTC) + _DAY:%Y-%m}"
