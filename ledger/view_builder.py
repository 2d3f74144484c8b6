"""Build views: gather what a verifier needs for some records, each entry once.

Which disclosures a reader gets is decided before; this module only adds the evidence: the
entries, their paths, the key path and the type of each record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.checkpoint import parse_checkpoint
from ledger.entry import split_entry
from ledger.fold import PublicFold
from ledger.key_evidence import KeyEvidence
from ledger.note import parse_note
from ledger.reader import LogReader
from ledger.record import GOVERNANCE_VCTS
from ledger.store import EntryRow
from ledger.view import ErasedGroup, View, ViewEntry, ViewRecord


@dataclass(frozen=True, slots=True)
class Shown:
    """A record to show: the disclosures its reader may have, and what was decided on it."""

    row: EntryRow
    disclosures: tuple[str, ...]
    decision: str | None = None
    erased: tuple[ErasedGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Where the links of one record's evidence stand in the log."""

    keys: tuple[int, ...]
    after: tuple[int, ...]
    type: int | None

    def indices(self) -> set[int]:
        """All of them."""
        kind = set() if self.type is None else {self.type}
        return {*self.keys, *self.after} | kind


def build_view(
    shown: Sequence[Shown],
    reader: LogReader,
    fold: PublicFold,
    *,
    checkpoint: str | None = None,
) -> View:
    """A view of the records under the newest checkpoint, or under the one that is given.

    Raises:
        NotInLog: the log is shorter than a record says.
    """
    note = reader.latest_checkpoint() if checkpoint is None else checkpoint
    size = parse_checkpoint(parse_note(note.encode()).text).size
    keys = KeyEvidence(reader, fold, size)
    evidence = [_evidence_of(item.row, keys, fold) for item in shown]
    used = {item.row.index for item in shown}.union(*(links.indices() for links in evidence))
    indices = sorted(used)
    positions = {index: position for position, index in enumerate(indices)}
    return View(
        checkpoint=note,
        entries=tuple(_view_entry(keys.row(index), reader, size) for index in indices),
        records=tuple(
            _view_record(item, links, positions)
            for item, links in zip(shown, evidence, strict=True)
        ),
    )


def _evidence_of(row: EntryRow, keys: KeyEvidence, fold: PublicFold) -> _Evidence:
    links = keys.links_of(row)
    kind = None if row.vct in GOVERNANCE_VCTS else fold.type_entries[row.vct]
    return _Evidence(links.keys, links.after, kind)


def _view_entry(row: EntryRow, reader: LogReader, size: int) -> ViewEntry:
    head, jws = split_entry(row.text)
    return ViewEntry(head, jws, tuple(reader.inclusion_path(row.index, size)))


def _view_record(item: Shown, links: _Evidence, positions: dict[int, int]) -> ViewRecord:
    return ViewRecord(
        entry=positions[item.row.index],
        type=None if links.type is None else positions[links.type],
        keys=tuple(positions[index] for index in links.keys),
        after=tuple(positions[index] for index in links.after),
        disclosures=item.disclosures,
        decision=item.decision,
        erased=item.erased,
    )
