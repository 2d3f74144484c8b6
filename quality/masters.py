"""What is in force in this trade: relations, and on top of them the masters of each party.

``Masters`` is the state of :class:`ledger.domain_state.DomainState`, after docs/spec/masters.md:
an immutable fold over acts, sites, parts, specifications and requirements, asked about every
business record at its own index. What is agreed binds: :meth:`Masters.judge` refuses a record
that contradicts it. What is not agreed is flagged: :meth:`Masters.flags`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ledger.domain_state import Said
from ledger.faults import Refusal
from ledger.fold_state import PublicFold
from ledger.relations import ACT_VCT
from ledger.sharing.acts import apply_sharing, is_sharing, judge_sharing
from ledger.sharing.circumstances import Circumstances
from ledger.sharing.filings import NO_FILINGS, Filings
from quality.codebooks import judge_codebook
from quality.flags import Flag
from quality.in_force.flags import cited_specification, find_flags
from quality.in_force.folds import InForce
from quality.in_force.judging import judge_record
from quality.in_force.judging_models import (
    CARD,
    DECISION,
    MODEL_VCTS,
    RULES,
    judge_model_record,
)
from quality.in_force.judging_sampling import (
    COMMIT,
    REVEAL,
    SAMPLING_ACTS,
    judge_end,
    judge_sampling,
)
from quality.in_force.models import Decision, line_of, read_card
from quality.in_force.parts import Move, Part, PartKey, read_part
from quality.in_force.requirements import read_requirement
from quality.in_force.rule_versions import read_rule_version
from quality.in_force.skipping import read_commit
from quality.in_force.specifications import SpecificationRevision, read_specification
from quality.sampling.parameters import judge_sampling_parameters

_VCTS: Final = frozenset(
    {ACT_VCT, "site/v1", "part/v1", "specification/v1", "requirement/v1", CARD, DECISION, RULES}
)
# Pieces per unit stand in the detail of a part; they convert what is delivered.
_KEPT: Final[Mapping[str, frozenset[str]]] = {"part/v1": frozenset({"detail"})}


@dataclass(frozen=True, slots=True)
class Masters(InForce):
    """What the records before an index have put in force. Immutable: a reader may keep it."""

    @property
    def vcts(self) -> frozenset[str]:
        """Acts, masters, models and rules: not what is delivered, inspected or labelled."""
        return _VCTS

    @property
    def kept_groups(self) -> Mapping[str, frozenset[str]]:
        """What masters are read from beside their state."""
        return _KEPT

    def judge(
        self, said: Said, fold: PublicFold, *, filings: Filings = NO_FILINGS
    ) -> Refusal | None:
        """Whether what is in force lets the record be said here and now."""
        if said.vct == ACT_VCT and is_sharing(said.facts, self.agreements):
            around = Circumstances(self.agreements, self.relations, fold, filings, self.kept_groups)
            return judge_sharing(said, around)
        if said.vct == ACT_VCT and said.facts["act"] in SAMPLING_ACTS:
            return judge_sampling(said, self, parameters=fold.parameters, filings=filings)
        if said.vct == ACT_VCT and self._ends_commit(said):
            return judge_end(said, self)
        if said.vct in MODEL_VCTS:
            return judge_model_record(said, self, fold=fold, filings=filings)
        return judge_record(said, self, fold.parameters)

    def judge_document(self, name: str, text: str, *, before: str | None) -> Refusal | None:
        """Whether a codebook is one and keeps its codes, and the defaults of sampling are some."""
        return judge_codebook(name, text, before=before) or judge_sampling_parameters(
            name, text, before=before
        )

    def flags(self, said: Said) -> tuple[Flag, ...]:
        """What a record says beside what was in force before it; what came later changes none."""
        return tuple(find_flags(said, self))

    def cited_specification(self, said: Said) -> SpecificationRevision | None:
        """The revision that an inspection cites, as it was for its entry, where it cites one."""
        return cited_specification(said, self) if said.vct == "inspection-report/v1" else None

    def apply(self, said: Said, fold: PublicFold) -> Masters:
        """The masters after a record of :attr:`vcts`; itself where none changes."""
        del fold
        change = _CHANGES.get(said.vct)
        return change(self, said) if change else self

    # ---- questions ----

    def part(self, customer: str, supplier: str, number: str) -> Part | None:
        """A part: what is in force, what waits, what was; None where none was proposed."""
        return self.parts.find(PartKey(customer, supplier, number))

    # ---- changes ----

    def _ends_commit(self, said: Said) -> bool:
        return said.facts["act"] == "end" and said.facts["of"] in self.skipping.by_id

    def _after_sampling(self, said: Said) -> Masters:
        act, skipping = said.facts, self.skipping
        if act["act"] == COMMIT:
            new = read_commit(act, record_id=said.record_id, index=said.index)
            skipping = skipping.with_commit(new)
        elif act["act"] == REVEAL:
            skipping = skipping.with_reveal(said.party, act)
        elif act["act"] == "end":
            skipping = skipping.with_end(said.party, act["of"], index=said.index)
        return self if skipping is self.skipping else replace(self, skipping=skipping)

    def _after_act(self, said: Said) -> Masters:
        act = said.facts
        if act["act"] in SAMPLING_ACTS or self._ends_commit(said):
            return self._after_sampling(said)
        if is_sharing(act, self.agreements):
            agreed = apply_sharing(said, self.agreements)
            return self if agreed is self.agreements else replace(self, agreements=agreed)
        if act["act"] == "move":
            part = act["part"]
            key = PartKey(part["customer"], part["supplier"], part["number"])
            return replace(self, parts=self.parts.with_move(key, Move(act["family"], said.index)))
        if act["act"] == "endorse" and act["of"] not in self.relations.by_id:
            return self._after_answer(act["of"], act["meaning"] == "approve", said.index)
        relations = self.relations.apply(
            said.party, act, record_id=said.record_id, index=said.index
        )
        return self if relations is self.relations else replace(self, relations=relations)

    def _after_answer(self, record_id: str, is_approved: bool, index: int) -> Masters:
        parts = self.parts.with_answer(record_id, is_approved=is_approved, index=index)
        if parts is not self.parts:
            return replace(self, parts=parts)
        asked = self.asked.with_answer(record_id, is_approved=is_approved, index=index)
        return self if asked is self.asked else replace(self, asked=asked)

    def _after_site(self, said: Said) -> Masters:
        state = said.facts["state"]
        sites = self.sites.with_record(
            said.party, state, record_id=said.record_id, index=said.index
        )
        return replace(self, sites=sites)

    def _after_part(self, said: Said) -> Masters:
        key, revision = read_part(said.facts, record_id=said.record_id, index=said.index)
        return replace(self, parts=self.parts.with_proposal(key, revision))

    def _after_specification(self, said: Said) -> Masters:
        new = read_specification(said.facts["state"], record_id=said.record_id, index=said.index)
        specifications = self.specifications.with_revision(new, corrects=said.corrects)
        return replace(self, specifications=specifications)

    def _after_requirement(self, said: Said) -> Masters:
        new = read_requirement(said.facts["state"], record_id=said.record_id, index=said.index)
        return replace(self, asked=self.asked.with_proposal(new))

    def _after_card(self, said: Said) -> Masters:
        card = read_card(
            said.facts["state"], record_id=said.record_id, kid=said.kid, index=said.index
        )
        return replace(self, models=self.models.with_card(card))

    def _after_decision(self, said: Said) -> Masters:
        state = said.facts["state"]
        models = self.models.with_decision(
            state["card"], Decision(state["decision"]), kid=said.kid, index=said.index
        )
        return self if models is self.models else replace(self, models=models)

    def _after_rules(self, said: Said) -> Masters:
        state = said.facts["state"]
        line = line_of(said.party, state["line"])
        new = read_rule_version(state, record_id=said.record_id, index=said.index)
        return replace(self, rule_versions=self.rule_versions.with_version(line, new))


_CHANGES: Final[Mapping[str, Callable[[Masters, Said], Masters]]] = {
    ACT_VCT: Masters._after_act,
    "site/v1": Masters._after_site,
    "part/v1": Masters._after_part,
    "specification/v1": Masters._after_specification,
    "requirement/v1": Masters._after_requirement,
    CARD: Masters._after_card,
    DECISION: Masters._after_decision,
    RULES: Masters._after_rules,
}
