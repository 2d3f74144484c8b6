"""Masters as plain values: what is in force, and by which entries.

Every fact names its entry and record id, so that who reads it can fetch the record and verify
it from the trust anchor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.agreements_members import AgreementMembers
from keys.encoding import encode_base64url
from ledger.reader import LogReader
from ledger.relations import Relation
from ledger.sharing.agreements import Case
from quality.in_force.own import Task
from quality.in_force.parts import Pair, Part, PartRevision
from quality.in_force.requirements import Requirement, RequirementRevision
from quality.in_force.sites import Site
from quality.in_force.specifications import Chain, SpecificationRevision

#: Earlier revisions, moves: the newest of each are told, and how many there are.
REVISIONS_MAX: Final = 32

Members = dict[str, Any]


def state_of(relation: Relation) -> str:
    """``offered``, ``in-force`` or ``ended``."""
    if relation.ended_at is not None:
        return "ended"
    return "offered" if relation.in_force_at is None else "in-force"


@dataclass(frozen=True, slots=True)
class MasterMembers:
    """Tells masters; ``reader`` knows which record an entry has."""

    reader: LogReader

    def relation(self, relation: Relation) -> Members:
        """A relation: its sides, families, and by what it was offered, in force, ended."""
        return {
            "kind": relation.kind,
            "customer": relation.customer,
            "provider": relation.provider,
            "families": sorted(relation.families),
            "state": state_of(relation),
            "offered_by": relation.offered_by,
            "offered": _fact(relation.record_id, relation.offered_at),
            "in_force": self._fact_at(relation.in_force_at),
            "ended": self._fact_at(relation.ended_at),
        }

    def site(self, site: Site, groups: Members) -> Members:
        """A site as its newest record says, with those of its groups that the reader gets."""
        return {
            "party": site.party,
            "site": site.code,
            "kind": site.kind,
            "closed_from": site.closed_from,
            "said": _fact(site.record_id, site.index),
            "groups": groups,
        }

    def part(self, part: Part) -> Members:
        """A part: what is in force, what waits for the supplier, what was, and its moves."""
        newest, moves = part.earlier[-REVISIONS_MAX:], part.moves[-REVISIONS_MAX:]
        return {
            **part.key._asdict(),
            "family": part.family,
            "in_force": self._part_revision(part.in_force),
            "proposed": self._part_revision(part.proposed),
            "earlier": [self._part_revision(one) for one in reversed(newest)],
            "earlier_count": len(part.earlier),
            "moves": [
                {"family": move.family, "said": self._fact_at(move.at)} for move in reversed(moves)
            ],
            "moves_count": len(part.moves),
        }

    def specification(self, chain: Chain) -> Members:
        """A specification with its revisions, by the days from which they are in force."""
        newest = chain[-1]
        return {
            "customer": newest.part.customer,
            "supplier": newest.part.supplier,
            "part": newest.part.number,
            "specification": newest.code,
            "revisions": [_specification_revision(one) for one in _newest_first(chain)],
            "revisions_count": len(chain),
        }

    def requirement(self, pair: Pair, code: str, known: Requirement) -> Members:
        """A requirement: what was acknowledged, by day, and what waits for the supplier."""
        customer, supplier = pair
        return {
            "customer": customer,
            "supplier": supplier,
            "requirement": code,
            "proposed": self._requirement_revision(known.proposed),
            "acknowledged": [
                self._requirement_revision(one) for one in _newest_first(known.acknowledged)
            ],
            "acknowledged_count": len(known.acknowledged),
        }

    def task(self, task: Task) -> Members:
        """What waits for an answer: what it is about, who asks, the record to be answered."""
        match task:
            case Relation():
                proposal = (task.record_id, task.offered_at)
                return _task("relation", task.offered_by, proposal, self.relation(task))
            case Case():
                proposal = (task.record_id, task.index)
                members = AgreementMembers(self.reader).case(task)
                return _task("case", task.opened_by, proposal, members)
            case Part():
                assert task.proposed is not None
                proposal = (task.proposed.record_id, task.proposed.index)
                return _task("part", task.key.customer, proposal, self.part(task))
            case RequirementRevision():
                proposal = (task.record_id, task.index)
                members = {"requirement": task.code, **_requirement_said(task)}
                return _task("requirement", task.pair[0], proposal, members)

    def _part_revision(self, one: PartRevision | None) -> Members | None:
        if one is None:
            return None
        return {
            "revision": one.revision,
            "supplier_number": one.supplier_number,
            "family": one.family,
            "unit": one.unit,
            "pieces_per_unit": one.pieces,
            "safety": one.is_safety,
            "site": one.site,
            "proposed": _fact(one.record_id, one.index),
            "in_force": self._fact_at(one.in_force_at),
        }

    def _requirement_revision(self, one: RequirementRevision | None) -> Members | None:
        if one is None:
            return None
        return {**_requirement_said(one), "acknowledged": self._fact_at(one.acknowledged_at)}

    def _fact_at(self, index: int | None) -> Members | None:
        if index is None:
            return None
        return _fact(encode_base64url(self.reader.entry(index).record_id), index)


def _fact(record_id: str, index: int) -> Members:
    return {"entry": index, "record_id": record_id}


def _newest_first(revisions: Sequence[Any]) -> Sequence[Any]:
    return revisions[-REVISIONS_MAX:][::-1]


def _specification_revision(one: SpecificationRevision) -> Members:
    return {
        "revision": one.revision,
        "in_force_from": one.in_force_from,
        "said": _fact(one.record_id, one.index),
    }


def _requirement_said(one: RequirementRevision) -> Members:
    return {
        "revision": one.revision,
        "families": list(one.families),
        "in_force_from": one.in_force_from,
        "proposed": _fact(one.record_id, one.index),
    }


def _task(about: str, asks: str, proposal: tuple[str, int], members: Members) -> Members:
    record_id, index = proposal
    return {"about": about, "from": asks, **_fact(record_id, index), about: members}
