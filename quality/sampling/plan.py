"""Which plan a lot is inspected by: sample size, acceptance and rejection number.

ISO 2859-1:1999 clauses 10.1 to 10.3 (GB/T 2828.1): lot size and level give a letter, letter and
AQL a plan; an arrow leads to another letter, whose sample size is then used; a sample that is no
smaller than the lot is the whole lot. c = 0 stands in :mod:`quality.sampling.c_zero`, the plans
of a specification in :mod:`quality.sampling.specified`. Which severity is in force for a lot is
not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from quality.errors import NoSamplingPlan
from quality.sampling.letters import code_letter
from quality.sampling.master_table import Arrow, cell_of
from quality.sampling.severity import Severity

__all__ = (
    "C_ZERO",
    "ISO",
    "REDUCED",
    "TABLES",
    "WHOLE_LOT",
    "Plan",
    "Severity",
    "counts_nonconformities",
    "plan_for",
    "whole_lot_plan",
)

ISO: Final = "ISO 2859-1"
C_ZERO: Final = "c=0"
WHOLE_LOT: Final = "100 %"
#: The reduced table that is known here is not that of ISO 2859-1:1999.
REDUCED: Final = "MIL-STD-105E"
#: Standards of which normal and tightened inspection have the same tables.
TABLES: Final = frozenset({ISO, "GB/T 2828.1", REDUCED, "ANSI/ASQ Z1.4"})
#: Above this AQL a plan counts nonconformities, of which a unit may have several.
PERCENT_MAX: Final = Decimal(10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a lot is inspected for one class of defects.

    ``standard`` is a word of the inspection report. ``letter_asked`` is that of lot and level,
    ``letter_used`` that of the plan after the arrow; both are None where no letter leads there.
    """

    standard: str
    level: str | None
    aql: Decimal | None
    severity: Severity
    letter_asked: str | None
    letter_used: str | None
    arrow: Arrow
    sample: int
    accept: int
    reject: int
    whole_lot: bool
    lot: int

    @property
    def label(self) -> str:
        """The standard as people are told: reduced inspection with the table that it is of."""
        is_reduced = self.standard == REDUCED and self.severity is Severity.REDUCED
        return f"{REDUCED} II-C" if is_reduced else self.standard

    @property
    def counts_nonconformities(self) -> bool:
        """Whether nonconformities per 100 units are counted, not defective units."""
        return counts_nonconformities(self.standard, self.aql)

    @property
    def has_gap(self) -> bool:
        """Whether a count between Ac and Re accepts the lot but ends reduced inspection."""
        return self.reject - self.accept > 1


def counts_nonconformities(standard: str | None, aql: Decimal | None) -> bool:
    """Whether a plan of this standard and AQL counts nonconformities, not defective units."""
    return standard in TABLES and aql is not None and aql > PERCENT_MAX


@lru_cache(maxsize=4096)
def plan_for(lot: int, *, level: str, aql: Decimal, severity: Severity = Severity.NORMAL) -> Plan:
    """The plan of ISO 2859-1 for a lot; reduced, that of MIL-STD-105E.

    Args:
        lot: units in the lot.
        level: inspection level, S-1 to S-4 or I to III.
        aql: an AQL of the tables; above 10 in nonconformities per 100 units.
        severity: which table is in force; while inspection is discontinued, the whole lot.

    Raises:
        NoSamplingPlan: a lot, level or AQL that the tables do not have.
    """
    asked = code_letter(lot, level=level)
    if severity is Severity.DISCONTINUED:
        return whole_lot_plan(lot, severity=severity)
    cell = cell_of(asked, aql, severity=severity)
    return Plan(
        standard=REDUCED if severity is Severity.REDUCED else ISO,
        level=level,
        aql=aql,
        severity=severity,
        letter_asked=asked,
        letter_used=cell.letter,
        arrow=cell.arrow,
        sample=min(cell.sample, lot),
        accept=cell.accept,
        reject=cell.reject,
        whole_lot=cell.sample >= lot,
        lot=lot,
    )


def whole_lot_plan(lot: int, *, severity: Severity = Severity.NORMAL) -> Plan:
    """Every unit is inspected, and none may be defective.

    Raises:
        NoSamplingPlan: an empty lot.
    """
    if lot < 1:
        raise NoSamplingPlan(f"expected a lot of one unit or more, found {lot}")
    return Plan(
        standard=WHOLE_LOT,
        level=None,
        aql=None,
        severity=severity,
        letter_asked=None,
        letter_used=None,
        arrow="none",
        sample=lot,
        accept=0,
        reject=1,
        whole_lot=True,
        lot=lot,
    )
