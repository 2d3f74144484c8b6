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
from ledger.note import parse_note
from ledger.reader import LogReader
from ledger.record import ADMIN_VCTS, GOVERNANCE_VCTS, parse_jws
from ledger.store import EntryRow
from ledger.view import View, ViewEntry, ViewRecord


@dataclass(frozen=True, slots=True)
class Shown:
    """A record to show, and the disclosures its reader may have."""

    row: EntryRow
    disclosures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Where the links of one record's evidence stand in the log."""

    keys: tuple[int, ...]
    type: int | None


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
    evidence = [_evidence_of(item.row, fold) for item in shown]
    indices = sorted(
        {item.row.index for item in shown}
        | {index for links in evidence for index in links.keys}
        | {links.type for links in evidence if links.type is not None}
    )
    positions = {index: position for position, index in enumerate(indices)}
    rows = {item.row.index: item.row for item in shown}
    return View(
        checkpoint=note,
        entries=tuple(
            _view_entry(rows.get(index) or reader.entry(index), reader, size) for index in indices
        ),
        records=tuple(
            _view_record(item, links, positions)
            for item, links in zip(shown, evidence, strict=True)
        ),
    )


def _evidence_of(row: EntryRow, fold: PublicFold) -> _Evidence:
    _, jws = split_entry(row.text)
    parsed = parse_jws(jws, origin=fold.origin)
    is_governance = row.vct in GOVERNANCE_VCTS
    kind = None if is_governance else fold.type_entries[row.vct]
    if row.index == 0:
        return _Evidence((), None)
    joined = fold.parties[row.party].joined_at
    links = {0}
    if 0 < joined < row.index:
        links.add(joined)
    if row.vct not in ADMIN_VCTS:
        key = fold.key(parsed.header.kid)
        assert key is not None, "a key that signed an entry was registered before it"
        links.add(key.registered_at)
    return _Evidence(tuple(sorted(links)), kind)


def _view_entry(row: EntryRow, reader: LogReader, size: int) -> ViewEntry:
    head, jws = split_entry(row.text)
    return ViewEntry(head, jws, tuple(reader.inclusion_path(row.index, size)))


def _view_record(item: Shown, links: _Evidence, positions: dict[int, int]) -> ViewRecord:
    return ViewRecord(
        entry=positions[item.row.index],
        type=None if links.type is None else positions[links.type],
        keys=tuple(positions[index] for index in links.keys),
        after=(),
        disclosures=item.disclosures,
    )
