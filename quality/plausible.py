"""Values that cannot be: outside the range that a specification or the unit itself allows.

A specification may say what can be measured at all (``plausible``, from and to); where it does
not, the unit does: no mass is negative, nothing is colder than absolute zero (ISO 80000-5, 5-1),
no share of a mass is above the whole of it. A length may be negative only where its own limits
or nominal value say that it is a deviation. A value outside is told as implausible, which is
less than wrong: it may be a slip of the decimal sign, or a true wonder.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from quality.errors import UnknownUnit
from quality.unit_table import UNITS, Unit
from quality.units import recognise_unit
from quality.values import decimal, text

#: Quantities of which there is none or some; a deviation of one may have either sign.
_NOT_NEGATIVE: Final = frozenset(
    {
        *("count", "set", "kit", "lot", "batch", "mass", "length", "area", "volume", "time"),
        *("calendar time", "resistance", "resistivity", "conductance", "capacitance"),
        *("inductance", "frequency", "apparent power", "energy per area", "luminous intensity"),
        *("luminous flux", "illuminance", "luminance", "mass per volume", "mass per area"),
        *("mass per length", "amount of substance", "amount per volume", "dynamic viscosity"),
        *("kinematic viscosity", "thermal conductivity"),
    }
)
#: Quantities with bounds of nature, in the quantity's first unit; limits never widen them.
_BOUNDED: Final = {
    "temperature": (Fraction(0), None),
    "fraction by mass": (Fraction(0), Fraction(1)),
    "fraction by volume": (Fraction(0), Fraction(1)),
}


@dataclass(frozen=True, slots=True)
class PlausibleRange:
    """What can be measured at all; None where that side has no bound."""

    low: Decimal | None = None
    high: Decimal | None = None

    def excludes(self, value: Decimal) -> bool:
        """Whether a value is implausible; one on a bound is not."""
        return (self.low is not None and value < self.low) or (
            self.high is not None and value > self.high
        )

    def __str__(self) -> str:
        if self.low is None and self.high is None:
            return "any value"
        if self.low is None:
            return f"at most {self.high}"
        if self.high is None:
            return f"at least {self.low}"
        return f"{self.low} to {self.high}"


def plausible_range(characteristic: object, *, is_limited: bool = True) -> PlausibleRange:
    """What values of a characteristic can be, in its own unit.

    Args:
        characteristic: the members ``unit``, ``nominal``, ``lower``, ``upper`` and ``plausible``
            of one in a specification or in a report; what it lacks says nothing.
        is_limited: whether its limits are known. If not, a negative value may be a deviation,
            and the unit speaks only of what nature forbids.
    """
    low, high = (decimal(characteristic, "plausible", name) for name in ("from", "to"))
    if low is not None and high is not None:
        return PlausibleRange(low, high)
    unit = _unit_of(characteristic)
    if unit is None:
        return PlausibleRange()
    if unit.quantity in _BOUNDED:
        return PlausibleRange(*(_in_unit(bound, unit) for bound in _BOUNDED[unit.quantity]))
    if is_limited and unit.quantity in _NOT_NEGATIVE and not _is_deviation(characteristic):
        return PlausibleRange(low=Decimal(0))
    return PlausibleRange()


def _unit_of(characteristic: object) -> Unit | None:
    try:
        return UNITS[recognise_unit(text(characteristic, "unit") or "")]
    except UnknownUnit:
        return None


def _is_deviation(characteristic: object) -> bool:
    """Whether its own limits or nominal value reach zero from above, as only deviations do."""
    nominal = decimal(characteristic, "nominal")
    edges = (decimal(characteristic, name) for name in ("lower", "upper"))
    return (nominal is not None and nominal <= 0) or any(
        edge is not None and edge < 0 for edge in edges
    )


def _in_unit(bound: Fraction | None, unit: Unit) -> Decimal | None:
    if bound is None:
        return None
    exact = (bound - unit.offset) / unit.factor
    return Decimal(exact.numerator) / Decimal(exact.denominator)
