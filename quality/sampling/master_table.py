"""The master tables of single sampling, derived from their structure.

Normal and tightened inspection: ISO 2859-1:1999 tables 2-A and 2-B, the same in GB/T 2828.1 and
MIL-STD-105E. Reduced inspection: MIL-STD-105E table II-C, with its gap between acceptance and
rejection number; ISO 2859-1:1999 has another table 2-C, which is not here.

Sample sizes and AQLs both rise by preferred numbers, so the acceptance number depends only on the
sum of letter and AQL, each counted from zero: the *diagonal*. Along a diagonal n times AQL is
nearly constant. A diagonal without a plan of its own is an arrow to the first plan above or below
in the same column; an arrow that would leave the table turns round. What does not follow from
this is typed, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from quality.errors import NoSamplingPlan
from quality.sampling.letters import LETTERS, SAMPLES
from quality.sampling.severity import Severity

#: The AQLs of the tables. Above 10 they count nonconformities per 100 units, not percent defective.
AQLS: Final = tuple(
    Decimal(text)
    for text in (
        *("0.010", "0.015", "0.025", "0.040", "0.065", "0.10", "0.15", "0.25", "0.40", "0.65"),
        *("1.0", "1.5", "2.5", "4.0", "6.5", "10", "15", "25", "40", "65"),
        *("100", "150", "250", "400", "650", "1000"),
    )
)
Arrow: TypeAlias = Literal["up", "down", "none"]
_Numbers: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Cell:
    """The plan of one cell, its arrow followed: use this letter's sample size."""

    letter: str
    sample: int
    accept: int
    reject: int
    arrow: Arrow


@dataclass(frozen=True, slots=True, kw_only=True)
class _Structure:
    """One master table: plans by diagonal, the arrow of each other diagonal, what is typed."""

    last: str
    samples: tuple[int, ...]
    plans: Mapping[int, _Numbers]
    ups: frozenset[int]
    wide: Mapping[int, _Numbers]
    typed: Mapping[tuple[str, int], _Numbers] = field(default_factory=dict)
    blank: frozenset[tuple[str, int]] = frozenset()

    def plan(self, row: int, column: int) -> _Numbers | None:
        """The numbers of a cell that holds a plan, None where it holds an arrow."""
        typed = self.typed.get((LETTERS[row], column))
        if typed is not None:
            return typed
        if (LETTERS[row], column) in self.blank:
            return None
        diagonal = row + column
        # Typed: the largest acceptance numbers stand only with the samples up to 13 (letter E).
        wide = self.wide.get(diagonal) if row <= LETTERS.index("E") else None
        return self.plans.get(diagonal) or wide

    def resolve(self, row: int, column: int) -> Cell:
        """The plan that a cell leads to."""
        if self.plan(row, column):
            return self._cell(row, column, arrow="none")
        diagonal = row + column
        is_up = diagonal in self.ups or diagonal > max(self.plans)
        found = self._follow(row, column, step=-1 if is_up else 1)
        # Turned round: above the first letter and below the last one stands nothing.
        return found or self._followed(row, column, step=1 if is_up else -1)

    def _follow(self, row: int, column: int, *, step: int) -> Cell | None:
        end = LETTERS.index(self.last) + 1 if step > 0 else -1
        for other in range(row + step, end, step):
            if self.plan(other, column):
                return self._cell(other, column, arrow="down" if step > 0 else "up")
        return None

    def _followed(self, row: int, column: int, *, step: int) -> Cell:
        found = self._follow(row, column, step=step)
        assert found is not None, "every column of the three tables holds a plan"
        return found

    def _cell(self, row: int, column: int, *, arrow: Arrow) -> Cell:
        numbers = self.plan(row, column)
        assert numbers is not None, "asked only for a cell that holds a plan"
        return Cell(LETTERS[row], self.samples[row], *numbers, arrow)


