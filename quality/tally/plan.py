"""What a lot is inspected for: a plan for each defect class, and the characteristics.

A plan is made once, when a tally is opened, and kept with it as JSON: what is agreed or drawn
later changes no tally under way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final

from quality.limits import Limits
from quality.values import exact

#: From the worst to the least: a piece counts in the worst class of its defects.
CLASSES: Final = ("critical", "major", "minor")
CRITICAL: Final = CLASSES[0]
#: The classes as they are called in Chinese.
CLASS_WORDS: Final[Mapping[str, str]] = {"critical": "致命", "major": "严重", "minor": "轻微"}
#: As many as the group ``measurements`` of a report holds, and values of each.
CHARACTERISTICS_MAX: Final = 200
VALUES_MAX: Final = 5_000


@dataclass(frozen=True, slots=True)
class ClassPlan:
    """The plan of one defect class, as a report states it.

    With ``counts_nonconformities`` (an AQL above 10) it is not defective pieces that count but
    nonconformities, of which a piece may have several.
    """

    name: str
    standard: str
    sample: int
    accept: int
    reject: int
    level: str | None = None
    aql: str | None = None
    severity: str = "normal"
    letter_asked: str | None = None
    letter_used: str | None = None
    arrow: str = "none"
    whole_lot: bool = False
    counts_nonconformities: bool = False

    def is_safe(self, counted: int, *, remaining: int) -> bool:
        """Whether the pieces left, all of them defective, would not reach the rejection number."""
        if self.counts_nonconformities:
            # One piece may have any number of them.
            return remaining == 0 and counted < self.reject
        return counted + remaining < self.reject


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One characteristic: its limits, its class, and on how many pieces it is measured.

    ``special`` is CC, SC or none; ``defect_class`` and ``code`` say what a value outside the
    limits is counted as. Of one that is judged by attributes no value is wanted.
    """

    number: str
    name: str
    special: str
    defect_class: str
    code: str
    unit: str
    pieces: int
    nominal: str | None = None
    lower: str | None = None
    upper: str | None = None
    plausible_from: str | None = None
    plausible_to: str | None = None
    is_attributive: bool = False

    @property
    def limits(self) -> Limits:
        """The limits; None where a side has none."""
        return Limits(exact(self.lower), exact(self.upper))

    def is_plausible(self, value: Decimal) -> bool:
        """Whether the value can be measured at all."""
        return not Limits(exact(self.plausible_from), exact(self.plausible_to)).excludes(value)


@dataclass(frozen=True, slots=True)
class TallyPlan:
    """What a lot of so many pieces is inspected for.

    ``is_cited`` says that the limits are those of a specification that the report cites.
    """

    lot_pieces: int
    classes: tuple[ClassPlan, ...]
    characteristics: tuple[Characteristic, ...] = ()
    is_cited: bool = False

    @property
    def sample(self) -> int:
        """How many pieces are inspected: as many as the class that asks for most."""
        return max(one.sample for one in self.classes)

    def of_class(self, name: str) -> ClassPlan | None:
        """The plan of a class, where it has one."""
        return next((one for one in self.classes if one.name == name), None)

    def characteristic(self, number: str) -> Characteristic | None:
        """The characteristic of that number, where there is one."""
        return next((one for one in self.characteristics if one.number == number), None)

    def members(self) -> dict[str, Any]:
        """The plan as JSON keeps it."""
        return {
            "lot_pieces": self.lot_pieces,
            "classes": [asdict(one) for one in self.classes],
            "characteristics": [asdict(one) for one in self.characteristics],
            "is_cited": self.is_cited,
        }


def plan_of(members: Mapping[str, Any]) -> TallyPlan:
    """The inverse of :meth:`TallyPlan.members`."""
    return TallyPlan(
        lot_pieces=members["lot_pieces"],
        classes=tuple(ClassPlan(**one) for one in members["classes"]),
        characteristics=tuple(Characteristic(**one) for one in members["characteristics"]),
        is_cited=members["is_cited"],
    )


def worst_class(names: Sequence[str]) -> str | None:
    """The worst of some classes; None of none."""
    return min(names, key=CLASSES.index, default=None)
