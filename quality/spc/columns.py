"""The series of a measurement file: the values of each characteristic in their order."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from quality.errors import MalformedLimits
from quality.readers.model import Characteristic, Event, Fault, Reading
from quality.spc.capability import Tolerance


@dataclass(slots=True)
class Column:
    """One characteristic: how it is named, what it may be, and what was measured."""

    name: str
    unit: str | None = None
    lower: float | None = None
    upper: float | None = None
    target: float | None = None
    values: array[float] = field(default_factory=lambda: array("d"))

    def tolerance(self) -> Tolerance | None:
        """Its limits; None where it has none.

        Raises:
            MalformedLimits: the lower is not below the upper.

        Source: ISO 3534-2, section 3.1 (specification limits).
        """
        if self.lower is None and self.upper is None:
            return None
        return Tolerance(self.lower, self.upper, self.target)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a file, what could not be read, and how many were no measured values."""

    columns: tuple[Column, ...]
    faults: tuple[Fault, ...]
    attributive: int


def columns_of(events: Iterable[Event]) -> Columns:
    """The measured values of a file by characteristic; counts of defectives are left out.

    Raises:
        MalformedLimits: a limit of the file is no number.
        MeasurementFileRefused: the file is refused while it is read.

    Source: the model of :mod:`quality.readers.model`.
    """
    columns: dict[str, Column] = {}
    faults: list[Fault] = []
    attributive = 0
    for event in events:
        if isinstance(event, Reading):
            if event.value is None:
                attributive += 1
            elif event.characteristic in columns:
                columns[event.characteristic].values.append(float(event.value))
        elif isinstance(event, Characteristic):
            kept = columns.get(event.key)
            described = _column(event)
            columns[event.key] = (
                described if kept is None else replace(described, values=kept.values)
            )
        elif isinstance(event, Fault) and not event.is_dropped:
            faults.append(event)
    measured = tuple(column for column in columns.values() if column.values)
    return Columns(measured, tuple(faults), attributive)


def _column(one: Characteristic) -> Column:
    numbers = (_number(text) for text in (one.lower, one.upper, one.nominal))
    lower, upper, nominal = numbers
    # Off-center tolerances aim at their nominal value, where it lies between the limits.
    inside = (
        nominal is not None
        and (lower is None or lower < nominal)
        and (upper is None or nominal < upper)
    )
    named = " ".join(dict.fromkeys(text for text in (one.number, one.name) if text)) or one.key
    return Column(named, one.unit, lower, upper, nominal if inside else None)


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError as fault:
        raise MalformedLimits(f"expected a number as limit, found {text!r}") from fault
