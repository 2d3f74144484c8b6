"""A long table of readings (CSV, XLSX) into drafts, in memory that does not grow with its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from api.cli.cells import CellReading, DecimalSign
from api.cli.column_map import ColumnMap
from api.cli.draft_constants import put_constants
from api.cli.drafts import Draft
from api.cli.measured.reports import (
    VALUES_MAX,
    ReportForm,
    check_faults,
    fault_lines,
    measured_groups,
)
from api.cli.measured.row_streams import RowStream
from api.cli.measured.source import Progress
from api.cli.measured.table_layout import StreamedLayout, fixed_member
from api.cli.places import Places
from api.cli.table import Row
from api.cli.table_drafts import FaultyRows, table_drafts
from api.cli.table_errors import TableUnreadable
from keys.identifiers import Origin
from ledger import limits
from quality.errors import MeasurementFileRefused
from quality.readers.gathered import Gathered, GatheredPart, gather
from quality.readers.model import Event, Fault
from quality.readers.readings_table import part_key, read_readings_table
from quality.readers.rows import TableRow

_ROOT: Final = "/measurements/characteristics/"


@dataclass(frozen=True, slots=True)
class LongTable:
    """A long table and how it is read."""

    path: Path
    stream: RowStream
    layout: StreamedLayout
    mapping: ColumnMap
    decimal: DecimalSign | None


@dataclass(frozen=True, slots=True)
class LongDrafts:
    """What a long table became."""

    drafts: tuple[Draft, ...]
    faulty: tuple[FaultyRows, ...]
    notes: tuple[str, ...]
    rows: int


@dataclass(slots=True)
class _Heads:
    """The first row of each record; of later ones, what they say otherwise."""

    layout: StreamedLayout
    first: dict[str, TableRow] = field(default_factory=dict)
    rows: int = 0

    def watch(self, rows: Iterator[TableRow]) -> Iterator[TableRow | Fault]:
        width, parts = len(self.layout.readings.headings), self.layout.readings.parts
        for found in rows:
            self.rows += 1
            missing = [""] * (width - len(found.cells))
            row = found._replace(cells=(*found.cells, *missing)) if missing else found
            before = self.first.setdefault(part_key(row.cells, parts), row)
            yield row
            for column in self.layout.heads:
                cell, told = row.cells[column], before.cells[column]
                if cell and cell != told:
                    place = self.layout.readings.place(row.number, column)
                    expected = f"{told!r} as in row {before.number}, of the same record"
                    yield Fault(place, expected, repr(cell))


def long_table_drafts(
    table: LongTable,
    *,
    places: Places,
    origin: Origin,
    progress: Progress,
    skips_faulty: bool,
) -> LongDrafts:
    """Make a draft of each lot of a long table.

    Raises:
        TableUnreadable: it cannot be read, or more values would have to be held than may be.
        CellsRefused: cells that have no value, each by its place; with ``skips_faulty``, in
            every lot.
        MalformedDraft: more values than a report holds, in a file of several lots.
        MalformedMapping: a constant does not fit its place.
    """
    heads = _Heads(table.layout)
    found = _gathered(table, heads, progress)
    keys = list(found.parts)
    good = [key for key in keys if key not in found.faulty]
    if found.faults_count and not (skips_faulty and good):
        check_faults(found, table.path.name)
    drafts = _head_drafts(table, [heads.first[key] for key in good], places, origin)
    maker = _Maker(table, places, origin, is_alone=len(keys) == 1)
    made = [maker.make(draft, found.parts[key]) for draft, key in zip(drafts, good, strict=True)]
    left = fault_lines(found, table.path.name) if found.faulty else []
    faulty = (FaultyRows((), tuple(left)),) if left else ()
    return LongDrafts(tuple(made), faulty, tuple(maker.notes), heads.rows)


def _gathered(table: LongTable, heads: _Heads, progress: Progress) -> Gathered:
    try:
        found = gather(
            _events(table, heads, progress),
            values_max=VALUES_MAX,
            kept_max=limits.TABLE_ROWS_MAX,
        )
    except MeasurementFileRefused as fault:
        raise TableUnreadable(f"{table.path}: {fault}", remedy="Split the file by lots.") from fault
    if not found.readings and not found.faults_count:
        raise TableUnreadable(f"{table.path}: expected measured values, found none")
    return found


def _events(table: LongTable, heads: _Heads, progress: Progress) -> Iterator[Event]:
    watched = heads.watch(table.stream.rows(progress))
    faults: list[Fault] = []

    def rows() -> Iterator[TableRow]:
        for item in watched:
            if isinstance(item, Fault):
                faults.append(item)
            else:
                yield item

    for event in read_readings_table(rows(), table.layout.readings):
        # They are of the row before: another lot may begin with this event.
        yield from faults
        faults.clear()
        yield event
    yield from faults


def _head_drafts(
    table: LongTable, rows: Sequence[TableRow], places: Places, origin: Origin
) -> tuple[Draft, ...]:
    kept = tuple(
        Row(row.number, tuple(row.cells), row.numbers, row.dates, row.faults) for row in rows
    )
    shared = table.layout.shared
    form = replace(shared.form, decimal=table.decimal or DecimalSign.POINT)
    mapping = replace(shared, form=form, words=shared.words)
    whole = replace(table.stream.table, rows=kept)
    return table_drafts(whole, mapping, places=places, origin=origin).drafts


class _Maker:
    """Puts the readings of a lot into the draft that its first row made."""

    def __init__(self, table: LongTable, places: Places, origin: Origin, *, is_alone: bool) -> None:
        form = table.mapping.form
        self._table, self._places, self._is_alone = table, places, is_alone
        # Values were read already; what is left to read was written by the user.
        self._reading = CellReading(origin, DecimalSign.POINT, form.offset, clock=form.clock)
        layout = table.layout.readings
        headings = {one.number or "": layout.headings[at] for at, one in layout.wide.items()}
        elsewhere = layout.headings[layout.value or 0]
        self._form = ReportForm(
            lambda said: (said.number or said.name or "")[:64] or None,
            lambda said: headings.get(said.number or "", elsewhere),
            self._reading,
            table.path.name,
        )
        self.notes: list[str] = []

    def make(self, draft: Draft, part: GatheredPart) -> Draft:
        for one in part.characteristics.values():
            fixed = {
                name: fixed_member(self._table.mapping, "*", name)
                for name in ("unit", "nominal", "lower", "upper")
                if getattr(one.said, name) is None
            }
            one.said = replace(one.said, **{k: v for k, v in fixed.items() if v is not None})
        made = measured_groups(part, self._form, is_alone=self._is_alone)
        self.notes += made.notes
        groups = {**draft.groups, **made.groups}
        whole = replace(
            draft,
            groups=groups,
            sources={**draft.sources, **made.sources},
            folder=self._table.path.parent,
        )
        constants = dict(self._constants(groups))
        return put_constants(whole, constants, self._places, reading=self._reading)

    def _constants(self, groups: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """What the mapping says of characteristics, by their places in this report."""
        measured = groups.get("measurements", {}).get("characteristics", [])
        numbered = self._table.layout.numbered
        for pointer, value in self._table.mapping.constants.items():
            which, _, rest = pointer.removeprefix(_ROOT).partition("/")
            if not pointer.startswith(_ROOT) or not measured:
                continue
            if not which.isdecimal():
                yield pointer, value
            for position, one in enumerate(measured):
                if numbered.get(one["id"]) == which:
                    yield f"{_ROOT}{position}/{rest}", value
