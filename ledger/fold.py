"""The public fold: who and what is in force after the entries so far.

Reads governance entries only, in order, and nothing else; immutable, so a reader may keep
the fold of any moment. What may be appended next is judged in :mod:`ledger.admission`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from keys.errors import KeysError
from keys.multikey import parse_multikey
from ledger import limits
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
    admitted_ms: int

    def has_lapsed(self, at_ms: int) -> bool:
        """Whether it waited too long for the document that names it."""
        return at_ms - self.admitted_ms > PART_LAPSES_MS


PartKey = tuple[str, str, int]
"""DID of the party, digest of the document, number of the part: nobody meets another's parts."""


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
    parts: Mapping[PartKey, DocumentPart] = field(default_factory=dict)
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
        return TypeBook(
            self.types,
            disclosure_bytes_max=bounds.disclosure_bytes_max,
            disclosures_max=bounds.disclosures_max,
            entry_bytes_max=bounds.entry_bytes_max,
        )


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


def assemble(fold: PublicFold, entry: Governing, text: str | None) -> str:
    """The text of the document that an entry names, inline or from its party's parts.

    Raises:
        MalformedDocument: a part is missing or has lapsed, the text does not have the digest,
            or it is inline and too long for that.
    """
    digest: str = entry.body["sha256"]
    if text is None:
        text = _join_parts(fold, entry, digest)
    elif len(text.encode()) > limits.GOVERNANCE_INLINE_BYTES_MAX:
        raise MalformedDocument(
            f"expected a text over {limits.GOVERNANCE_INLINE_BYTES_MAX} bytes in parts, "
            f"found one of {len(text.encode())} inline"
        )
    if document_digest(text) != digest:
        raise MalformedDocument(f"expected a text of digest {digest}, found another")
    return text


def _join_parts(fold: PublicFold, entry: Governing, digest: str) -> str:
    first = fold.parts.get((entry.iss, digest, 0))
    count = first.of if first else 0
    known = [fold.parts.get((entry.iss, digest, position)) for position in range(count)]
    parts = [
        part
        for part in known
        if part and part.of == count and not part.has_lapsed(entry.admitted_ms)
    ]
    if not parts or len(parts) < count:
        raise MalformedDocument(
            f"expected all parts of document {digest} by {entry.iss} in the 30 days before, "
            f"found {len(parts)}"
        )
    return "".join(part.text for part in parts)


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
    try:
        parse_multikey(entry.body["multikey"])
    except KeysError as fault:
        raise MalformedDocument(f"key: {fault}") from fault
    key = RegisteredKey(
        kid=f"{entry.iss}#{entry.body['multikey']}",
        party=entry.iss,
        uses=frozenset(entry.body["uses"]),
        holder_kind=entry.body["holder_kind"],
        registered_at=entry.index,
    )
    return replace(fold, keys={**fold.keys, key.kid: key})


def _apply_record_type(fold: PublicFold, entry: Governing) -> PublicFold:
    text = assemble(fold, entry, entry.body["definition"])
    kind = parse_record_type(text)
    if kind.vct != entry.body["vct"] or kind.governs:
        raise MalformedDocument(f"expected a definition of {entry.body['vct']}, found {kind.vct}")
    return replace(
        fold,
        types={**fold.types, kind.vct: kind},
        type_entries={**fold.type_entries, kind.vct: entry.index},
        parts=_without(fold, entry),
    )


def _apply_policy(fold: PublicFold, entry: Governing) -> PublicFold:
    text = assemble(fold, entry, entry.body["document"])
    policy = parse_policy_document(text, fold.types)
    return replace(
        fold,
        policies={**fold.policies, encode_record_id(entry.record_id): policy},
        parts=_without(fold, entry),
    )


def _apply_part(fold: PublicFold, entry: Governing) -> PublicFold:
    body = entry.body
    part = DocumentPart(body["text"], body["of"], entry.admitted_ms)
    alive = {
        key: value for key, value in fold.parts.items() if not value.has_lapsed(entry.admitted_ms)
    }
    return replace(fold, parts={**alive, (entry.iss, body["document"], body["part"]): part})


def _without(fold: PublicFold, entry: Governing) -> dict[PartKey, DocumentPart]:
    named = (entry.iss, entry.body["sha256"])
    return {key: part for key, part in fold.parts.items() if key[:2] != named}


_STEPS: Final = {
    "charter/v1": _apply_charter,
    "endorsement/v1": _apply_endorsement,
    "key/v1": _apply_key,
    "record-type/v1": _apply_record_type,
    "policy/v1": _apply_policy,
    "document-part/v1": _apply_part,
}
