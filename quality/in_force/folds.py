"""All that is in force at a moment, and whom an inspection is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ledger.domain_state import Said
from ledger.relations import Relations
from ledger.sharing.agreements import Agreements
from quality.in_force.models import Models
from quality.in_force.parts import PartKey, Parts
from quality.in_force.requirements import Requirements
from quality.in_force.rule_versions import RuleVersions
from quality.in_force.sites import Sites
from quality.in_force.skipping import SkipLots
from quality.in_force.specifications import Specifications


@dataclass(frozen=True, slots=True)
class InForce:
    """The folds that a record is judged by."""

    relations: Relations = field(default_factory=Relations)
    agreements: Agreements = field(default_factory=Agreements)
    sites: Sites = field(default_factory=Sites)
    parts: Parts = field(default_factory=Parts)
    specifications: Specifications = field(default_factory=Specifications)
    asked: Requirements = field(default_factory=Requirements)
    skipping: SkipLots = field(default_factory=SkipLots)
    models: Models = field(default_factory=Models)
    rule_versions: RuleVersions = field(default_factory=RuleVersions)


def inspected_part(said: Said) -> PartKey | None:
    """The part that an inspection is about; None where it does not tell between whom.

    A party that the lot does not name is the signer, if the other side is another party, else
    the one that the record is about or addressed to. The signer of a receiving inspection
    buys, the signer of any other one sells.
    """
    stated = said.facts["part"]
    customer, supplier, number = stated["customer"], stated["supplier"], stated["number"]
    other = said.subject or (said.to[0] if len(said.to) == 1 else None)
    if customer is None and supplier is None:
        sides = (said.party, other) if said.facts["stage"] == "receiving" else (other, said.party)
        customer, supplier = sides
    elif customer is None:
        customer = said.party if supplier != said.party else other
    elif supplier is None:
        supplier = said.party if customer != said.party else other
    if customer is None or supplier is None or number is None:
        return None
    return PartKey(customer, supplier, number)


#: Relations whose provider inspects for its customer, and so against what that one agreed on.
JUDGING_KINDS: Final = ("laboratory", "certification")


def may_know(said: Said, agreed: InForce, key: PartKey) -> bool:
    """The same as :func:`has_part_in` of the next entry: relations that ended are not gone through.

    Asked under the head lock, where offers that were withdrawn must not slow others down.
    """
    sides = (key.customer, key.supplier)
    return said.party in sides or any(
        agreed.relations.find_in_force(kind, customer=other, provider=said.party, family=None)
        for other in sides
        for kind in JUDGING_KINDS
    )


def has_part_in(said: Said, agreed: InForce, key: PartKey) -> bool:
    """Whether what is agreed on a part is the signer's to know.

    It is one of the two, or was the laboratory or certifier of one of them. Anybody else, who
    may supply one of them something else, is answered as if nothing were agreed, or refusals
    would tell of others' masters.
    """
    if said.party in (key.customer, key.supplier):
        return True
    relations = agreed.relations
    return any(
        relation.kind in JUDGING_KINDS and relation.was_in_force(said.index)
        for other in (key.customer, key.supplier)
        for relation in relations.between(other, said.party)
    )


def delivered_part(said: Said) -> PartKey:
    """The part that a shipment or a goods receipt is about."""
    stated = said.facts["state"]["part"]
    return PartKey(stated["customer"], stated["supplier"], stated["number"])
