"""The policies in force by name and version, and the tiers that they leave.

A record is read for ever under the policy that it names; later versions of the same name only
narrow it. The charter's default policy is the first version of the name ``default``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ledger.policy import NO_RETENTION, TYPES_OWN, PolicyDocument, Retention
from ledger.record_type import TIERS

DEFAULT_NAME: Final = "default"
_RANK: Final[Mapping[str, int]] = {tier: rank for rank, tier in enumerate(TIERS)}
_Floors = tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A policy as one entry put it in force; ``version`` counts from 0 within its name.

    ``text`` is its document byte for byte, empty for the charter's default.
    """

    record_id: str
    name: str
    version: int
    index: int
    sha256: str
    text: str = field(repr=False)
    document: PolicyDocument = field(repr=False)


@dataclass(frozen=True, slots=True)
class PolicyHistory:
    """Every policy so far. Immutable: a reader may keep it; :meth:`with_version` grows it.

    ``by_id`` has them by record id, the charter's under the charter's; ``names`` the record
    ids of a name, oldest first. It is what :class:`ledger.sharing.decision.Tiers` asks for.
    """

    by_id: Mapping[str, PolicyVersion] = field(default_factory=dict)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # By (name, vct, group) the (version, floor) that no later version reaches, oldest first:
    # floors fall strictly, so there are as many as tiers at most and a look-up is short.
    _floors: Mapping[tuple[str, str, str], _Floors] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        """How many were put in force by an entry of their own."""
        return sum(1 for found in self.by_id.values() if found.index > 0)

    def __iter__(self) -> Iterator[PolicyVersion]:
        """All of them, in the order of the log."""
        return iter(self.by_id.values())

    def get(self, record_id: str) -> PolicyVersion | None:
        """The policy that a record of this id put in force."""
        return self.by_id.get(record_id)

    def newest(self, name: str = DEFAULT_NAME) -> PolicyVersion | None:
        """The newest version of a name: what clients file new records under."""
        versions = self.names.get(name)
        return self.by_id[versions[-1]] if versions else None

    def versions(self, name: str) -> tuple[PolicyVersion, ...]:
        """The versions of a name, oldest first."""
        return tuple(self.by_id[record_id] for record_id in self.names.get(name, ()))

    def tier(self, policy: str, vct: str, group: str, *, stated: str) -> str:
        """The tier that counts for a group of a record filed under ``policy``.

        The stated one, or the highest floor of the versions after that policy where it is
        higher. A policy that is not known narrows nothing.
        """
        filed = self.by_id.get(policy)
        if filed is None:
            return stated
        for version, floor in self._floors.get((filed.name, vct, group), ()):
            if version > filed.version:
                return floor if _RANK[floor] > _RANK[stated] else stated
        return stated

    def retention(self, policy: str, vct: str) -> Retention:
        """What the policy that a record names says of how long records of a type are kept."""
        filed = self.by_id.get(policy)
        return filed.document.retention.get(vct, NO_RETENTION) if filed else NO_RETENTION

    def days_min(self, policy: str, vct: str, *, index: int) -> int | None:
        """The longest minimum of the policy's name that was in force before an entry.

        Of all its versions until then: a record is not kept less for naming an earlier one.
        """
        filed = self.by_id.get(policy)
        if filed is None:
            return None
        said = (
            one.document.retention.get(vct, NO_RETENTION).days_min
            for one in self.versions(filed.name)
            if one.index < index
        )
        return max((days for days in said if days is not None), default=None)

    def with_version(self, added: PolicyVersion) -> PolicyHistory:
        """The history after one more policy, of the version that :meth:`next_version` says."""
        floors = dict(self._floors)
        for (vct, group), span in added.document.ranges.items():
            key = (added.name, vct, group)
            above = [item for item in floors.get(key, ()) if _RANK[item[1]] > _RANK[span.floor]]
            floors[key] = (*above, (added.version, span.floor))
        return PolicyHistory(
            by_id={**self.by_id, added.record_id: added},
            names={
                **self.names,
                added.name: (*self.names.get(added.name, ()), added.record_id),
            },
            _floors=floors,
        )

    def next_version(self, name: str) -> int:
        """Which version of a name the next one is."""
        return len(self.names.get(name, ()))


def founding_history(charter_id: str) -> PolicyHistory:
    """The history of a log that has its charter and no policy yet."""
    default = PolicyVersion(charter_id, DEFAULT_NAME, 0, 0, "", "", TYPES_OWN)
    return PolicyHistory().with_version(default)
