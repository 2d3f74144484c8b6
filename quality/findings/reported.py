"""Measured values as findings look at them: of one report or file, by characteristic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from math import gcd, sqrt
from typing import Any

from quality.values import Groups, day, decimal, instant, items, part, pointed, text


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one characteristic in their order, as whole numbers of their last digit.

    ``of`` says what is measured, so that series of several reports are compared; ``scale`` is the
    number of decimals; ``source`` and ``place`` say where the values stand.
    """

    of: tuple[str, ...]
    source: str
    place: str
    scale: int
    values: tuple[int, ...]
    cavities: tuple[str | None, ...] = ()
    lower: Decimal | None = None
    upper: Decimal | None = None
    resolution: Decimal | None = None

    def range_of(self, begin: int, count: int) -> str:
        """The place of ``count`` values from ``begin`` on."""
        return f"{self.source}#{self.place}/values/{begin}..{begin + count - 1}"

    @property
    def whole(self) -> str:
        """The place of all values."""
        return f"{self.source}#{self.place}"


@dataclass(frozen=True, slots=True)
class Reported:
    """A report, or a file of measurements: its series and its times.

    ``signed_at`` is the signer's own clock, ``admitted_at`` the log's; None where there is none.
    ``root`` is the record that this one corrects, itself where it corrects none: both may say the
    same. ``left_out`` counts values of a file that are more than findings look at.
    """

    source: str
    root: str
    series: tuple[Series, ...]
    readings: tuple[tuple[str, datetime], ...] = ()
    decided_at: datetime | None = None
    manufactured_on: date | None = None
    signed_at: datetime | None = None
    admitted_at: datetime | None = None
    left_out: int = 0


def series_of_values(
    of: tuple[str, ...], values: Sequence[Decimal], *, source: str, place: str, **known: Any
) -> Series:
    """A series of decimals, at the most decimals that one of them has."""
    scale = max((max(0, -int(value.as_tuple().exponent)) for value in values), default=0)
    return Series(of, source, place, scale, tuple(_whole(v, scale) for v in values), **known)


def _whole(value: Decimal, scale: int) -> int:
    # Not by arithmetic of decimals, which would round to the digits of its context.
    sign, digits, exponent = value.as_tuple()
    magnitude: int = int("".join(map(str, digits))) * 10 ** (scale + int(exponent))
    return -magnitude if sign else magnitude


def report_of_groups(
    source: str,
    groups: Groups,
    *,
    corrects: str | None = None,
    signed_at: datetime | None = None,
    admitted_at: datetime | None = None,
) -> Reported:
    """What an inspection report shows of its values and times.

    Args:
        source: The record's id, to name places by.
        groups: Its disclosed groups.
        corrects: The record that it corrects.
        signed_at: ``iat``, by the signer's clock.
        admitted_at: By the log's clock.
    """
    path = ("measurements", "characteristics")
    readings = tuple(
        (f"{source}#{pointer}/at", at)
        for above, characteristic in pointed("", groups, *path)
        for pointer, value in pointed(above, characteristic, "values")
        if (at := instant(value, "at")) is not None
    )
    return Reported(
        source=source,
        root=corrects or source,
        series=tuple(_series(source, groups)),
        readings=readings,
        decided_at=instant(groups, "verdict", "decided_at"),
        manufactured_on=day(groups, "lot", "manufactured_on"),
        signed_at=signed_at,
        admitted_at=admitted_at,
    )


def _series(source: str, groups: Groups) -> Iterator[Series]:
    about = (text(groups, "lot", "supplier") or "", text(groups, "lot", "part") or "")
    for pointer, one in pointed("", groups, "measurements", "characteristics"):
        read = [(decimal(item, "value"), text(item, "cavity")) for item in items(one, "values")]
        values = [value for value, _ in read if value is not None]
        if len(values) != len(read):
            continue
        unit = part(one, "unit")
        yield series_of_values(
            (*about, text(one, "id") or "", str(unit)),
            values,
            source=source,
            place=pointer,
            cavities=tuple(cavity for _, cavity in read),
            lower=decimal(one, "lower"),
            upper=decimal(one, "upper"),
            resolution=decimal(one, "gauge", "resolution"),
        )


def step_of(values: Sequence[int]) -> int:
    """The greatest step that all values lie on, relative to the first; 0 where all are equal."""
    return reduce(gcd, (value - values[0] for value in values), 0) if values else 0


def mean_square(values: Sequence[int]) -> float:
    """The variance, with n - 1; 0 for fewer than two values."""
    if len(values) < 2:
        return 0.0
    base = values[0]
    shifted = [value - base for value in values]
    total = sum(shifted)
    count = len(shifted)
    # Whole numbers: exact until the one division.
    return (count * sum(one * one for one in shifted) - total * total) / (count * (count - 1))


def spread(values: Sequence[int]) -> float:
    """The standard deviation, in last digits."""
    return sqrt(mean_square(values))
