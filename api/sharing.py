"""The one place that asks for decisions: which groups of a record its reader gets.

Everything that lets content out goes through it: views, search, blobs, masters, deliveries,
flags, exports, pages. It holds what a decision rests on as the log stands now
(docs/spec/sharing.md), and each reader with what was granted to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.exchange import Reader
from ledger.clock import Clock
from ledger.commit import Tip
from ledger.disclosure import Disclosure
from ledger.note import Ed25519Signer
from ledger.record import GOVERNANCE_VCTS, Claims, encode_record_id
from ledger.service import Ledger
from ledger.sharing.decision import (
    Decision,
    Principal,
    SharingState,
    decide,
    principal_of,
)
from ledger.sharing.filed import filed_of
from ledger.sharing.signed import sign_decision
from ledger.store import EntryRow

#: Of a governance record all is in clear; this group of a key names a person.
_HOLDER: Final = frozenset({"holder"})
_NOTHING: Final[frozenset[str]] = frozenset()
_NONE_ERASED: Final[Mapping[str, int]] = {}


@dataclass(frozen=True, slots=True)
class Sight:
    """What one reader gets of one record.

    ``names`` are the groups that it may be shown, present or not. ``decision`` is None where
    there was nothing to decide: of governance records, and where the content is lost.
    ``erased`` tells of those groups which entry ordered them erased. Who does not find a
    record is answered as if it were absent. ``is_whole``: every group is there and shown, but
    for the filing, which says which groups are present. ``owners`` are told of the read: the
    owner, and of a record of a case its participants.
    """

    names: frozenset[str]
    decision: Decision | None
    erased: Mapping[str, int]
    is_found: bool
    is_whole: bool = False
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A reader at one moment, asked of many records."""

    state: SharingState
    principal: Principal
    at_ms: int

    def see(self, row: EntryRow, claims: Claims, opened: Iterable[Disclosure]) -> Sight:
        """What the reader gets of a record, of its opened disclosures."""
        # From the admission of the act on: whether it was carried out is not looked at.
        gone = self._erased(row)
        values = {item.group: item.value for item in opened if item.group not in gone}
        if row.vct in GOVERNANCE_VCTS:
            names = _HOLDER if self.principal.did == row.party else _NOTHING
            return Sight(names, None, _among(gone, names), is_found=True)
        manifest, address = values.get("manifest"), values.get("address")
        if manifest is None or address is None:
            return self._see_lost(row, values)
        filed = filed_of(row, claims, manifest=manifest, address=address)
        decision = decide(filed, self.state, self.principal, at_ms=self.at_ms)
        names = decision.readable
        erased = _among(gone, names)
        return Sight(
            names,
            decision,
            erased,
            is_found=self.principal.is_member or not names.isdisjoint(values.keys() | erased),
            is_whole=_is_whole(values, names),
            owners=self.owners(filed.owner, filed.case),
        )

    def owners(self, owner: str, case: str | None) -> tuple[str, ...]:
        """Who is told of reads of a record: its owner, and the participants of its case."""
        found = self.state.agreements.case_of(case, owner=owner)
        return (owner,) if found is None else tuple(sorted(found.participants))

    def _see_lost(self, row: EntryRow, values: Mapping[str, Any]) -> Sight:
        """Of a record whose manifest is not held, what is left is its signer's."""
        is_own = self.principal.did == row.party
        names = frozenset(values) if is_own else _NOTHING
        return Sight(names, None, _NONE_ERASED, is_found=is_own or self.principal.is_member)

    def _erased(self, row: EntryRow) -> Mapping[str, int]:
        agreements = self.state.agreements
        if not agreements.erasures_of:
            return _NONE_ERASED
        return agreements.erased(encode_record_id(row.record_id))


def _among(erased: Mapping[str, int], names: frozenset[str]) -> Mapping[str, int]:
    """The erased groups, as far as the reader would get them: presence can betray."""
    return {group: at for group, at in erased.items() if group in names}


def _is_whole(values: Mapping[str, Any], names: frozenset[str]) -> bool:
    if "filing" not in values:
        return False
    return values.keys() >= set(values["filing"]["present"]) and names | {"filing"} >= values.keys()


class Sharing:
    """Knows who reads what as the log stands now. Asked from any thread."""

    def __init__(self, ledger: Ledger, clock: Clock, signer: Ed25519Signer) -> None:
        """Decide by what ``ledger`` shows, at the instant of ``clock``; ``signer`` is the log's."""
        self._ledger = ledger
        self._clock = clock
        self._signer = signer
        self._kept = _Kept(sharing_state(ledger.tip), {})

    def reading(self, reader: Reader) -> Reading:
        """The reader now: every record of one answer is decided by the same state."""
        kept = self._current()
        principal = kept.principals.get(reader.did)
        if principal is None:
            principal = principal_of(reader.did, kept.state)
            # An owner asks for whatever reader it names: who is no party is not remembered.
            if reader.did is None or reader.did in kept.state.parties:
                kept.principals[reader.did] = principal
        return Reading(kept.state, principal, self._clock.now_ms())

    def sign(self, sight: Sight) -> str | None:
        """The decision as the log signs it; None where there was nothing to decide."""
        if sight.decision is None:
            return None
        return sign_decision(sight.decision, origin=self._signer.key.name, signer=self._signer)

    def _current(self) -> _Kept:
        kept, tip = self._kept, self._ledger.tip
        if kept.state.size == tip.size:
            return kept
        state = sharing_state(tip)
        # Most entries grant nothing: what is known of a reader outlives them.
        same = _rests_on(state) == _rests_on(kept.state)
        self._kept = _Kept(state, kept.principals if same else {})
        return self._kept


@dataclass(frozen=True, slots=True)
class _Kept:
    """A state, and the readers as they are by it: parties, and anyone."""

    state: SharingState
    principals: dict[str | None, Principal]


def _rests_on(state: SharingState) -> tuple[int, int, int, int]:
    """Which values the readers are made of: they are replaced, never changed."""
    return id(state.parties), id(state.agreements), id(state.orders), id(state.relations)


def sharing_state(tip: Tip) -> SharingState:
    """What decisions rest on after the last entry that is shown."""
    return SharingState(
        size=tip.size,
        parties=tip.fold.parties,
        tiers=tip.fold.policies,
        relations=tip.state.relations,
        agreements=tip.state.agreements,
        orders=tip.fold.orders,
    )
