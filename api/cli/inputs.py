"""Input files of ``lotmark submit``: what each one is, its drafts, and how that was found out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from api.cli.cells import CellReading, DecimalSign, Kind
from api.cli.column_map import (
    ColumnMap,
    TableForm,
    mapping_path,
    parse_assignment,
    parse_mapping,
    parse_per,
    with_changes,
    write_mapping,
)
from api.cli.draft_constants import put_constants
from api.cli.drafts import Draft, read_drafts, with_filing
from api.cli.left_over import check_left_over, left_over
from api.cli.mapping_memory import MappingMemory, tell_changes
from api.cli.options import read_file
from api.cli.output import columns
from api.cli.places import FILING_PLACES, Places
from api.cli.suggestion import suggest
from api.cli.table import Table, TableOptions
from api.cli.table_drafts import FaultyRows, table_drafts
from api.cli.table_errors import MalformedDraft, MalformedMapping
from api.cli.table_sheet import read_any_table
from api.cli.type_defaults import with_defaults
from api.reports.taking_back import is_report, report_type, take_back
from keys.identifiers import Origin
from ledger import limits
from ledger.compose import Filing
from ledger.record_type import RecordType

_JSON_SUFFIXES: Final = frozenset({".json", ".jsonl", ".ndjson"})
_TABLE_SUFFIXES: Final = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls"})


@dataclass(frozen=True, slots=True)
class InputOptions:
    """What the command line says about the files."""

    vct: str | None
    maps: tuple[str, ...]
    constants: tuple[str, ...]
    per: tuple[str, ...]
    form: TableForm
    filing: Filing
    origin: Origin
    own: str
    skips_faulty: bool = False
    memory: MappingMemory | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table was read: ``used`` for the same file, ``lasting`` for others like it."""

    used: ColumnMap
    lasting: ColumnMap


@dataclass(frozen=True, slots=True)
class Input:
    """A file that was read: its drafts, and lines that say how it was understood.

    ``is_measured`` says that its reports are made here of readings, and not by who wrote them.
    """

    path: Path
    drafts: tuple[Draft, ...]
    described: tuple[str, ...]
    table: Table | None = None
    faulty: tuple[FaultyRows, ...] = ()
    layout: Layout | None = None
    is_measured: bool = False


def read_input(
    path: Path, options: InputOptions, *, find_kind: Callable[[str], RecordType]
) -> Input:
    """Read one file.

    Raises:
        TableError: it cannot be understood, with every place concerned.
    """
    data = read_file(path, "records", bytes_max=limits.DRAFT_BYTES_MAX)
    if _is_json(path, data):
        drafts = tuple(_read_json_input(path, data, options, find_kind))
        found = Input(path, drafts, (f"{path}: {len(drafts)} records",))
    elif is_report(data):
        found = _read_report_input(path, data, options, find_kind)
    else:
        found = _read_table_input(path, data, options, find_kind)
    if not found.drafts or len(found.drafts) > limits.DRAFTS_MAX:
        raise MalformedDraft(f"{path}: expected 1..{limits.DRAFTS_MAX} records")
    return replace(
        found, drafts=tuple(with_filing(draft, options.filing) for draft in found.drafts)
    )


def _is_json(path: Path, data: bytes) -> bool:
    if path.suffix.lower() in _JSON_SUFFIXES | _TABLE_SUFFIXES:
        return path.suffix.lower() in _JSON_SUFFIXES
    return data.lstrip()[:1] in {b"{", b"["}


def _read_json_input(
    path: Path, data: bytes, options: InputOptions, find_kind: Callable[[str], RecordType]
) -> list[Draft]:
    drafts = read_drafts(path, data, vct=options.vct, origin=options.origin)
    _, constants = _assignments(options)
    if not constants:
        return drafts
    reading = CellReading(
        options.origin, DecimalSign.POINT, options.form.offset, clock=options.form.clock
    )
    places = {vct: Places(find_kind(vct).text) for vct in {draft.vct for draft in drafts}}
    return [put_constants(draft, constants, places[draft.vct], reading=reading) for draft in drafts]


def _read_report_input(
    path: Path, data: bytes, options: InputOptions, find_kind: Callable[[str], RecordType]
) -> Input:
    vct = report_type(data)
    if options.vct not in {None, vct}:
        raise MalformedMapping(
            f"{path}: expected a report of {options.vct}, found one of {vct}",
            remedy=f"Leave the type out, or name it: {vct}.",
        )
    places = Places(find_kind(vct).text)
    back = take_back(data, places, origin=options.origin)
    draft = Draft(vct, places.ordered(back.groups), back.filing, str(path), cells=back.cells)
    _, constants = _assignments(options)
    reading = CellReading(options.origin, offset=options.form.offset, clock=options.form.clock)
    draft = put_constants(draft, constants, places, reading=reading)
    return Input(path, (draft,), (f"{path}: 1 record of {vct}, taken back from its report",))


