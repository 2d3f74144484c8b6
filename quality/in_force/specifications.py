"""Specifications: what a part has to meet, in force from a day until a later revision is.

The customer alone signs them. Days are texts ``YYYY-MM-DD``, which compare as days do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from ledger.faults import Refusal
from ledger.grown_map import GrownMap
from quality.in_force.parts import PartKey

#: An inspection that cites none goes through all specifications of its part.
SPECIFICATIONS_OF_A_PART_MAX: Final = 32
#: Corrections are among them.
REVISIONS_MAX: Final = 256
_NAMED_MAX: Final = 16
_NONE: Final[Mapping[str, tuple[SpecificationRevision, ...]]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SpecificationRevision:
    """One revision of a specification, as its record says."""

    record_id: str
    part: PartKey
    code: str
    revision: str
    in_force_from: str
    index: int
    corrected_at: int | None = None


Chain = tuple[SpecificationRevision, ...]
"""The revisions of one specification by their day, those that were corrected among them."""


@dataclass(frozen=True, slots=True)
class Specifications:
    """The revisions of every specification, by part and code; ``by_record`` by record id."""

    by_part: GrownMap[PartKey, Mapping[str, Chain]] = field(default_factory=GrownMap)
    by_record: GrownMap[str, SpecificationRevision] = field(default_factory=GrownMap)

    def of(self, part: PartKey) -> Mapping[str, Chain]:
        """The specifications of a part by code."""
        return self.by_part.get(part, _NONE)

    def find(self, part: PartKey, code: str, *, revision: str) -> SpecificationRevision | None:
        """The revision of that name; None where there is none."""
        for one in self.of(part).get(code, ()):
            if one.revision == revision and one.corrected_at is None:
                return one
        return None

    def at(self, part: PartKey, day: str) -> Iterator[SpecificationRevision]:
        """What is in force on a day: of each specification at most one revision."""
        for chain in self.of(part).values():
            found = in_force(chain, day)
            if found is not None:
                yield found

    def judge_more(self, part: PartKey, code: str) -> Refusal | None:
        """Whether the part may have one more revision of the specification."""
        known = self.of(part)
        if code not in known and len(known) >= SPECIFICATIONS_OF_A_PART_MAX:
            most, what = SPECIFICATIONS_OF_A_PART_MAX, f"specifications of {part.number}"
        elif len(known.get(code, ())) >= REVISIONS_MAX:
            most, what = REVISIONS_MAX, f"revisions of {code}, corrections among them"
        else:
            return None
        return Refusal("not-permitted", f"expected at most {most} {what}: begin another one")

    def likely(self, part: PartKey, code: str) -> list[SpecificationRevision]:
        """Revisions that may have been meant: the newest of this code, one of each other one."""
        known = self.of(part)
        of_code = [one for one in known.get(code, ())[-_NAMED_MAX:] if one.corrected_at is None]
        others = (chain[-1] for name, chain in known.items() if name != code)
        return [*of_code, *(one for one in others if one.corrected_at is None)]

    def with_revision(self, new: SpecificationRevision, *, corrects: str | None) -> Specifications:
        """The specifications after a record; what it corrects is no longer one of them."""
        before = self.by_record.get(corrects) if corrects else None
        rest = self._corrected(before, new.index) if before else self
        known = rest.of(new.part)
        chain = sorted((*known.get(new.code, ()), new), key=_order)
        return Specifications(
            rest.by_part.grown(new.part, {**known, new.code: tuple(chain)}),
            rest.by_record.grown(new.record_id, new),
        )

    def _corrected(self, old: SpecificationRevision, index: int) -> Specifications:
        known = self.of(old.part)
        chain = tuple(
            replace(one, corrected_at=index)
            if one.record_id == old.record_id and one.corrected_at is None
            else one
            for one in known.get(old.code, ())
        )
        return Specifications(
            self.by_part.grown(old.part, {**known, old.code: chain}), self.by_record
        )


def in_force(chain: Chain, day: str) -> SpecificationRevision | None:
    """The revision of one specification that is in force on a day."""
    begun = (one for one in reversed(chain) if one.in_force_from <= day)
    return next((one for one in begun if one.corrected_at is None), None)


def as_of(chain: Chain, index: int) -> Chain:
    """The chain as it was for the entry of an index."""
    return tuple(
        replace(one, corrected_at=None)
        for one in chain
        if one.index < index and (one.corrected_at is None or one.corrected_at >= index)
    )


def read_specification(
    state: Mapping[str, Any], *, record_id: str, index: int
) -> SpecificationRevision:
    """The revision that the group ``state`` of a ``specification/v1`` brings."""
    return SpecificationRevision(
        record_id=record_id,
        part=PartKey(state["customer"], state["supplier"], state["part"]),
        code=state["specification"],
        revision=state["revision"],
        in_force_from=state["in_force_from"],
        index=index,
    )


def _order(one: SpecificationRevision) -> tuple[str, int]:
    return one.in_force_from, one.index
