"""A party and its keys, as the fold of the entries so far says.

Immutable values with the questions that one party alone answers; every position is the index
of an entry. A key is in force for entry n if it was put in force before n and has not ended
before n (docs/spec/governance.md, sections 2 and 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from ledger import limits
from ledger.record import ADMIN_VCTS, GOVERNANCE_VCTS

REQUESTS_USE: Final = "requests"
SEAL_USE: Final = "seal"


class Standing(StrEnum):
    """What a party may do: everything its keys and roles allow, little, or nothing."""

    MEMBER = "member"
    SUSPENDED = "suspended"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Contested:
    """Entries ``start <= index < stop`` by one key that its issuer contests since ``at``."""

    start: int
    stop: int
    at: int


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """A key of a party: what it may sign, and the entries that began and ended it.

    ``uses`` is empty for an admin key, whose right does not depend on uses. ``superseded_s``
    is the Unix second after which it signs nothing new. ``holder_kind`` is empty for admin
    keys. ``path`` holds the entries that an admin key rests on beside those of its party's
    standing.
    """

    kid: str
    party: str
    uses: frozenset[str]
    holder_kind: str
    registered_at: int
    is_admin: bool = False
    ended_at: int | None = None
    superseded_s: int | None = None
    contested: tuple[Contested, ...] = ()
    path: frozenset[int] = frozenset()

    @property
    def multikey(self) -> str:
        """The public key as text."""
        return self.kid.partition("#")[2]

    @property
    def is_sealing(self) -> bool:
        """Whether it is an X25519 key: others seal to it, and it signs nothing."""
        return SEAL_USE in self.uses

    @property
    def is_in_force(self) -> bool:
        """Whether it signs the next entry, or is to be sealed to."""
        return self.ended_at is None

    @property
    def is_current(self) -> bool:
        """Whether it is in force and no other key took its place."""
        return self.ended_at is None and self.superseded_s is None

    def may_sign(self, vct: str) -> bool:
        """Whether records of this type are its to sign, while it is in force."""
        if self.is_sealing:
            return False
        if self.is_admin or vct in ADMIN_VCTS:
            return self.is_admin and vct in ADMIN_VCTS
        name = vct.partition("/")[0]
        return f"record:{name}" in self.uses or (
            vct not in GOVERNANCE_VCTS and "records" in self.uses
        )

    def has_grace(self, *, iat: int, now_s: int) -> bool:
        """Whether supersession leaves room for a record signed at ``iat``, admitted now."""
        since = self.superseded_s
        return since is None or (iat <= since and now_s <= since + limits.SUPERSEDED_SECONDS_MAX)

    def contested_by(self, index: int) -> Contested | None:
        """The declaration that contests an entry it signed, the first of them."""
        return next((c for c in self.contested if c.start <= index < c.stop), None)


@dataclass(frozen=True, slots=True)
class Evidence:
    """An entry that gave a party standing or admin keys.

    ``signer`` is the party that signed it. It counts for entries after ``holds_from``: that
    is its own index, or the later one at which a proposal or a recovery was complete.
    """

    index: int
    signer: str
    holds_from: int


@dataclass(frozen=True, slots=True)
class Party:
    """A member organisation: what it is, where it stands, and every key it ever had.

    ``keys`` maps multikeys to keys, admin keys among them; ``commitment`` is the digest of
    the admin key that may follow. ``joined_at`` is the entry that made it a member and
    ``standings`` has (index, standing) from there on. ``reaffirmed`` maps the ids of contested
    records to the entries that stand by them. ``standing_path`` holds the entries that a
    verifier needs to believe its standing, ``commitment_path`` those beside them that it needs
    to believe the commitment.
    """

    did: str
    slug: str
    names: Mapping[str, str]
    roles: frozenset[str]
    accreditations: frozenset[str]
    entity: str
    parent: str | None
    commitment: str
    joined_at: int
    standings: tuple[tuple[int, Standing], ...]
    keys: Mapping[str, RegisteredKey] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    reaffirmed: Mapping[str, int] = field(default_factory=dict)
    standing_path: frozenset[int] = frozenset()
    commitment_path: frozenset[int] = frozenset()

    @property
    def standing(self) -> Standing:
        """Where it stands for the next entry."""
        return self.standings[-1][1]

    @property
    def is_member(self) -> bool:
        """Whether it may say more than what ends its own keys."""
        return self.standing is Standing.MEMBER

    @property
    def admin_keys(self) -> frozenset[str]:
        """The multikeys of its admin keys in force."""
        return frozenset(k for k, key in self.keys.items() if key.is_admin and key.is_in_force)

    @property
    def signing_keys(self) -> tuple[RegisteredKey, ...]:
        """Its signing keys, ended ones too, in the order of registration."""
        return tuple(k for k in self.keys.values() if not k.is_admin and not k.is_sealing)

    @property
    def own_keys(self) -> tuple[RegisteredKey, ...]:
        """Its keys to sign with and to be sealed to: all but the admin keys."""
        return tuple(key for key in self.keys.values() if not key.is_admin)

    @property
    def sealing_keys(self) -> tuple[RegisteredKey, ...]:
        """Its keys to be sealed to, ended ones too, in the order of registration."""
        return tuple(key for key in self.keys.values() if key.is_sealing)

    def may_qualify(self, role: str, accreditation: str | None) -> bool:
        """Whether it has the role, and the accreditation where one is asked for."""
        return role in self.roles and (
            accreditation is None or accreditation in self.accreditations
        )

    def with_key(self, key: RegisteredKey) -> Party:
        """The party with this key put in force or changed."""
        return replace(self, keys={**self.keys, key.multikey: key})

    def with_standing(self, standing: Standing, index: int) -> Party:
        """The party as it stands after the entry of this index."""
        return replace(self, standings=(*self.standings, (index, standing)))

    def ending(self, multikeys: frozenset[str], index: int) -> Party:
        """The party after these of its keys ended with the entry of this index."""
        ended = {
            name: replace(key, ended_at=index)
            for name, key in self.keys.items()
            if name in multikeys and key.is_in_force
        }
        return replace(self, keys={**self.keys, **ended})

    def path_of(self, multikey: str) -> frozenset[int]:
        """The entries that a verifier needs, beside the charter, to believe an admin key."""
        key = self.keys.get(multikey)
        return self.standing_path | (key.path if key else frozenset())

    def path_of_next(self, multikey: str, *, by: str, index: int) -> frozenset[int]:
        """The path of an admin key that an ``admin-key/v1`` by a key, or by itself, puts in force.

        An addition needs its signer's path; every one needs the rotations before it, which
        the commitment comes from (docs/spec/view.md, 2.1 step e).
        """
        signer = frozenset[int]() if by == multikey else self.path_of(by)
        return self.commitment_path | signer | {index}

    def with_admin_keys(
        self, multikeys: tuple[str, ...], index: int, *, path: frozenset[int] = frozenset()
    ) -> Party:
        """The party with these admin keys put in force by the entry of this index."""
        added = {
            name: RegisteredKey(
                f"{self.did}#{name}", self.did, frozenset(), "", index, is_admin=True, path=path
            )
            for name in multikeys
        }
        return replace(self, keys={**self.keys, **added})

    def with_evidence(self, *added: Evidence) -> Party:
        """The party with more entries that speak for it."""
        return replace(self, evidence=(*self.evidence, *added))
