"""Measurement files (Q-DAS DFQ) as columns: a characteristic is a parameter, a piece a row.

What stands beside a value (time, machine, cavity, batch) and the lot of its part are columns of
text, so that they can be named as time, set-up or lot like those of any other file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Final

from quality.readers.model import Characteristic, Event, Fault, Part, Reading
from scoring.anomaly.file_layout import PROBE_ROWS
from scoring.anomaly.files import BATCH_ROWS, ColumnBatch
from scoring.errors import MalformedTable

#: Members of readings that become columns, beside ``lot``.
BESIDE: Final = ("at", "machine", "cavity", "batch", "order", "operator", "piece")
_HEADINGS: Final = ("at", "machine", "cavity", "material", "order", "operator", "piece", "lot")


@dataclass(frozen=True, slots=True)
class MeasuredLimits:
    """What a file says of a parameter: limits as decimal text, None where it gives none."""

    lower: str | None
    upper: str | None
    nominal: str | None


@dataclass(frozen=True, slots=True)
class MeasuredTable:
    """A measurement file by columns; ``limits`` are those it states, by parameter."""

    names: tuple[str, ...]
    units: tuple[str, ...]
    first: ColumnBatch
    rest: Iterator[ColumnBatch]
    limits: dict[str, MeasuredLimits]

    def batches(self) -> Iterator[ColumnBatch]:
        """Every batch, once."""
        return chain([self.first], self.rest)


def read_measured_table(events: Iterable[Event]) -> MeasuredTable:
    """Look at the beginning of a measurement file.

    Raises:
        MalformedTable: nothing was measured, two characteristics of a part have one name, or
            a place cannot be read.
        MeasurementFileRefused: the file is refused while it is read.
    """
    rows = _Rows(events)
    beginning = list(islice(rows, PROBE_ROWS))
    if not beginning:
        raise MalformedTable("expected measured values, found none")
    names = tuple(rows.described)
    said = [rows.described[name] for name in names]
    width = len(names)
    batches = _batches(chain(beginning, rows), names, rows)
    return MeasuredTable(
        (*_HEADINGS, *names),
        (*("" for _ in _HEADINGS), *(one.unit or "" for one in said)),
        next(batches),
        batches,
        {name: _limits(rows.described[name]) for name in names[:width]},
    )


def _limits(said: Characteristic) -> MeasuredLimits:
    return MeasuredLimits(said.lower, said.upper, said.nominal)


@dataclass(slots=True)
class _Row:
    line: int
    values: dict[str, str] = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    is_wide: bool = False


class _Rows:
    """Rows of a stream of events: the values of one line, or one of each characteristic."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._events = events
        self.described: dict[str, Characteristic] = {}
        self._names: dict[str, str] = {}
        self._lot = ""
        self._row: _Row | None = None
        self._found = self._read()

    def __iter__(self) -> Iterator[_Row]:
        return self._found

    def _read(self) -> Iterator[_Row]:
        for event in self._events:
            if isinstance(event, Reading):
                if event.value is not None and event.characteristic in self._names:
                    yield from self._count(event, event.value)
            else:
                self._describe(event)
        if self._row is not None:
            yield self._row

    def _describe(self, event: Event) -> None:
        if isinstance(event, Part):
            self._lot = event.lot or ""
        elif isinstance(event, Characteristic) and not event.is_attributive:
            name = event.number or event.name or event.key
            before = self.described.get(name)
            if before is not None and before.part == event.part and before.key != event.key:
                # Numbers may repeat where names tell characteristics apart.
                name = f"{name} {event.name or event.key}"
            self._names[event.key] = name
            self.described[name] = event
        elif isinstance(event, Fault) and not event.is_dropped:
            raise MalformedTable(str(event))

    def _count(self, reading: Reading, value: str) -> Iterator[_Row]:
        name = self._names[reading.characteristic]
        row = self._row
        if row is not None and (name in row.values or (row.is_wide and reading.line != row.line)):
            yield row
            row = None
        if row is None:
            row = self._row = _Row(reading.line)
        elif reading.line == row.line:
            row.is_wide = True
        row.values[name] = value
        beside = tuple(getattr(reading, member) or "" for member in BESIDE)
        row.beside = row.beside or (*beside, reading.batch or self._lot)


def _batches(rows: Iterable[_Row], names: tuple[str, ...], source: _Rows) -> Iterator[ColumnBatch]:
    kept = iter(rows)
    while batch := list(islice(kept, BATCH_ROWS)):
        if len(source.described) != len(names):
            late = next(name for name in source.described if name not in names)
            raise MalformedTable(
                f"row {batch[-1].line}: expected the characteristics of the first"
                f" {PROBE_ROWS} pieces, found {late!r}: split the file by parts"
            )
        beside = zip(*(row.beside for row in batch), strict=True)
        values = ([row.values.get(name, "") for row in batch] for name in names)
        yield ColumnBatch(tuple(row.line for row in batch), [*beside, *values])
