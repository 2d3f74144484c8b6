"""Input files of ``lotmark submit``: what each one is, its drafts, and how that was found out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from api.cli.cells import CellReading, DecimalSign
from api.cli.column_map import (
    ColumnMap,
    TableForm,
    mapping_path,
)
from api.cli.draft_constants import put_constants
from api.cli.drafts import Draft, read_drafts, with_filing
from api.cli.input_files import (
    Input,
    InputOptions,
    Layout,
    assignments,
    keep_beside,
    remembered_mapping,
)
from api.cli.lasting_constants import lasting_constants
from api.cli.left_over import check_left_over
from api.cli.mapping_memory import MappingMemory
from api.cli.measured.files import is_measurement_file
from api.cli.measured.input import read_long_table, read_measured_input
from api.cli.options import read_file
from api.cli.places import Places
from api.cli.table import Table, TableOptions
from api.cli.table_drafts import table_drafts
from api.cli.table_errors import MalformedDraft, MalformedMapping
from api.cli.table_mapping import describe_table, form_seen, map_table, tell_layout
from api.cli.table_sheet import read_any_table
from api.cli.type_defaults import with_defaults
from api.cli.workbook.archive import ZIP_MAGIC
from api.reports.taking_back import is_report, report_record, report_type, take_back
from ledger import limits
from ledger.record_type import RecordType

PARAMETER_UPLOAD: Final = "parameter-upload/v1"
_PROBED_BYTES: Final = 64
_JSON_SUFFIXES: Final = frozenset({".json", ".jsonl", ".ndjson"})
_TABLE_SUFFIXES: Final = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls"})


def read_input(
    path: Path, options: InputOptions, *, find_kind: Callable[[str], RecordType]
) -> Input:
    """Read one file.

    Raises:
        TableError: it cannot be understood, with every place concerned.
    """
    if is_parameter_input(path, options):
        from api.cli.parameter_uploads import read_parameter_input

        return _filed(read_parameter_input(path, options, find_kind=find_kind), options)
    if is_measurement_file(path):
        return _filed(read_measured_input(path, options, find_kind=find_kind), options)
    if (long := _read_long(path, options, find_kind)) is not None:
        return _filed(long, options)
    data = read_file(path, "records", bytes_max=limits.DRAFT_BYTES_MAX)
    if _is_json(path, data):
        drafts = tuple(_read_json_input(path, data, options, find_kind))
        found = Input(path, drafts, (f"{path}: {len(drafts)} records",))
    elif is_report(data):
        found = _read_report_input(path, data, options, find_kind)
    else:
        found = _read_table_input(path, data, options, find_kind)
    return _filed(found, options)


def is_parameter_input(path: Path, options: InputOptions) -> bool:
    """Whether a file is a table of process parameters that no mapping file was made for."""
    named_map = any("=" not in item for item in options.maps)
    if options.vct != PARAMETER_UPLOAD or named_map or not path.is_file():
        return False
    if path.suffix.lower() in _JSON_SUFFIXES:
        return False
    with path.open("rb") as file:
        beginning = file.read(_PROBED_BYTES)
    return not beginning.startswith(ZIP_MAGIC) and not _is_json(path, beginning)


def _read_long(
    path: Path, options: InputOptions, find_kind: Callable[[str], RecordType]
) -> Input | None:
    """A table that is too long to be held; None of any other file."""
    if not path.is_file() or path.suffix.lower() in _JSON_SUFFIXES:
        return None
    return read_long_table(path, options, find_kind=find_kind)


def _filed(found: Input, options: InputOptions) -> Input:
    if not found.drafts or len(found.drafts) > limits.DRAFTS_MAX:
        raise MalformedDraft(f"{found.path}: expected 1..{limits.DRAFTS_MAX} records")
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
    _, constants = assignments(options)
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
    draft = replace(draft, report_of=report_record(data))
    _, constants = assignments(options)
    reading = CellReading(options.origin, offset=options.form.offset, clock=options.form.clock)
    draft = put_constants(draft, constants, places, reading=reading)
    return Input(path, (draft,), (f"{path}: 1 record of {vct}, taken back from its report",))


def _read_table_input(
    path: Path, data: bytes, options: InputOptions, find_kind: Callable[[str], RecordType]
) -> Input:
    named = remembered_mapping(path, options.maps, find_kind)
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
    mapping = map_table(table, options, places, kept=kept, latest=latest)
    check_left_over(table, mapping)
    made = table_drafts(
        table,
        mapping,
        places=places,
        origin=options.origin,
        skips_faulty=options.skips_faulty,
    )
    form = form_seen(mapping.form, table, made.decimal)
    used = replace(mapping, form=form, headings=table.headings, file=path.name)
    # To be looked at and edited. A decimal sign that was only tried out binds no later run.
    tried = replace(mapping.form, decimal=kept.form.decimal if kept else None)
    keep_beside(path, replace(used, form=tried))
    described = [
        *describe_table(path, table, used, len(made.drafts)),
        *tell_layout(table, kept or latest),
    ]
    drafts = tuple(
        with_defaults(with_filing(draft, options.filing), options.own) for draft in made.drafts
    )
    lasting = replace(used, constants=lasting_constants(mapping.constants, places))
    layout = Layout(used, lasting)
    return Input(path, drafts, tuple(described), table, made.faulty, layout, is_measured=True)


def remember(item: Input, memory: MappingMemory | None) -> None:
    """Keep the layout of a file, some of which the log has taken, for the next one like it."""
    if item.layout is None:
        return
    keep_beside(item.path, item.layout.used)
    if memory is not None:
        memory.keep(item.layout.lasting)


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
