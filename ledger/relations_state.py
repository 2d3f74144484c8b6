"""What is in force on a log of no particular trade: relations and sharing, nothing on top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from ledger.domain_state import Said
from ledger.faults import Fault, Refusal
from ledger.fold_state import PublicFold
from ledger.relations import ACT_VCT, Relations, unknown_record
from ledger.sharing.acts import apply_sharing, is_sharing, judge_sharing
from ledger.sharing.agreements import Agreements
from ledger.sharing.circumstances import Circumstances
from ledger.sharing.filings import NO_FILINGS, Filings

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

    @property
    def kept_groups(self) -> Mapping[str, frozenset[str]]:
        """None: all that acts put in force stands in their state."""
        return {}

    def judge(
        self, said: Said, fold: PublicFold, *, filings: Filings = NO_FILINGS
    ) -> Refusal | None:
        """Whether the act is its signer's here and now; records of other types pass."""
        if said.vct != ACT_VCT:
            return None
        act = said.facts
        if is_sharing(act, self.agreements):
            around = Circumstances(self.agreements, self.relations, fold, filings, self.kept_groups)
            return judge_sharing(said, around)
        refusal = self.relations.judge(said.party, act, to=said.given)
        if refusal:
            return refusal
        if act["act"] not in {"relation", *_ANSWERS}:
            fault = Fault("/state/act", "an act on relations or sharing", act["act"])
            return Refusal("invalid-claims", "this log keeps relations and sharing", (fault,))
        if act["act"] in _ANSWERS and act["of"] not in self.relations.by_id:
            return unknown_record(act["of"])
        return None

    def judge_document(self, name: str, text: str, *, before: str | None) -> Refusal | None:
        """Parameters are for a trade to judge."""
        del name, text, before
        return None

    def apply(self, said: Said, fold: PublicFold) -> RelationsState:
        """What is in force after an act."""
        del fold
        if said.vct != ACT_VCT:
            return self
        if is_sharing(said.facts, self.agreements):
            agreed = apply_sharing(said, self.agreements)
            return self if agreed is self.agreements else replace(self, agreements=agreed)
        after = self.relations.apply(
            said.party, said.facts, record_id=said.record_id, index=said.index
        )
        return self if after is self.relations else replace(self, relations=after)
