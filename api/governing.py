"""Composing governance records: keys, votes, proposals, documents (docs/spec/governance.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from keys.signer import Signer
from ledger import limits
from ledger.commitment import commit_key
from ledger.compose import Composer
from ledger.party import SEAL_USE
from ledger.possession import prove_possession
from ledger.record_type import document_digest, parse_record_type

ANY_RECORD: Final = "records"
REQUESTS: Final = "requests"
RECORD_TYPES: Final = "record:record-type"
PARAMETERS: Final = "record:parameters"
POLICIES: Final = "record:policy"
#: What founder 1's key needs to bring what the charter lists.
DEFINING_USES: Final = (RECORD_TYPES, PARAMETERS, POLICIES)
#: What a key to be sealed to does.
SEALING_USES: Final = (SEAL_USE,)
#: What the signing key of a party does, unless it is said otherwise.
SIGNING_USES: Final = (ANY_RECORD, REQUESTS)


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """What a signing key is for; ``replaces`` is the multikey whose place it takes."""

    uses: tuple[str, ...] = SIGNING_USES
    holder_kind: str = "machine"
    replaces: str | None = None


DEFAULT_TERMS: Final = KeyTerms()


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that is to be registered, and the proof that its party holds it.

    A key to be sealed to proves nothing: it signs nothing.
    """

    multikey: str
    possession: str | None


@dataclass(frozen=True, slots=True)
class Revocation:
    """Which key of the party ends or is narrowed, why, and what it signed that is contested."""

    kid: str
    reason: str
    keeps: tuple[str, ...] = ()
    contested_from: int | None = None


def prove_key(key: Signer, *, origin: str, did: str) -> NewKey:
    """What is told of a new key: itself, and the proof that ``did`` holds it."""
    return NewKey(key.multikey, prove_possession(key, origin=origin, did=did))


def compose_key(
    composer: Composer, key: Signer, *, iat: int, terms: KeyTerms = DEFAULT_TERMS
) -> str:
    """A ``key/v1`` by which a party registers one of its keys.

    Args:
        composer: of an admin key of the party.
        key: the new key, which proves that the party holds it.
        iat: Unix seconds.
        terms: what it is for.
    """
    proven = prove_key(key, origin=composer.origin, did=_party_of(composer))
    return compose_registration(composer, proven, iat=iat, terms=terms)


def compose_registration(composer: Composer, key: NewKey, *, iat: int, terms: KeyTerms) -> str:
    """The same for a key that lies elsewhere and brought its proof."""
    body = {
        "party": _party_of(composer),
        "multikey": key.multikey,
        "uses": list(terms.uses),
        "holder_kind": terms.holder_kind,
        "replaces": terms.replaces,
        "possession": key.possession,
    }
    return composer.compose_governance("key/v1", body, iat=iat)


def compose_rotation(
    composer: Composer, key: Signer, *, following: str, retires: tuple[str, ...], iat: int
) -> str:
    """An ``admin-key/v1`` by which the committed key puts itself in force.

    Args:
        composer: of the committed key itself.
        key: the same key, which proves that the party holds it.
        following: multikey of the key that may follow it; only its commitment is told.
        retires: multikeys of the admin keys that end.
        iat: Unix seconds.
    """
    party = _party_of(composer)
    body = {
        "party": party,
        "multikey": key.multikey,
        "next_key": commit_key(following),
        "retires": list(retires),
        "possession": prove_possession(key, origin=composer.origin, did=party),
    }
    return composer.compose_governance("admin-key/v1", body, iat=iat)


def compose_revocation(composer: Composer, revocation: Revocation, *, iat: int) -> str:
    """A ``key-revocation/v1`` by which a party ends or narrows one of its keys."""
    body = {
        "kid": revocation.kid,
        "keeps": list(revocation.keeps),
        "reason": revocation.reason,
        "contested_from": revocation.contested_from,
    }
    return composer.compose_governance("key-revocation/v1", body, iat=iat)


def compose_endorsement(
    composer: Composer, *, iat: int, of: str | None = None, meaning: str = "approve"
) -> str:
    """A vote, a consent or an affirmation; of the charter, where nothing else is named.

    Args:
        composer: of an admin key of the party.
        iat: Unix seconds.
        of: id of the record that is endorsed.
        meaning: ``approve``, ``reject`` or ``accept``.
    """
    body = {"of": composer.policy if of is None else of, "meaning": meaning, "reason": None}
    return composer.compose_governance("endorsement/v1", body, iat=iat)


def compose_proposal(
    composer: Composer, act: str, content: Mapping[str, Any], *, reason: str | None, iat: int
) -> str:
    """A ``proposal/v1``: what the members are to decide."""
    body = {"act": act, "content": dict(content), "reason": reason}
    return composer.compose_governance("proposal/v1", body, iat=iat)


def compose_type(composer: Composer, definition: str, *, iat: int) -> Iterator[str]:
    """The records that define a type: its parts, where it is long, then the definition."""
    name = {"vct": parse_record_type(definition).vct}
    return _compose_document(composer, "record-type/v1", name, definition, iat)


def compose_named(
    composer: Composer, kind: str, *, name: str, text: str, iat: int
) -> Iterator[str]:
    """The records that bring a document of kind ``policy`` or ``parameters``."""
    return _compose_document(composer, f"{kind}/v1", {"name": name}, text, iat)


def _compose_document(
    composer: Composer, vct: str, name: Mapping[str, str], text: str, iat: int
) -> Iterator[str]:
    digest = document_digest(text)
    # Counted with its escapes, as it will stand in the entry.
    is_inline = len(json.dumps(text).encode()) <= limits.GOVERNANCE_INLINE_BYTES_MAX
    if not is_inline:
        yield from _compose_parts(composer, text, digest=digest, iat=iat)
    member = "definition" if vct == "record-type/v1" else "document"
    body = {**name, "sha256": digest, member: text if is_inline else None}
    yield composer.compose_governance(vct, body, iat=iat)


def _party_of(composer: Composer) -> str:
    return composer.signer.kid.partition("#")[0]


def split_document(text: str) -> list[str]:
    """Cut a document into parts that an entry can hold, never inside a character."""
    data = text.encode()
    parts: list[str] = []
    start = 0
    while start < len(data):
        stop = min(start + limits.DOCUMENT_PART_BYTES_MAX, len(data))
        # A byte of the form 10xxxxxx continues a character that began before it.
        while stop < len(data) and data[stop] & 0xC0 == 0x80:
            stop -= 1
        parts.append(data[start:stop].decode())
        start = stop
    return parts


def _compose_parts(composer: Composer, text: str, *, digest: str, iat: int) -> Iterator[str]:
    parts = split_document(text)
    for position, part in enumerate(parts):
        body = {"document": digest, "part": position, "of": len(parts), "text": part}
        yield composer.compose_governance("document-part/v1", body, iat=iat)
