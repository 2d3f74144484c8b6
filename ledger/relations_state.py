"""What is in force on a log of no particular trade: relations, and nothing on top of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from ledger.domain_state import Said
from ledger.faults import Fault, Refusal
from ledger.fold_state import PublicFold
from ledger.relations import ACT_VCT, Relations
from ledger.sharing.agreements import Agreements

_ANSWERS: Final = frozenset({"endorse", "end"})
_VCTS: Final = frozenset({ACT_VCT})


@dataclass(frozen=True, slots=True)
class RelationsState:
    """The state of :class:`ledger.domain_state.DomainState` where no trade brings its own.

    The facts of an ``act/v1`` are its group ``state``.
    """

    relations: Relations = field(default_factory=Relations)
    agreements: Agreements = field(default_factory=Agreements)

    @property
    def vcts(self) -> frozenset[str]:
        """Acts alone."""
        return _VCTS

    def judge(self, said: Said, fold: PublicFold) -> Refusal | None:
        """Whether the act is its signer's here and now; records of other types pass."""
        del fold
        if said.vct != ACT_VCT:
            return None
        act = said.facts
        refusal = self.relations.judge(said.party, act, to=said.given)
        if refusal:
            return refusal
        if act["act"] not in {"relation", *_ANSWERS}:
            fault = Fault("/state/act", "relation, endorse or end", act["act"])
            return Refusal("invalid-claims", "this log keeps relations alone", (fault,))
        if act["act"] in _ANSWERS and act["of"] not in self.relations.by_id:
            return Refusal("unknown-record", f"{act['of']} is no offer of a relation")
        return None

    def judge_document(self, name: str, text: str, *, before: str | None) -> Refusal | None:
        """Parameters are for a trade to judge."""
        del name, text, before
        return None

    def apply(self, said: Said, fold: PublicFold) -> RelationsState:
        """The relations after an act."""
        del fold
        if said.vct != ACT_VCT:
            return self
        after = self.relations.apply(
            said.party, said.facts, record_id=said.record_id, index=said.index
        )
        return self if after is self.relations else replace(self, relations=after)
