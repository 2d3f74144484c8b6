"""Requirements: what a customer asks of a supplier, in force once the supplier acknowledged it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ledger.faults import Refusal
from ledger.grown_map import GrownMap
from quality.in_force.parts import Pair

#: Requirements of one customer that one supplier has not acknowledged.
REQUIREMENTS_WAITING_MAX: Final = 1_024
_NONE: Final[GrownMap[str, Requirement]] = GrownMap()


@dataclass(frozen=True, slots=True)
class RequirementRevision:
    """What one record asks. ``families`` is empty where it is about all."""

    record_id: str
    pair: Pair
    code: str
    revision: str
    families: tuple[str, ...]
    in_force_from: str
    index: int
    acknowledged_at: int | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """A requirement: what was acknowledged, by day, and what waits for the supplier."""

    acknowledged: tuple[RequirementRevision, ...] = ()
    proposed: RequirementRevision | None = None


@dataclass(frozen=True, slots=True)
class Requirements:
    """Every requirement, by pair and code; ``proposals`` by record id."""

    by_pair: GrownMap[Pair, GrownMap[str, Requirement]] = field(default_factory=GrownMap)
    proposals: GrownMap[str, RequirementRevision] = field(default_factory=GrownMap)
    waiting: GrownMap[Pair, int] = field(default_factory=GrownMap)

    def of(self, customer: str, supplier: str) -> Mapping[str, Requirement]:
        """The requirements of a customer to a supplier by code."""
        return self.by_pair.get((customer, supplier), _NONE)

    def at(self, pair: Pair, day: str) -> tuple[RequirementRevision, ...]:
        """What is in force on a day: of each requirement at most one revision."""
        found = []
        for requirement in self.of(*pair).values():
            begun = [one for one in requirement.acknowledged if one.in_force_from <= day]
            found.extend(begun[-1:])
        return tuple(found)

    def find_proposed(self, record_id: str) -> RequirementRevision | None:
        """The open proposal that the record is."""
        known = self.proposals.get(record_id)
        if known is None:
            return None
        held = self.of(*known.pair).get(known.code)
        is_open = held and held.proposed and held.proposed.record_id == record_id
        return known if is_open else None

    def with_proposal(self, new: RequirementRevision) -> Requirements:
        """The requirements after a record; it takes the place of one that waits still."""
        known = self.of(*new.pair).get(new.code, Requirement())
        after = self._with(new, replace(known, proposed=new))
        return replace(after, proposals=self.proposals.grown(new.record_id, new))

    def with_answer(self, record_id: str, *, is_approved: bool, index: int) -> Requirements:
        """The requirements after the supplier's answer; to none that waits it changes nothing."""
        new = self.find_proposed(record_id)
        if new is None:
            return self
        known = replace(self.of(*new.pair)[new.code], proposed=None)
        if is_approved:
            agreed = (*known.acknowledged, replace(new, acknowledged_at=index))
            known = replace(known, acknowledged=tuple(sorted(agreed, key=_order)))
        return self._with(new, known)

    def judge_waiting(self, customer: str, supplier: str) -> Refusal | None:
        """Whether one more requirement may wait for the supplier."""
        waiting = self.waiting.get((customer, supplier), 0)
        if waiting < REQUIREMENTS_WAITING_MAX:
            return None
        return Refusal(
            "not-permitted",
            f"expected at most {REQUIREMENTS_WAITING_MAX} requirements that wait for {supplier}, "
            f"found {waiting}: have it acknowledge or reject some",
        )

    def _with(self, about: RequirementRevision, known: Requirement) -> Requirements:
        before = self.by_pair.get(about.pair, _NONE)
        was, now = before.get(about.code), known.proposed
        more = (now is not None) - (was is not None and was.proposed is not None)
        waiting = self.waiting.get(about.pair, 0) + more
        return replace(
            self,
            by_pair=self.by_pair.grown(about.pair, before.grown(about.code, known)),
            waiting=self.waiting.grown(about.pair, waiting) if more else self.waiting,
        )


def read_requirement(
    state: Mapping[str, Any], *, record_id: str, index: int
) -> RequirementRevision:
    """The revision that the group ``state`` of a ``requirement/v1`` brings."""
    return RequirementRevision(
        record_id=record_id,
        pair=(state["customer"], state["supplier"]),
        code=state["requirement"],
        revision=state["revision"],
        families=tuple(state["families"]),
        in_force_from=state["in_force_from"],
        index=index,
    )


def _order(one: RequirementRevision) -> tuple[str, int]:
    return one.in_force_from, one.acknowledged_at or 0
