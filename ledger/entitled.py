"""The entitled fold: what parties have put in force between them, as far as content is held.

The public fold can be made by everybody; this one only by who holds the disclosures of the
records that change it: the log itself, and an audit of its folder. Pure and immutable.

Where the content of such a record is not held any more, nobody can tell what its party has
put in force or ended. Its party has a *gap* then: records of it, to it or about it are not
judged, and so not admitted, until the content is back. Everybody else goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from ledger.admission import Place, unknown_link
from ledger.content import CheckedRecord
from ledger.domain_state import DomainState, Said
from ledger.faults import Refusal
from ledger.fold_state import PublicFold
from ledger.record import encode_record_id
from ledger.record_type import RecordType
from ledger.relations import ACT_VCT, Relations
from ledger.relations_state import RelationsState
from ledger.sharing.act_forms import ERASE
from ledger.sharing.agreements import Agreements
from ledger.sharing.circumstances import STATE_INCOMPLETE
from ledger.sharing.filings import NO_FILINGS, Filings

__all__ = ["STATE_INCOMPLETE", "Change", "EntitledFold", "admit_entitled", "said_of"]

_NO_GAPS: Final[Mapping[str, int]] = {}


@dataclass(frozen=True, slots=True)
class Change:
    """What an entry does to the public fold: itself before and after."""

    before: PublicFold
    after: PublicFold


@dataclass(frozen=True, slots=True)
class EntitledFold:
    """The state of a trade after the entries so far.

    ``gaps`` holds, by party, the first entry of it that changes the state and whose content
    is not held.
    """

    state: DomainState = field(default_factory=RelationsState)
    gaps: Mapping[str, int] = field(default_factory=lambda: _NO_GAPS)

    def judge(
        self,
        record: CheckedRecord,
        fold: PublicFold,
        *,
        place: Place,
        filings: Filings = NO_FILINGS,
    ) -> Refusal | None:
        """Whether what is in force lets a business record be said here and now.

        Args:
            record: what admission lets through as far as the public fold decides.
            fold: the public fold of all entries before it.
            place: its own index and time.
            filings: what those entries say of their own sharing.
        """
        kind = fold.types[record.vct]
        if (
            (record.facts, record.family, record.case) == (None, None, None)
        ) and kind.writer_side is None:
            return None
        refusal = (
            self._judge_gaps(record, filings)
            or judge_relations(record, kind, self.state.relations)
            or judge_case(record, kind, self.state.agreements)
        )
        if refusal or record.facts is None:
            return refusal
        return self.state.judge(said_of(record, record.facts, place), fold, filings=filings)

    def judge_document(
        self, record: CheckedRecord, before: PublicFold, after: PublicFold
    ) -> Refusal | None:
        """Whether parameters that a governance record changes may have their text.

        Args:
            record: what admission lets through as far as the public fold decides.
            before: the public fold of all entries before it.
            after: the public fold with it.
        """
        if after.parameters is before.parameters or record.body is None:
            return None
        name = record.body["name"]
        held = before.parameters.get(name)
        return self.state.judge_document(
            name, after.parameters[name].text, before=held.text if held else None
        )

    def apply(self, record: CheckedRecord, fold: PublicFold, *, place: Place) -> EntitledFold:
        """The fold after a business record that is an entry; itself where nothing changed."""
        if record.facts is None or record.vct not in self.state.vcts:
            return self
        return self.apply_said(said_of(record, record.facts, place), fold)

    def apply_said(self, said: Said, fold: PublicFold) -> EntitledFold:
        """The same, of what was said of it."""
        after = self.state.apply(said, fold)
        return self if after is self.state else replace(self, state=after)

    def without(self, party: str, index: int) -> EntitledFold:
        """The fold after a record whose content is not held."""
        if party in self.gaps:
            return self
        return replace(self, gaps={**self.gaps, party: index})

    def _judge_gaps(self, record: CheckedRecord, filings: Filings) -> Refusal | None:
        if not self.gaps:
            return None
        for party in (record.iss, record.subject, *record.to, *_erased_parties(record, filings)):
            index = self.gaps.get(party) if party else None
            if index is not None:
                return Refusal(
                    STATE_INCOMPLETE,
                    f"expected the content of entry {index} by {party}, found none: "
                    "submit that record again or restore a backup, then restart the log",
                )
        return None


def admit_entitled(
    record: CheckedRecord,
    entitled: EntitledFold,
    *,
    place: Place,
    change: Change,
    filings: Filings,
) -> EntitledFold | Refusal:
    """The entitled fold after the record became the next entry, or why it may not.

    Args:
        record: what :func:`ledger.admission.admit` let through.
        entitled: the entitled fold of all entries before it.
        place: its own index and time.
        change: what it does to the public fold.
        filings: what earlier entries say of their own sharing.
    """
    before = change.before
    if record.body is not None:
        return entitled.judge_document(record, before, change.after) or entitled
    refusal = entitled.judge(record, before, place=place, filings=filings)
    return refusal or entitled.apply(record, before, place=place)


def judge_case(record: CheckedRecord, kind: RecordType, agreements: Agreements) -> Refusal | None:
    """Whether signer and owner take part in the case that a record names, and it is not closed.

    Records of a case have two owners and are read by both of its sides, so nobody else may put
    one there, nor put anybody else's there. A closed case takes corrections alone. An address
    may name another record as its case: that is a link and no more. Whether there is such a
    case is not for others to learn.
    """
    case = agreements.cases.get(record.case) if record.case is not None else None
    if case is None:
        return None
    if record.iss not in case.participants:
        return unknown_link(case.record_id)
    owner = record.iss if kind.owner == "issuer" else record.subject
    if owner not in case.participants:
        return Refusal(
            "not-permitted",
            f"/address/case: expected a record of {case.customer} or {case.supplier}, found one "
            f"of {owner}",
        )
    if case.closed_at is None or record.corrects is not None:
        return None
    return Refusal(
        "not-permitted",
        f"/address/case: expected a case that is open, found {case.number}, closed at entry "
        f"{case.closed_at}",
    )


def _erased_parties(record: CheckedRecord, filings: Filings) -> tuple[str, ...]:
    """Those whose holds and cases an erasure rests on: what is erased never comes back."""
    facts = record.facts
    if record.vct != ACT_VCT or facts is None or facts.get("act") != ERASE:
        return ()
    of = facts.get("of")
    filed = filings.filed([of]).get(of) if isinstance(of, str) else None
    if filed is None:
        return ()
    named = (filed.issuer, filed.owner, filed.subject, *filed.to)
    return tuple(party for party in named if party is not None)


def judge_relations(
    record: CheckedRecord, kind: RecordType, relations: Relations
) -> Refusal | None:
    """Whether the relations in force let the signer write this type, and name this family.

    A type may be for one side of a relation: its subject is on the other side, and the relation
    covers the family that is named. A family that is named is one of every addressee, by
    whichever relation.
    """
    side, family = kind.writer_side, record.family
    # Not by whichever addressee: a related one would lend the right to write about any other.
    if side is not None and (
        record.subject is None
        or not relations.find_on_side(
            side.relation, party=record.iss, side=side.side, other=record.subject, family=family
        )
    ):
        return Refusal(
            "relation-not-in-force",
            f"{record.vct} is for the {side.side} of a {side.relation} relation in force"
            f"{_about(family)}: found none of {record.iss} with "
            f"{record.subject or 'nobody: name its subject'}",
        )
    if family is None:
        return None
    return next(
        (
            Refusal(
                "relation-not-in-force",
                f"expected a relation in force{_about(family)}, found none of {record.iss} "
                f"with {other}",
            )
            for other in record.to
            if not relations.are_related(record.iss, other, family=family)
        ),
        None,
    )


def said_of(record: CheckedRecord, facts: Mapping[str, object], place: Place) -> Said:
    """A business record as the state of a trade takes it."""
    return Said(
        index=place.index,
        admitted_ms=place.admitted_ms,
        record_id=encode_record_id(record.record_id),
        party=record.iss,
        vct=record.vct,
        to=record.to,
        subject=record.subject,
        family=record.family,
        corrects=record.corrects,
        facts=facts,
        kid=record.kid,
    )


def _about(family: str | None) -> str:
    return "" if family is None else f" over family {family}"
