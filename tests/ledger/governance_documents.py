"""Entries that carry or name a governance document: definitions, policies and their parts."""

from __future__ import annotations

from typing import Any

from ledger.record_type import document_digest
from tests.ledger.parties import Consortium, PartyKeys
from tests.ledger.sample_types import sample_type_text

OTHER_VCT = "other-report/v1"
OTHER_TYPE = sample_type_text(vct=OTHER_VCT)
OPEN_POLICY = '{"types":{}}'


def sign_definition(
    consortium: Consortium, party: PartyKeys, text: str, *, inline: bool = True, **members: Any
) -> str:
    """A ``record-type/v1`` entry; with ``inline=False`` its text comes in parts before it."""
    body = {
        "vct": OTHER_VCT,
        "sha256": document_digest(text),
        "definition": text if inline else None,
    }
    label = f"definition {inline} {document_digest(text)} {members}"
    return consortium.governance(party.signing, "record-type/v1", body | members, label=label)


def sign_policy(
    consortium: Consortium, party: PartyKeys, text: str = OPEN_POLICY, **members: Any
) -> str:
    """A ``policy/v1`` entry with its document inline."""
    body = {"name": "Open", "sha256": document_digest(text), "document": text}
    label = f"policy {document_digest(text)} {members}"
    return consortium.governance(party.signing, "policy/v1", body | members, label=label)


def sign_part(
    consortium: Consortium,
    party: PartyKeys,
    text: str,
    part: int,
    *,
    of: int = 1,
    document: str | None = None,
) -> str:
    """One part of a document; without one named, of a document that it is the whole of."""
    body = {
        "document": document_digest(text if document is None else document),
        "part": part,
        "of": of,
        "text": text,
    }
    label = f"part {document_digest(text)} {part} {of}"
    return consortium.governance(party.signing, "document-part/v1", body, label=label)
