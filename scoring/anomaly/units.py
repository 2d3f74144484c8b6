"""Whether a batch is in the units of the model: by what is written, and by its values.

A unit that is written otherwise is refused. One that changed silently shows in the values: median
and spread of the batch are both the model's by one factor of a table of conversions (for
temperatures, factor and offset), while taken as they are they would be ten deviations away or
more. A fault may look the same, so that values alone refuse nothing: rows are scored as they are,
and what they look like is told beside.

What this does not tell: a parameter whose level is within five deviations of zero, one that
stands still, and batches of fewer than five rows; there nothing is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Final

import numpy as np

from quality.errors import UnitMismatch, UnknownUnit
from quality.units import convert, find_unit, recognise_unit
from scoring.anomaly.model import Model
from scoring.anomaly.table import Numbers, ParameterTable
from scoring.errors import UnitsDiffer

#: Rows that tell median and spread; fewer are not judged by their values.
ROWS_MIN: Final = 5
_FAR: Final = 10.0  # deviations from the model's median: not the same unit, or a gross fault
_NEARLY_ALL: Final = 0.02  # so many rows at most are near: a fault that begins later is a fault
_NEAR: Final = 1.5  # deviations from it once converted: the same unit
_SPREAD: Final = 2.5  # the spread once converted is the model's within this factor
_LEVEL: Final = 5.0  # deviations from zero: a factor moves nothing that is at zero
_DECADES: Final = (1, 2, 3, 4, 5, 6, 9)
#: Pairs of codes that machines and gauges are switched between, in either direction.
_PAIRS: Final = (
    ("INH", "MMT"),
    ("INH", "CMT"),
    ("FOT", "MTR"),
    ("FAH", "CEL"),
    ("CEL", "KEL"),
    ("FAH", "KEL"),
    ("PS", "KPA"),
    ("PS", "BAR"),
    ("PS", "MPA"),
    ("ATM", "KPA"),
    ("LBR", "KGM"),
    ("ONZ", "GRM"),
    ("MIN", "SEC"),
    ("HUR", "MIN"),
    ("HUR", "SEC"),
)


@dataclass(frozen=True, slots=True)
class UnitChange:
    """A parameter whose values are those of the model times ``factor`` plus ``offset``."""

    parameter: str
    factor: float
    offset: float
    what: str  # such as "INH to MMT", empty for a power of ten


def unit_changes(model: Model, rows: Numbers) -> tuple[UnitChange, ...]:
    """The parameters of rows [n, p] that seem to be in another unit than the model's."""
    found = []
    for place, column in enumerate(model.modelled):
        values = rows[:, column]
        values = values[~np.isnan(values)]
        change = None
        if len(values) >= ROWS_MIN:
            change = _change(values, float(model.median[place]), float(model.scale[place]))
        if change is not None:
            found.append(UnitChange(model.names[column], *change))
    return tuple(found)


def expect_written_units(model: Model, table: ParameterTable) -> None:
    """Refuse an aligned batch whose units are written otherwise.

    Raises:
        UnitsDiffer: naming the parameter, and the factor where there is one.
    """
    if model.units and table.units:
        for name, ours, theirs in zip(model.names, model.units, table.units, strict=True):
            if ours and theirs and not _is_same(ours, theirs):
                raise UnitsDiffer(
                    f"parameter {name}: expected {_told(ours)}, found"
                    f" {_told(theirs)}{_factor(ours, theirs)}:"
                    " convert the values"
                )


def _change(values: Numbers, median: float, scale: float) -> tuple[float, float, str] | None:
    middle, spread = float(np.median(values)), float(values.std())
    nearest = float(np.quantile(np.abs(values - median), _NEARLY_ALL))
    if abs(median) < _LEVEL * scale or nearest <= _FAR * scale:
        return None
    best, least = None, np.inf
    for factor, offset, what in _conversions():
        off = abs((middle - offset) / factor - median) / scale
        ratio = spread / (factor * scale)
        if off <= _NEAR and 1.0 / _SPREAD <= ratio <= _SPREAD and off < least:
            best, least = (factor, offset, what), off
    return best


@cache
def _conversions() -> tuple[tuple[float, float, str], ...]:
    """Factor, offset and name of each conversion."""
    found = []
    for power in _DECADES:
        found += [(10.0**power, 0.0, ""), (10.0**-power, 0.0, "")]
    for one, other in _PAIRS:
        for source, target in ((one, other), (other, one)):
            offset = float(convert(Decimal(0), source, target=target))
            factor = float(convert(Decimal(1), source, target=target)) - offset
            found.append((factor, offset, f"{source} to {target}"))
    return tuple(found)


def _is_same(ours: str, theirs: str) -> bool:
    return ours.strip() == theirs.strip() or _code(ours) == _code(theirs) != ""


def _code(written: str) -> str:
    try:
        return recognise_unit(written)
    except UnknownUnit:
        return ""


def _told(written: str) -> str:
    """A unit as it was written, with its name where it was written as a code: ``MMT (mm)``."""
    code = _code(written)
    if not code or written.strip() != code:
        return written
    name = find_unit(code).en
    return written if name == written.strip() else f"{written} ({name})"


def _factor(ours: str, theirs: str) -> str:
    """How the values are to be converted, where both units are in the table."""
    source, target = _code(theirs), _code(ours)
    try:
        offset = float(convert(Decimal(0), source, target=target))
        factor = float(convert(Decimal(1), source, target=target)) - offset
    except (UnknownUnit, UnitMismatch):
        return ""
    plus = f" plus {offset:.6g}" if offset else ""
    return f", which is {factor:.7g} {find_unit(target).en}{plus}"
