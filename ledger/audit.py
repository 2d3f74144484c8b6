"""Audit a log from its bytes: chain, tree, signatures, admission, digests, checkpoints.

Reads entries in order and trusts none of them: rebuilds the chain, the tree and the fold,
checks every signature, judges every signer and all governance as admission did at that
index, compares every stored disclosure with its digest, and every kept checkpoint with the
tree at its size. Content that admission would have refused is reported and not followed, so
what rests on it is reported too. Not checked: what lies in disclosures (schema, addressees,
links), be they held or not, and whether this is the log that a reader trusts; for that its
charter is compared with the trust anchor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, NamedTuple, Protocol

from keys.errors import BadSignature
from ledger import limits
from ledger.admission import Place, governing, judge_governance, judge_signer, judge_writer
from ledger.audit_checkpoints import KeptCheckpoints
from ledger.audit_jtis import KEY_BYTES, UsedJtis
from ledger.content import CheckedRecord
from ledger.disclosure import open_disclosures
from ledger.entry import NO_LEAF, parse_head, split_entry
from ledger.errors import LedgerError
from ledger.faults import Refusal
from ledger.fold import PublicFold, apply
from ledger.record import (
    GOVERNANCE_VCTS,
    ParsedJws,
    encode_record_id,
    jti_key,
    parse_jws,
    record_id,
    verify_jws,
)
from ledger.record_type import RecordType
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


class CheckedEntry(NamedTuple):
    """What can be said of one entry without the entries before it.

    ``position`` is its index line, -1 where the bytes are no entry. ``record`` is None where
    it is not authentic; it carries neither JWS nor disclosures. ``faults`` are (code, detail).
    """

    leaf: bytes
    position: int
    previous: bytes
    admitted_ms: int
    record: CheckedRecord | None
    disclosed: int
    faults: tuple[tuple[str, str], ...]


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
    state = _Replay(origin, report)
    kept = KeptCheckpoints(source.checkpoints(), report.add)
    for checked in map_chunks(origin, chunked(source.entry_texts(), CHUNK_ENTRIES)):
        for entry in checked:
            state.follow(entry)
        kept.follow([entry.leaf for entry in checked], state.fold)
        report.entries += len(checked)
        on_progress(report.entries)
    state.finish()
    report.root = kept.finish()
    report.checkpoints = kept.count
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
    except LedgerError as fault:
        return CheckedEntry(leaf, -1, b"", 0, None, 0, (_fault_of(fault),))
    record, disclosed, faults = _check_record(origin, jws, disclosures)
    if head.origin != origin:
        faults = (("wrong-origin", f"expected {origin}, found {head.origin[:200]}"), *faults)
    return CheckedEntry(
        leaf, head.index, head.previous_leaf, head.admitted_ms, record, disclosed, faults
    )


def _check_record(
    origin: str, jws: str, disclosures: str | None
) -> tuple[CheckedRecord | None, int, tuple[tuple[str, str], ...]]:
    try:
        parsed = parse_jws(jws, origin=origin)
        verify_jws(parsed)
    except (LedgerError, BadSignature) as fault:
        return None, 0, (_fault_of(fault),)
    record = _signed_facts(parsed)
    try:
        opened = open_disclosures(parsed.claims, _split_disclosures(disclosures))
    except LedgerError as fault:
        # The record is authentic all the same, and what it governs is in force.
        return record, 0, (_fault_of(fault),)
    return record, len(opened), ()


def _split_disclosures(disclosures: str | None) -> list[str]:
    # Whatever stands after the last "~" is taken for a disclosure, and refused as one.
    parts = disclosures.split("~") if disclosures else [""]
    return parts if parts[-1] else parts[:-1]


def _fault_of(fault: LedgerError | BadSignature) -> tuple[str, str]:
    return fault.code, str(fault)


def _signed_facts(parsed: ParsedJws) -> CheckedRecord:
    """What a record says in clear: as much as an audit judges."""
    claims = parsed.claims
    return CheckedRecord(
        record_id=record_id(parsed.jws),
        jti_key=jti_key(claims.iss, claims.jti)[:KEY_BYTES],
        jws="",
        disclosures="",
        kid=parsed.header.kid,
        iss=claims.iss,
        iat=claims.iat,
        vct=claims.vct,
        policy=claims.policy,
        body=claims.body,
        type_known=False,
        late_max_seconds=0,
        tiers=(),
        parties=(),
        links=(),
        corrects=None,
        roles=None,
        search=(),
        standing=(),
        blobs=(),
    )


class _Replay:
    """Follows the chain and the fold from entry to entry."""

    def __init__(self, origin: str, report: AuditReport) -> None:
        self.fold = PublicFold(origin)
        self._report = report
        self._index = 0
        self._leaf = NO_LEAF
        self._admitted_ms = 0
        self._jtis = UsedJtis()

    def follow(self, entry: CheckedEntry) -> None:
        for code, detail in entry.faults:
            self._add(code, detail)
        if entry.position >= 0:
            self._follow_head(entry)
        if entry.record is not None:
            self._follow_record(entry.record, entry)
        self._index += 1
        self._leaf = entry.leaf
        self._admitted_ms = max(self._admitted_ms, entry.admitted_ms)

    def finish(self) -> None:
        for first, index in self._jtis.repeats():
            self._report.add(f"entry {index}", "jti-used", f"its party used the jti in {first}")

    def _add(self, code: str, detail: str) -> None:
        self._report.add(f"entry {self._index}", code, detail)

    def _follow_head(self, entry: CheckedEntry) -> None:
        if entry.position != self._index:
            self._add("wrong-index", f"expected {self._index}, found {entry.position}")
        if entry.previous != self._leaf:
            expected, found = self._leaf.hex(), entry.previous.hex()
            self._add("chain-broken", f"expected the previous leaf {expected}, found {found}")
        if entry.admitted_ms < self._admitted_ms:
            expected_ms = self._admitted_ms
            self._add(
                "time-decreases", f"expected {expected_ms} ms or later, found {entry.admitted_ms}"
            )

    def _follow_record(self, record: CheckedRecord, entry: CheckedEntry) -> None:
        self._jtis.add(record.jti_key, self._index)
        self._report.signatures += 1
        self._report.disclosures += entry.disclosed
        if not entry.disclosed and record.vct not in GOVERNANCE_VCTS:
            self._report.without_disclosures += 1
        place = Place(self._index, entry.admitted_ms)
        try:
            after = _judge_again(record, self.fold, place)
        except LedgerError as fault:
            self._add(*_fault_of(fault))
            return
        if isinstance(after, Refusal):
            self._add(after.code, after.detail)
        else:
            self.fold = after


def _judge_again(record: CheckedRecord, fold: PublicFold, place: Place) -> PublicFold | Refusal:
    """The fold after the record, or why admission would have refused it."""
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
    return _judge_content(record, fold, place, kind=kind)


def _judge_content(
    record: CheckedRecord, fold: PublicFold, place: Place, *, kind: RecordType
) -> PublicFold | Refusal:
    assert kind.body_validator is not None
    faults = find_faults(kind.body_validator, record.body)
    if faults:
        return Refusal("invalid-claims", f"{faults[0].pointer}: {faults[0].expected}", faults)
    entry = governing(record, place)
    return judge_governance(entry, fold) or apply(fold, entry)


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
