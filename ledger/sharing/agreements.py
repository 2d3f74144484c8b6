"""What owners have allowed and counterparties hold: grants, cases, holds, erasures.

Plain values of the entitled fold, by the record id of the ``act/v1`` that made them. They are
asked by the decision and by admission; :mod:`ledger.sharing.acts` judges and applies the acts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

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


Pair = tuple[str, str]
_NONE: Final[GrownMap[str, None]] = GrownMap()


@dataclass(frozen=True, slots=True)
class Agreements:
    """All of them.

    ``by_reader``, ``by_owner``, ``holds_of`` and ``erasures_of`` are indexes: by the reader, the
    owner, and the record held or erased, the record ids of the acts. ``delegations`` has those of
    a grant, ``cases_of`` those of a party. ``live_grants`` (by owner and reader) and ``live_cases``
    (by customer and supplier) leave out what is over, because they are looked through under the
    head lock: at most as many as :mod:`ledger.limits` allows.
    """

    grants: GrownMap[str, Grant] = field(default_factory=GrownMap)
    cases: GrownMap[str, Case] = field(default_factory=GrownMap)
    holds: GrownMap[str, Hold] = field(default_factory=GrownMap)
    erasures: GrownMap[str, Erasure] = field(default_factory=GrownMap)
    by_reader: GrownMap[str, GrownMap[str, None]] = field(default_factory=GrownMap)
    holds_of: GrownMap[str, GrownMap[str, None]] = field(default_factory=GrownMap)
    erasures_of: GrownMap[str, GrownMap[str, None]] = field(default_factory=GrownMap)
    by_owner: GrownMap[str, GrownMap[str, None]] = field(default_factory=GrownMap)
    delegations: GrownMap[str, GrownMap[str, None]] = field(default_factory=GrownMap)
    cases_of: GrownMap[str, GrownMap[str, None]] = field(default_factory=GrownMap)
    live_grants: GrownMap[Pair, tuple[str, ...]] = field(default_factory=GrownMap)
    live_cases: GrownMap[Pair, tuple[str, ...]] = field(default_factory=GrownMap)

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

    def case_of(self, record: str | None, *, owner: str) -> Case | None:
        """The case that a record of this owner names in its address, if it is one.

        A case has a hold on records of its two participants alone: of somebody else's record it
        is a link and no more.
        """
        case = self.cases.get(record) if record is not None else None
        return case if case is not None and owner in case.participants else None

    def own_cases(self, party: str) -> Iterator[Case]:
        """The cases in which the party takes part, closed ones too."""
        for record_id in self.cases_of.get(party, _NONE):
            yield self.cases[record_id]

    def live_delegations(self, grant: str, *, at_ms: int) -> Iterator[Grant]:
        """The delegations of a grant that are neither revoked nor expired."""
        for record_id in self.delegations.get(grant, _NONE):
            found = self.grants[record_id]
            if found.revoked_at is None and at_ms < found.reads_until_ms:
                yield found

    # ---- changes ----

    def with_grant(self, grant: Grant, *, at_ms: int) -> Agreements:
        """With a grant or a delegation; what has expired by ``at_ms`` is live no more."""
        of = grant.of
        pair = (grant.owner, grant.reader)
        alive = [item for item in self.live_grants.get(pair, ()) if self._is_live(item, at_ms)]
        return replace(
            self,
            grants=self.grants.grown(grant.record_id, grant),
            by_reader=_noted(self.by_reader, grant.reader, grant.record_id),
            by_owner=_noted(self.by_owner, grant.owner, grant.record_id),
            delegations=_noted(self.delegations, of, grant.record_id) if of else self.delegations,
            live_grants=self.live_grants.grown(pair, (*alive, grant.record_id)),
        )

    def with_revocation(self, record_id: str, *, index: int) -> Agreements:
        """Without a grant or delegation from here on. What rests on it is not open either."""
        found = self.grants[record_id]
        pair = (found.owner, found.reader)
        left = tuple(item for item in self.live_grants.get(pair, ()) if item != record_id)
        return replace(
            self,
            grants=self.grants.grown(record_id, replace(found, revoked_at=index)),
            live_grants=self.live_grants.grown(pair, left),
        )

    def with_case(self, case: Case) -> Agreements:
        """With a case as it now stands."""
        pair, cases_of = (case.customer, case.supplier), self.cases_of
        others = tuple(item for item in self.live_cases.get(pair, ()) if item != case.record_id)
        if case.record_id not in self.cases:
            for party in case.participants:
                cases_of = _noted(cases_of, party, case.record_id)
        alive = (*others, case.record_id) if case.closed_at is None else others
        return replace(
            self,
            cases=self.cases.grown(case.record_id, case),
            cases_of=cases_of,
            live_cases=self.live_cases.grown(pair, alive),
        )

    def with_hold(self, hold: Hold) -> Agreements:
        """With a hold as it now stands."""
        return replace(
            self,
            holds=self.holds.grown(hold.record_id, hold),
            holds_of=_noted(self.holds_of, hold.of, hold.record_id),
        )

    def with_erasure(self, erasure: Erasure) -> Agreements:
        """With groups erased."""
        return replace(
            self,
            erasures=self.erasures.grown(erasure.record_id, erasure),
            erasures_of=_noted(self.erasures_of, erasure.of, erasure.record_id),
        )

    def live_between(self, owner: str, reader: str, *, at_ms: int) -> int:
        """How many grants and delegations of this owner to this reader have not ended."""
        return sum(self._is_live(item, at_ms) for item in self.live_grants.get((owner, reader), ()))

    def _is_live(self, record_id: str, at_ms: int) -> bool:
        found = self.grants[record_id]
        return found.revoked_at is None and at_ms < found.reads_until_ms


_Index = GrownMap[str, GrownMap[str, None]]


def _noted(index: _Index, key: str, record_id: str) -> _Index:
    known = index.get(key, _NONE)
    return index if record_id in known else index.grown(key, known.grown(record_id, None))