def _read_table_input(
    path: Path, data: bytes, options: InputOptions, find_kind: Callable[[str], RecordType]
) -> Input:
    named = _remembered(path, options.maps)
    table = replace(_read_table(data, options, named), file=path.name)
    memory = options.memory
    kept = named or (memory.find(options.vct, table.headings) if memory else None)
    vct = options.vct or (kept.vct if kept else None)
    if vct is None:
        raise MalformedMapping(
            f"{path}: expected a record type", remedy="Name it: --type inspection-report/v1."
        )
    if kept is not None and kept.vct != vct:
        raise MalformedMapping(
            f"{path}: expected a mapping of {vct}, found one of {kept.vct}",
            remedy=f"Remove {mapping_path(path)}, or name another mapping with --map.",
        )
    places = Places(find_kind(vct).text)
    latest = memory.latest(vct) if memory and kept is None else None
    mapping = _map(table, options, places, kept=kept, latest=latest)
    check_left_over(table, mapping)
    made = table_drafts(
        table,
        mapping,
        places=places,
        origin=options.origin,
        skips_faulty=options.skips_faulty,
    )
    form = _form_seen(mapping.form, table, made.decimal)
    used = replace(mapping, form=form, headings=table.headings)
    # To be looked at and edited. A decimal sign that was only tried out binds no later run.
    tried = replace(mapping.form, decimal=kept.form.decimal if kept else None)
    write_mapping(mapping_path(path), replace(used, form=tried))
    described = [
        *_describe(path, table, used, len(made.drafts)),
        *_tell_layout(table, kept or latest),
    ]
    drafts = tuple(
        with_defaults(with_filing(draft, options.filing), options.own) for draft in made.drafts
    )
    lasting = replace(used, constants=_lasting(mapping.constants, places))
    layout = Layout(used, lasting)
    return Input(path, drafts, tuple(described), table, made.faulty, layout, is_measured=True)


def remember(item: Input, memory: MappingMemory | None) -> None:
    """Keep the layout of a file, some of which the log has taken, for the next one like it."""
    if item.layout is None:
        return
    write_mapping(mapping_path(item.path), item.layout.used)
    if memory is not None:
        memory.keep(item.layout.lasting)


def _lasting(constants: Mapping[str, Any], places: Places) -> Mapping[str, Any]:
    """What was set for every such table; days and numbers are of one file alone."""
    return {
        pointer: value
        for pointer, value in constants.items()
        if pointer not in FILING_PLACES
        and not pointer.endswith("/number")
        and places.wanted(pointer).kind not in {Kind.DAY, Kind.INSTANT}
    }


def _form_seen(form: TableForm, table: Table, decimal: DecimalSign | None) -> TableForm:
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


def _tell_layout(table: Table, before: ColumnMap | None) -> Iterator[str]:
    """Say that the columns are not those of the last time, where that is so."""
    if before is not None and before.headings:
        changes = tell_changes(before.headings, table.headings)
        if changes:
            yield f"  other columns than the last time: {changes}"


def _read_table(data: bytes, options: InputOptions, remembered: ColumnMap | None) -> Table:
    kept = remembered.form if remembered else TableForm()
    form = options.form
    return read_any_table(
        data,
        TableOptions(
            form.encoding or kept.encoding,
            form.delimiter or kept.delimiter,
            form.heading_row or kept.heading_row,
            form.sheet or kept.sheet,
        ),
    )


def _map(
    table: Table,
    options: InputOptions,
    places: Places,
    *,
    kept: ColumnMap | None,
    latest: ColumnMap | None,
) -> ColumnMap:
    given, constants = _assignments(options)
    per = parse_per(options.per, table.headings)
    base = kept
    if base is None:
        # Columns that are still there go where they went the last time.
        still = _still_there(table, latest)
        base = suggest(table, places, given={**still, **given}, constants=constants)
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


def _remembered(path: Path, maps: tuple[str, ...]) -> ColumnMap | None:
    """The mapping file that was named, else the one beside the table, if there is one."""
    named = [Path(item) for item in maps if "=" not in item]
    if len(named) > 1:
        raise MalformedMapping(f"expected one mapping file, found {len(named)}")
    found = named[0] if named else mapping_path(path)
    if not named and not found.exists():
        return None
    data = read_file(found, "a mapping", bytes_max=limits.MAPPING_BYTES_MAX)
    return parse_mapping(data, name=str(found))


def _assignments(options: InputOptions) -> tuple[Mapping[str, str], Mapping[str, Any]]:
    maps = [item for item in options.maps if "=" in item]
    return (
        dict(parse_assignment(item, option="--map") for item in maps),
        dict(parse_assignment(item, option="--set") for item in options.constants),
    )


def _describe(path: Path, table: Table, mapping: ColumnMap, drafts: int) -> Iterator[str]:
    sign = f", decimal {mapping.form.decimal.value}" if mapping.form.decimal else ""
    form = (
        f"{table.encoding}, delimiter {table.delimiter!r}{sign}"
        if table.sheet is None
        else f"sheet {table.sheet!r}, headings in row {table.heading_row}"
    )
    yield f"{path}: {form}, {len(table.rows)} rows, {drafts} records of {mapping.vct}"
    yield from (f"  {note}" for note in table.notes)
    yield from columns(
        (f"  {heading}", pointer or "left out") for heading, pointer in mapping.columns.items()
    )
    yield from columns(
        (f"  {pointer}", "= none" if value is None else f"= {value}")
        for pointer, value in mapping.constants.items()
    )
    yield from (f"  {heading}  is empty, and goes nowhere" for heading in left_over(table, mapping))
    yield f"  mapping kept in {mapping_path(path)}"
