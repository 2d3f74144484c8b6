"""What the readings of a tally amount to: a pure fold, the same wherever it is cut.

A withdrawn reading counts as if it had never been made; its sequence stays taken. A value that
is hardly possible is held: it counts once it is confirmed, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from quality.tally.plan import Characteristic, ClassPlan, TallyPlan, worst_class
from quality.tally.readings import Defect, Good, Measured, Reading, Withdrawn

OUTSIDE: Final = "value-outside-limits"
IMPLAUSIBLE: Final = "value-implausible"

Numbered = tuple[int, Reading]
"""A reading with its sequence."""
DefectKey = tuple[str, str]
"""Class and code of a defect."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece that has a name: whether it was called good, its defects, what was measured.

    ``defects`` gives how often each is there; ``measured`` the sequence by characteristic.
    """

    is_good: bool
    defects: Mapping[DefectKey, int]
    measured: Mapping[str, int]

    @property
    def is_inspected(self) -> bool:
        """Whether it is known to be good or defective."""
        return self.is_good or bool(self.defects)

    @property
    def worst(self) -> str | None:
        """The worst class of its defects."""
        return worst_class([name for name, _ in self.defects])


@dataclass(frozen=True, slots=True)
class Tallied:
    """What some readings amount to.

    ``unnamed`` pieces are good and have no name; ``values`` are those that count, by
    characteristic; ``held`` are sequences of values that are hardly possible and not confirmed;
    ``withdrawn`` are sequences that count no longer, and ``withdrawals`` those that say so.
    """

    sequence: int
    pieces: Mapping[str, Piece]
    unnamed: int
    values: Mapping[str, Sequence[Measured]]
    held: Sequence[int]
    withdrawn: frozenset[int]
    withdrawals: frozenset[int]
    last: Reading | None

    @property
    def inspected(self) -> int:
        """How many pieces are known to be good or defective."""
        return self.unnamed + sum(piece.is_inspected for piece in self.pieces.values())

    @property
    def begun(self) -> int:
        """How many pieces something is known of."""
        return self.unnamed + len(self.pieces)

    @property
    def defective(self) -> int:
        """How many pieces have a defect of any class."""
        return sum(bool(piece.defects) for piece in self.pieces.values())

    def defective_of(self, class_name: str) -> int:
        """How many pieces have a defect of the class and none of a worse one."""
        return sum(piece.worst == class_name for piece in self.pieces.values())

    def nonconformities_of(self, class_name: str) -> int:
        """How many defects of the class there are on all pieces."""
        return sum(
            count
            for piece in self.pieces.values()
            for (name, _), count in piece.defects.items()
            if name == class_name
        )

    def counted_for(self, plan: ClassPlan) -> int:
        """What the plan of a class counts: defective pieces, or nonconformities."""
        count = self.nonconformities_of if plan.counts_nonconformities else self.defective_of
        return count(plan.name)


def tally_up(plan: TallyPlan, numbered: Sequence[Numbered]) -> Tallied:
    """What the readings amount to, in the order of their sequences."""
    said = {at: reading.sequence for at, reading in numbered if isinstance(reading, Withdrawn)}
    withdrawn = frozenset(said.values())
    count = _Count(plan)
    count.add_all((at, reading) for at, reading in numbered if at not in withdrawn)
    last_at, last = numbered[-1] if numbered else (0, None)
    return Tallied(
        sequence=last_at,
        pieces={
            name: Piece(one.is_good, one.defects, one.measured)
            for name, one in count.pieces.items()
        },
        unnamed=count.unnamed,
        values=count.values,
        held=tuple(count.held),
        withdrawn=withdrawn,
        withdrawals=frozenset(said),
        last=last,
    )


def value_flags(one: Characteristic, value: Decimal) -> tuple[str, ...]:
    """What is remarkable about a value of the characteristic."""
    flags = [OUTSIDE] if one.limits.excludes(value) else []
    return (*flags, *([] if one.is_plausible(value) else [IMPLAUSIBLE]))


@dataclass(slots=True)
class _Piece:
    is_good: bool = False
    defects: dict[DefectKey, int] = field(default_factory=dict)
    measured: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Count:
    """Counts while the fold runs; nobody else sees it."""

    plan: TallyPlan
    unnamed: int = 0
    pieces: dict[str, _Piece] = field(default_factory=dict)
    values: dict[str, list[Measured]] = field(default_factory=dict)
    held: list[int] = field(default_factory=list)

    def add_all(self, numbered: Iterable[Numbered]) -> None:
        known = {one.number: one for one in self.plan.characteristics}
        for at, reading in numbered:
            match reading:
                case Measured():
                    self._measure(at, reading, known[reading.characteristic])
                case Defect():
                    self._find(reading)
                case Good(piece=None):
                    self.unnamed += reading.pieces
                case Good():
                    self._piece(str(reading.piece)).is_good = True
                case Withdrawn():
                    pass

    def _measure(self, at: int, reading: Measured, one: Characteristic) -> None:
        value = Decimal(reading.value)
        if not (one.is_plausible(value) or reading.is_confirmed):
            self.held.append(at)
            return
        piece = self._piece(reading.piece)
        piece.measured[one.number] = at
        self.values.setdefault(one.number, []).append(reading)
        if one.limits.excludes(value):
            key = (one.defect_class, one.code)
            piece.defects[key] = piece.defects.get(key, 0) + 1

    def _find(self, reading: Defect) -> None:
        defects, key = self._piece(reading.piece).defects, (reading.class_name, reading.code)
        defects[key] = defects.get(key, 0) + reading.nonconformities

    def _piece(self, name: str) -> _Piece:
        """The piece of a name; where the sample has no room for one more, one of the unnamed."""
        if name not in self.pieces:
            is_unnamed = self.unnamed > 0 and self.unnamed + len(self.pieces) >= self.plan.sample
            self.unnamed -= is_unnamed
            self.pieces[name] = _Piece(is_good=is_unnamed)
        return self.pieces[name]
