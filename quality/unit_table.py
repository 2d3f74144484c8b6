"""The rows of units read into values: what each unit is, by its code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from quality.unit_rows import ROWS

#: What is added to a value, times its factor, to reach the quantity's first unit.
_OFFSETS: Final[Mapping[str, Fraction]] = MappingProxyType(
    {"CEL": Fraction("273.15"), "FAH": Fraction("459.67") * Fraction(5, 9)}
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: ``value`` of it are ``value * factor + offset`` of its quantity's first unit."""

    code: str
    quantity: str
    factor: Fraction
    offset: Fraction
    en: str
    zh: str


def _read(rows: str) -> Iterator[Unit]:
    quantity = ""
    for row in rows.strip().splitlines():
        if row.startswith("# "):
            quantity = row[2:]
            continue
        code, factor, en, zh = row.split(" | ")
        yield Unit(code, quantity, _exact(factor), _OFFSETS.get(code, Fraction()), en, zh)


def _exact(factor: str) -> Fraction:
    above, _, below = factor.partition("/")
    return Fraction(above) / Fraction(below or "1")


#: Every unit by its code, in the order of the table.
UNITS: Final[Mapping[str, Unit]] = MappingProxyType({unit.code: unit for unit in _read(ROWS)})
