"""What an audit can say of one entry without the entries before it; runs in any process.

Form, signature, and the digests of the disclosures that are held. What the entry means where
it stands is followed in :mod:`ledger.audit`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from keys.errors import BadSignature
from ledger.audit_contents import ContentJudge, absent_groups
from ledger.audit_jtis import KEY_BYTES
from ledger.content import CheckedRecord, read_envelopes
from ledger.content_rules import content_of
from ledger.disclosure import open_disclosures
from ledger.entry import parse_head, split_entry
from ledger.errors import LedgerError
from ledger.kept import split_kept
from ledger.record import ParsedJws, jti_key, parse_jws, record_id, verify_jws
from ledger.tree import leaf_hash

CHUNK_ENTRIES: Final = 500

Row = tuple[bytes, str | None]
"""An entry's bytes, and its disclosures (``D~...~``) where they are held."""


class CheckedEntry(NamedTuple):
    """What can be said of one entry without the entries before it.

    ``position`` is its index line, -1 where the bytes are no entry. ``record`` is None where
    it is not authentic; it carries neither JWS nor disclosures. ``faults`` are (code, detail).
    ``governing`` are the entry's bytes where it has a ``body``, else nothing. ``is_judged``:
    the content was, too; what it says of roles and tiers is in ``record`` then. ``absent``
    are groups whose absence is the fault: they may have been erased.
    """

    leaf: bytes
    position: int
    previous: bytes
    admitted_ms: int
    record: CheckedRecord | None
    disclosed: int
    faults: tuple[tuple[str, str], ...]
    governing: bytes
    is_judged: bool = False
    absent: tuple[str, ...] = ()


CheckChunk = Callable[[str, Sequence[Row]], list[CheckedEntry]]
MapChunks = Callable[[str, Iterable[Sequence[Row]]], Iterator[list[CheckedEntry]]]


def check_chunk(
    origin: str, chunk: Sequence[Row], judge: ContentJudge | None = None
) -> list[CheckedEntry]:
    """Check entries one by one: form, signature, digests, content. Runs in any process."""
    return [_check_entry(origin, row, judge) for row in chunk]


def map_here(origin: str, chunks: Iterable[Sequence[Row]]) -> Iterator[list[CheckedEntry]]:
    """Check chunks in this process."""
    for chunk in chunks:
        yield check_chunk(origin, chunk)


def chunked(items: Iterator[Row], size: int) -> Iterator[list[Row]]:
    """Cut a stream into lists of at most ``size``."""
    while chunk := list(islice(items, size)):
        yield chunk


def fault_of(fault: LedgerError | BadSignature) -> tuple[str, str]:
    """The code and the words of an error."""
    return fault.code, str(fault)


def _check_entry(origin: str, row: Row, judge: ContentJudge | None) -> CheckedEntry:
    text, disclosures = row
    leaf = leaf_hash(text)
    try:
        head_text, jws = split_entry(text)
        head = parse_head(head_text)
    except LedgerError as fault:
        return CheckedEntry(leaf, -1, b"", 0, None, 0, (fault_of(fault),), b"")
    found = _check_record(origin, jws, disclosures, judge=judge)
    record, faults = found.record, found.faults
    if head.origin != origin:
        faults = (("wrong-origin", f"expected {origin}, found {head.origin[:200]}"), *faults)
    return CheckedEntry(
        leaf,
        head.index,
        head.previous_leaf,
        head.admitted_ms,
        record,
        found.disclosed,
        faults,
        text if record and record.body is not None else b"",
        found.is_judged,
        found.absent,
    )


class _FoundRecord(NamedTuple):
    """What can be said of one record."""

    record: CheckedRecord | None
    disclosed: int = 0
    faults: tuple[tuple[str, str], ...] = ()
    is_judged: bool = False
    absent: tuple[str, ...] = ()


def _check_record(
    origin: str, jws: str, disclosures: str | None, *, judge: ContentJudge | None
) -> _FoundRecord:
    try:
        parsed = parse_jws(jws, origin=origin)
        verify_jws(parsed)
    except (LedgerError, BadSignature) as fault:
        return _FoundRecord(None, faults=(fault_of(fault),))
    record = _signed_facts(parsed)
    try:
        kept = split_kept(disclosures)
        opened = open_disclosures(parsed.claims, kept.disclosures)
        envelopes = read_envelopes(parsed.claims, kept)
    except LedgerError as fault:
        # The record is authentic all the same, and what it governs is in force.
        return _FoundRecord(record, faults=(fault_of(fault),))
    judged = judge.judge(record, content_of(parsed.claims, opened, envelopes)) if judge else None
    if judged is None:
        return _FoundRecord(record, len(opened))
    said, refusal = judged
    faults = ((refusal.code, refusal.detail),) if refusal else ()
    absent = absent_groups(refusal)
    return _FoundRecord(said, len(opened), faults, is_judged=True, absent=absent)


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
        credential=None,
        search=(),
        standing=(),
        blobs=(),
        to=(),
        subject=None,
        family=None,
        case=None,
        facts=None,
    )
