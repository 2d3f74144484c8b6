"""Readings gathered by part and characteristic, in memory that does not grow with their number.

Figures are exact (:mod:`quality.exact_sums`); the values themselves are kept as long as a report
may hold them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from quality.errors import MeasurementFileRefused
from quality.exact_sums import ValueSums
from quality.readers.model import (
    Characteristic,
    Event,
    Fault,
    Group,
    Note,
    Part,
    Reading,
    Summary,
)

_FAULTS_MAX: Final = 10_000
_NOTES_MAX: Final = 1_000


@dataclass(slots=True)
class GatheredCharacteristic:
    """What was read of one characteristic; ``readings`` is None where there were too many."""

    said: Characteristic
    sums: ValueSums = field(default_factory=ValueSums)
    readings: list[Reading] | None = field(default_factory=list)
    sample: int = 0
    defective: int = 0
    checks: int = 0


@dataclass(slots=True)
class GatheredPart:
    """A part and its characteristics, in the order of the file."""

    said: Part
    characteristics: dict[str, GatheredCharacteristic] = field(default_factory=dict)


@dataclass(slots=True)
class Gathered:
    """A whole file: its parts, its faults by place (the first of them), and how many there are.

    ``faulty`` are the parts that were told last when a fault was: of a table, those whose rows
    have one.
    """

    parts: dict[str, GatheredPart] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    faults_count: int = 0
    faulty: set[str] = field(default_factory=set)
    dropped: int = 0
    readings: int = 0
    notes: list[Note] = field(default_factory=list)


def gather(
    events: Iterable[Event],
    *,
    values_max: int,
    kept_max: int,
) -> Gathered:
    """Gather the events of a file.

    Args:
        events: what a reader gives.
        values_max: how many values of a characteristic are kept; of more, none is.
        kept_max: how many values may be kept in all.

    Raises:
        MeasurementFileRefused: more values would have to be kept; or what the reader raises.
    """
    book = _Book(values_max, kept_max)
    for event in events:
        if isinstance(event, Reading):
            book.count(event)
        else:
            book.describe(event)
    return book.found


class _Book:
    """Gathers, and knows how many values are kept."""

    def __init__(self, values_max: int, kept_max: int) -> None:
        self.found = Gathered()
        self._by_key: dict[str, GatheredCharacteristic] = {}
        self._values_max, self._kept_max, self._kept = values_max, kept_max, 0
        self._part = ""

    def describe(self, event: Event) -> None:
        """A part, a characteristic, a fault or a note; the last description counts."""
        match event:
            case Part():
                part = self.found.parts.setdefault(event.key, GatheredPart(event))
                part.said = event
                self._part = event.key
            case Characteristic():
                one = self._by_key.setdefault(event.key, GatheredCharacteristic(event))
                one.said = event
                self.found.parts[event.part].characteristics[event.key] = one
            case Fault():
                self._blame(event)
            case Note():
                if len(self.found.notes) < _NOTES_MAX:
                    self.found.notes.append(event)
            case Group() | Summary():
                # The hierarchy names no value, and figures of a file are shown, never believed.
                pass

    def _blame(self, fault: Fault) -> None:
        if fault.is_dropped:
            self.found.dropped += 1
            return
        self.found.faults_count += 1
        self.found.faulty.add(self._part)
        if len(self.found.faults) < _FAULTS_MAX:
            self.found.faults.append(fault)

    def count(self, reading: Reading) -> None:
        """One reading of a characteristic that was described."""
        one = self._by_key[reading.characteristic]
        self.found.readings += 1
        if reading.value is None:
            one.checks += 1
            one.sample += reading.sample or 0
            one.defective += reading.defective or 0
            return
        one.sums.add(reading.value, reading.line)
        if one.readings is not None:
            self._keep(one.readings, one, reading)

    def _keep(self, kept: list[Reading], one: GatheredCharacteristic, reading: Reading) -> None:
        if len(kept) == self._values_max:
            self._kept -= len(kept)
            one.readings = None
            return
        kept.append(reading)
        self._kept += 1
        if self._kept > self._kept_max:
            raise MeasurementFileRefused(
                f"line {reading.line}: expected at most {self._kept_max} values in reports of one "
                "file, found more: split the file by lots"
            )
