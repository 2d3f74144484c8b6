"""Many records as one view that is written while it is read from the store.

The header needs the evidence of every record, so entries are gone through twice: once for the
table, once for the records. Of content never more than a few records are in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from api.exchange import Reader
from api.records import OpenedRecord, RecordShelf
from api.sharing import Reading, Sharing
from keys.encoding import encode_base64
from ledger import limits
from ledger.cosigning import read_own_checkpoint
from ledger.entry import split_entry
from ledger.key_evidence import KeyEvidence
from ledger.record import GOVERNANCE_VCTS
from ledger.service import Ledger
from ledger.store import EntryRow, Store
from ledger.view import FORMAT, ViewRecord, record_members

_RECORDS_AT_ONCE: Final = 128
#: The table may take so much of a view; the rest is for what is disclosed.
_TABLE_BYTES_MAX: Final = limits.VIEW_BYTES_MAX // 2


@dataclass(frozen=True, slots=True)
class Selected:
    """Records of one view, newest first, with the places of their evidence in the log."""

    checkpoint: str
    size: int
    indices: tuple[int, ...]
    evidence: dict[int, _Links]


@dataclass(frozen=True, slots=True)
class _Links:
    type: int | None
    keys: tuple[int, ...]
    after: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RecordStream:
    """Writes views of many records."""

    ledger: Ledger
    store: Store
    shelf: RecordShelf
    sharing: Sharing

    def select(self, indices: Sequence[int], *, checkpoint: str) -> Selected:
        """As many of the records as one view holds, with what proves them."""
        size = read_own_checkpoint(checkpoint).size
        fold = self.ledger.fold
        keys = KeyEvidence(self.ledger.reader, fold, size)
        evidence: dict[int, _Links] = {}
        room = _TABLE_BYTES_MAX
        for row in self._rows(indices):
            links = keys.links_of(row)
            keys.forget(row.index)
            kind = None if row.vct in GOVERNANCE_VCTS else fold.type_entries[row.vct]
            found = _Links(kind, links.keys, links.after)
            room -= _table_bytes(row)
            if room < 0 and evidence:
                break
            evidence[row.index] = found
        return Selected(checkpoint, size, tuple(evidence), evidence)

    def write(self, selected: Selected, reading: Reading, reader: Reader) -> Iterator[bytes]:
        """The view in JSON lines, in pieces; it ends early where it would be too large to verify.

        Raises:
            AccessNotKept: the receipts of the read cannot be kept; the view ends there.
        """
        table = sorted({index for item in selected.evidence.items() for index in _places(*item)})
        positions = {index: position for position, index in enumerate(table)}
        room = limits.VIEW_BYTES_MAX
        for piece in self._header(selected, table):
            room -= len(piece)
            yield piece
        for start in range(0, len(selected.indices), _RECORDS_AT_ONCE):
            chunk = selected.indices[start : start + _RECORDS_AT_ONCE]
            opened = self.shelf.open_at(chunk, reading)
            lines = [self._line(record, selected, positions) for record in opened]
            fitting = _fitting(lines, room)
            # Kept before the bytes leave, of no more than what leaves.
            self.shelf.note(opened[: len(fitting)], reader)
            room -= sum(map(len, fitting))
            yield b"".join(fitting)
            if len(fitting) < len(lines):
                return

    def _header(self, selected: Selected, table: Sequence[int]) -> Iterator[bytes]:
        head = orjson.dumps({"format": FORMAT, "checkpoint": selected.checkpoint})
        yield head[:-1] + b',"entries":['
        separator, path_of = b"", self.ledger.reader.paths(selected.size)
        for row in self._rows(table):
            text, jws = split_entry(row.text)
            entry = {"head": text, "jws": jws, "path": path_of(row.index)}
            yield separator + orjson.dumps(entry)
            separator = b","
        yield b"]}\n"

    def _line(self, record: OpenedRecord, selected: Selected, positions: dict[int, int]) -> bytes:
        shown = self.shelf.shown(record, selected.size)
        links = selected.evidence[record.row.index]
        members = record_members(
            ViewRecord(
                entry=positions[record.row.index],
                type=None if links.type is None else positions[links.type],
                keys=tuple(positions[index] for index in links.keys),
                after=tuple(positions[index] for index in links.after),
                disclosures=shown.disclosures,
                decision=shown.decision,
                erased=shown.erased,
            )
        )
        return orjson.dumps(members, option=orjson.OPT_APPEND_NEWLINE)

    def _rows(self, indices: Sequence[int]) -> Iterator[EntryRow]:
        for start in range(0, len(indices), _RECORDS_AT_ONCE):
            chunk = indices[start : start + _RECORDS_AT_ONCE]
            rows = self.store.entries_at(chunk)
            yield from (rows[index] for index in chunk if index in rows)


def _places(index: int, links: _Links) -> tuple[int, ...]:
    kind = () if links.type is None else (links.type,)
    return (index, *links.keys, *links.after, *kind)


def _table_bytes(row: EntryRow) -> int:
    """About what an entry takes in the table: its text, and a path in a large log."""
    return len(row.text) + 32 * len(encode_base64(bytes(32)))


def _fitting(lines: Sequence[bytes], room: int) -> list[bytes]:
    fitting: list[bytes] = []
    for line in lines:
        room -= len(line)
        if room < 0:
            break
        fitting.append(line)
    return fitting
