"""Audit a log from its bytes: chain, tree, signatures, admission, digests, checkpoints.

Reads entries in order and trusts none of them: rebuilds the chain, the tree and the fold,
checks every signature, judges every signer and all governance as admission did at that
index, compares every stored disclosure with its digest, every tile and every kept checkpoint
with the tree at its size. Content that admission would have refused is reported and not
followed, so what rests on it is reported too. An audit goes on from where the last one
stopped (:mod:`ledger.audit_memory`), and says the same as one that began anew. What lies in
disclosures is judged where workers are given the types (:mod:`ledger.audit_contents`), and
then against what parties had put in force at that index (:mod:`ledger.entitled`). Not checked:
whether addressees are members and links lead to records, and whether this is the log that a
reader trusts; for that its charter is compared with the trust anchor.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Protocol

from ledger import limits
from ledger.admission import Place, governing, judge_governance, judge_signer, judge_writer
from ledger.audit_earlier import (
    AdmissionTimes,
    ContestedIds,
    EarlierEntries,
    FilingsBefore,
    ReadFrom,
)
from ledger.audit_entries import (
    CHUNK_ENTRIES,
    CheckedEntry,
    MapChunks,
    Row,
    chunked,
    fault_of,
    map_here,
)
from ledger.audit_findings import FINDINGS_MAX, AuditReport, Finding, Tallies
from ledger.audit_jtis import NO_KEY, UsedJtis
from ledger.audit_memory import AuditMemory, Extent, check_extends, restore_folds
from ledger.audit_tree import NO_TREE, GrownTree, KeptCheckpoints
from ledger.content import CheckedRecord
from ledger.domain_state import DomainState
from ledger.entitled import STATE_INCOMPLETE, EntitledFold, said_of
from ledger.entitled_reading import Folds
from ledger.entry import NO_LEAF
from ledger.errors import LedgerError
from ledger.faults import Refusal
from ledger.fold import Governing, PublicFold, apply, settle
from ledger.precedents import Earlier
from ledger.record import GOVERNANCE_VCTS, encode_record_id
from ledger.record_type import RecordType
from ledger.relations_state import RelationsState
from ledger.schema_faults import find_faults
from ledger.sharing.filings import NO_FILINGS, Filings
from ledger.tile_nodes import TileReader


class AuditSource(TileReader, Protocol):
    """Where the bytes of a log are read from: a store, a mirror, or a server."""

    def extent(self) -> Extent:
        """How far the log reaches, by its own word."""

    def entry_texts(self, start: int = 0) -> Iterator[Row]:
        """The bytes of each entry from ``start`` on, and its disclosures where they are held."""

    def filings(self, origin: str) -> Filings:
        """What its records say of their sharing, as far as their disclosures are held."""

    def checkpoints(self, above: int = 0) -> Iterator[tuple[int, str]]:
        """Every kept (size, signed note) of a size above ``above``, ascending."""

    def cosigned(self) -> Iterator[tuple[int, str]]:
        """Every kept (size, cosigned note), ascending."""


def audit(
    origin: str,
    source: AuditSource,
    *,
    map_chunks: MapChunks = map_here,
    on_progress: Callable[[int], None] = lambda _: None,
) -> AuditReport:
    """Audit a whole log.

    Args:
        origin: the log that is expected.
        source: where its bytes come from.
        map_chunks: how chunks are checked; several processes may share the signatures.
        on_progress: told the number of entries done.
    """
    running = Audit(origin, source)
    for _ in running.run(map_chunks):
        on_progress(running.size)
    return running.finish()


class Audit:
    """One audit while it runs; :meth:`memory` is where it stands between two chunks."""

    def __init__(
        self,
        origin: str,
        source: AuditSource,
        *,
        memory: AuditMemory | None = None,
        types: Mapping[str, str] | None = None,
        state: DomainState | None = None,
    ) -> None:
        """Begin anew, or where an earlier audit stopped.

        Args:
            origin: the log that is expected.
            source: where its bytes come from.
            memory: where the earlier audit stopped.
            types: the definitions by which workers judge content; those of the log, or the
                difference is found.
            state: that of the trade before any entry; None: relations alone.

        Raises:
            LogRolledBack, LogNotExtended, AuditStateDamaged: the log does not go on from what
                is remembered.
        """
        if memory is not None:
            check_extends(memory, source, source.extent())
        self._origin = origin
        self._source = source
        self._before = memory
        self._tallies = memory.tallies.copied() if memory else Tallies()
        self._findings = list(memory.findings) if memory else []
        first = state or RelationsState()
        folds = (
            restore_folds(origin, memory, first)
            if memory
            else Folds(PublicFold(origin), EntitledFold(first))
        )
        self._replay = _Replay(
            folds, self._tallies, self._add, memory, read_from=_read_from(source)
        )
        self._replay.filings = source.filings(origin)
        self._replay.types = types or {}
        self._tree = GrownTree(source, self._add, memory.open_tiles if memory else NO_TREE)
        covered = memory.covered if memory else 0
        self._kept = KeptCheckpoints(
            source.checkpoints(covered), self._tree, self._add, covered=covered
        )

    @property
    def size(self) -> int:
        """How many entries are audited, those of earlier audits included."""
        return self._tallies.entries

    def excuse(self, erased: Callable[[str], Collection[str]]) -> None:
        """Take groups for erased that are absent, by the id of their record.

        Args:
            erased: what acts of this log order; each act is audited where it stands.
        """
        self._replay.erased = erased

    def run(self, map_chunks: MapChunks = map_here) -> Iterator[int]:
        """Audit what is left; gives the number of entries done after each chunk."""
        chunks = chunked(self._source.entry_texts(self.size), CHUNK_ENTRIES)
        for checked in map_chunks(self._origin, chunks):
            for entry in checked:
                self._replay.follow(entry)
            self._tallies.checkpoints += self._kept.follow(
                [entry.leaf for entry in checked], self._replay.fold
            )
            self._tallies.entries += len(checked)
            yield self.size

    def memory(self) -> AuditMemory:
        """What the next audit needs in order to go on from here."""
        replay = self._replay
        return AuditMemory(
            open_tiles=self._tree.open_tiles,
            leaf=replay.leaf,
            admitted_ms=replay.admitted_ms,
            covered=self._kept.covered,
            tallies=self._tallies.copied(),
            findings=tuple(self._findings),
            repeats=self._repeats(),
            governing=tuple(replay.governing),
            said=tuple(replay.said),
            gaps=tuple(replay.entitled.gaps.items()),
            jtis=replay.jtis.keys(),
        )

    def finish(self) -> AuditReport:
        """The report, after the last chunk."""
        report = AuditReport(self._origin, self._tallies.copied(), self._tree.root())
        report.resumed_at = self._before.size if self._before else 0
        for finding in self._findings:
            report.add(*finding)
        for first, index in self._repeats():
            report.add(f"entry {index}", "jti-used", f"its party used the jti in {first}")
        report.cosigned = self._kept.compare_cosigned(
            self._source.cosigned(), self._replay.fold, report.add
        )
        # What is missing at the end now may be there when the log has grown.
        self._kept.finish(report.add)
        self._tree.compare_open(report.add)
        return report

    def _repeats(self) -> tuple[tuple[int, int], ...]:
        known = self._before.repeats if self._before else ()
        return (*known, *self._replay.jtis.repeats())[:FINDINGS_MAX]

    def _add(self, place: str, code: str, detail: str) -> None:
        if len(self._findings) < FINDINGS_MAX:
            self._findings.append(Finding(place, code, detail))


def _read_from(source: AuditSource) -> ReadFrom:
    return lambda start: (text for text, _ in source.entry_texts(start))


class _Replay:
    """Follows the chain and the folds from entry to entry."""

    def __init__(
        self,
        folds: Folds,
        tallies: Tallies,
        add: Callable[[str, str, str], None],
        memory: AuditMemory | None,
        *,
        read_from: ReadFrom,
    ) -> None:
        self.fold, self.entitled = folds.public, folds.entitled
        self.leaf = memory.leaf if memory else NO_LEAF
        self.admitted_ms = memory.admitted_ms if memory else 0
        self.jtis = UsedJtis(memory.jtis if memory else b"")
        self.governing = list(memory.governing) if memory else []
        self.said = list(memory.said) if memory else []
        self._read_from = read_from
        self._times = AdmissionTimes()
        self._contested = ContestedIds(read_from)
        self._tallies = tallies
        self._add_finding = add
        self.types: Mapping[str, str] = {}
        self.erased: Callable[[str], Collection[str]] = lambda _: ()
        self.filings: Filings = NO_FILINGS
        self._index = memory.size if memory else 0

    def follow(self, entry: CheckedEntry) -> None:
        if not self._is_erased(entry):
            for code, detail in entry.faults:
                self._add(code, detail)
        if entry.position >= 0:
            self._follow_head(entry)
        self._times.note(self._index, entry.admitted_ms)
        self.jtis.add(entry.record.jti_key if entry.record else NO_KEY)
        if entry.record is not None:
            self._follow_record(entry.record, entry)
        self._index += 1
        self.leaf = entry.leaf
        self.admitted_ms = max(self.admitted_ms, entry.admitted_ms)

    def _is_erased(self, entry: CheckedEntry) -> bool:
        """Whether all that is wrong is that groups are absent which an entry orders erased."""
        if not entry.absent or entry.record is None or len(entry.faults) > 1:
            return False
        return set(entry.absent) <= set(self.erased(encode_record_id(entry.record.record_id)))

    def _add(self, code: str, detail: str) -> None:
        self._add_finding(f"entry {self._index}", code, detail)

    def _follow_head(self, entry: CheckedEntry) -> None:
        if entry.position != self._index:
            self._add("wrong-index", f"expected {self._index}, found {entry.position}")
        if entry.previous != self.leaf:
            expected, found = self.leaf.hex(), entry.previous.hex()
            self._add("chain-broken", f"expected the previous leaf {expected}, found {found}")
        if entry.admitted_ms < self.admitted_ms:
            expected_ms = self.admitted_ms
            self._add(
                "time-decreases", f"expected {expected_ms} ms or later, found {entry.admitted_ms}"
            )

    def _follow_record(self, record: CheckedRecord, entry: CheckedEntry) -> None:
        self._tallies.signatures += 1
        self._tallies.disclosures += entry.disclosed
        if not entry.disclosed and record.vct not in GOVERNANCE_VCTS:
            self._tallies.without_disclosures += 1
        if entry.is_judged:
            self._follow_content(record.vct)
        place = Place(self._index, entry.admitted_ms)
        try:
            after = self._judge_again(record, place)
        except LedgerError as fault:
            self._add(*fault_of(fault))
            return
        if isinstance(after, Refusal):
            self._add(after.code, after.detail)
        elif record.vct not in GOVERNANCE_VCTS:
            self._follow_state(record, entry, place)
        elif refusal := self.entitled.judge_document(record, self.fold, after):
            self._add(refusal.code, refusal.detail)
        elif after is not self.fold:
            self.fold = after
            self.governing.append((self._index, entry.admitted_ms, entry.governing))

    def _follow_state(self, record: CheckedRecord, entry: CheckedEntry, place: Place) -> None:
        """Judge a business record against what was in force, and follow what it changes."""
        if not entry.is_judged:
            self._tallies.not_entitled += 1
            if record.vct in self.entitled.state.vcts:
                self.entitled = self.entitled.without(record.iss, place.index)
            return
        if entry.faults and not self._is_erased(entry):
            # What admission would have refused is reported, and puts nothing in force.
            return
        earlier = FilingsBefore(self.filings, place.index)
        refusal = self.entitled.judge(record, self.fold, place=place, filings=earlier)
        if refusal is not None and refusal.code != STATE_INCOMPLETE:
            self._add(refusal.code, refusal.detail)
            return
        if refusal is None:
            self._tallies.against_state += 1
        else:
            # It rests on what is not held; that it was admitted is the log's word.
            self._tallies.not_entitled += 1
        self._apply_state(record, place)

    def _apply_state(self, record: CheckedRecord, place: Place) -> None:
        after = self.entitled.apply(record, self.fold, place=place)
        if after is not self.entitled:
            assert record.facts is not None
            self.entitled = after
            self.said.append(said_of(record, record.facts, place))

    def _follow_content(self, vct: str) -> None:
        kind = self.fold.types.get(vct)
        if kind is not None and kind.text == self.types.get(vct):
            self._tallies.contents += 1
        else:
            self._add("type-mismatch", f"its content was judged by a {vct} that is not in force")

    def _judge_again(self, record: CheckedRecord, place: Place) -> PublicFold | Refusal:
        """The fold after the record, or why admission would have refused it."""
        fold = self.fold
        if record.vct in GOVERNANCE_VCTS:
            fold = settle(fold, index=place.index, admitted_ms=place.admitted_ms)
        kind = (fold if fold.charter else fold.book()).types.get(record.vct)
        late_max = kind.late_max_seconds if kind else limits.IAT_BEHIND_SECONDS_MAX
        known = record._replace(late_max_seconds=late_max)
        refusal = judge_signer(known, fold, admitted_ms=place.admitted_ms)
        if refusal:
            return refusal
        if kind is None:
            return Refusal("unknown-type", f"{record.vct} is not defined on this log")
        if kind.body_validator is None:
            party = fold.parties[record.iss]
            return judge_writer(record, party, writer_roles=kind.writer_roles) or fold
        earlier = EarlierEntries(
            self._read_from, self._times, ids=self._contested, fold=fold, party=record.iss
        )
        return _judge_content(governing(record, place), fold, earlier, kind=kind)


def _judge_content(
    entry: Governing, fold: PublicFold, earlier: Earlier, *, kind: RecordType
) -> PublicFold | Refusal:
    assert kind.body_validator is not None
    faults = find_faults(kind.body_validator, entry.body)
    if faults:
        return Refusal("invalid-claims", f"{faults[0].pointer}: {faults[0].expected}", faults)
    return judge_governance(entry, fold, earlier) or apply(fold, entry)
