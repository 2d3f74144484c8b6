"""What one party takes part in: its relations, parts, specifications, requirements and tasks.

Everything here is between the party and another one. What others have agreed on between
themselves is never looked at, so it looks like nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ledger.relations import Relation
from ledger.sharing.agreements import Case
from quality.in_force.folds import InForce
from quality.in_force.parts import Pair, Part
from quality.in_force.requirements import Requirement, RequirementRevision
from quality.in_force.sites import Site
from quality.in_force.specifications import Chain

Task = Relation | Case | Part | RequirementRevision
"""An offer, a case, a part or a requirement that waits for an answer."""


def own_relations(agreed: InForce, party: str) -> Iterator[Relation]:
    """The relations of which the party is a side, ended ones too."""
    for pair in _own_pairs(agreed.relations.by_pair, party):
        yield from agreed.relations.between(*pair)


def partners_in_force(agreed: InForce, party: str) -> frozenset[str]:
    """The parties with whom a relation is in force, whichever side each is on."""
    return frozenset(
        relation.provider if relation.customer == party else relation.customer
        for pair in _own_pairs(agreed.relations.live, party)
        for relation in agreed.relations.live[pair]
        if relation.is_in_force
    )


def readable_sites(agreed: InForce, party: str) -> Iterator[Site]:
    """The party's own sites, and those of the parties with whom a relation is in force."""
    for owner in {party} | partners_in_force(agreed, party):
        yield from agreed.sites.of(owner).values()


def own_parts(agreed: InForce, party: str) -> Iterator[Part]:
    """The parts that the party buys or supplies, proposed ones too."""
    for pair in _own_pairs(agreed.parts.by_pair, party):
        yield from agreed.parts.of(*pair).values()


def own_specifications(agreed: InForce, party: str) -> Iterator[Chain]:
    """The specifications of these parts, each with its revisions by their days."""
    for part in own_parts(agreed, party):
        yield from agreed.specifications.of(part.key).values()


def own_requirements(agreed: InForce, party: str) -> Iterator[tuple[Pair, str, Requirement]]:
    """The requirements that the party has to others or others have to it: pair, code, content."""
    for pair in _own_pairs(agreed.asked.by_pair, party):
        for code, requirement in agreed.asked.of(*pair).items():
            yield pair, code, requirement


def own_tasks(agreed: InForce, party: str) -> Iterator[Task]:
    """What waits for the party's answer: offers, cases, parts and requirements of others."""
    for relation in own_relations(agreed, party):
        if relation.is_open and relation.other == party:
            yield relation
    for case in agreed.agreements.own_cases(party):
        is_waiting = case.acknowledged_at is None and case.closed_at is None
        if is_waiting and case.opened_by != party:
            yield case
    for part in own_parts(agreed, party):
        if part.proposed and part.key.supplier == party:
            yield part
    for (_, supplier), _, requirement in own_requirements(agreed, party):
        if requirement.proposed and supplier == party:
            yield requirement.proposed


def _own_pairs(by_pair: Mapping[Pair, Any], party: str) -> list[Pair]:
    # Pairs are a few for each party of a log, however many parts or offers they have.
    return [pair for pair in by_pair if party in pair]
