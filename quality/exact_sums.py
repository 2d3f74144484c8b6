"""Figures of decimals, exact whatever their order, and without NumPy: admission counts with them.

Sums of the values and of their squares are kept as integers of the smallest decimal place
(ISO 3534-1, 1.15 and 1.20), so nothing cancels and nothing is rounded before the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Final

_WIDE: Final = Context(prec=120, rounding=ROUND_HALF_EVEN)


@dataclass(slots=True)
class ValueSums:
    """The exact figures of a column of decimals."""

    count: int = 0
    places: int = 0
    minimum: Decimal = Decimal("Infinity")
    maximum: Decimal = Decimal("-Infinity")
    minimum_line: int = 0
    maximum_line: int = 0
    _sum: int = 0
    _squares: int = 0

    def add(self, value: str, line: int = 0) -> None:
        """Count one value, written as records write decimals."""
        whole, _, fraction = value.partition(".")
        if len(fraction) > self.places:
            step = 10 ** (len(fraction) - self.places)
            self._sum, self._squares = self._sum * step, self._squares * step * step
            self.places = len(fraction)
        scaled = int(whole + fraction) * 10 ** (self.places - len(fraction))
        self.count += 1
        self._sum += scaled
        self._squares += scaled * scaled
        number = Decimal(value)
        if number < self.minimum:
            self.minimum, self.minimum_line = number, line
        if number > self.maximum:
            self.maximum, self.maximum_line = number, line

    def mean(self) -> Fraction:
        """The arithmetic mean, exactly; there is at least one value."""
        return Fraction(self._sum, self.count * 10**self.places)

    def variance(self) -> Fraction | None:
        """The sample variance with n - 1, exactly; None of a single value."""
        if self.count < 2:
            return None
        squared = self.count * self._squares - self._sum * self._sum
        return Fraction(squared, self.count * (self.count - 1) * 10 ** (2 * self.places))

    def deviation(self) -> Decimal | None:
        """The sample standard deviation to 30 digits; None of a single value."""
        variance = self.variance()
        if variance is None:
            return None
        exact = _WIDE.divide(Decimal(variance.numerator), Decimal(variance.denominator))
        return Context(prec=30).plus(_WIDE.sqrt(exact))
