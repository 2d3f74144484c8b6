"""The mapping of a table that was read: what was kept, what was said, and how that is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from api.cli.cells import DecimalSign
from api.cli.column_map import (
    ColumnMap,
    TableForm,
    mapping_path,
    parse_per,
    tell_constants,
    with_changes,
)
from api.cli.input_files import InputOptions, assignments
from api.cli.left_over import left_over
from api.cli.mapping_memory import tell_changes
from api.cli.output import columns
from api.cli.places import Places
from api.cli.suggestion import suggest
from api.cli.table import Table


def form_seen(form: TableForm, table: Table, decimal: DecimalSign | None) -> TableForm:
    """The form with what the file shows: what it does not show may be another the next time."""
    if table.sheet is not None:
        # A workbook says itself what is a number; the sheet's name may change with the month.
        return form
    return replace(
        form,
        encoding=table.encoding if table.shows_encoding else form.encoding,
        delimiter=table.delimiter if len(table.headings) > 1 else form.delimiter,
        decimal=decimal,
    )


def tell_layout(table: Table, before: ColumnMap | None) -> Iterator[str]:
    """Say that the columns are not those of the last time, where that is so.

    A table with less than half of the columns of ``before`` is another one, of which there was
    no last time.
    """
    if before is not None and before.headings:
        if 2 * len({*before.headings} & {*table.headings}) < len(before.headings):
            return
        changes = tell_changes(before.headings, table.headings)
        if changes:
            yield f"  other columns than the last time: {changes}"


def map_table(
    table: Table,
    options: InputOptions,
    places: Places,
    *,
    kept: ColumnMap | None,
    latest: ColumnMap | None,
) -> ColumnMap:
    """The mapping of a table: the one that was kept, else one that its headings suggest.

    Args:
        table: the table.
        options: what the command line says, which counts more.
        places: the type.
        kept: of a table of the same headings.
        latest: of the table of this type that was read last, whatever its headings.

    Raises:
        MalformedMapping: an option is no assignment, or a column of numbers has no unit.
    """
    given, constants = assignments(options)
    per = parse_per(options.per, table.headings)
    base = kept
    if base is None:
        # Columns that are still there go where they went the last time.
        found = _still_there(table, latest)
        still = {name: place for name, place in found.items() if place not in constants}
        given_of = {**still, **given}
        agreed = options.find_agreed(constants)
        base = suggest(table, places, given=given_of, constants=constants, agreed=agreed)
    return with_changes(base, columns=given, constants=constants, per=per, form=options.form)


def _still_there(table: Table, latest: ColumnMap | None) -> Mapping[str, str]:
    """Where columns of the last layout went, but those that depend on others."""
    columns = latest.columns if latest is not None else {}
    return {
        heading: pointer
        for heading, pointer in columns.items()
        if heading in table.headings and "{" not in pointer and not _has_number(pointer)
    }


def _has_number(pointer: str) -> bool:
    return any(segment.isdecimal() for segment in pointer.split("/")[3:])


def describe_table(
    path: Path, table: Table, mapping: ColumnMap, drafts: int, *, rows: int | None = None
) -> Iterator[str]:
    """How a table was understood, a line each; ``rows`` where not all of them are held."""
    sign = f", decimal {mapping.form.decimal.value}" if mapping.form.decimal else ""
    form = (
        f"{table.encoding}, delimiter {table.delimiter!r}{sign}"
        if table.sheet is None
        else f"sheet {table.sheet!r}, headings in row {table.heading_row}"
    )
    yield f"{path}: {form}, {rows or len(table.rows)} rows, {drafts} records of {mapping.vct}"
    yield from (f"  {note}" for note in table.notes)
    yield from columns(
        (f"  {heading}", pointer or "left out") for heading, pointer in mapping.columns.items()
    )
    yield from columns((f"  {place}", told) for place, told in tell_constants(mapping))
    yield from (f"  {heading}  is empty, and goes nowhere" for heading in left_over(table, mapping))
    yield f"  mapping kept in {mapping_path(path)}"
