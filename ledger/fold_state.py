"""The public fold as a value, and the questions that readers ask of it.

Nested by party, so that one more key or record of one party copies that party alone.
:mod:`ledger.fold` grows it entry by entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from keys.ed25519 import PublicKey
from keys.multikey import encode_multikey
from ledger import limits
from ledger.charter import Charter
from ledger.content import TypeBook
from ledger.note import parse_vkey
from ledger.party import REQUESTS_USE, Contested, Party, RegisteredKey, Standing
from ledger.policy_history import PolicyHistory
from ledger.proposal import Proposal, Recovery
from ledger.record_type import RecordType, builtin_governance_types
from ledger.rules import Rules
from ledger.sharing.orders import ErasureOrder, Order


@dataclass(frozen=True, slots=True)
class DocumentPart:
    """One part of a document that is too long for one entry."""

    text: str
    of: int
    admitted_ms: int

    def has_lapsed(self, at_ms: int) -> bool:
        """Whether it waited too long for the document that names it."""
        return at_ms - self.admitted_ms > limits.DOCUMENT_PART_MILLISECONDS_MAX


PartKey = tuple[str, int]
"""Digest of the document and number of the part, among the parts of one party."""

Approval = tuple[str, str, str]
"""Act, name and digest of a document that may be submitted."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of one name: the newest document, and (index, digest) of every version."""

    name: str
    text: str
    versions: tuple[tuple[int, str], ...]


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


@dataclass(frozen=True, slots=True)
class PublicFold:
    """The governance content in force.

    ``awaited`` holds founders yet to endorse. ``history`` has (index, rules) of the charter
    and of each amendment; ``type_entries`` maps a vct to the entry that defined it;
    ``proposals`` holds the open ones by record id, ``approved`` the entry that allowed a
    document not submitted yet, ``recoveries`` what waits for objections, by party. ``orders``
    are those to show groups to a party, ``erasure_orders`` those to erase, by proposal.
    """

    origin: str
    charter: Charter | None = None
    charter_id: str = ""
    history: tuple[tuple[int, Rules], ...] = ()
    parties: Mapping[str, Party] = field(default_factory=dict)
    types: Mapping[str, RecordType] = field(default_factory=dict)
    type_entries: Mapping[str, int] = field(default_factory=dict)
    policies: PolicyHistory = field(default_factory=PolicyHistory)
    parameters: Mapping[str, Parameters] = field(default_factory=dict)
    parts: Mapping[str, Mapping[PartKey, DocumentPart]] = field(default_factory=dict)
    awaited: frozenset[str] = frozenset()
    proposals: Mapping[str, Proposal] = field(default_factory=dict)
    approved: Mapping[Approval, int] = field(default_factory=dict)
    recoveries: Mapping[str, Recovery] = field(default_factory=dict)
    orders: tuple[Order, ...] = ()
    erasure_orders: Mapping[str, ErasureOrder] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether every founder has endorsed the charter."""
        return self.charter is not None and not self.awaited

    @property
    def rules(self) -> Rules:
        """The rules in force: the charter's, as amended. There is a charter."""
        return self.history[-1][1]

    def rules_at(self, size: int) -> Rules | None:
        """The rules after the first ``size`` entries; None for none.

        A checkpoint of that size is judged by their log keys.
        """
        held = [rules for index, rules in self.history if index < size]
        return held[-1] if held else None

    def party(self, did: str) -> Party | None:
        """The party of this DID, a suspended or removed one too."""
        return self.parties.get(did)

    def party_of_slug(self, slug: str) -> Party | None:
        """The party of this slug, whatever its standing."""
        return next((party for party in self.parties.values() if party.slug == slug), None)

    def standing(self, did: str) -> Standing | None:
        """Where the party stands for the next entry; None for no party.

        A founder that has not endorsed the charter yet has none.
        """
        party = self.parties.get(did)
        return None if party is None or did in self.awaited else party.standing

    def key(self, kid: str) -> RegisteredKey | None:
        """The key of this kid, admin key or signing key, in force or ended."""
        did, _, multikey = kid.partition("#")
        party = self.parties.get(did)
        return party.keys.get(multikey) if party else None

    def may_sign(self, kid: str, vct: str) -> bool:
        """Whether the key would sign a record of this type as the next entry.

        What the content asks (roles, quorum, a superseded key's ``iat``) is not looked at.
        """
        key = self.key(kid)
        if key is None or not key.is_in_force or not key.may_sign(vct):
            return False
        standing = self.standing(key.party)
        return standing is Standing.MEMBER or (
            standing is Standing.SUSPENDED and vct in SUSPENDED_VCTS
        )

    def may_request(self, kid: str) -> bool:
        """Whether the key signs requests now: also for a suspended party, never a removed one."""
        key = self.key(kid)
        if key is None or not key.is_current or REQUESTS_USE not in key.uses:
            return False
        return self.standing(key.party) in {Standing.MEMBER, Standing.SUSPENDED}

    def contested(self, kid: str, index: int) -> Contested | None:
        """The declaration that contests an entry which this key signed, None without one."""
        key = self.key(kid)
        return key.contested_by(index) if key else None

    def is_key_used(self, multikey: str) -> bool:
        """Whether the key was ever put in force, for whatever and whomever, or is about to be."""
        return (
            any(multikey in party.keys for party in self.parties.values())
            or any(multikey in found.proposal.admin_keys for found in self.recoveries.values())
            or multikey in self._log_multikeys()
        )

    def _log_multikeys(self) -> set[str]:
        return {log_multikey(vkey) for _, rules in self.history for vkey in rules.log_keys}

    def book(self) -> TypeBook:
        """The types that a submission is checked against."""
        if self.charter is None:
            return TypeBook({kind.vct: kind for kind in builtin_governance_types()})
        bounds = self.rules.limits
        return TypeBook(
            self.types,
            disclosure_bytes_max=bounds.disclosure_bytes_max,
            disclosures_max=bounds.disclosures_max,
            entry_bytes_max=bounds.entry_bytes_max,
        )

    def with_party(self, party: Party) -> PublicFold:
        """The fold with this party put in or changed."""
        return replace(self, parties={**self.parties, party.did: party})


def log_multikey(vkey: str) -> str:
    """The multikey of a verifier key: how one key is told in both places."""
    return encode_multikey(PublicKey(parse_vkey(vkey).public))


#: What a suspended party may still sign: it must be able to end its own keys.
SUSPENDED_VCTS: Final = frozenset({"key-revocation/v1", "admin-key/v1"})
