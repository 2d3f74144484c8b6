"""What the readings of a tally amount to: a pure fold, the same wherever it is cut.

A withdrawn reading counts as if it had never been made; its sequence stays taken. A value that
is hardly possible is held: it counts once it is confirmed, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from quality.tally.counting import ClassCount, Count, DefectKey, Numbered, Piece
from quality.tally.plan import Characteristic, TallyPlan
from quality.tally.readings import Measured, Reading, Withdrawn

__all__ = (
    "IMPLAUSIBLE",
    "OUTSIDE",
    "DefectKey",
    "Fold",
    "Numbered",
    "Piece",
    "Tallied",
    "tally_up",
    "value_flags",
)

OUTSIDE: Final = "value-outside-limits"
IMPLAUSIBLE: Final = "value-implausible"


@dataclass(frozen=True, slots=True)
class Tallied:
    """What some readings amount to.

    ``unnamed`` pieces are good and have no name; ``values`` are those that count, by
    characteristic; ``held`` are sequences of values that are hardly possible and not confirmed;
    ``withdrawn`` are sequences that count no longer, and ``withdrawals`` those that say so;
    ``classes`` is what each class that has a plan is judged by.
    """

    sequence: int
    pieces: Mapping[str, Piece]
    unnamed: int
    values: Mapping[str, Sequence[Measured]]
    held: Sequence[int]
    withdrawn: frozenset[int]
    withdrawals: frozenset[int]
    last: Reading | None
    classes: Mapping[str, ClassCount]

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
        return sum(piece.is_defective for piece in self.pieces.values())

    def defective_of(self, class_name: str) -> int:
        """How many pieces count in the class, as the worst of the defects that count."""
        return sum(piece.worst == class_name for piece in self.pieces.values())


class Fold:
    """Folds the readings of a tally once, and those that come after them."""

    def __init__(self, plan: TallyPlan, numbered: Sequence[Numbered] = ()) -> None:
        """Count what has been read so far."""
        self._plan = plan
        self._numbered = list(numbered)
        self._count, self._said = _counted(plan, self._numbered)

    @property
    def tallied(self) -> Tallied:
        """What the readings amount to; good until the next one is taken."""
        last_at, last = self._numbered[-1] if self._numbered else (0, None)
        count = self._count
        return Tallied(
            sequence=last_at,
            pieces=count.pieces,
            unnamed=count.unnamed,
            values=count.values,
            held=tuple(count.held),
            withdrawn=frozenset(self._said.values()),
            withdrawals=frozenset(self._said),
            last=last,
            classes=count.classes,
        )

    def take(self, at: int, reading: Reading) -> Tallied:
        """What all amount to with the next one, which fits."""
        self._numbered.append((at, reading))
        if isinstance(reading, Withdrawn):
            # What was counted by the withdrawn one cannot be undone: all others count anew.
            self._count, self._said = _counted(self._plan, self._numbered)
        else:
            self._count.add(at, reading)
        return self.tallied


def tally_up(plan: TallyPlan, numbered: Sequence[Numbered]) -> Tallied:
    """What the readings amount to, in the order of their sequences."""
    return Fold(plan, numbered).tallied


def _counted(plan: TallyPlan, numbered: Sequence[Numbered]) -> tuple[Count, dict[int, int]]:
    """The counts, and by withdrawal the sequence that it withdraws."""
    said = {at: reading.sequence for at, reading in numbered if isinstance(reading, Withdrawn)}
    withdrawn = frozenset(said.values())
    count = Count(plan)
    count.add_all((at, reading) for at, reading in numbered if at not in withdrawn)
    return count, said


def value_flags(one: Characteristic, value: Decimal) -> tuple[str, ...]:
    """What is remarkable about a value of the characteristic."""
    flags = [OUTSIDE] if one.limits.excludes(value) else []
    return (*flags, *([] if one.is_plausible(value) else [IMPLAUSIBLE]))
