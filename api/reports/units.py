"""Units as people read them: mm for MMT; the code alone where there is no symbol."""

from __future__ import annotations

from functools import cache
from typing import Final

from quality.unit_aliases import ALIASES
from quality.units import is_counting

#: Of spellings of one unit the one that is printed has most of these: m² before m2.
_PRINTED: Final = "µ²³°Ω·"


def unit_symbol(unit: str) -> str:
    """The symbol of a unit by its code; a unit that has none, or is no code, as it stands."""
    return _symbols().get(unit, unit)


@cache
def _symbols() -> dict[str, str]:
    spellings: dict[str, list[str]] = {}
    for spelling, code in ALIASES.items():
        spellings.setdefault(code, []).append(spelling)
    return {code: _best(found) for code, found in spellings.items() if not is_counting(code)}


def _best(spellings: list[str]) -> str:
    """The first of those with most characters of print; Chinese names are no symbols."""
    best = max(spellings, key=lambda text: sum(map(text.count, _PRINTED)))
    return best.rstrip(".")
