"""Who is told of an alarm: whoever the sharing decision opens the values of its upload to.

The one rule of all that is made of parameters. The decision is made of the manifest and the
address, which stand in the tables: no upload is opened to decide who hears of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from api.accesses.noting import seen_of
from api.anomaly.alarm_book import Filing
from api.exchange import Reader
from api.records import RecordShelf
from api.sharing import Sharing, Sight
from ledger.disclosure import Disclosure
from ledger.entry import split_entry
from ledger.record import parse_jws
from ledger.store import EntryRow, Store

#: What verdicts are made of.
VALUES = "values"


@dataclass(frozen=True, slots=True)
class SeenUpload:
    """An upload of which a reader may be told what its values lead to."""

    row: EntryRow
    sight: Sight


@dataclass(frozen=True, slots=True)
class AlarmSight:
    """Decides for readers of one log."""

    store: Store
    sharing: Sharing
    shelf: RecordShelf
    origin: str

    def of(self, filings: Mapping[str, Filing], reader: Reader) -> dict[str, SeenUpload]:
        """Those of the uploads whose values the reader may have, by record id."""
        if reader.did is None:
            return {}
        rows = self.store.entries_at(sorted(filing.entry for filing in filings.values()))
        reading = self.sharing.reading(reader)
        found = {}
        for record_id, filing in filings.items():
            row = rows.get(filing.entry)
            if row is None or not filing.manifest or not filing.address:
                continue
            claims = parse_jws(split_entry(row.text)[1], origin=self.origin).claims
            groups = (("manifest", filing.manifest), ("address", filing.address))
            opened = [Disclosure(name, value, b"") for name, value in groups]
            sight = reading.see(row, claims, opened)
            if sight.is_found and VALUES in sight.names and VALUES not in sight.erased:
                found[record_id] = SeenUpload(row, sight)
        return found

    def note(self, seen: Collection[SeenUpload], reader: Reader) -> None:
        """Keep receipts: what verdicts tell is told of the values.

        Raises:
            AccessNotKept: they cannot be kept.
        """
        shown = (seen_of(each.row, each.sight, (VALUES,)) for each in seen)
        self.shelf.note_seen([each for each in shown if each is not None], reader)
