"""Filings of a log that is a list of entries with the disclosures that are held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger.entry import split_entry
from ledger.errors import LedgerError
from ledger.record import encode_record_id, parse_jws, record_id
from ledger.sharing.filed import Filed
from ledger.sharing.filings import filed_of_entry, has_filing


@dataclass(frozen=True, slots=True)
class HeldFilings:
    """Looks through all of them, whenever it is asked."""

    rows: Sequence[tuple[bytes, str | None]]
    origin: str

    def filed(self, record_ids: Sequence[str]) -> Mapping[str, Filed | None]:
        """The facts of those of the records that there are."""
        found: dict[str, Filed | None] = {}
        for text, disclosures in self.rows:
            try:
                jws = split_entry(text)[1]
                named, vct = encode_record_id(record_id(jws)), _vct(jws, self.origin)
            except LedgerError:
                continue
            if named in record_ids and has_filing(vct):
                found[named] = filed_of_entry(text, disclosures, origin=self.origin)
        return found


def _vct(jws: str, origin: str) -> str:
    return parse_jws(jws, origin=origin).claims.vct
