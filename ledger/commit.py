"""Steps 5 and 6 of admission: turn checked records into one durable group.

Pure: given the tip of the log and what it already knows, this module decides which records
become entries, numbers and chains them, grows the tree once, and lays out the rows of the
transaction and the receipts that may leave after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger import limits
from ledger.admission import Place, Precedent, Precedents, Signed, admit
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.content import BlobClaim, CheckedRecord
from ledger.domain_state import DomainState
from ledger.entitled import Change, EntitledFold, admit_entitled
from ledger.entry import NO_LEAF, EntryHead, encode_head
from ledger.errors import ClockSuspect
from ledger.faults import Refusal
from ledger.fold import PublicFold
from ledger.frontier import Appended, Frontier, append_leaves
from ledger.note import Ed25519Signer, encode_note
from ledger.open_tiles import OpenTiles, TileGrowth
from ledger.record import encode_record_id
from ledger.sharing.filed import Filed
from ledger.sharing.filings import Filings, Position, filed_of_record, has_filing
from ledger.store import CommitGroup, EntryRow, Head, KnownIds, TileRow
from ledger.tlog_proof import tlog_proof_head
from ledger.tree import LeafIndex, TreeSize, leaf_hash


@dataclass(frozen=True, slots=True)
class Tip:
    """Where the log ends: the stored head, the open tiles, both folds of every entry so far."""

    head: Head | None
    open_tiles: OpenTiles
    fold: PublicFold
    entitled: EntitledFold

    @property
    def state(self) -> DomainState:
        """What parties have put in force between them."""
        return self.entitled.state

    @property
    def size(self) -> int:
        """How many entries there are."""
        return self.head.size if self.head else 0


@dataclass(frozen=True, slots=True)
class Numbered:
    """A record that is admitted, and its index."""

    record: CheckedRecord
    index: int


@dataclass(frozen=True, slots=True)
class Repeat:
    """A record that the log holds already, at this index."""

    record: CheckedRecord
    index: int


Verdict = Numbered | Repeat | Refusal


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict for each record, in their order, and the folds after those admitted."""

    verdicts: tuple[Verdict, ...]
    fold: PublicFold
    entitled: EntitledFold

    def numbered(self) -> list[Numbered]:
        """The admitted ones, in index order."""
        return [verdict for verdict in self.verdicts if isinstance(verdict, Numbered)]


@dataclass(frozen=True, slots=True)
class Built:
    """A group ready to commit, the tip after it, and a receipt for each numbered record."""

    group: CommitGroup
    tip: Tip
    receipts: tuple[str, ...]


def next_admission_ms(now_ms: int, tip: Tip, *, database_ms: int | None = None) -> int:
    """The admission time of the next group: never before the last entry's.

    Args:
        now_ms: the clock of this process.
        tip: where the log ends.
        database_ms: the database's clock, where replicas share one: it is the log's then.

    Raises:
        ClockSuspect: the two clocks are apart, or the log's is more than a minute behind
            the last entry.
    """
    if database_ms is not None:
        if abs(database_ms - now_ms) > limits.CLOCKS_APART_MILLISECONDS_MAX:
            raise ClockSuspect(
                f"expected the clocks of database and service within "
                f"{limits.CLOCKS_APART_MILLISECONDS_MAX} ms of each other, found {database_ms} ms "
                f"and {now_ms} ms: set them"
            )
        now_ms = database_ms
    last = tip.head.admitted_ms if tip.head else 0
    if now_ms < last - limits.CLOCK_BEHIND_MILLISECONDS_MAX:
        raise ClockSuspect(f"expected a time after {last} ms, found {now_ms} ms: set the clock")
    return max(now_ms, last)


class LogSoFar(Precedents, Filings, Protocol):
    """What judging a group asks of the log before it."""

    def check_again(self, record: CheckedRecord, fold: PublicFold) -> CheckedRecord | Refusal:
        """Check a record by the types of this fold; its own was unknown before."""


