"""What two parties have agreed on that a delivery is counted by: sides and conversions.

A small fold over ``act/v1`` and ``part/v1`` (docs/spec/deliveries.md, section 3). It judges
nothing: what was admitted was judged at admission.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, NamedTuple, Protocol

from ledger.relations import ACT_VCT
from quality.unit_table import UNITS
from quality.units import is_counting
from quality.values import Groups, decimal, text

PART_VCT: Final = "part/v1"
AGREED_VCTS: Final = (ACT_VCT, PART_VCT)


class Lane(NamedTuple):
    """A customer, its supplier, and the customer's number of the part that moves between them."""

    customer: str
    supplier: str
    part: str


@dataclass(frozen=True, slots=True)
class Filed:
    """An admitted record: where it stands, whose it is, and its groups."""

    index: int
    record_id: str
    party: str
    vct: str
    groups: Groups


@dataclass(frozen=True, slots=True)
class Conversion:
    """How many pieces a unit is, and the records that say so (none for a counting unit).

    ``pieces`` is None where the part that is in force does not say.
    """

    pieces: Decimal | None
    basis: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sides:
    """Who of two parties buys, and the records that say so."""

    customer: str
    supplier: str
    basis: tuple[str, ...] = ()


class Agreed(Protocol):
    """What is in force before the next record."""

    def conversion(self, lane: Lane, unit: str) -> Conversion:
        """How a quantity of the part in this unit becomes pieces."""

    def sides(self, opener: str, other: str, part: str) -> Sides:
        """Which of the two is the customer of a case about this part."""


@dataclass(frozen=True, slots=True)
class _PartRecord:
    record_id: str
    lane: Lane
    unit: str
    pieces_per_unit: Decimal | None
    endorsed_by: str = ""


@dataclass(frozen=True, slots=True)
class _Supply:
    record_id: str
    customer: str
    supplier: str
    offered_by: str
    endorsed_by: str = ""

    @property
    def other(self) -> str:
        return self.supplier if self.offered_by == self.customer else self.customer


class AgreedRecords:
    """The same from the records themselves, in the order of the log. Not for several threads."""

    def __init__(self) -> None:
        """Nothing is agreed yet."""
        self._offered_parts: dict[str, _PartRecord] = {}
        self._parts: dict[Lane, _PartRecord] = {}
        self._supplies: dict[str, _Supply] = {}
        self._pairs: dict[tuple[str, str], _Supply] = {}

    def apply(self, record: Filed) -> None:
        """Take in the next record; one of another type says nothing here."""
        if record.vct == PART_VCT:
            self._apply_part(record)
        elif record.vct == ACT_VCT:
            self._apply_act(record)

    def conversion(self, lane: Lane, unit: str) -> Conversion:
        """See :meth:`Agreed.conversion`."""
        if is_counting(unit):
            return Conversion(Decimal(UNITS[unit].factor.numerator))
        part = self._parts.get(lane)
        if part is None:
            return Conversion(None)
        pieces = part.pieces_per_unit if part.unit == unit else None
        return Conversion(pieces, (part.record_id, part.endorsed_by))

    def sides(self, opener: str, other: str, part: str) -> Sides:
        """See :meth:`Agreed.sides`: by the part, by the relation, else who opened it buys."""
        for customer, supplier in ((opener, other), (other, opener)):
            known = self._parts.get(Lane(customer, supplier, part))
            if known is not None:
                return Sides(customer, supplier, (known.record_id, known.endorsed_by))
        for customer, supplier in ((opener, other), (other, opener)):
            supply = self._pairs.get((customer, supplier))
            if supply is not None:
                return Sides(customer, supplier, (supply.record_id, supply.endorsed_by))
        return Sides(opener, other)

    def _apply_part(self, record: Filed) -> None:
        groups = record.groups
        number, unit = text(groups, "state", "number"), text(groups, "state", "unit")
        supplier = text(groups, "state", "supplier")
        if number is None or unit is None or supplier is None:
            return
        self._offered_parts[record.record_id] = _PartRecord(
            record.record_id,
            Lane(record.party, supplier, number),
            unit,
            _above_zero(decimal(groups, "detail", "pieces_per_unit")),
        )

    def _apply_act(self, record: Filed) -> None:
        groups = record.groups
        of = text(groups, "state", "of") or ""
        match text(groups, "state", "act"):
            case "relation" if text(groups, "state", "kind") == "supply":
                self._offer(record)
            case "endorse" if text(groups, "state", "meaning") == "approve":
                self._endorse(record, of)

    def _offer(self, record: Filed) -> None:
        customer = text(record.groups, "state", "customer")
        supplier = text(record.groups, "state", "provider")
        if customer and supplier and record.party in (customer, supplier):
            self._supplies[record.record_id] = _Supply(
                record.record_id, customer, supplier, record.party
            )

    def _endorse(self, record: Filed, of: str) -> None:
        part, supply = self._offered_parts.get(of), self._supplies.get(of)
        if part is not None and record.party == part.lane.supplier:
            self._parts[part.lane] = replace(part, endorsed_by=record.record_id)
        if supply is not None and record.party == supply.other:
            # An ended relation still tells who bought: the first one of a pair stays.
            pair = (supply.customer, supply.supplier)
            self._pairs.setdefault(pair, replace(supply, endorsed_by=record.record_id))


def _above_zero(number: Decimal | None) -> Decimal | None:
    return number if number is not None and number > 0 else None
