"""The figures of a few measured values as decimals: exact sums, rounded once.

The mean is rounded half to even at two places more than the values have, the deviation likewise;
minimum and maximum are the values themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

# Sums of 5,000 values of 34 digits, and of their squares, are exact.
_EXACT: Final = Context(prec=160, rounding=ROUND_HALF_EVEN)
_MORE_PLACES: Final = 2
_DIGITS_MAX: Final = 34


@dataclass(frozen=True, slots=True)
class Figures:
    """Minimum, mean, maximum and, of two values or more, the deviation s, as texts."""

    minimum: str
    mean: str
    maximum: str
    deviation: str | None


def figures(values: Sequence[Decimal]) -> Figures:
    """The figures of at least one value.

    ``deviation`` is the square root of the sum of squares about the mean over n - 1.
    Source: NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.5.6.
    """
    count = Decimal(len(values))
    total = squares = Decimal(0)
    for value in values:
        total = _EXACT.add(total, value)
        squares = _EXACT.fma(value, value, squares)
    places = max(max(-int(value.as_tuple().exponent), 0) for value in values) + _MORE_PLACES
    mean = _EXACT.divide(total, count)
    deviation = None
    if len(values) > 1:
        # n * sum of squares - square of the sum: exact, so nothing cancels.
        about = _EXACT.subtract(_EXACT.multiply(count, squares), _EXACT.multiply(total, total))
        variance = _EXACT.divide(about, _EXACT.multiply(count, count - 1))
        deviation = _written(_EXACT.sqrt(variance), places)
    low, high = min(values), max(values)
    return Figures(f"{low:f}", _written(mean, places), f"{high:f}", deviation)


def _written(number: Decimal, places: int) -> str:
    """The number at so many places, fewer where a record's digits end."""
    whole = max(number.adjusted() + 1, 1)
    kept = max(min(places, _DIGITS_MAX - whole), 0)
    rounded = number.quantize(Decimal(1).scaleb(-kept), context=_EXACT)
    # Zero has no sign in a record.
    return f"{rounded if rounded else abs(rounded):f}"
