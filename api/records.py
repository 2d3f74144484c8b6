"""Reading records: as a view, as a receipt, by search. Loading and permission are one call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from api.accesses.log import AccessNotes
from api.accesses.noting import seen_of
from api.accesses.rows import Seen
from api.exchange import Reader, Refused
from api.published import Published
from api.sharing import Reading, Sharing, Sight
from keys.encoding import encode_base64url
from ledger.cosigning import read_own_checkpoint
from ledger.disclosure import Disclosure, open_admitted
from ledger.entry import split_entry
from ledger.faults import Refusal
from ledger.kept import split_kept
from ledger.record import parse_jws
from ledger.service import Ledger
from ledger.store import EntryRow, Store
from ledger.view import ErasedGroup, encode_view, encode_view_lines
from ledger.view_builder import Shown, build_view


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    """A record as one reader gets it: the entry, and the disclosures that are the reader's."""

    row: EntryRow
    disclosures: tuple[str, ...]
    groups: tuple[Disclosure, ...]
    sight: Sight

    @property
    def size(self) -> int:
        """How many characters it takes to show."""
        return sum(map(len, self.disclosures)) + len(self.row.text)

    @property
    def group_names(self) -> frozenset[str]:
        """The groups that are there and the reader's."""
        return frozenset(disclosure.group for disclosure in self.groups)


