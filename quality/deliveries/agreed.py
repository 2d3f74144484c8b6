"""What two parties have agreed on that a delivery is counted by: sides and conversions.

A small fold over ``act/v1`` and ``part/v1`` (docs/spec/deliveries.md, section 3). It judges
nothing: what was admitted was judged at admission.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, NamedTuple, Protocol

from ledger.relations import ACT_VCT
from quality.units import is_counting, pieces
from quality.values import Groups, decimal, text

PART_VCT: Final = "part/v1"
AGREED_VCTS: Final = (ACT_VCT, PART_VCT)
#: Behind every month that anything is dated in.
LAST_MONTH: Final = "9999-12"


class Lane(NamedTuple):
    """A customer, its supplier, and the customer's number of the part that moves between them."""

    customer: str
    supplier: str
    part: str


@dataclass(frozen=True, slots=True)
class Filed:
    """An admitted record: where it stands, whose it is, and its groups.

    ``erased`` are groups that an entry ordered erased: they are not among ``groups``, be they
    held still or not. ``month`` is that of its admission, in UTC, and ``admitted_ms`` its time;
    ``kid`` is the key that signed it.
    """

    index: int
    record_id: str
    party: str
    vct: str
    groups: Groups
    erased: frozenset[str] = frozenset()
    month: str = LAST_MONTH
    admitted_ms: int = 0
    kid: str = ""


@dataclass(frozen=True, slots=True)
class Conversion:
    """How quantities in a unit become pieces, and the records that say so.

    A counting unit needs none of them. Of any other one the part that is in force says: in
    which unit it is counted, and how many pieces one of these is.
    """

    unit: str
    part_unit: str | None = None
    pieces_per_unit: Decimal | None = None
    basis: tuple[str, ...] = ()

    def pieces(self, quantity: Decimal) -> Decimal | None:
        """How many pieces that is; None where nothing agreed says so."""
        if not quantity:
            # Nothing of any unit is no pieces: there is nothing to convert.
            return Decimal(0)
        return pieces(
            quantity,
            self.unit,
            part_unit=self.part_unit,
            pieces_per_unit=self.pieces_per_unit,
        )


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

    def sides(self, opener: str, other: str, part: str) -> Sides | None:
        """Which of the two is the customer of a case about this part; None: neither is."""


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
    """The same from the records themselves, in the order of the log. Not for several threads.

    It follows acts and parts as :class:`quality.masters.Masters` does: a later proposal of a part
    takes the place of an open one, and what was answered or withdrawn is open no more.
    """

    def __init__(self) -> None:
        """Nothing is agreed yet."""
        self._proposed: dict[str, _PartRecord] = {}
        self._open: dict[Lane, str] = {}
        self._parts: dict[Lane, _PartRecord] = {}
        self._offers: dict[str, _Supply] = {}
        self._pairs: dict[tuple[str, str], _Supply] = {}

    def apply(self, record: Filed) -> None:
        """Take in the next record; one of another type says nothing here."""
        if record.vct == PART_VCT:
            self._apply_part(record)
        elif record.vct == ACT_VCT:
            self._apply_act(record)

    def conversion(self, lane: Lane, unit: str) -> Conversion:
        """See :meth:`Agreed.conversion`."""
        part = None if is_counting(unit) else self._parts.get(lane)
        if part is None:
            return Conversion(unit)
        basis = (part.record_id, part.endorsed_by)
        return Conversion(unit, part.unit, part.pieces_per_unit, basis)

    def sides(self, opener: str, other: str, part: str) -> Sides | None:
        """See :meth:`Agreed.sides`: by the part, else by a relation that is or was in force."""
        for customer, supplier in ((opener, other), (other, opener)):
            known = self._parts.get(Lane(customer, supplier, part))
            if known is not None:
                return Sides(customer, supplier, (known.record_id, known.endorsed_by))
        for customer, supplier in ((opener, other), (other, opener)):
            supply = self._pairs.get((customer, supplier))
            if supply is not None:
                return Sides(customer, supplier, (supply.record_id, supply.endorsed_by))
        return None

    def _apply_part(self, record: Filed) -> None:
        groups = record.groups
        number, unit = text(groups, "state", "number"), text(groups, "state", "unit")
        supplier = text(groups, "state", "supplier")
        if number is None or unit is None or supplier is None:
            return
        lane = Lane(record.party, supplier, number)
        self._proposed.pop(self._open.get(lane, ""), None)
        self._open[lane] = record.record_id
        self._proposed[record.record_id] = _PartRecord(
            record.record_id, lane, unit, decimal(groups, "detail", "pieces_per_unit")
        )

    def _apply_act(self, record: Filed) -> None:
        groups = record.groups
        of, meaning = text(groups, "state", "of") or "", text(groups, "state", "meaning")
        match text(groups, "state", "act"):
            case "relation" if text(groups, "state", "kind") == "supply":
                self._offer(record)
            case "endorse" if meaning in ("approve", "reject"):
                self._answer(record, of, is_approved=meaning == "approve")
            case "end":
                supply = self._offers.get(of)
                if supply is not None and record.party in (supply.customer, supply.supplier):
                    del self._offers[of]

    def _offer(self, record: Filed) -> None:
        customer = text(record.groups, "state", "customer")
        supplier = text(record.groups, "state", "provider")
        if customer and supplier and record.party in (customer, supplier):
            self._offers[record.record_id] = _Supply(
                record.record_id, customer, supplier, record.party
            )

    def _answer(self, record: Filed, of: str, *, is_approved: bool) -> None:
        part, supply = self._proposed.get(of), self._offers.get(of)
        if part is not None and record.party == part.lane.supplier:
            del self._proposed[of], self._open[part.lane]
            if is_approved:
                self._parts[part.lane] = replace(part, endorsed_by=record.record_id)
        if supply is not None and record.party == supply.other:
            del self._offers[of]
            if is_approved:
                # An ended relation still tells who bought: the first one of a pair stays.
                pair = (supply.customer, supply.supplier)
                self._pairs.setdefault(pair, replace(supply, endorsed_by=record.record_id))
