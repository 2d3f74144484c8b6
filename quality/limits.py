"""Specification limits: one-sided ones are null on the other side, never zero."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from ledger.faults import Fault
from quality.flags import Flag
from quality.values import decimal


@dataclass(frozen=True, slots=True)
class Limits:
    """Lower and upper limit of a characteristic; None where that side has none."""

    lower: Decimal | None
    upper: Decimal | None

    def excludes(self, value: Decimal) -> bool:
        """Whether ``value`` lies outside; a value on a limit lies inside."""
        below = self.lower is not None and value < self.lower
        return below or (self.upper is not None and value > self.upper)


def limits_of(characteristic: object) -> Limits:
    """The limits in the members ``lower`` and ``upper`` of a characteristic."""
    return Limits(lower=decimal(characteristic, "lower"), upper=decimal(characteristic, "upper"))


def limit_faults(pointer: str, characteristic: object) -> Iterator[Fault]:
    """A lower limit that is not below the upper one."""
    limits = limits_of(characteristic)
    if limits.lower is None or limits.upper is None or limits.lower < limits.upper:
        return
    yield Fault(f"{pointer}/lower", f"less than the upper limit {limits.upper}", str(limits.lower))


def nominal_flags(pointer: str, characteristic: object) -> Iterator[Flag]:
    """A nominal value that its own limits exclude."""
    nominal = decimal(characteristic, "nominal")
    if nominal is not None and limits_of(characteristic).excludes(nominal):
        yield Flag(
            "nominal-outside-limits",
            f"{pointer}/nominal",
            en=f"the nominal value {nominal} is outside its own limits",
            zh=f"公称值 {nominal} 不在规格限内",
        )
