"""Verify a view offline, from the trust anchor alone (docs/spec/view.md, section 2).

Trusts nothing it was sent except through a hash or a signature that it checked. Not checked,
and said in every result: that approvals sufficed, that no later revocation was withheld and,
of a type that the charter does not list, that it was admitted; an audit of the whole log
shows these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from keys.encoding import decode_base64
from keys.errors import MalformedEncoding
from ledger import limits
from ledger.anchor import Anchor
from ledger.checkpoint import Checkpoint
from ledger.consistency import Contradiction, find_contradictions
from ledger.disclosure import Disclosure, open_disclosures
from ledger.entry import NO_LEAF, EntryHead, entry_bytes, parse_head
from ledger.errors import (
    ChainBroken,
    NotIncluded,
    WrongIndex,
    WrongOrigin,
)
from ledger.key_path import NO_AFTERMATH, Aftermath, KeyPaths, SignerFacts
from ledger.linked_entry import LinkedEntry
from ledger.record import encode_record_id, parse_jws, record_id, verify_jws
from ledger.record_type import CLOSED_GROUPS
from ledger.sharing.decision import Decision
from ledger.sharing.errors import DecisionMismatch, ErasedMismatch
from ledger.sharing.signed import check_decision_fits, verify_decision
from ledger.tree import LeafIndex, TreeSize, leaf_hash, verify_inclusion
from ledger.trust_policy import check_checkpoint
from ledger.type_evidence import DefinedType, check_groups, defined_type
from ledger.view import ErasedGroup, View, ViewEntry, ViewRecord

ALWAYS_LOG_WORD: Final = ("approvals-sufficed", "no-later-revocation")
LOG_WORD: Final = (*ALWAYS_LOG_WORD, "type-admitted")


@dataclass(frozen=True, slots=True)
class VerifiedRecord:
    """What was shown of one record; each field is a step that passed, none says "valid".

    ``defined`` is None where the view does not say which groups the type defines. ``signer``
    is by the entries before the record, ``aftermath`` by those after it. ``decision`` is what
    the log says that its reader gets, and why; None where nothing was decided.
    """

    record_id: str
    index: int
    issuer: str
    type: str
    admitted_ms: int
    signed_s: int
    authentic: str
    included_in: int
    cosigned_by: tuple[str, ...]
    signer: SignerFacts
    groups: tuple[Disclosure, ...]
    shown: tuple[str, ...]
    defined: int | None
    body: Mapping[str, Any] | None
    aftermath: Aftermath = NO_AFTERMATH
    decision: Decision | None = None
    erased: tuple[ErasedGroup, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    log_word: tuple[str, ...] = ALWAYS_LOG_WORD


@dataclass(frozen=True, slots=True)
class VerifiedView:
    """Every record of a view, verified under one checkpoint."""

    origin: str
    size: int
    cosigned_by: tuple[str, ...]
    records: tuple[VerifiedRecord, ...]


@dataclass(frozen=True, slots=True)
class _Scope:
    """What every record of the view is verified in."""

    entries: tuple[LinkedEntry, ...]
    paths: KeyPaths
    size: int
    cosigned_by: tuple[str, ...]
    anchor: Anchor


def verify_view(view: View, anchor: Anchor) -> VerifiedView:
    """Verify every entry and record of a view.

    Raises:
        LedgerError, keys.errors.BadSignature: the first failure in the normative order; its
            ``code`` is the one of docs/spec/view.md.
    """
    trusted = check_checkpoint(view.checkpoint.encode(), anchor.policy, origin=anchor.origin)
    entries = _verify_entries(view.entries, anchor, trusted.checkpoint)
    cosigned_by = tuple(found.witness for found in trusted.cosigned_by)
    paths = KeyPaths(entries, anchor.charter)
    scope = _Scope(entries, paths, trusted.checkpoint.size, cosigned_by, anchor)
    records = tuple(_verify_record(item, scope) for item in view.records)
    return VerifiedView(anchor.origin, scope.size, cosigned_by, records)


def _verify_entries(
    table: Sequence[ViewEntry], anchor: Anchor, checkpoint: Checkpoint
) -> tuple[LinkedEntry, ...]:
    verified: list[LinkedEntry] = []
    for item in table:
        before = verified[-1] if verified else None
        verified.append(_verify_entry(item, before, anchor, checkpoint))
    return tuple(verified)


def _verify_entry(
    item: ViewEntry, before: LinkedEntry | None, anchor: Anchor, checkpoint: Checkpoint
) -> LinkedEntry:
    text = entry_bytes(item.head, item.jws)
    head = parse_head(item.head)
    if head.origin != anchor.origin:
        raise WrongOrigin(f"expected an entry of {anchor.origin}, found one of {head.origin}")
    lowest = before.head.index + 1 if before else 0
    if not lowest <= head.index < checkpoint.size:
        raise WrongIndex(
            f"expected an index in {lowest}..{checkpoint.size - 1}, found {head.index}"
        )
    _check_chain(head, before)
    leaf = leaf_hash(text)
    verify_inclusion(
        LeafIndex(head.index),
        TreeSize(checkpoint.size),
        leaf=leaf,
        path=_decode_path(item.path),
        root=checkpoint.root,
    )
    parsed = parse_jws(item.jws, origin=anchor.origin, is_first=head.index == 0)
    return LinkedEntry(head, leaf, encode_record_id(record_id(item.jws)), parsed)


def _check_chain(head: EntryHead, before: LinkedEntry | None) -> None:
    if head.index == 0:
        expected = NO_LEAF
    elif before is not None and before.head.index == head.index - 1:
        expected = before.leaf
    else:
        return
    if head.previous_leaf != expected:
        raise ChainBroken(
            f"entry {head.index}: expected the previous leaf {expected.hex()}, "
            f"found {head.previous_leaf.hex()}"
        )


def _decode_path(path: Sequence[str]) -> list[bytes]:
    if len(path) > limits.PROOF_HASHES_MAX:
        raise NotIncluded(f"expected at most {limits.PROOF_HASHES_MAX} hashes, found {len(path)}")
    try:
        return [decode_base64(line) for line in path]
    except MalformedEncoding as fault:
        raise NotIncluded(f"path: {fault}") from fault


def _verify_record(item: ViewRecord, scope: _Scope) -> VerifiedRecord:
    entry = scope.entries[item.entry]
    path = scope.paths.path_of(entry, item.keys, after=item.after)
    verify_jws(entry.parsed)
    evidence = None if item.type is None else scope.entries[item.type]
    kind = defined_type(entry, evidence, path.charter)
    opened = open_disclosures(entry.parsed.claims, item.disclosures)
    check_groups(opened, kind.groups)
    aftermath = scope.paths.aftermath_of(entry, path, after=item.after)
    _check_erased(item.erased, entry, opened, size=scope.size)
    decision = _check_decision(item, entry, opened, anchor=scope.anchor)
    shown = _result(entry, opened, kind, scope=scope, signer=path.signer)
    return replace(shown, aftermath=aftermath, decision=decision, erased=item.erased)


def _check_erased(
    erased: Sequence[ErasedGroup], entry: LinkedEntry, opened: Sequence[Disclosure], *, size: int
) -> None:
    """D12: an entry between the record and the checkpoint ordered it, and nothing shows it."""
    shown = {disclosure.group for disclosure in opened}
    for group, at in ((item.group, item.at) for item in erased):
        if group in shown or not entry.index < at < size:
            raise ErasedMismatch(
                f"expected {group[:60]!r} not to be shown, and erased by an entry in "
                f"{entry.index + 1}..{size - 1}, found {at}"
            )


def _check_decision(
    item: ViewRecord, entry: LinkedEntry, opened: Sequence[Disclosure], *, anchor: Anchor
) -> Decision | None:
    """D13 to D15: the log decided so, after the record was admitted, and opened what is shown."""
    if item.decision is None:
        return None
    decision = verify_decision(item.decision, anchor=anchor)
    shown = {disclosure.group for disclosure in opened}
    check_decision_fits(decision, record_id=entry.record_id, shown=shown)
    if decision.size <= entry.index:
        raise DecisionMismatch(
            f"expected a decision of more than {entry.index} entries, found {decision.size}"
        )
    return decision


def _result(
    entry: LinkedEntry,
    opened: tuple[Disclosure, ...],
    kind: DefinedType,
    *,
    scope: _Scope,
    signer: SignerFacts,
) -> VerifiedRecord:
    claims = entry.parsed.claims
    groups = {disclosure.group for disclosure in opened}
    shown = groups - set(CLOSED_GROUPS) if kind.groups is None else groups & kind.groups
    return VerifiedRecord(
        record_id=entry.record_id,
        index=entry.index,
        issuer=claims.iss,
        type=claims.vct,
        admitted_ms=entry.head.admitted_ms,
        signed_s=claims.iat,
        authentic=entry.kid,
        included_in=scope.size,
        cosigned_by=scope.cosigned_by,
        signer=signer,
        groups=opened,
        shown=tuple(sorted(shown)),
        defined=None if kind.groups is None else len(kind.groups),
        body=claims.body,
        contradictions=find_contradictions(
            kind.consistency, {disclosure.group: disclosure.value for disclosure in opened}
        ),
        log_word=ALWAYS_LOG_WORD if kind.is_proven else LOG_WORD,
    )
