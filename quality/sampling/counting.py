"""How much of a class of defects an inspection report counts, by what the plan of it counts.

Defective units; above an AQL of 10 by the tables nonconformities. Items of a report are by code
of defect, and one unit may stand in several of them: how many units of a class are defective is
then known within bounds only, unless the plan of the class states it. Whoever draws a consequence
takes the bound that does not loosen.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from quality.sampling.plan import counts_nonconformities
from quality.values import Groups, count, decimal, items, text


class ClassCount(NamedTuple):
    """So many at least, and so many at most: one number, where it is certain."""

    least: int
    most: int


def counted_of(groups: Groups, planned: object) -> str:
    """What the plan of a class counts: ``units`` or ``nonconformities``.

    Args:
        groups: of the inspection report.
        planned: one of its ``plan.classes``.
    """
    standard, aql = text(groups, "plan", "standard"), decimal(planned, "aql")
    return "nonconformities" if counts_nonconformities(standard, aql) else "units"


def class_count(groups: Groups, planned: object) -> ClassCount | None:
    """How much was found of what the plan of a class counts; None where nothing tells.

    Args:
        groups: of the inspection report.
        planned: one of its ``plan.classes``.
    """
    name = text(planned, "class") or ""
    if counted_of(groups, planned) == "nonconformities":
        if "defects" not in groups:
            return None
        # Two nonconformities are two, on one unit or not: they add up.
        found = sum(_of_class(groups, name, member="nonconformities"))
        return ClassCount(found, found)
    stated = count(planned, "defective")
    return units_of_class(groups, name) if stated is None else ClassCount(stated, stated)


def units_of_class(groups: Groups, name: str) -> ClassCount | None:
    """The defective units of a class by the items alone; None where they are not shown."""
    if "defects" not in groups:
        return None
    units = list(_of_class(groups, name, member="units"))
    defective = count(groups, "defects", "defective")
    most, least = sum(units) + unaccounted_units(groups), max(units, default=0)
    return ClassCount(least, most if defective is None else max(least, min(most, defective)))


def unaccounted_units(groups: Groups) -> int:
    """Defective units that stand in no item: of which class they are is not told."""
    told = sum(count(item, "units") or 0 for item in items(groups, "defects", "items"))
    return max(0, (count(groups, "defects", "defective") or 0) - told)


def _of_class(groups: Groups, name: str, *, member: str) -> Iterator[int]:
    for item in items(groups, "defects", "items"):
        if text(item, "class") == name:
            yield count(item, member) or 0
