"""What shipments and goods receipts have in common: a quantity, and the lots it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Context, Decimal
from typing import Final

from ledger.faults import Fault
from quality.repeats import repeat_faults
from quality.units import pieces
from quality.values import Groups, decimal, items, pointed, text

#: 500 decimals of 34 digits are summed without rounding.
_EXACT: Final = Context(prec=80)


def goods_faults(groups: Groups, *, may_be_none: bool) -> Iterator[Fault]:
    """The faults of the group ``goods``.

    Args:
        groups: the record's groups.
        may_be_none: whether the quantity may be zero: nothing has arrived.
    """
    quantity = decimal(groups, "goods", "quantity")
    if quantity is None:
        return
    yield from _quantity_faults(groups, quantity, may_be_none=may_be_none)
    yield from repeat_faults("/goods/lots", items(groups, "goods", "lots"), name="number")
    total = Decimal(0)
    for pointer, lot in pointed("", groups, "goods", "lots"):
        part = decimal(lot, "quantity") or Decimal(0)
        total = _EXACT.add(total, part)
        if part <= 0:
            yield Fault(f"{pointer}/quantity", "more than zero", str(part))
        elif _is_broken(groups, part):
            yield Fault(f"{pointer}/quantity", "a whole number of pieces", str(part))
    if total != quantity:
        yield Fault("/goods/quantity", f"{total}, the sum of the lots", str(quantity))


def _quantity_faults(groups: Groups, quantity: Decimal, *, may_be_none: bool) -> Iterator[Fault]:
    if quantity < 0 or (quantity == 0 and not may_be_none):
        expected = "zero or more" if may_be_none else "more than zero"
        yield Fault("/goods/quantity", expected, str(quantity))
    elif _is_broken(groups, quantity):
        yield Fault("/goods/quantity", "a whole number of pieces", str(quantity))


def _is_broken(groups: Groups, quantity: Decimal) -> bool:
    """Whether a part of a piece is counted."""
    unit = text(groups, "goods", "unit")
    # Nearly every quantity is whole, and a whole number of any of these units is of pieces.
    if unit is None or quantity == quantity.to_integral_value():
        return False
    counted = pieces(quantity, unit)
    return counted is not None and counted != counted.to_integral_value()
