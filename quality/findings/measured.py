"""A measurement file as findings look at it, before anything of it is signed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from quality.findings.reported import Reported, series_of_values
from quality.readers.model import Characteristic, Event, Part, Reading
from quality.values import exact

#: Values of one file that are looked at; a record holds fewer.
VALUES_MAX = 1_000_000


@dataclass(slots=True)
class _Gathered:
    """The values of one characteristic so far."""

    about: Characteristic
    values: list[Decimal] = field(default_factory=list)
    cavities: list[str | None] = field(default_factory=list)


def report_of_events(
    source: str, events: Iterable[Event], *, values_max: int = VALUES_MAX
) -> Reported:
    """The series of a measurement file, up to a million values; it has no times of its own.

    Args:
        source: How the file is called where its places are named.
        events: What its reader gives.
        values_max: So many values are looked at, and the rest is counted.

    Raises:
        MeasurementFileRefused: the file is refused while it is read.
    """
    parts: dict[str, str] = {}
    found: dict[str, _Gathered] = {}
    count = left_out = 0
    for event in events:
        if isinstance(event, Reading):
            gathered, value = found.get(event.characteristic), exact(event.value)
            if gathered is None or value is None:
                continue
            if count == values_max:
                left_out += 1
                continue
            gathered.values.append(value)
            gathered.cavities.append(event.cavity)
            count += 1
        elif isinstance(event, Characteristic):
            found.setdefault(event.key, _Gathered(event)).about = event
        elif isinstance(event, Part):
            parts[event.key] = event.number or event.name or ""
    series = tuple(
        series_of_values(
            (parts.get(one.about.part, ""), _name(one.about), one.about.unit or ""),
            one.values,
            source=source,
            place=f"/{_name(one.about)}",
            cavities=tuple(one.cavities),
            lower=exact(one.about.lower),
            upper=exact(one.about.upper),
            resolution=exact(one.about.gauge_resolution),
        )
        for one in found.values()
        if one.values
    )
    return Reported(source, source, series, left_out=left_out)


def _name(about: Characteristic) -> str:
    return about.number or about.name or about.key
