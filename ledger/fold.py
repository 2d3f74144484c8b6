"""The public fold: who and what is in force after the entries so far.

Reads governance entries only, in order, and nothing else; immutable, so a reader may keep
the fold of any moment. What may be appended next is judged in :mod:`ledger.admission`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from keys.multikey import parse_multikey
from ledger.charter import Charter, parse_charter
from ledger.content import TypeBook
from ledger.errors import MalformedDocument
from ledger.policy import PolicyDocument, parse_policy_document
from ledger.record import encode_record_id
from ledger.record_type import (
    RecordType,
    builtin_governance_types,
    document_digest,
    parse_record_type,
)

PART_LAPSES_MS: Final = 30 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Party:
    """A member organisation and the admin keys that speak for it."""

    did: str
    slug: str
    names: Mapping[str, str]
    roles: frozenset[str]
    admin_keys: frozenset[str]
    joined_at: int


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """A signing key: whose it is, what it may sign, and the entry that says so."""

    kid: str
    party: str
    uses: frozenset[str]
    holder_kind: str
    registered_at: int


@dataclass(frozen=True, slots=True)
class DocumentPart:
    """One part of a document that is too long for one entry."""

    text: str
    of: int
    party: str
    admitted_ms: int


@dataclass(frozen=True, slots=True)
class PublicFold:
    """The governance content in force.

    ``admissions`` maps a party's DID to the entry that made it a member; ``type_entries``
    a vct to the entry that defined it. ``awaited`` holds founders yet to endorse.
    """

    origin: str
    charter: Charter | None = None
    charter_id: str = ""
    parties: Mapping[str, Party] = field(default_factory=dict)
    admin_kids: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, RegisteredKey] = field(default_factory=dict)
    types: Mapping[str, RecordType] = field(default_factory=dict)
    type_entries: Mapping[str, int] = field(default_factory=dict)
    policies: Mapping[str, PolicyDocument] = field(default_factory=dict)
    parts: Mapping[tuple[str, int], DocumentPart] = field(default_factory=dict)
    awaited: frozenset[str] = frozenset()

    @property
    def is_complete(self) -> bool:
        """Whether every founder has endorsed the charter."""
        return self.charter is not None and not self.awaited

    def book(self) -> TypeBook:
        """The types that a submission is checked against."""
        if self.charter is None:
            return TypeBook({kind.vct: kind for kind in builtin_governance_types()})
        bounds = self.charter.limits
        return TypeBook(self.types, bounds.disclosure_bytes_max, bounds.disclosures_max)


@dataclass(frozen=True, slots=True)
class Governing:
    """A governance entry as the fold reads it: position, time, and its verified claims."""

    index: int
    admitted_ms: int
    record_id: bytes
    iss: str
    kid: str
    vct: str
    body: Mapping[str, Any]


def apply(fold: PublicFold, entry: Governing) -> PublicFold:
    """The fold after one more governance entry that admission has let through.

    Raises:
        MalformedCharter, MalformedType, MalformedDocument: content that admission would
            have refused; in an audit, a finding.
    """
    step = _STEPS.get(entry.vct)
    return step(fold, entry) if step else fold


def assemble(fold: PublicFold, digest: str, text: str | None, party: str) -> str:
    """The text of a document, inline or from its parts.

    Raises:
        MalformedDocument: a part is missing, or the text does not have the digest.
    """
    if text is None:
        text = _join_parts(fold, digest, party)
    if document_digest(text) != digest:
        raise MalformedDocument(f"expected a text of digest {digest}, found another")
    return text


def _join_parts(fold: PublicFold, digest: str, party: str) -> str:
    first = fold.parts.get((digest, 0))
    count = first.of if first else 0
    parts = [fold.parts.get((digest, position)) for position in range(count)]
    if not parts or any(part is None or part.party != party for part in parts):
        raise MalformedDocument(f"expected all parts of document {digest} by {party} before")
    return "".join(part.text for part in parts if part)


def _apply_charter(fold: PublicFold, entry: Governing) -> PublicFold:
    charter = parse_charter(entry.body, origin=fold.origin)
    first = charter.founders[0]
    founders = {
        founder.did: Party(
            founder.did, founder.slug, founder.names, founder.roles, founder.admin_keys, 0
        )
        for founder in charter.founders
    }
    return replace(
        fold,
        charter=charter,
        charter_id=encode_record_id(entry.record_id),
        parties=founders,
        admin_kids={
            f"{did}#{key}": did for did, party in founders.items() for key in party.admin_keys
        },
        types=dict(charter.governance_types),
        awaited=frozenset(founders) - {first.did},
    )


def _apply_endorsement(fold: PublicFold, entry: Governing) -> PublicFold:
    if entry.body["of"] != fold.charter_id or entry.iss not in fold.awaited:
        return fold
    party = replace(fold.parties[entry.iss], joined_at=entry.index)
    return replace(
        fold,
        parties={**fold.parties, entry.iss: party},
        awaited=fold.awaited - {entry.iss},
    )


def _apply_key(fold: PublicFold, entry: Governing) -> PublicFold:
    parse_multikey(entry.body["multikey"])
    key = RegisteredKey(
        kid=f"{entry.iss}#{entry.body['multikey']}",
        party=entry.iss,
        uses=frozenset(entry.body["uses"]),
        holder_kind=entry.body["holder_kind"],
        registered_at=entry.index,
    )
    return replace(fold, keys={**fold.keys, key.kid: key})


def _apply_record_type(fold: PublicFold, entry: Governing) -> PublicFold:
    text = assemble(fold, entry.body["sha256"], entry.body["definition"], entry.iss)
    kind = parse_record_type(text)
    if kind.vct != entry.body["vct"] or kind.governs:
        raise MalformedDocument(f"expected a definition of {entry.body['vct']}, found {kind.vct}")
    return replace(
        fold,
        types={**fold.types, kind.vct: kind},
        type_entries={**fold.type_entries, kind.vct: entry.index},
        parts=_without(fold, entry.body["sha256"]),
    )


def _apply_policy(fold: PublicFold, entry: Governing) -> PublicFold:
    text = assemble(fold, entry.body["sha256"], entry.body["document"], entry.iss)
    policy = parse_policy_document(text, fold.types)
    return replace(
        fold,
        policies={**fold.policies, encode_record_id(entry.record_id): policy},
        parts=_without(fold, entry.body["sha256"]),
    )


def _apply_part(fold: PublicFold, entry: Governing) -> PublicFold:
    body = entry.body
    part = DocumentPart(body["text"], body["of"], entry.iss, entry.admitted_ms)
    alive = {
        key: value
        for key, value in fold.parts.items()
        if entry.admitted_ms - value.admitted_ms <= PART_LAPSES_MS
    }
    return replace(fold, parts={**alive, (body["document"], body["part"]): part})


def _without(fold: PublicFold, digest: str) -> dict[tuple[str, int], DocumentPart]:
    return {key: part for key, part in fold.parts.items() if key[0] != digest}


_STEPS: Final = {
    "charter/v1": _apply_charter,
    "endorsement/v1": _apply_endorsement,
    "key/v1": _apply_key,
    "record-type/v1": _apply_record_type,
    "policy/v1": _apply_policy,
    "document-part/v1": _apply_part,
}
