"""Units and their conversion (UN/ECE Recommendation 20), exactly.

The rule: a value is converted as a fraction, without rounding, and written as a decimal. Where
that decimal ends within 50 significant digits it is exact; else it is rounded half to even at
the fiftieth. A caller who wants places asks for places, and the exact fraction is rounded once.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Final

from quality.errors import UnitMismatch, UnknownUnit
from quality.near_codes import NEAR_MAX, near_codes
from quality.unit_aliases import ALIASES
from quality.unit_table import UNITS, Unit

#: Units of a count: a part that is counted in one of them is scored by pieces.
COUNT: Final = "count"
_PIECE: Final = "H87"
SIGNIFICANT_DIGITS: Final = 50
_EXACT: Final = Context(prec=SIGNIFICANT_DIGITS, rounding=ROUND_HALF_EVEN)
#: Wide enough for any value that a record can hold, in any unit.
_WIDE: Final = Context(prec=400, rounding=ROUND_HALF_EVEN)
_EXPONENT_MAX: Final = 64


def find_unit(code: str) -> Unit:
    """The unit of a code of Recommendation 20, as records write it.

    Raises:
        UnknownUnit: the table has none; the text names those that may have been meant.
    """
    unit = UNITS.get(code)
    if unit is None:
        raise _unknown(code)
    return unit


def is_counting(code: str) -> bool:
    """Whether a code is a unit of a count, of which one is so many pieces."""
    unit = UNITS.get(code)
    return unit is not None and unit.quantity == COUNT


def convert(value: Decimal, source: str, *, target: str, places: int | None = None) -> Decimal:
    """A value in another unit of the same quantity.

    Args:
        value: a finite number; its leading digit stands within 64 places of the point.
        source: code of the unit that it is in.
        target: code of the unit that is wanted.
        places: how many digits after the point, rounded half to even; all where absent.

    Raises:
        UnknownUnit: the table lacks one of the codes.
        UnitMismatch: they are of different quantities.
    """
    assert value.is_finite(), "a number that was parsed is finite"
    assert abs(value.adjusted()) <= _EXPONENT_MAX, "a number that was parsed is bounded"
    given, wanted = find_unit(source), find_unit(target)
    if given.quantity != wanted.quantity:
        raise UnitMismatch(
            f"expected a unit of {given.quantity} like {source} ({given.en}), "
            f"found {target} ({wanted.en}), a unit of {wanted.quantity}"
        )
    base = Fraction(value) * given.factor + given.offset
    exact = (base - wanted.offset) / wanted.factor
    return _written(exact) if places is None else _rounded(exact, places)


def pieces(
    quantity: Decimal,
    unit: str,
    *,
    part_unit: str | None = None,
    pieces_per_unit: Decimal | None = None,
) -> Decimal | None:
    """How many pieces a quantity of a part is (docs/spec/masters.md, section 5).

    A counting unit is so many pieces of any part. Any other one is brought to the unit of the
    part, exactly, and that one is as many pieces as the part says.

    Args:
        quantity: a finite number within the bounds of :func:`convert`.
        unit: code of the unit that it is in.
        part_unit: code of the unit of the part, where the part is known.
        pieces_per_unit: how many pieces one of the part's unit is, where the part says.

    Returns:
        The pieces; None where nothing leads from the unit to pieces.
    """
    if is_counting(unit):
        return convert(quantity, unit, target=_PIECE)
    if pieces_per_unit is None or pieces_per_unit <= 0:
        return None
    worth = _worth_in(unit, part_unit)
    return (
        None if worth is None else _written(Fraction(quantity) * worth * Fraction(pieces_per_unit))
    )


def is_convertible(unit: str, part_unit: str, *, pieces_per_unit: Decimal | None) -> bool:
    """Whether goods in one unit can be compared with those in the unit of their part."""
    if _worth_in(unit, part_unit) is not None:
        return True
    one = Decimal(1)
    return all(
        pieces(one, code, part_unit=part_unit, pieces_per_unit=pieces_per_unit) is not None
        for code in (unit, part_unit)
    )


def _worth_in(unit: str, part_unit: str | None) -> Fraction | None:
    """How many of the part's unit one of a unit is; a unit that no table has is itself only."""
    if unit == part_unit:
        return Fraction(1)
    given, own = UNITS.get(unit), UNITS.get(part_unit or "")
    if given is None or own is None or given.quantity != own.quantity:
        return None
    return given.factor / own.factor


def recognise_unit(spelling: str) -> str:
    """The code that a spelling in an imported table means: a code, or a usual abbreviation.

    Records are never read like this: there the code itself stands.

    Raises:
        UnknownUnit: nobody knows what it means.
    """
    text = spelling.strip()
    for candidate in (text, text.replace(" ", "")):
        if found := ALIASES.get(candidate):
            return found
        if candidate in UNITS:
            return candidate
    # Names only: a code or a symbol in other capitals is another unit (mPa and MPa).
    named = _NAMES.get(text.casefold())
    if named is None:
        raise _unknown(text)
    return named


_NAMES: Final = {
    name.casefold(): unit.code for unit in UNITS.values() for name in (unit.en, unit.zh)
}


def _written(exact: Fraction) -> Decimal:
    quotient = _EXACT.divide(Decimal(exact.numerator), Decimal(exact.denominator))
    # 1E+3 is how Decimal writes a quotient; a record writes 1000.
    return quotient.quantize(Decimal(1), context=_WIDE) if _is_whole(quotient) else quotient


def _is_whole(number: Decimal) -> bool:
    return number == number.to_integral_value()


def _rounded(exact: Fraction, places: int) -> Decimal:
    # round() of a fraction goes half to even, and from the exact value: never rounded twice.
    return Decimal(round(exact * 10**places)).scaleb(-places, context=_WIDE)


def _unknown(code: str) -> UnknownUnit:
    spelled = {ALIASES[code]} if code in ALIASES else set()
    near = dict.fromkeys((*sorted(spelled), *near_codes(code, UNITS)))
    named = [f"{name} ({UNITS[name].en})" for name in near][:NEAR_MAX]
    meant = f": did you mean {' or '.join(named)}?" if named else ""
    return UnknownUnit(f"expected a unit of Recommendation 20, found {code[:40]!r}{meant}")
