"""What a view says of a record's type: the groups it defines (docs/spec/view.md, D8 and D10)."""

from __future__ import annotations

from collections.abc import Sequence

from ledger import limits
from ledger.disclosure import Disclosure
from ledger.errors import MalformedJson, TypeMismatch
from ledger.key_path import FoundingCharter, LinkedEntry
from ledger.record import GOVERNANCE_VCTS
from ledger.record_type import document_digest
from ledger.strict_json import parse_json


def defined_groups(
    entry: LinkedEntry, evidence: LinkedEntry | None, charter: FoundingCharter
) -> frozenset[str] | None:
    """The names of the groups that the record's type defines.

    Args:
        entry: the record's entry.
        evidence: the ``record-type/v1`` entry; None exactly for governance types.
        charter: for the digests of the built-in types.

    Returns:
        The names; None where the definition came in parts and is not in the view.

    Raises:
        TypeMismatch: the evidence is missing, of another type, later, or not the charter's.
    """
    vct = entry.parsed.claims.vct
    if (vct in GOVERNANCE_VCTS) != (evidence is None):
        wanted = "no record-type entry" if evidence else "the record-type entry"
        raise TypeMismatch(f"expected {wanted} for {vct}, found {'one' if evidence else 'none'}")
    if evidence is None:
        return frozenset({"holder"} if vct == "key/v1" else ())
    body = evidence.parsed.claims.body or {}
    if evidence.parsed.claims.vct != "record-type/v1" or body.get("vct") != vct:
        raise TypeMismatch(f"expected a definition of {vct}, found {body.get('vct')!r:.80}")
    if evidence.head.index >= entry.head.index:
        raise TypeMismatch(
            f"expected a definition of {vct} before entry {entry.head.index}, "
            f"found entry {evidence.head.index}"
        )
    digest = body.get("sha256")
    listed = charter.types.get(vct, frozenset())
    if any(expected != digest for expected in listed):
        raise TypeMismatch(
            f"{vct}: expected the digest {min(listed)} of the charter, found {digest!r:.60}"
        )
    return _read_groups(body.get("definition"), digest)


def _read_groups(definition: object, digest: object) -> frozenset[str] | None:
    if definition is None:
        return None
    if not isinstance(definition, str) or document_digest(definition) != digest:
        raise TypeMismatch(f"expected a text of digest {digest!r:.60}, found another")
    try:
        members = parse_json(definition.encode(), bytes_max=limits.ENTRY_BYTES_MAX)
    except MalformedJson as fault:
        raise TypeMismatch(f"definition: {fault}") from fault
    groups = members.get("groups") if isinstance(members, dict) else None
    if not isinstance(groups, dict):
        raise TypeMismatch("expected a definition with an object groups, found none")
    return frozenset(groups)


def check_manifest(opened: Sequence[Disclosure], groups: frozenset[str] | None) -> None:
    """A disclosed manifest names every group of the type, no more and no fewer.

    Raises:
        TypeMismatch: it does not.
    """
    for disclosure in opened:
        if disclosure.group != "manifest":
            continue
        value = disclosure.value
        named = value.get("groups") if isinstance(value, dict) else None
        if not isinstance(named, dict):
            raise TypeMismatch("expected a manifest with an object groups, found none")
        if groups is not None and named.keys() != groups:
            raise TypeMismatch(
                f"expected a manifest of {sorted(groups)!r:.400}, found {sorted(named)!r:.400}"
            )
