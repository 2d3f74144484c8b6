"""The lot of an inspection report: quantity, the lots it took together, dates, who is inspected."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Context, Decimal
from functools import lru_cache
from typing import Final

from ledger.faults import Fault
from quality.flags import Flag
from quality.repeats import repeat_faults
from quality.units import pieces as pieces_of
from quality.values import Groups, day, decimal, exact, instant, items, pointed, text

#: More digits than a hundred quantities of 34 digits can need: their sum is never rounded.
_EXACT: Final = Context(prec=160)
_REMEMBERED_CHARACTERS_MAX: Final = 128


def lot_faults(groups: Groups) -> Iterator[Fault]:
    """The faults of the group ``lot``."""
    quantity = decimal(groups, "lot", "quantity")
    if quantity is not None and quantity <= 0:
        yield Fault("/lot/quantity", "more than zero", str(quantity))
    pieces = pieces_in(groups)
    if pieces is not None and pieces != pieces.to_integral_value():
        yield Fault("/lot/quantity", "a whole number of pieces", str(quantity))
    yield from _date_faults("/lot", groups.get("lot"))
    yield from _lots_faults(groups, quantity)
    yield from _resubmission_faults(groups)
    yield from _inspected_faults(groups)


def lot_flags(groups: Groups) -> Iterator[Flag]:
    """What the lot says that is true but bad: a shelf life that was over, unless it is rejected."""
    decided = instant(groups, "verdict", "decided_at")
    if decided is None or text(groups, "verdict", "decision") == "reject":
        return
    lots = [("/lot", groups.get("lot")), *pointed("", groups, "lot", "lots")]
    for pointer, lot in lots:
        expires = day(lot, "expires_on")
        if expires is not None and expires < decided.date():
            yield Flag(
                "shelf-life-over",
                f"{pointer}/expires_on",
                en=f"the shelf life ended on {expires}, before the verdict of {decided.date()}",
                zh=f"保质期已于 {expires} 届满，判定日期为 {decided.date()}",
            )


def pieces_in(groups: Groups) -> Decimal | None:
    """The lot quantity where it can be compared with units inspected."""
    quantity, unit = text(groups, "lot", "quantity"), text(groups, "lot", "unit")
    if quantity is None or unit is None:
        return None
    # A reader may be given texts of any length: only what a schema lets through is remembered.
    is_short = len(quantity) + len(unit) <= _REMEMBERED_CHARACTERS_MAX
    return _remembered_pieces(quantity, unit) if is_short else _pieces(quantity, unit)


def _pieces(quantity: str, unit: str) -> Decimal | None:
    number = exact(quantity)
    return None if number is None else pieces_of(number, unit)


#: Four rules of one report ask for it, and a conversion of units costs more than all of them.
_remembered_pieces = lru_cache(maxsize=1024)(_pieces)


def _date_faults(pointer: str, lot: object) -> Iterator[Fault]:
    made = day(lot, "manufactured_on")
    if made is None:
        return
    for name in ("received_on", "expires_on"):
        later = day(lot, name)
        if later is not None and later < made:
            yield Fault(f"{pointer}/{name}", f"{made} (manufactured) or later", str(later))


def _lots_faults(groups: Groups, quantity: Decimal | None) -> Iterator[Fault]:
    """Lots of the maker that were inspected as one: each once, and together the whole."""
    lots = items(groups, "lot", "lots")
    yield from repeat_faults("/lot/lots", lots, name="number")
    quantities = [decimal(lot, "quantity") for lot in lots]
    for (pointer, lot), part in zip(pointed("", groups, "lot", "lots"), quantities, strict=True):
        yield from _date_faults(pointer, lot)
        if part is not None and part <= 0:
            yield Fault(f"{pointer}/quantity", "more than zero", str(part))
    known = [part for part in quantities if part is not None]
    if quantity is None or not known or len(known) < len(quantities):
        return
    total = Decimal(0)
    for part in known:
        total = _EXACT.add(total, part)
    if total != quantity:
        yield Fault("/lot/lots", f"quantities that add up to {quantity}", f"{total:f}")


def _resubmission_faults(groups: Groups) -> Iterator[Fault]:
    """A lot that comes again was inspected in a record of its own."""
    first = text(groups, "lot", "resubmission_of")
    if first is None:
        return
    if first == text(groups, "manifest", "corrects"):
        expected = "the record of the earlier inspection, not the one that this record corrects"
        yield Fault("/lot/resubmission_of", expected, first)
    if first == text(groups, "lot", "shipment"):
        expected = "the record of the earlier inspection, not the shipment"
        yield Fault("/lot/resubmission_of", expected, first)


def _inspected_faults(groups: Groups) -> Iterator[Fault]:
    """At receipt it is the supplier's lot that is inspected, before shipment its own."""
    stage, supplier = text(groups, "verdict", "stage"), text(groups, "lot", "supplier")
    inspected = text(groups, "lot", "inspected", "party")
    if stage not in {"receiving", "outgoing"} or supplier is None or inspected is None:
        return
    if inspected != supplier:
        yield Fault("/lot/inspected/party", f"the lot's supplier {supplier}", inspected)
