"""Shipped and received of one delivery, brought to one measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from quality.deliveries.papers import Paper

PIECES: Final = "pieces"


@dataclass(frozen=True, slots=True)
class Compared:
    """Shipped and received in one measure, receipt by receipt of the shipped part."""

    measure: str
    shipped: Decimal
    received: tuple[tuple[Paper, Decimal], ...]


def compare(shipment: Paper, receipts: Sequence[Paper]) -> Compared | None:
    """In the shipment's unit where all have it, else in pieces; None where neither will do."""
    own = [receipt for receipt in receipts if receipt.lane == shipment.lane]
    if not own or not all(paper.has_goods for paper in (shipment, *own)):
        return None
    if all(receipt.unit == shipment.unit for receipt in own):
        same = tuple((receipt, receipt.quantity) for receipt in own)
        return Compared(shipment.unit, shipment.quantity, same)
    counted = tuple((item, item.pieces) for item in own if item.pieces is not None)
    if shipment.pieces is None or len(counted) < len(own):
        return None
    return Compared(PIECES, shipment.pieces, counted)
