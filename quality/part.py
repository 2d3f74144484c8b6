"""What a part must be, and what it may lack.

Rules for ``part/v1`` that its schema cannot say. Whether its unit is one of the codebook, and
whether its family may be bought, depends on what is in force: :mod:`quality.masters`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from ledger.faults import Fault
from quality.counterparty import Roles, counterparty_faults
from quality.flags import Flag
from quality.units import is_counting
from quality.units import pieces as pieces_of
from quality.values import Groups, decimal, text

_ROLES: Final = Roles(("state",), "customer", "supplier")


def part_faults(groups: Groups, *, signer: str | None) -> Iterator[Fault]:
    """The faults of a part's groups; ``signer`` is its party, where known."""
    yield from counterparty_faults(groups, _ROLES, signer=signer)
    pieces, unit = decimal(groups, "detail", "pieces_per_unit"), text(groups, "state", "unit")
    if pieces is None:
        return
    counted = None if unit is None else pieces_of(Decimal(1), unit)
    if pieces <= 0:
        yield Fault("/detail/pieces_per_unit", "more than zero", str(pieces))
    elif counted not in (None, pieces):
        expected = f"{counted}, or none: {unit} counts pieces"
        yield Fault("/detail/pieces_per_unit", expected, str(pieces))


def part_flags(groups: Groups) -> Iterator[Flag]:
    """What a part says that is true but bad."""
    unit = text(groups, "state", "unit")
    if unit is None or "detail" not in groups or is_counting(unit):
        return
    if decimal(groups, "detail", "pieces_per_unit") is None:
        yield Flag(
            "conversion-missing",
            "/state/unit",
            en=f"no conversion from {unit} to pieces: the part is scored by lots",
            zh=f"缺少 {unit} 到件的换算：该零件按批次计分",
        )
