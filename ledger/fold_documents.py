"""Documents in the fold: record types, policies, parameters, and their parts (governance.md, 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ledger import limits
from ledger.errors import MalformedDocument, MalformedJson
from ledger.fold_state import DocumentPart, Governing, Parameters, PartKey, PublicFold
from ledger.policy import parse_policy_document
from ledger.policy_history import PolicyVersion
from ledger.record import encode_record_id
from ledger.record_type import document_digest, parse_record_type
from ledger.strict_json import parse_json

_NO_PARTS: Mapping[PartKey, DocumentPart] = {}


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
    held = fold.parts.get(entry.iss, _NO_PARTS)
    first = held.get((digest, 0))
    count = first.of if first else 0
    known = [held.get((digest, position)) for position in range(count)]
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


def apply_record_type(fold: PublicFold, entry: Governing) -> PublicFold:
    """The fold after a ``record-type/v1``.

    Raises:
        MalformedType, MalformedDocument: its text is no definition of that type.
    """
    text = assemble(fold, entry, entry.body["definition"])
    kind = parse_record_type(text)
    if kind.vct != entry.body["vct"] or kind.governs:
        raise MalformedDocument(f"expected a definition of {entry.body['vct']}, found {kind.vct}")
    defined = replace(
        fold,
        types={**fold.types, kind.vct: kind},
        type_entries={**fold.type_entries, kind.vct: entry.index},
    )
    return _used_up(defined, entry, "record-type", name=kind.vct)


def apply_policy(fold: PublicFold, entry: Governing) -> PublicFold:
    """The fold after a ``policy/v1``.

    Raises:
        MalformedDocument: its text is no policy of the types in force.
    """
    text = assemble(fold, entry, entry.body["document"])
    name: str = entry.body["name"]
    added = PolicyVersion(
        record_id=encode_record_id(entry.record_id),
        name=name,
        version=fold.policies.next_version(name),
        index=entry.index,
        sha256=entry.body["sha256"],
        text=text,
        document=parse_policy_document(text, fold.types),
    )
    after = replace(fold, policies=fold.policies.with_version(added))
    return _used_up(after, entry, "policy", name=name)


def apply_parameters(fold: PublicFold, entry: Governing) -> PublicFold:
    """The fold after a ``parameters/v1``: the newest of its name is in force.

    Raises:
        MalformedDocument: its text is no JSON object.
    """
    text = assemble(fold, entry, entry.body["document"])
    name, digest = entry.body["name"], entry.body["sha256"]
    try:
        document = parse_json(text.encode(), bytes_max=limits.DOCUMENT_BYTES_MAX)
    except MalformedJson as fault:
        raise MalformedDocument(f"parameters: {fault}") from fault
    if not isinstance(document, dict):
        raise MalformedDocument(f"parameters: expected an object, found {type(document).__name__}")
    before = fold.parameters[name].versions if name in fold.parameters else ()
    found = Parameters(name, text, (*before, (entry.index, digest)))
    after = replace(fold, parameters={**fold.parameters, name: found})
    return _used_up(after, entry, "parameters", name=name)


def apply_part(fold: PublicFold, entry: Governing) -> PublicFold:
    """The fold after a ``document-part/v1``; parts of the party that lapsed are dropped."""
    body = entry.body
    part = DocumentPart(body["text"], body["of"], entry.admitted_ms)
    alive = {
        key: value
        for key, value in fold.parts.get(entry.iss, _NO_PARTS).items()
        if not value.has_lapsed(entry.admitted_ms)
    }
    held = {**alive, (body["document"], body["part"]): part}
    return replace(fold, parts={**fold.parts, entry.iss: held})


def _used_up(fold: PublicFold, entry: Governing, act: str, *, name: str) -> PublicFold:
    """The fold without the parts and the approval that the document used up."""
    digest = entry.body["sha256"]
    held = fold.parts.get(entry.iss, _NO_PARTS)
    left = {key: part for key, part in held.items() if key[0] != digest}
    others = {did: parts for did, parts in fold.parts.items() if did != entry.iss}
    approved = {key: at for key, at in fold.approved.items() if key != (act, name, digest)}
    return replace(fold, parts={**others, entry.iss: left} if left else others, approved=approved)
