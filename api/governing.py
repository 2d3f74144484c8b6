"""Composing governance records: keys, endorsements, record types (docs/spec/governance.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from keys.signer import Signer
from ledger import limits
from ledger.compose import Composer
from ledger.possession import prove_possession
from ledger.record_type import document_digest, parse_record_type

ANY_RECORD: Final = "records"
REQUESTS: Final = "requests"
RECORD_TYPES: Final = "record:record-type"
#: What the signing key of a party does, unless it is said otherwise.
SIGNING_USES: Final = (ANY_RECORD, REQUESTS)


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """What a signing key is for; ``replaces`` is the multikey whose place it takes."""

    uses: tuple[str, ...] = SIGNING_USES
    holder_kind: str = "machine"
    replaces: str | None = None


DEFAULT_TERMS: Final = KeyTerms()


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
    party = composer.signer.kid.partition("#")[0]
    body = {
        "party": party,
        "multikey": key.multikey,
        "uses": list(terms.uses),
        "holder_kind": terms.holder_kind,
        "replaces": terms.replaces,
        "possession": prove_possession(key, origin=composer.origin, did=party),
    }
    return composer.compose_governance("key/v1", body, iat=iat)


def compose_endorsement(composer: Composer, *, iat: int) -> str:
    """A founder's consent to the charter that the composer's records are shared under."""
    body = {"of": composer.policy, "meaning": "approve", "reason": None}
    return composer.compose_governance("endorsement/v1", body, iat=iat)


def compose_type(composer: Composer, definition: str, *, iat: int) -> Iterator[str]:
    """The records that define a type: its parts, where it is long, then the definition."""
    digest = document_digest(definition)
    # Counted with its escapes, as it will stand in the entry.
    is_inline = len(json.dumps(definition).encode()) <= limits.GOVERNANCE_INLINE_BYTES_MAX
    if not is_inline:
        yield from _compose_parts(composer, definition, digest=digest, iat=iat)
    body = {
        "vct": parse_record_type(definition).vct,
        "sha256": digest,
        "definition": definition if is_inline else None,
    }
    yield composer.compose_governance("record-type/v1", body, iat=iat)


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
