"""Audit a log from its bytes: chain, tree, signatures, admission, digests, checkpoints.

Reads entries in order and trusts none of them: rebuilds the chain, the tree and the fold,
checks every signature and that its key was in force, every stored disclosure against its
digest, and every kept checkpoint against the tree at its size. Reports what it checked and
what it could not. Not checked: what lies in disclosures that were never handed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, NamedTuple, Protocol

from keys.errors import BadSignature
from ledger.admission import judge_governance
from ledger.checkpoint import parse_checkpoint
from ledger.disclosure import open_disclosures
from ledger.entry import NO_LEAF, parse_head, split_entry
from ledger.errors import LedgerError
from ledger.faults import Refusal
from ledger.fold import Governing, PublicFold, apply
from ledger.frontier import EMPTY_FRONTIER, Frontier, append_leaves
from ledger.note import Ed25519Verifier, open_note, parse_vkey
from ledger.record import (
    ADMIN_VCTS,
    GOVERNANCE_VCTS,
    ParsedJws,
    encode_record_id,
    parse_jws,
    record_id,
    verify_jws,
)
from ledger.schema_faults import find_faults
from ledger.tree import leaf_hash

CHUNK_ENTRIES: Final = 500
FINDINGS_MAX: Final = 1000


class AuditSource(Protocol):
    """Where the bytes of a log are read from: a store, a mirror, or a server."""

    def entry_texts(self) -> Iterator[tuple[bytes, str | None]]:
        """Each entry's bytes in order, and its disclosures (``D~...~``) where they are held."""

    def checkpoints(self) -> Iterator[tuple[int, str]]:
        """Every kept (size, signed note), ascending."""


class Finding(NamedTuple):
    """Something that does not hold: where, a stable code, and what was found."""

    place: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class CheckedEntry:
    """What can be said of one entry without the entries before it."""

    leaf: bytes
    index: int
    previous: bytes
    admitted_ms: int
    parsed: ParsedJws | None
    disclosed: int
    fault: tuple[str, str] | None


@dataclass(slots=True)
class AuditReport:
    """What an audit found, and how much it looked at. Filled while it runs."""

    origin: str
    entries: int = 0
    signatures: int = 0
    disclosures: int = 0
    without_disclosures: int = 0
    checkpoints: int = 0
    root: bytes = b""
    findings: list[Finding] = field(default_factory=list)

    def add(self, place: str, code: str, detail: str) -> None:
        """Note a finding, at most FINDINGS_MAX of them."""
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(place, code, detail))

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


CheckChunk = Callable[[str, Sequence[tuple[bytes, str | None]]], list[CheckedEntry]]
MapChunks = Callable[
    [str, Iterable[Sequence[tuple[bytes, str | None]]]], Iterator[list[CheckedEntry]]
]


def check_chunk(origin: str, chunk: Sequence[tuple[bytes, str | None]]) -> list[CheckedEntry]:
    """Check entries one by one: form, signature, digests. Runs in any process."""
    return [_check_entry(origin, text, disclosures) for text, disclosures in chunk]


def map_here(
    origin: str, chunks: Iterable[Sequence[tuple[bytes, str | None]]]
) -> Iterator[list[CheckedEntry]]:
    """Check chunks in this process."""
    for chunk in chunks:
        yield check_chunk(origin, chunk)


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
    report = AuditReport(origin)
    state = _Replay(origin)
    roots = _RootsAt(source.checkpoints(), report)
    for checked in map_chunks(origin, chunked(source.entry_texts(), CHUNK_ENTRIES)):
        for entry in checked:
            state.follow(entry, report)
        roots.follow([entry.leaf for entry in checked], state.fold)
        report.entries += len(checked)
        on_progress(report.entries)
    report.root = roots.finish()
    return report


def chunked(
    items: Iterator[tuple[bytes, str | None]], size: int
) -> Iterator[list[tuple[bytes, str | None]]]:
    """Cut a stream into lists of at most ``size``."""
    while chunk := list(islice(items, size)):
        yield chunk


def _check_entry(origin: str, text: bytes, disclosures: str | None) -> CheckedEntry:
    leaf = leaf_hash(text)
    try:
        head_text, jws = split_entry(text)
        head = parse_head(head_text)
        if head.origin != origin:
            return CheckedEntry(
                leaf, head.index, head.previous_leaf, 0, None, 0, ("wrong-origin", head.origin)
            )
    except LedgerError as fault:
        return CheckedEntry(leaf, -1, b"", 0, None, 0, (fault.code, str(fault)))
    parsed, disclosed, refused = _check_record(origin, jws, disclosures)
    return CheckedEntry(
        leaf, head.index, head.previous_leaf, head.admitted_ms, parsed, disclosed, refused
    )


def _check_record(
    origin: str, jws: str, disclosures: str | None
) -> tuple[ParsedJws | None, int, tuple[str, str] | None]:
    try:
        parsed = parse_jws(jws, origin=origin)
        verify_jws(parsed)
        parts = disclosures[:-1].split("~") if disclosures else []
        opened = open_disclosures(parsed.claims, parts)
    except (LedgerError, BadSignature) as fault:
        return None, 0, (fault.code, str(fault))
    return parsed, len(opened), None