def judge_group(
    records: Sequence[CheckedRecord],
    tip: Tip,
    *,
    known: KnownIds,
    admitted_ms: int,
    log: LogSoFar,
) -> Judged:
    """Judge records in order, each at its own index; refused ones take no index."""
    group = _Group(tip, known, admitted_ms=admitted_ms, log=log)
    verdicts = tuple(group.judge(record) for record in records)
    return Judged(verdicts, group.fold, group.entitled)


class _Group:
    """The records of a group judged so far: the log together with what they add to it."""

    def __init__(self, tip: Tip, known: KnownIds, *, admitted_ms: int, log: LogSoFar) -> None:
        self.fold = tip.fold
        self.entitled = tip.entitled
        self._first = self._size = tip.size
        self._admitted_ms = admitted_ms
        self._log = log
        self._indices: dict[bytes, int] = dict(known.records)
        self._used_jtis: dict[bytes, int] = dict(known.jti_keys)
        self._numbered: list[Numbered] = []
        self._pending: dict[str, Numbered] = {}

    def judge(self, record: CheckedRecord) -> Verdict:
        index = self._indices.get(record.record_id)
        if index is not None:
            return Repeat(record, index)
        if record.jti_key in self._used_jtis:
            return _jti_used(self._used_jtis[record.jti_key])
        checked = self._check(record)
        if isinstance(checked, Refusal):
            return checked
        place = Place(self._size, self._admitted_ms)
        after = admit(checked, self.fold, place=place, precedents=self)
        if isinstance(after, Refusal):
            return after
        entitled = admit_entitled(
            checked, self.entitled, place=place, change=Change(self.fold, after), filings=self
        )
        if isinstance(entitled, Refusal):
            return entitled
        self.entitled = entitled
        return self._number(checked, after)

    def _check(self, record: CheckedRecord) -> CheckedRecord | Refusal:
        # The type may have been defined since the record was checked, even in this group.
        if record.type_known or record.vct not in self.fold.types:
            return record
        return self._log.check_again(record, self.fold)

    def _number(self, record: CheckedRecord, fold: PublicFold) -> Numbered:
        index, self._size = self._size, self._size + 1
        self.fold = fold
        self._indices[record.record_id] = self._used_jtis[record.jti_key] = index
        numbered = Numbered(record, index)
        self._numbered.append(numbered)
        return numbered

    def find_record(self, record_id: str) -> Precedent | None:
        """The earlier record of that id, of this group or stored."""
        found = self._find_pending(record_id)
        if found is None:
            return self._log.find_record(record_id)
        return Precedent(found.record.iss, found.record.vct)

    def filed(self, record_ids: Sequence[str]) -> Mapping[str, Filed | None]:
        """What earlier records say of their sharing, of this group or stored."""
        known: dict[str, Filed | None] = {}
        stored = []
        for record_id in record_ids:
            found = self._find_pending(record_id)
            if found is None:
                stored.append(record_id)
            elif has_filing(found.record.vct):
                known[record_id] = self._filed_of(found)
        return {**known, **self._log.filed(stored)} if stored else known

    def _filed_of(self, found: Numbered) -> Filed | None:
        record = found.record
        position = Position(found.index, self._admitted_ms)
        return filed_of_record(
            record.jws, record.disclosures, origin=self.fold.origin, position=position
        )

    def find_signed(self, record_id: str) -> Signed | None:
        """The position and key of that record, of this group or stored."""
        found = self._find_pending(record_id)
        if found is None:
            return self._log.find_signed(record_id)
        return Signed(found.index, found.record.kid, found.record.vct)

    def _find_pending(self, record_id: str) -> Numbered | None:
        # Records get their ids as text only once somebody asks for one; few groups do.
        while self._numbered:
            numbered = self._numbered.pop()
            self._pending[encode_record_id(numbered.record.record_id)] = numbered
        return self._pending.get(record_id)

    def admitted_ms(self, index: int) -> int | None:
        """The time of an entry, of this group or stored."""
        if index >= self._first:
            return self._admitted_ms if index < self._size else None
        return self._log.admitted_ms(index)

    def is_blob_ready(self, claim: BlobClaim, owner: str) -> bool:
        """As the log says."""
        return self._log.is_blob_ready(claim, owner)


