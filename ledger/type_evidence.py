"""What a view says of a record's type: the groups it defines (docs/spec/view.md, D8 and D10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ledger import limits
from ledger.consistency import ConsistencyRule, compile_rules
from ledger.disclosure import Disclosure
from ledger.errors import MalformedJson, MalformedType, TypeMismatch
from ledger.linked_entry import FoundingCharter, LinkedEntry
from ledger.record import GOVERNANCE_VCTS
from ledger.record_type import CLOSED_GROUPS, document_digest
from ledger.strict_json import parse_json


@dataclass(frozen=True, slots=True)
class DefinedType:
    """What the view shows of a record's type.

    ``groups`` is None where the definition came in parts and is not in the view.
    ``is_proven`` is whether the charter vouches for the type; else that it was admitted is
    the log's word. ``consistency`` are the rules between its groups.
    """

    groups: frozenset[str] | None
    is_proven: bool
    consistency: tuple[ConsistencyRule, ...] = ()


def defined_type(
    entry: LinkedEntry, evidence: LinkedEntry | None, charter: FoundingCharter
) -> DefinedType:
    """What the record's type defines, by the evidence for it.

    Args:
        entry: the record's entry.
        evidence: the ``record-type/v1`` entry; None exactly for governance types.
        charter: for the digests of the built-in types.

    Raises:
        TypeMismatch: the evidence is missing, of another type, later, or not the charter's, or
            its definition is neither null nor a text of this type.
    """
    vct = entry.parsed.claims.vct
    if (vct in GOVERNANCE_VCTS) != (evidence is None):
        wanted = "no record-type entry" if evidence else "the record-type entry"
        raise TypeMismatch(f"expected {wanted} for {vct}, found {'one' if evidence else 'none'}")
    if evidence is None:
        return DefinedType(frozenset({"holder"} if vct == "key/v1" else ()), is_proven=True)
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
    if "definition" not in body:
        raise TypeMismatch("expected a definition or null, found neither")
    definition = body["definition"]
    groups = None if definition is None else _read_groups(definition, vct, digest=digest)
    rules = () if definition is None else _read_rules(definition)
    return DefinedType(groups, is_proven=bool(listed), consistency=rules)


def _read_groups(definition: object, vct: str, *, digest: object) -> frozenset[str]:
    if not isinstance(definition, str) or document_digest(definition) != digest:
        raise TypeMismatch(f"expected a text of digest {digest!r:.60}, found another")
    try:
        members = parse_json(definition.encode(), bytes_max=limits.ENTRY_BYTES_MAX)
    except MalformedJson as fault:
        raise TypeMismatch(f"definition: {fault}") from fault
    if not isinstance(members, dict) or members.get("vct") != vct:
        raise TypeMismatch(f"expected an object that defines {vct}, found another document")
    groups = members.get("groups", {})
    if not isinstance(groups, dict):
        raise TypeMismatch("expected an object groups in the definition, found another value")
    return frozenset(groups)


# A view of many records has few types.
@lru_cache(maxsize=64)
def _read_rules(definition: str) -> tuple[ConsistencyRule, ...]:
    """The rules between groups; none of a definition that admission would have refused."""
    members: Any = parse_json(definition.encode(), bytes_max=limits.ENTRY_BYTES_MAX)
    try:
        return compile_rules(members.get("consistency", []), members.get("groups", {}))
    except MalformedType:
        return ()


def check_groups(opened: Sequence[Disclosure], groups: frozenset[str] | None) -> None:
    """What is disclosed is of the type, and the manifest says so (docs/spec/view.md, D10).

    Args:
        opened: what was disclosed.
        groups: the groups of the type; None where its definition is not in the view.

    Raises:
        TypeMismatch: another group than those of the type and the three closed ones, or a
            manifest that does not name every group of the type, no more and no fewer.
    """
    if groups is not None:
        for disclosure in opened:
            if disclosure.group not in groups and disclosure.group not in CLOSED_GROUPS:
                raise TypeMismatch(
                    f"expected groups of {sorted(groups)!r:.400}, found {disclosure.group}"
                )
    _check_manifest(opened, groups)


def _check_manifest(opened: Sequence[Disclosure], groups: frozenset[str] | None) -> None:
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
