"""Plans and readings of small tallies."""

from __future__ import annotations

from typing import Any

from quality.tally.fold import Tallied, tally_up
from quality.tally.judging import judge_reading
from quality.tally.plan import Characteristic, ClassPlan, TallyPlan
from quality.tally.readings import Reading, parse_reading

CRITICAL = ClassPlan("critical", "c=0", sample=3, accept=0, reject=1, aql="0.65", level="S-3")
MAJOR = ClassPlan("major", "ISO 2859-1", sample=5, accept=1, reject=2, aql="10", level="S-3")
# Without an AQL: of one above 10 nonconformities would count.
MINOR = ClassPlan("minor", "ISO 2859-1", sample=5, accept=2, reject=3, level="S-3")
DIAMETER = Characteristic(
    number="D1",
    name="outer diameter",
    special="none",
    defect_class="major",
    code="DIM",
    unit="MMT",
    pieces=2,
    nominal="10.00",
    lower="9.90",
    upper="10.10",
    plausible_from="5",
    plausible_to="15",
)
ATTRIBUTES = TallyPlan(100, (CRITICAL, MAJOR, MINOR))
MEASURED = TallyPlan(100, (CRITICAL, MAJOR, MINOR), (DIAMETER,))


def good(piece: str | int) -> Reading:
    """A piece that is called good; a number stands for so many without a name."""
    return read("good", **({"piece": piece} if isinstance(piece, str) else {"pieces": piece}))


def defect(piece: str, class_name: str, code: str = "SURF", count: int = 1) -> Reading:
    """A defect of a piece."""
    return read("defect", piece=piece, code=code, nonconformities=count, **{"class": class_name})


def measured(piece: str, value: str, **more: Any) -> Reading:
    """A diameter."""
    return read("measured", piece=piece, characteristic="D1", value=value, **more)


def withdrawn(sequence: int) -> Reading:
    """A reading that counts no longer."""
    return read("withdrawn", sequence=sequence)


def read(kind: str, **members: Any) -> Reading:
    """A reading as it comes from outside."""
    return parse_reading({kind: members})


def after(plan: TallyPlan, *readings: Reading) -> Tallied:
    """What readings amount to, each of which fits those before it."""
    numbered = list(enumerate(readings, start=1))
    for at, reading in numbered:
        judge_reading(reading, plan, tally_up(plan, numbered[: at - 1]))
    return tally_up(plan, numbered)
