"""What an act of sharing is judged by: what stands before it, and what it may ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from keys.identifiers import Slug, parse_origin, party_did
from ledger.faults import Refusal
from ledger.fold_state import PublicFold
from ledger.party import Standing
from ledger.relations import Relations, unknown_record
from ledger.sharing.agreements import Agreements, Case, Hold
from ledger.sharing.filed import Filed
from ledger.sharing.filings import Filings

STATE_INCOMPLETE: Final = "state-incomplete"
NOT_THE_OWNER: Final = "not-the-owner"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Both folds of all entries before an act, and the look-up of earlier records.

    ``kept`` has, by type, the groups without which what is in force could not be read again.
    """

    agreements: Agreements
    relations: Relations
    fold: PublicFold
    filings: Filings
    kept: Mapping[str, frozenset[str]]

    @property
    def operator(self) -> str:
        """The DID of the party that runs the log."""
        origin = parse_origin(self.fold.origin)
        return str(party_did(origin, Slug(self.fold.rules.operator)))

    def known(self, record_id: str) -> Filed | Refusal:
        """The facts of one earlier record; a refusal where it is not there."""
        return _held(record_id, self.filings.filed([record_id]))

    def judge_owned(self, party: str, record_ids: Sequence[str]) -> Refusal | None:
        """The refusal of the first of the records that is not there, or not the party's.

        They are looked up in parts that grow from one, under the head lock: whoever names what
        others hold has little more read than what is its own.
        """
        start, length = 0, 1
        while some := record_ids[start : start + length]:
            found = self.filings.filed(some)
            for record_id in some:
                filed = _held(record_id, found)
                if isinstance(filed, Refusal):
                    return filed
                if party not in self.owners(filed):
                    return self.not_the_owner(party, filed)
            start, length = start + length, length * 2
        return None

    def may_know(self, party: str, filed: Filed) -> bool:
        """Whether a party is named by a record or by its case, and so knows that it is there."""
        return party in (filed.issuer, filed.subject, *filed.to, *self.owners(filed))

    def owners(self, filed: Filed) -> frozenset[str]:
        """Whose record it is: of a case of the owner's, both its participants."""
        case = self.agreements.case_of(filed.case, owner=filed.owner)
        return frozenset(case.participants if case else (filed.owner,))

    def keeps(self, filed: Filed) -> Case | Hold | None:
        """What keeps a record from erasure: an open case, or a hold that is not released."""
        return kept_by(filed, self.agreements, self.fold)

    def not_the_owner(self, party: str, filed: Filed) -> Refusal:
        """The refusal of what only the owner may do: others do not learn of the record."""
        if not self.may_know(party, filed):
            return unknown_record(filed.record_id)
        return Refusal(
            NOT_THE_OWNER, f"{filed.record_id} is {filed.owner}'s: found {party} instead"
        )


def _held(record_id: str, found: Mapping[str, Filed | None]) -> Filed | Refusal:
    if record_id not in found:
        return unknown_record(record_id)
    filed = found[record_id]
    if filed is None:
        return Refusal(
            STATE_INCOMPLETE,
            f"expected the content of record {record_id}, found none: submit that record again "
            "or restore a backup",
        )
    return filed


def kept_by(filed: Filed, agreements: Agreements, fold: PublicFold) -> Case | Hold | None:
    """What keeps a record from erasure: a case that is not closed, or a hold not released.

    What a removed party has opened or holds is left out: nobody could ever end it.
    """
    case = agreements.case_of(filed.case, owner=filed.owner)
    if case is not None and case.closed_at is None:
        others = (party for party in case.participants if party != filed.owner)
        if not all(is_removed(party, fold) for party in others):
            return case
    held = agreements.held(filed.record_id)
    return next((hold for hold in held if not is_removed(hold.holder, fold)), None)


def is_removed(party: str, fold: PublicFold) -> bool:
    """Whether a party was removed from the log."""
    return fold.standing(party) is Standing.REMOVED


def not_permitted(detail: str) -> Refusal:
    """It is there, and the signer may not do this to it."""
    return Refusal("not-permitted", detail)