class RecordShelf:
    """The one way to a record: finds it and decides what the reader gets of it."""

    def __init__(
        self,
        ledger: Ledger,
        store: Store,
        *,
        published: Published,
        sharing: Sharing,
        accesses: AccessNotes,
    ) -> None:
        """Read from ``ledger`` and ``store`` what ``sharing`` lets each reader have.

        Views are proven as ``published`` says; ``accesses`` is told what leaves, before it does.
        """
        self._accesses = accesses
        self._ledger = ledger
        self._sharing = sharing
        self._published = published
        self._store = store

    def open(self, record_id: str, reader: Reader) -> OpenedRecord:
        """One record for one reader, to be shown.

        Raises:
            Refused: there is no such record, or none that the reader may know of: the answer
                is the same, and so is what the database is asked.
            AccessNotKept: the receipt of the read cannot be kept.
        """
        opened = self.look(record_id, reader)
        self.note([opened], reader)
        return opened

    def note(self, records: Sequence[OpenedRecord], reader: Reader) -> None:
        """Keep receipts of records that are about to be shown.

        Raises:
            AccessNotKept: they cannot be kept.
        """
        if reader.did is not None:
            seen = (seen_of(one.row, one.sight, one.group_names) for one in records)
            self.note_seen([one for one in seen if one is not None], reader)

    def note_seen(self, seen: Sequence[Seen], reader: Reader) -> None:
        """The same where it is known what of them is shown.

        Raises:
            AccessNotKept: they cannot be kept.
        """
        self._accesses.note(reader, seen)

    def is_member(self, reader: Reader) -> bool:
        """Whether the reader is a member in good standing now."""
        return self._sharing.reading(reader).principal.is_member

    def states(self, indices: Iterable[int], reader: Reader) -> dict[int, OpenedRecord]:
        """Records by their entries as the reader gets them, of which nothing is shown yet."""
        opened = self.open_at(sorted(set(indices)), self._sharing.reading(reader))
        return {one.row.index: one for one in opened}

    def note_states(self, opened: Iterable[OpenedRecord], reader: Reader) -> None:
        """Keep receipts of records of which the group ``state`` is told, in another form.

        Raises:
            AccessNotKept: they cannot be kept.
        """
        seen = (seen_of(one.row, one.sight, one.group_names & {"state"}) for one in opened)
        self.note_seen([one for one in seen if one is not None], reader)

    def look(self, record_id: str, reader: Reader) -> OpenedRecord:
        """One record as a reader would get it, of which nothing above public is shown.

        Raises:
            Refused: as :meth:`open`.
        """
        row = self._find(record_id)
        # The charter stands in for a record that is absent, so that the same is read for it.
        asked = self._ledger.reader.entry(0) if row is None else row
        (opened,) = self._open_rows([asked], self._sharing.reading(reader))
        if row is None or not opened.sight.is_found:
            raise _absent(record_id)
        return opened

    def find(self, record_id: str) -> EntryRow:
        """The entry of a record.

        Raises:
            Refused: there is no such record.
        """
        row = self._find(record_id)
        if row is None:
            raise _absent(record_id)
        return row

    def _find(self, record_id: str) -> EntryRow | None:
        row = self._ledger.reader.find(record_id)
        if row is not None and row.index >= self._ledger.size:
            # Another replica has committed it, and may have acknowledged it by now.
            self._ledger.catch_up(row.index + 1)
        return None if row is None or row.index >= self._ledger.size else row

    def open_all(self, indices: Sequence[int], reader: Reader) -> list[OpenedRecord]:
        """Records by their entries, each as the reader gets it, to be shown.

        Raises:
            AccessNotKept: the receipts of the read cannot be kept.
        """
        rows = [self._ledger.reader.entry(index) for index in indices]
        opened = self._open_rows(rows, self._sharing.reading(reader))
        self.note(opened, reader)
        return opened

    def view(
        self, records: Sequence[OpenedRecord], *, as_lines: bool, cosigned: bool | None = None
    ) -> str:
        """A view of the records with everything needed to verify it.

        By default under a checkpoint that the trust policy accepts; with ``cosigned`` False
        under the newest that the log signed.
        """
        size = max(record.row.index for record in records) + 1
        note = self._published.checkpoint_over(size, cosigned=cosigned)
        covered = read_own_checkpoint(note).size
        shown = [self.shown(record, covered) for record in records]
        view = build_view(shown, self._ledger.reader, self._ledger.fold, checkpoint=note)
        return encode_view_lines(view) if as_lines else encode_view(view)

    def shown(self, record: OpenedRecord, size: int) -> Shown:
        """A record for a view of ``size`` entries, with the signed decision."""
        # What was erased later is withheld by this view: it could not prove which entry says so.
        erased = [(group, at) for group, at in record.sight.erased.items() if at < size]
        return Shown(
            record.row,
            record.disclosures,
            self._sharing.sign(record.sight),
            tuple(ErasedGroup(group, at) for group, at in sorted(erased)),
        )

    def open_at(self, indices: Sequence[int], reading: Reading) -> list[OpenedRecord]:
        """Those of the records that there are, in this order, each as the reader gets it.

        Two statements, whichever of them there are.
        """
        rows = self._store.entries_at(indices)
        kept = self._store.disclosures(indices)
        return [
            self._open_row(rows[index], kept.get(index, ""), reading)
            for index in indices
            if index in rows
        ]

    def _open_rows(self, rows: Sequence[EntryRow], reading: Reading) -> list[OpenedRecord]:
        kept = self._store.disclosures([row.index for row in rows])
        return [self._open_row(row, kept.get(row.index, ""), reading) for row in rows]

    def _open_row(self, row: EntryRow, kept: str, reading: Reading) -> OpenedRecord:
        texts = split_kept(kept).disclosures
        _, jws = split_entry(row.text)
        claims = parse_jws(jws, origin=self._ledger.fold.origin).claims
        opened = open_admitted(claims, texts)
        sight = reading.see(row, claims, opened)
        names = sight.names - sight.erased.keys()
        shown = [pair for pair in zip(texts, opened, strict=True) if pair[1].group in names]
        return OpenedRecord(
            row, tuple(text for text, _ in shown), tuple(d for _, d in shown), sight
        )


def _absent(record_id: str) -> Refused:
    return Refused(Refusal("not-found", f"no record {record_id[:60]!r}"))


def describe(record: OpenedRecord) -> dict[str, Any]:
    """A record as a line of a search result: what the reader gets, without its proof."""
    row = record.row
    return {
        "record_id": encode_base64url(row.record_id),
        "index": row.index,
        "party": row.party,
        "type": row.vct,
        "admitted_ms": row.admitted_ms,
        "groups": {disclosure.group: disclosure.value for disclosure in record.groups},
    }


def private(response: Response) -> Response:
    """Keep an answer that depends on the reader out of shared caches."""
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Signature, Signature-Input, Accept"
    return response
