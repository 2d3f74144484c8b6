"""The charter: entry 0, read into values (docs/spec/governance.md, section 1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from keys.errors import KeysError
from keys.identifiers import Origin, Slug, parse_origin, party_did
from keys.multikey import parse_multikey
from ledger import limits
from ledger.errors import MalformedCharter, MalformedVerifierKey
from ledger.note import ED25519_NOTE, parse_vkey
from ledger.record import GOVERNANCE_VCTS
from ledger.record_type import (
    RecordType,
    builtin_governance_types,
    document_digest,
    parse_record_type,
)
from ledger.rules import (
    ACTS,
    NO_WITNESSES,
    CredentialRight,
    Quorum,
    Rules,
    check_policy,
    read_rules,
)
from ledger.schema_faults import find_faults

LEGAL_ENTITY: Final = "legal-entity"


@dataclass(frozen=True, slots=True)
class Founder:
    """A party that the charter names, with its admin keys and the commitment to the next."""

    did: str
    slug: str
    names: Mapping[str, str]
    roles: frozenset[str]
    accreditations: frozenset[str]
    entity: str
    parent: str | None
    admin_keys: tuple[str, ...]
    next_key: str


@dataclass(frozen=True, slots=True)
class Charter:
    """The charter's content. ``types`` maps every other built-in vct to its digest.

    ``parameters`` and ``policies`` map the names of documents that founder 1 brings without a
    vote to theirs.
    ``rules`` are those of the founding; an amendment replaces them in the fold, not here.
    """

    origin: str
    founders: tuple[Founder, ...]
    rules: Rules
    governance_types: Mapping[str, RecordType]
    types: Mapping[str, str]
    parameters: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[str, str] = field(default_factory=dict)

    @property
    def log_keys(self) -> tuple[str, ...]:
        """The verifier keys that the log was founded with."""
        return self.rules.log_keys

    @property
    def operator(self) -> str:
        """Slug of the founder that runs the log at first."""
        return self.rules.operator

    @property
    def quorum(self) -> Mapping[str, Quorum]:
        """The quorum of each act at first."""
        return self.rules.quorum


@dataclass(frozen=True, slots=True)
class FounderStatement:
    """What a founder brings to a new charter."""

    slug: str
    names: Mapping[str, str]
    roles: tuple[str, ...]
    admin_keys: tuple[str, ...]
    next_key: str
    accreditations: tuple[str, ...] = ()
    entity: str = LEGAL_ENTITY
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class CharterDraft:
    """What `init` decides; the rest of a charter follows from it and from this version.

    ``quorum`` holds the acts that have another rule than the majority of all members;
    ``parameters`` and ``policies`` are the texts of built-in documents by their names.
    """

    origin: str
    log_keys: tuple[str, ...]
    founders: tuple[FounderStatement, ...]
    operator: str
    types: tuple[str, ...]
    has_open_bundles: bool
    credentials: tuple[CredentialRight, ...] = ()
    witness_policy: str = NO_WITNESSES
    quorum: Mapping[str, Quorum] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[str, str] = field(default_factory=dict)


def draft_charter(draft: CharterDraft) -> dict[str, Any]:
    """The body of a new charter: built-in governance types inline, a quorum for every act."""
    parsed = [parse_record_type(text) for text in draft.types]
    everyone = frozenset(role for founder in draft.founders for role in founder.roles)
    quorum = dict.fromkeys(ACTS, Quorum(everyone, None)) | dict(draft.quorum)
    named = {"parameters": draft.parameters, "policies": draft.policies}
    return {
        "origin": draft.origin,
        "log_keys": list(draft.log_keys),
        "founders": [founder_body(founder) for founder in draft.founders],
        "operator": draft.operator,
        "quorum": {act: rule.body() for act, rule in quorum.items()},
        "governance_types": [json.loads(kind.text) for kind in builtin_governance_types()],
        "types": [{"vct": kind.vct, "sha256": kind.sha256} for kind in parsed],
        **{member: _list_documents(texts) for member, texts in named.items() if texts},
        "default_policy": {},
        "limits": {
            "entry_bytes_max": limits.ENTRY_BYTES_MAX,
            "disclosure_bytes_max": limits.DISCLOSURE_BYTES_MAX,
            "disclosures_max": limits.DISCLOSURES_MAX,
        },
        "entry_bundles": "open" if draft.has_open_bundles else "members",
        "credentials": [right.body() for right in draft.credentials],
        "witness_policy": draft.witness_policy,
    }


def _list_documents(texts: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "sha256": document_digest(text)} for name, text in texts.items()]


def parse_charter(body: object, *, origin: str) -> Charter:
    """Read a charter's body.

    Raises:
        MalformedCharter: it does not meet its schema, names a founder, a key or a type twice,
            has other governance types than this version, or holds a rule that its founders
            could not meet.
    """
    schema = _governance_types()["charter/v1"]
    assert schema.body_validator is not None
    faults = find_faults(schema.body_validator, body)
    if faults:
        place, expected = faults[0].pointer, faults[0].expected
        raise MalformedCharter(f"/body{place}: expected {expected}, found {faults[0].found}")
    assert isinstance(body, dict)
    try:
        charter = _read(body)
        _check_whole(charter, origin)
    except (KeysError, MalformedVerifierKey) as fault:
        raise MalformedCharter(str(fault)) from fault
    return charter


def founder_body(founder: FounderStatement) -> dict[str, Any]:
    """What a party says of itself, as a charter or a proposal to admit it has it."""
    return {
        "slug": founder.slug,
        "names": dict(founder.names),
        "roles": list(founder.roles),
        "accreditations": list(founder.accreditations),
        "entity": founder.entity,
        "parent": founder.parent,
        "admin_keys": list(founder.admin_keys),
        "next_key": founder.next_key,
    }


def _read(body: dict[str, Any]) -> Charter:
    origin = parse_origin(body["origin"])
    _check_governance_types(body["governance_types"])
    return Charter(
        origin=origin,
        founders=tuple(_read_founder(origin, item) for item in body["founders"]),
        rules=read_rules(body),
        governance_types=_governance_types(),
        types=_read_types(body["types"]),
        parameters=_read_listed(body, "parameters"),
        policies=_read_listed(body, "policies"),
    )


@cache
def _governance_types() -> Mapping[str, RecordType]:
    return MappingProxyType({kind.vct: kind for kind in builtin_governance_types()})


def _check_governance_types(definitions: list[dict[str, Any]]) -> None:
    """Accept the definitions of this version and no others.

    The fold reads what they let through without asking again, and a vct never changes: what
    another definition of the same vct would allow, this version could not keep.
    """
    own = _canonical_types()
    found = {str(item.get("vct")): _canonical(item) for item in definitions}
    other = sorted(vct for vct in own.keys() | found.keys() if own.get(vct) != found.get(vct))
    if other or len(found) != len(definitions):
        raise MalformedCharter(
            f"expected each governance type of this version once, found others for {other[:8]}"
        )


@cache
def _canonical_types() -> Mapping[str, str]:
    return {vct: _canonical(json.loads(kind.text)) for vct, kind in _governance_types().items()}


def _canonical(value: object) -> str:
    # Python's == takes true for 1, a schema does not.
    return json.dumps(value, sort_keys=True)


def _read_types(items: list[dict[str, str]]) -> dict[str, str]:
    types = {item["vct"]: item["sha256"] for item in items}
    if len(types) != len(items):
        raise MalformedCharter("expected every type once")
    if governing := GOVERNANCE_VCTS & types.keys():
        raise MalformedCharter(f"expected business types under types, found {sorted(governing)}")
    return types


def _read_listed(body: dict[str, Any], member: str) -> dict[str, str]:
    items = body.get(member, [])
    listed = {item["name"]: item["sha256"] for item in items}
    if len(listed) != len(items):
        raise MalformedCharter(f"expected the {member} of a name once")
    return listed


def _read_founder(origin: Origin, item: dict[str, Any]) -> Founder:
    return Founder(
        did=party_did(origin, Slug(item["slug"])),
        slug=item["slug"],
        names=item["names"],
        roles=frozenset(item["roles"]),
        accreditations=frozenset(item["accreditations"]),
        entity=item["entity"],
        parent=item["parent"],
        admin_keys=tuple(item["admin_keys"]),
        next_key=item["next_key"],
    )


def _check_whole(charter: Charter, origin: str) -> None:
    if charter.origin != origin:
        raise MalformedCharter(f"expected origin {origin!r}, found {charter.origin!r}")
    slugs = [founder.slug for founder in charter.founders]
    if len(set(slugs)) != len(slugs):
        raise MalformedCharter(f"expected every slug once, found {slugs}")
    if charter.operator not in slugs:
        raise MalformedCharter(f"expected a founder as operator, found {charter.operator!r}")
    _check_parents(charter)
    _check_keys(charter)
    check_policy(charter.rules)
    for act, quorum in charter.quorum.items():
        able = sum(1 for founder in charter.founders if founder.roles & quorum.electorate)
        if able < (quorum.threshold or 1):
            raise MalformedCharter(
                f"quorum for {act}: expected one that the founders could meet, found {able} able"
            )


def _check_parents(charter: Charter) -> None:
    """A parent stands before its children, so that no party is its own ancestor."""
    known: set[str | None] = {None}
    for founder in charter.founders:
        if founder.parent not in known:
            raise MalformedCharter(
                f"{founder.slug}: expected a founder that stands before it as parent, "
                f"found {founder.parent!r}"
            )
        known.add(founder.slug)


def _check_keys(charter: Charter) -> None:
    """Every key is one that may be used, and has one purpose only."""
    log_keys = [parse_vkey(text) for text in charter.log_keys]
    if any(key.algorithm != ED25519_NOTE for key in log_keys):
        raise MalformedCharter("expected log keys that sign checkpoints, found a witness's")
    keys = [key.public for key in log_keys]
    keys += [parse_multikey(text) for founder in charter.founders for text in founder.admin_keys]
    if len(set(keys)) != len(keys):
        raise MalformedCharter("expected every key once, among admin keys and log keys together")
    if any(key.name != charter.origin for key in log_keys):
        raise MalformedCharter(f"expected log keys named {charter.origin}, found another name")
