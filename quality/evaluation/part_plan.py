"""The parts of a supplier: which, for whom, in which unit, how many and how bad."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from quality.evaluation.calendar import MONTH_DAYS
from quality.evaluation.cast import SimulatedParty
from quality.evaluation.draws import draw_one, draw_whole, normal_quantile, open_stream
from quality.evaluation.profile import SupplierProfile

#: Each stands for one process, so a supplier has one to three of them.
FAMILIES: Final = (
    *("castings", "stampings", "machined", "moulded", "seals", "fasteners"),
    *("harnesses", "electronics", "bearings", "springs", "motors", "sensors"),
)
PIECE, KILOGRAM, METRE = "H87", "KGM", "MTR"
#: How many pieces a kilogram or a metre may be: quantities then have at most three places.
_PER_UNIT: Final = (4, 5, 8, 10, 20, 25, 40, 50)
_OTHER_UNIT_SHARE: Final = 0.08
_WITHOUT_CONVERSION_SHARE: Final = 0.25
_SAFETY_SHARE: Final = 0.05
#: Shipments a month by the pieces a month: from daily runs down to one a month.
_FREQUENCIES: Final = ((20_000, 21.0), (2_000, 10.0), (100, 4.35), (10, 2.0), (1, 1.0))
_NAMES: Final = ("Outer diameter", "Length", "Wall thickness", "Flatness", "Bore", "Height")


@dataclass(frozen=True, slots=True)
class PartPlan:
    """One part for one customer; quantities are counted in pieces.

    A part whose ``unit`` is not the piece has ``pieces_per_unit``, or None where nobody has
    said it: its quantities are then in its unit, and its deliveries count by lots.
    """

    supplier: SimulatedParty
    customer: SimulatedParty
    number: str
    supplier_number: str
    family: str
    unit: str
    pieces_per_unit: int | None
    is_safety: bool
    monthly: float
    gap_days: float
    bad_rate: float
    characteristics: Sequence[Mapping[str, Any]]

    @property
    def is_counted(self) -> bool:
        """Whether its unit is the piece."""
        return self.unit == PIECE

    def thousandths(self, amount: int) -> int:
        """Thousandths of the unit."""
        return amount * 1000 // (self.pieces_per_unit or 1)

    def pieces(self, amount: int) -> int | None:
        """Pieces, where that can be told."""
        return amount if self.is_counted or self.pieces_per_unit else None


def plan_parts(
    seed: int,
    profile: SupplierProfile,
    supplier: SimulatedParty,
    *,
    customers: Sequence[SimulatedParty],
) -> tuple[PartPlan, ...]:
    """All parts of a supplier: every customer gets one, where there are enough.

    The supplier's volume is divided by weights that fall with the rank; its rate of bad units
    differs by part, and the volume-weighted mean of the parts' rates is the supplier's.
    """
    draw = open_stream(seed, "parts", supplier.slug)
    families = _draw_families(draw, min(draw_whole(draw, 1, 3), profile.part_count))
    weights = [draw.random() / (1 + rank) for rank in range(profile.part_count)]
    factors = [math.exp(0.5 * normal_quantile(draw.random())) for _ in weights]
    total = sum(weights)
    mean = sum(w * f for w, f in zip(weights, factors, strict=True)) / total
    return tuple(
        _plan_part(
            draw,
            rank,
            supplier=supplier,
            customer=customers[rank] if rank < len(customers) else draw_one(draw, customers),
            figures=_Figures(
                families[rank % len(families)],
                profile.monthly_volume * weights[rank] / total,
                profile.bad_per_million * factors[rank] / mean / 1e6,
            ),
        )
        for rank in range(profile.part_count)
    )


@dataclass(frozen=True, slots=True)
class _Figures:
    family: str
    monthly: float
    bad_rate: float


def _plan_part(
    draw: Random,
    rank: int,
    *,
    supplier: SimulatedParty,
    customer: SimulatedParty,
    figures: _Figures,
) -> PartPlan:
    unit, pieces_per_unit = _draw_unit(draw)
    number = int(supplier.slug.rpartition("-")[2])
    return PartPlan(
        supplier=supplier,
        customer=customer,
        number=f"{customer.slug[0].upper()}{number:03}-{rank + 1:02}",
        supplier_number=f"{figures.family[:3].upper()}{rank + 1:03}",
        family=figures.family,
        unit=unit,
        pieces_per_unit=pieces_per_unit,
        is_safety=draw.random() < _SAFETY_SHARE,
        monthly=figures.monthly,
        gap_days=_gap_days(figures.monthly),
        bad_rate=figures.bad_rate,
        characteristics=tuple(_characteristic(draw, at) for at in range(draw_whole(draw, 2, 4))),
    )


def _draw_families(draw: Random, count: int) -> Sequence[str]:
    first = draw_whole(draw, 0, len(FAMILIES) - 1)
    return [FAMILIES[(first + 5 * at) % len(FAMILIES)] for at in range(count)]


def _draw_unit(draw: Random) -> tuple[str, int | None]:
    if draw.random() >= _OTHER_UNIT_SHARE:
        return PIECE, None
    unit = KILOGRAM if draw.random() < 0.7 else METRE
    is_silent = draw.random() < _WITHOUT_CONVERSION_SHARE
    return unit, None if is_silent else draw_one(draw, _PER_UNIT)


def _gap_days(monthly: float) -> float:
    # Who sells less than one piece a month ships one every few months.
    a_month = next((times for least, times in _FREQUENCIES if monthly >= least), max(monthly, 0.02))
    return MONTH_DAYS / a_month


def _characteristic(draw: Random, at: int) -> Mapping[str, Any]:
    nominal, tolerance = draw_whole(draw, 500, 9_000), draw_whole(draw, 5, 40)
    share = draw.random()
    special = "CC" if share < 0.05 else "SC" if share < 0.25 else "none"
    one_sided = draw.random() < 0.2
    capability = {"index": "Ppk", "at_least": "1.67" if special == "CC" else "1.33"}
    return {
        "number": str(at + 1),
        "name": draw_one(draw, _NAMES),
        "class": special,
        "nominal": hundredths(nominal),
        "lower": None if one_sided else hundredths(nominal - tolerance),
        "upper": hundredths(nominal + tolerance),
        "unit": "MMT",
        "gauge": {"kind": "calliper", "resolution": "0.01"},
        "plausible": {
            "from": hundredths(nominal - 4 * tolerance),
            "to": hundredths(nominal + 4 * tolerance),
        },
        "sampling": {"standard": "c=0"},
        **({"capability": capability, "upload": "lot"} if special != "none" else {}),
    }


def hundredths(value: int) -> str:
    """A decimal with two places; ``value`` is positive."""
    return f"{value // 100}.{value % 100:02}"