def _jti_used(index: int) -> Refusal:
    return Refusal("jti-used", f"this party used the jti before, in entry {index}: take a new one")


def build_group(tip: Tip, judged: Judged, *, admitted_ms: int, signer: Ed25519Signer) -> Built:
    """Number, chain, grow the tree and sign its new head: everything one transaction writes."""
    numbered = judged.numbered()
    heads, rows = _chain(tip, numbered, admitted_ms)
    frontier = Frontier(TreeSize(tip.size), tip.head.frontier if tip.head else ())
    appended = append_leaves(frontier, [row.leaf for row in rows])
    growth = tip.open_tiles.grown_by(appended)
    note = sign_checkpoint(
        Checkpoint(tip.fold.origin, appended.frontier.size, appended.root), [signer]
    )
    checkpoint = encode_note(note).decode()
    head = Head(
        size=appended.frontier.size,
        leaf=rows[-1].leaf,
        root=appended.root,
        admitted_ms=admitted_ms,
        frontier=appended.frontier.hashes,
    )
    return Built(
        group=_rows_of(tip, head, rows, numbered=numbered, growth=growth, checkpoint=checkpoint),
        tip=Tip(head, growth.open_tiles, judged.fold, judged.entitled),
        receipts=_receipts(heads, appended, checkpoint),
    )


def _chain(
    tip: Tip, numbered: Sequence[Numbered], admitted_ms: int
) -> tuple[list[str], list[EntryRow]]:
    previous = tip.head.leaf if tip.head else NO_LEAF
    heads, rows = [], []
    for item in numbered:
        record = item.record
        head = encode_head(EntryHead(tip.fold.origin, item.index, previous, admitted_ms))
        text = f"{head}{record.jws}\n".encode("ascii")
        previous = leaf_hash(text)
        heads.append(head)
        rows.append(
            EntryRow(
                index=item.index,
                record_id=record.record_id,
                jti_key=record.jti_key,
                leaf=previous,
                text=text,
                party=record.iss,
                vct=record.vct,
                admitted_ms=admitted_ms,
            )
        )
    return heads, rows


def _rows_of(  # noqa: PLR0913  (one row kind each; a carrier would only rename them)
    tip: Tip,
    head: Head,
    rows: Sequence[EntryRow],
    *,
    numbered: Sequence[Numbered],
    growth: TileGrowth,
    checkpoint: str,
) -> CommitGroup:
    pairs = [(item.record, item.index) for item in numbered]
    return CommitGroup(
        head_before=tip.head,
        head=head,
        entries=rows,
        tiles=[
            TileRow(done.level, done.number, done.hashes, done.root) for done in growth.completed
        ],
        checkpoint=checkpoint,
        disclosures=[(record.disclosures, i) for record, i in pairs if record.disclosures],
        search=[(key, i) for record, i in pairs for key in record.search],
        standing=[(did, i) for record, i in pairs for did in record.standing],
        outbox=[("record.admitted", i) for _, i in pairs],
        pins=[(claim.blob, i) for record, i in pairs for claim in record.blobs],
    )


def _receipts(heads: Sequence[str], appended: Appended, checkpoint: str) -> tuple[str, ...]:
    first = appended.old_size
    return tuple(
        encode_receipt(head, first + position, path, checkpoint)
        for position, (head, path) in enumerate(zip(heads, appended.paths_base64(), strict=True))
    )


def encode_receipt(head: str, index: int, path: Sequence[str], checkpoint: str) -> str:
    """A tlog-proof whose ``extra`` is the entry's head (docs/spec/entry.md)."""
    return tlog_proof_head(LeafIndex(index), path, extra=head.encode("ascii")) + checkpoint
