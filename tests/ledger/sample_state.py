"""A small trade for tests: what it keeps in force needs content, its own index, and parameters.

An order is in force as its customer gave it; a delivery is of a number that was ordered, and
refused above what the parameters ``sample-bounds`` allow. What is kept of an order says under
which entry and how many versions of parameters it was given, so that a state that was read
again differs wherever it met another moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.domain import NoDomainRules
from ledger.domain_state import Said
from ledger.faults import Refusal
from ledger.fold_state import PublicFold
from ledger.grown_map import GrownMap
from ledger.relations import Relations
from ledger.relations_state import RelationsState
from ledger.sharing.agreements import Agreements
from ledger.sharing.filings import NO_FILINGS, Filings
from ledger.strict_json import parse_json_object

BOUNDS: Final = "sample-bounds"


@dataclass(frozen=True, slots=True)
class Ordered:
    """What is kept of an order."""

    customer: str
    number: str
    index: int
    admitted_ms: int
    versions: int
    family: str | None
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SampleState:
    """Relations, and what was ordered."""

    acts: RelationsState = field(default_factory=RelationsState)
    orders: GrownMap[str, Ordered] = field(default_factory=GrownMap)

    @property
    def vcts(self) -> frozenset[str]:
        """Acts and orders."""
        return self.acts.vcts | {"sample-order/v1"}

    @property
    def relations(self) -> Relations:
        """Those of the acts."""
        return self.acts.relations

    @property
    def agreements(self) -> Agreements:
        """Those of the acts."""
        return self.acts.agreements

    @property
    def kept_groups(self) -> Mapping[str, frozenset[str]]:
        """Orders are read from their lot."""
        return {"sample-order/v1": frozenset({"lot"})}

    def judge(
        self, said: Said, fold: PublicFold, *, filings: Filings = NO_FILINGS
    ) -> Refusal | None:
        """A delivery is of what was ordered."""
        if said.vct == "sample-delivery/v1":
            number = said.facts["number"]
            if len(number) > _most(fold):
                return Refusal("unit-mismatch", f"expected less than {number}")
            if number not in self.orders:
                return Refusal("unknown-record", f"expected an order {number}, found none")
        return self.acts.judge(said, fold, filings=filings)

    def judge_document(self, name: str, text: str, *, before: str | None) -> Refusal | None:
        """Bounds say what is the most."""
        del before
        members = parse_json_object(text.encode(), bytes_max=99)
        if name == BOUNDS and not isinstance(members.get("most"), int):
            return Refusal("malformed-document", "expected the member most, found none")
        return None

    def apply(self, said: Said, fold: PublicFold) -> SampleState:
        """After an order, or an act."""
        if said.vct != "sample-order/v1":
            acts = self.acts.apply(said, fold)
            return self if acts is self.acts else SampleState(acts, self.orders)
        bounds = fold.parameters.get(BOUNDS)
        order = Ordered(
            customer=said.party,
            number=said.facts["number"],
            index=said.index,
            admitted_ms=said.admitted_ms,
            versions=len(bounds.versions) if bounds else 0,
            family=said.family,
            to=said.to,
        )
        return SampleState(self.acts, self.orders.grown(order.number, order))


def _most(fold: PublicFold) -> int:
    bounds = fold.parameters.get(BOUNDS)
    if bounds is None:
        return 64
    most = parse_json_object(bounds.text.encode(), bytes_max=99)["most"]
    assert isinstance(most, int)
    return most


class SampleRules(NoDomainRules):
    """Rules by which orders and deliveries depend on what is in force."""

    def facts(self, vct: str, groups: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Of an act what it does, of the others their lot."""
        if vct in {"sample-order/v1", "sample-delivery/v1"}:
            return {"number": groups["lot"]["number"]}
        return super().facts(vct, groups)