def _next(*accepts: int, start: int) -> dict[int, _Numbers]:
    """Plans from a diagonal onwards, each rejecting with one more than it accepts."""
    return {start + place: (number, number + 1) for place, number in enumerate(accepts)}


def _numbers(*pairs: str, start: int) -> dict[int, _Numbers]:
    """Plans from a diagonal or a column onwards, written ``Ac/Re``."""
    split = (pair.split("/") for pair in pairs)
    return {start + place: (int(ac), int(re)) for place, (ac, re) in enumerate(split)}


def _row(letter: str, *pairs: str, start: int) -> dict[tuple[str, int], _Numbers]:
    return {(letter, at): pair for at, pair in _numbers(*pairs, start=start).items()}


_STRUCTURES: Final[Mapping[Severity, _Structure]] = MappingProxyType(
    {
        Severity.NORMAL: _Structure(
            last="R",
            samples=SAMPLES,
            plans=_next(0, start=14) | _next(1, 2, 3, 5, 7, 10, 14, 21, start=17),
            ups=frozenset({15}),
            wide=_next(30, 44, start=25),
        ),
        # The cell after acceptance number zero points down here, up in normal inspection.
        Severity.TIGHTENED: _Structure(
            last="S",
            samples=SAMPLES,
            plans=_next(0, start=15) | _next(1, 2, 3, 5, 8, 12, 18, start=18),
            ups=frozenset(),
            wide=_next(27, 41, start=25),
            # Typed: at AQL 10 letter A is an arrow, though a plan would stand on its diagonal.
            blank=frozenset({("A", AQLS.index(Decimal(10)))}),
        ),
        # Typed: the samples of A, B and C are all 2, so these rows leave the diagonals.
        Severity.REDUCED: _Structure(
            last="R",
            samples=(2, 2, *SAMPLES[:14]),
            plans=_next(0, start=14)
            | _numbers("0/2", "1/3", "1/4", "2/5", "3/6", "5/8", "7/10", "10/13", start=17),
            ups=frozenset({15}),
            wide=_numbers("14/17", "21/24", start=25),
            typed=_row("A", *"0/1 0/1 0/1 0/2 0/2 1/2 2/3 3/4 5/6 7/8".split(), start=12)
            | _row("A", *"10/11 14/15 21/22 30/31".split(), start=22)
            | _row("B", *"0/1 0/1 0/1 0/2 0/2 1/3 2/4 3/5 5/6 7/8".split(), start=12)
            | _row("B", *"10/11 14/15 21/22 30/31".split(), start=22)
            | _row("C", "0/1", start=13)
            | _row("C", "30/31", start=25),
        ),
    }
)


@cache
def master_table(severity: Severity) -> Mapping[tuple[str, Decimal], Cell]:
    """One whole table, every arrow followed, by letter and AQL.

    Args:
        severity: NORMAL (2-A), TIGHTENED (2-B) or REDUCED (MIL-STD-105E II-C).

    Raises:
        NoSamplingPlan: inspection is discontinued, which no table is for.
    """
    structure = _STRUCTURES.get(severity)
    if structure is None:
        raise NoSamplingPlan(f"expected a severity with a table, found {severity}")
    return MappingProxyType(
        {
            (letter, aql): structure.resolve(row, column)
            for row, letter in enumerate(LETTERS[:-1])
            for column, aql in enumerate(AQLS)
        }
    )


def cell_of(letter: str, aql: Decimal, *, severity: Severity) -> Cell:
    """The plan of a letter and an AQL, the arrow followed.

    Raises:
        NoSamplingPlan: a letter, an AQL or a severity that the tables do not have.
    """
    cell = master_table(severity).get((letter, aql))
    if cell is None:
        known = f"a letter from A to R and an AQL of {', '.join(f'{one:f}' for one in AQLS)}"
        raise NoSamplingPlan(f"expected {known}, found {letter} and {aql}")
    return cell
