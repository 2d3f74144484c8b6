"""Reads both folds from stored entries: at a start, and to follow what others appended.

In one pass and in the order of the log, so that each record meets the public fold of its own
index, as it did when it was admitted. Disclosures are looked up page by page; each is compared
with the digest that was signed. Nothing is judged again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from ledger import limits
from ledger.disclosure import open_disclosures
from ledger.domain import DomainRules
from ledger.domain_state import DomainState, Said
from ledger.entitled import EntitledFold
from ledger.entry import split_entry
from ledger.errors import LedgerError
from ledger.fold_state import PublicFold
from ledger.kept import split_kept
from ledger.record import GOVERNANCE_VCTS, Claims, encode_record_id, parse_header, parse_jws
from ledger.record_type import CLOSED_GROUPS, SEALED
from ledger.sharing.openings import STATE_GROUP
from ledger.store import EntryRow, Store

Groups = Mapping[str, Any]
_CLOSED: Final = frozenset(CLOSED_GROUPS)
_NONE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Trade:
    """What a trade brings to a log: its rules for content, and its state before any entry."""

    rules: DomainRules
    state: DomainState


@dataclass(frozen=True, slots=True)
class Folds:
    """The public fold and the entitled one, after the same entries."""

    public: PublicFold
    entitled: EntitledFold

    def vcts(self) -> list[str]:
        """The types of all entries that either of them reads."""
        return sorted(GOVERNANCE_VCTS | self.entitled.state.vcts)


@dataclass(frozen=True, slots=True)
class FoldReader:
    """Reads folds on from a moment."""

    store: Store
    rules: DomainRules
    apply_governance: Callable[[PublicFold, EntryRow], PublicFold]

    def read(self, folds: Folds, rows: Iterable[EntryRow]) -> Folds:
        """The folds after these entries of :meth:`Folds.vcts`, in their order.

        Raises:
            LedgerError: a governance entry, or the clear part of another, cannot be read.
            StoreUnavailable: the store did not answer.
        """
        for page in _pages(iter(rows)):
            stated = [row.index for row in page if row.vct not in GOVERNANCE_VCTS]
            held = self.store.disclosures(stated) if stated else {}
            for row in page:
                folds = self._follow(folds, row, held.get(row.index))
        return folds

    def _follow(self, folds: Folds, row: EntryRow, disclosures: str | None) -> Folds:
        public, entitled = folds.public, folds.entitled
        if row.vct in GOVERNANCE_VCTS:
            return Folds(self.apply_governance(public, row), entitled)
        claims = parse_jws(split_entry(row.text)[1], origin=public.origin).claims
        kept = entitled.state.kept_groups.get(claims.vct, _NONE)
        groups = _open_kept(claims, disclosures, kept)
        if groups is None:
            return Folds(public, entitled.without(claims.iss, row.index))
        facts = self.rules.facts(claims.vct, groups)
        if facts is None:
            return folds
        return Folds(public, entitled.apply_said(said_of_entry(row, groups, facts=facts), public))


def _pages(rows: Iterator[EntryRow]) -> Iterator[list[EntryRow]]:
    while page := list(islice(rows, limits.STORE_READ_ROWS_MAX)):
        yield page


def _open_kept(claims: Claims, disclosures: str | None, kept: frozenset[str]) -> Groups | None:
    """The groups of a record; None where one is not held that the state is read from.

    Others may have been erased since: what is in force does not change by it.
    """
    try:
        opened = open_disclosures(claims, split_kept(disclosures).disclosures)
    except LedgerError:
        return None
    groups = {group: value for group, value, _ in opened}
    if not groups.keys() >= _CLOSED:
        return None
    wanted = {STATE_GROUP, *kept} & set(groups["filing"]["present"])
    return groups if groups.keys() >= wanted else None


def is_whole(groups: Groups) -> bool:
    """Whether the groups are all that could be read at its admission: nothing is withheld."""
    if not groups.keys() >= _CLOSED:
        return False
    tiers = groups["manifest"]["groups"]
    present = {name for name in groups["filing"]["present"] if tiers[name] != SEALED}
    return groups.keys() >= present


def said_of_entry(row: EntryRow, groups: Groups, *, facts: Groups) -> Said:
    """What a record that stands in the log says, of its whole groups."""
    manifest, address = groups["manifest"], groups["address"]
    return Said(
        index=row.index,
        admitted_ms=row.admitted_ms,
        record_id=encode_record_id(row.record_id),
        party=row.party,
        vct=row.vct,
        to=tuple(address["to"]),
        subject=manifest["subject"],
        family=address["family"],
        corrects=manifest["corrects"],
        facts=facts,
        kid=parse_header(split_entry(row.text)[1].partition(".")[0]).kid,
    )