class _Replay:
    """Follows the chain and the fold from entry to entry."""

    def __init__(self, origin: str) -> None:
        self.fold = PublicFold(origin)
        self._index = 0
        self._leaf = NO_LEAF
        self._admitted_ms = 0

    def follow(self, entry: CheckedEntry, report: AuditReport) -> None:
        place = f"entry {self._index}"
        if entry.index != self._index:
            report.add(place, "wrong-index", f"expected {self._index}, found {entry.index}")
        if entry.previous != self._leaf:
            report.add(place, "chain-broken", "does not follow the entry before it")
        if entry.admitted_ms < self._admitted_ms:
            report.add(place, "time-decreases", f"{entry.admitted_ms} < {self._admitted_ms}")
        if entry.fault:
            report.add(place, *entry.fault)
        if entry.parsed is not None:
            report.signatures += 1
            report.disclosures += entry.disclosed
            self._follow_record(entry, entry.parsed, report)
        self._index += 1
        self._leaf = entry.leaf
        self._admitted_ms = max(self._admitted_ms, entry.admitted_ms)

    def _follow_record(self, entry: CheckedEntry, parsed: ParsedJws, report: AuditReport) -> None:
        place = f"entry {self._index}"
        claims = parsed.claims
        if self._index == 0 and claims.vct != "charter/v1":
            report.add(place, "genesis-incomplete", "entry 0 is no charter")
        elif self._index > 0 and not _is_in_force(parsed, self.fold):
            report.add(place, "key-not-valid", f"{parsed.header.kid} was not in force")
        if not entry.disclosed and claims.vct not in GOVERNANCE_VCTS:
            report.without_disclosures += 1
        if claims.body is None:
            return
        governing = Governing(
            index=self._index,
            admitted_ms=entry.admitted_ms,
            record_id=record_id(parsed.jws),
            iss=claims.iss,
            kid=parsed.header.kid,
            vct=claims.vct,
            body=claims.body,
        )
        if refusal := _judge_again(governing, self.fold):
            report.add(place, refusal.code, refusal.detail)
            return
        try:
            self.fold = apply(self.fold, governing)
        except LedgerError as fault:
            report.add(place, fault.code, str(fault))


def _judge_again(entry: Governing, fold: PublicFold) -> Refusal | None:
    kind = fold.book().types.get(entry.vct)
    if kind is None or kind.body_validator is None:
        return Refusal("unknown-type", f"{entry.vct} governs nothing on this log")
    faults = find_faults(kind.body_validator, entry.body)
    if faults:
        return Refusal("invalid-claims", f"{faults[0].pointer}: {faults[0].expected}", faults)
    return judge_governance(entry, fold)


def _is_in_force(parsed: ParsedJws, fold: PublicFold) -> bool:
    kid, claims = parsed.header.kid, parsed.claims
    if claims.vct in ADMIN_VCTS:
        return fold.admin_kids.get(kid) == claims.iss
    key = fold.keys.get(kid)
    if key is None or not fold.is_complete:
        return False
    name = claims.vct.partition("/")[0]
    is_business = claims.vct not in GOVERNANCE_VCTS and claims.vct in fold.types
    return f"record:{name}" in key.uses or (is_business and "records" in key.uses)


class _RootsAt:
    """Grows the tree and compares it with each kept checkpoint at its size."""

    def __init__(self, checkpoints: Iterator[tuple[int, str]], report: AuditReport) -> None:
        self._checkpoints = checkpoints
        self._next = next(checkpoints, None)
        self._frontier: Frontier = EMPTY_FRONTIER
        self._report = report

    def follow(self, leaves: Sequence[bytes], fold: PublicFold) -> None:
        start = 0
        base = self._frontier.size
        while self._next is not None and self._next[0] <= base + len(leaves):
            stop = max(self._next[0] - base, start)
            self._frontier = append_leaves(self._frontier, leaves[start:stop]).frontier
            start = stop
            self._compare(self._next, fold)
            self._next = next(self._checkpoints, None)
        self._frontier = append_leaves(self._frontier, leaves[start:]).frontier

    def finish(self) -> bytes:
        if self._next is not None:
            size = self._next[0]
            self._report.add(f"checkpoint {size}", "wrong-index", "covers more than the log holds")
        return self._frontier.root()

    def _compare(self, kept: tuple[int, str], fold: PublicFold) -> None:
        size, note = kept
        place = f"checkpoint {size}"
        self._report.checkpoints += 1
        try:
            keys = fold.charter.log_keys if fold.charter else ()
            verifiers = [Ed25519Verifier(parse_vkey(key)) for key in keys]
            checkpoint = parse_checkpoint(open_note(note.encode(), verifiers).text)
        except LedgerError as fault:
            self._report.add(place, fault.code, str(fault))
            return
        if (checkpoint.origin, checkpoint.size) != (fold.origin, size):
            self._report.add(place, "wrong-origin", f"{checkpoint.origin} {checkpoint.size}")
        if checkpoint.root != self._frontier.root():
            self._report.add(place, "root-mismatch", "the tree at this size has another root")


def describe(report: AuditReport) -> Mapping[str, object]:
    """The report as plain values, for JSON."""
    return {
        "origin": report.origin,
        "entries": report.entries,
        "signatures": report.signatures,
        "disclosures": report.disclosures,
        "without_disclosures": report.without_disclosures,
        "checkpoints": report.checkpoints,
        "root": encode_record_id(report.root),
        "clean": report.is_clean,
        "findings": [finding._asdict() for finding in report.findings],
    }
