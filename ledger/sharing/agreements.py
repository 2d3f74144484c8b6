"""What owners have allowed and counterparties hold: grants, cases, holds, erasures.

Plain values of the entitled fold, by the record id of the ``act/v1`` that made them. They are
asked by the decision and by admission; :mod:`ledger.sharing.acts` judges and applies the acts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ledger.grown_map import GrownMap


@dataclass(frozen=True, slots=True)
class Grant:
    """An owner's permission to one reader, or the delegation of one by its reader.

    ``opens`` maps a type to the groups that are opened. ``families`` restricts it to records of
    these part families; None: whatever the family. ``reads_from_ms <= instant <
    reads_until_ms`` is the reading period. ``records_from_ms`` lets in records admitted from then
    on; None: those behind the grant itself. ``records`` names single records instead, None: no
    such list. ``case`` restricts it to the records of a case. ``of`` is the grant that a
    delegation rests on, None for a grant; a delegation has the owner of its grant, and
    ``granted_by`` is who signed it.
    """

    record_id: str
    index: int
    owner: str
    granted_by: str
    reader: str
    opens: Mapping[str, frozenset[str]]
    purpose: str
    reads_from_ms: int
    reads_until_ms: int
    families: frozenset[str] | None = None
    records_from_ms: int | None = None
    records: frozenset[str] | None = None
    case: str | None = None
    is_delegable: bool = False
    of: str | None = None
    revoked_at: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A quality issue between a customer and a supplier: open from its acknowledgement to its end.

    Its records have two owners, whoever of the two signed them.
    """

    record_id: str
    index: int
    customer: str
    supplier: str
    opened_by: str
    number: str
    acknowledged_at: int | None = None
    closed_at: int | None = None

    @property
    def participants(self) -> tuple[str, str]:
        """Customer and supplier."""
        return self.customer, self.supplier

    @property
    def is_open(self) -> bool:
        """Whether its participants read each other's records of it now."""
        return self.acknowledged_at is not None and self.closed_at is None


@dataclass(frozen=True, slots=True)
class Hold:
    """A counterparty's word that a record is to be kept: evidence in a dispute."""

    record_id: str
    index: int
    of: str
    holder: str
    reason: str
    released_at: int | None = None


@dataclass(frozen=True, slots=True)
class Erasure:
    """The entry that ordered groups of a record erased. What is erased never comes back."""

    record_id: str
    index: int
    of: str
    groups: frozenset[str]
    by: str
    basis: str


_NONE: GrownMap[str, None] = GrownMap()


@dataclass(frozen=True, slots=True)
class Agreements:
    """All of them.

    ``by_reader``, ``holds_of`` and ``erasures_of`` are indexes: by the reader, and by the record
    held or erased, the record ids of the acts.
    """

    grants: GrownMap[str, Grant] = field(default_factory=GrownMap)
    cases: GrownMap[str, Case] = field(default_factory=GrownMap)
    holds: GrownMap[str, Hold] = field(default_factory=GrownMap)
    erasures: GrownMap[str, Erasure] = field(default_factory=GrownMap)
    by_reader: GrownMap[str, GrownMap[str, None]] = field(default_factory=GrownMap)
    holds_of: GrownMap[str, GrownMap[str, None]] = field(default_factory=GrownMap)
    erasures_of: GrownMap[str, GrownMap[str, None]] = field(default_factory=GrownMap)

    def grants_to(self, reader: str) -> Iterator[Grant]:
        """The grants and delegations to this reader, revoked and expired ones too."""
        for record_id in self.by_reader.get(reader, _NONE):
            yield self.grants[record_id]

    def erased(self, record_id: str) -> Mapping[str, int]:
        """The erased groups of a record, each with the entry that ordered it."""
        found: dict[str, int] = {}
        for erasure in self.erasures_of.get(record_id, _NONE):
            act = self.erasures[erasure]
            for group in act.groups:
                found.setdefault(group, act.index)
        return found

    def held(self, record_id: str) -> Iterator[Hold]:
        """The holds on a record that nobody has released."""
        for hold in self.holds_of.get(record_id, _NONE):
            if self.holds[hold].released_at is None:
                yield self.holds[hold]
