"""Code letters and their sample sizes: ISO 2859-1:1999, table 1 (GB/T 2828.1, MIL-STD-105E I).

A lot size and an inspection level give a letter, a letter a sample size. The letters I and O
are not used; S exists in the tightened table only.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from quality.errors import NoSamplingPlan

#: Every letter, from the smallest sample to the largest.
LETTERS: Final = "ABCDEFGHJKLMNPQRS"
#: Sample sizes of the normal and the tightened table, by letter: the preferred numbers R 5.
SAMPLES: Final = (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000, 3150)
#: The largest lot of each band but the last, which is open.
LOTS_TO: Final = (
    *(8, 15, 25, 50, 90, 150, 280, 500, 1200),
    *(3200, 10_000, 35_000, 150_000, 500_000),
)
#: The letter of each band of lots, by inspection level; from the least to the most inspected.
LEVELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "S-1": "AAAABBBBCCCCDDD",
        "S-2": "AAABBBCCCDDDEEE",
        "S-3": "AABBCCDDEEFFGGH",
        "S-4": "AABCCDEEFGGHJJK",
        "I": "AABCCDEFGHJKLMN",
        "II": "ABCDEFGHJKLMNPQ",
        "III": "BCDEFGHJKLMNPQR",
    }
)


def code_letter(lot: int, *, level: str) -> str:
    """The letter that the size of a lot and the inspection level give.

    Args:
        lot: units in the lot; a lot of one unit, for which the table has no band, is as one of two.
        level: a special level S-1 to S-4 or a general level I to III.

    Raises:
        NoSamplingPlan: an empty lot, or a level that the table does not have.
    """
    if lot < 1:
        raise NoSamplingPlan(f"expected a lot of one unit or more, found {lot}")
    letters = LEVELS.get(level)
    if letters is None:
        raise NoSamplingPlan(f"expected an inspection level of {', '.join(LEVELS)}, found {level}")
    return letters[bisect_left(LOTS_TO, lot)]
