"""One measurement file as the input of a run: its mapping found, its drafts made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from api.cli.agreed_reports import REPORT
from api.cli.cells import DecimalSign
from api.cli.column_map import ColumnMap, TableForm
from api.cli.decimal_sign import decimal_of
from api.cli.drafts import with_filing
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
from api.cli.measured.files import (
    FileSaid,
    describe_file,
    file_drafts,
    file_mapping,
    gather_file,
    labels_of,
)
from api.cli.measured.long_tables import LongDrafts, LongTable, long_table_drafts
from api.cli.measured.row_streams import open_stream
from api.cli.measured.source import read_chunks
from api.cli.measured.table_layout import streamed_layout
from api.cli.places import Places
from api.cli.table import TableOptions
from api.cli.table_errors import MalformedMapping
from api.cli.table_mapping import describe_table, form_seen, map_table
from api.cli.type_defaults import with_defaults
from ledger.record_type import RecordType

_OF_ONE_FILE = frozenset({"/lot/number", "/lot/order"})


def read_measured_input(
    path: Path, options: InputOptions, *, find_kind: Callable[[str], RecordType]
) -> Input:
    """Read a DFQ or QIF file.

    Raises:
        TableError: it cannot be understood, with every place concerned.
    """
    if options.vct not in (None, REPORT):
        raise MalformedMapping(
            f"{path}: expected --type {REPORT} for measured values, found {options.vct}",
            remedy=f"Say --type {REPORT}.",
        )
    places = Places(find_kind(REPORT).text)
    found = gather_file(path, read_chunks(path, options.progress))
    named = remembered_mapping(path, options.maps, find_kind)
    memory = options.memory
    kept = named or (memory.find(REPORT, labels_of(found)) if memory else None)
    columns, constants = assignments(options)
    said = FileSaid(columns, constants, ColumnMap(REPORT, form=options.form))
    mapping = replace(file_mapping(found, kept, said, places=places), file=path.name)
    drafts, notes = file_drafts(path, found, mapping, places=places, origin=options.origin)
    keep_beside(path, mapping)
    made = tuple(
        with_defaults(replace(draft, filing=options.filing), options.own) for draft in drafts
    )
    described = (
        *describe_file(path, found, mapping, len(drafts)),
        *(f"  {note}" for note in notes),
    )
    return Input(
        path, made, described, layout=Layout(mapping, _lasting(mapping, places)), is_measured=True
    )


def read_long_table(
    path: Path, options: InputOptions, *, find_kind: Callable[[str], RecordType]
) -> Input | None:
    """Read a table of readings that is too long to be held.

    None of a table that is not, of one of another type, and of one with more than readings in
    its rows: those are read as a whole.

    Raises:
        TableError: it cannot be understood, with every place concerned.
    """
    named = remembered_mapping(path, options.maps, find_kind)
    form = _table_options(options.form, named)
    stream = open_stream(path, form, whole_bytes_max=options.whole_bytes_max)
    if stream is None:
        return None
    memory, table = options.memory, stream.table
    kept = named or (memory.find(options.vct, table.headings) if memory else None)
    if (options.vct or (kept.vct if kept else None)) != REPORT:
        return None
    places = Places(find_kind(REPORT).text)
    latest = memory.latest(REPORT) if memory and kept is None else None
    mapping = map_table(table, options, places, kept=kept, latest=latest)
    check_left_over(table, mapping)
    decimal = mapping.form.decimal or decimal_of(table, mapping, places)
    layout = streamed_layout(table, mapping, is_comma=decimal is DecimalSign.COMMA)
    if layout is None:
        return None
    long = LongTable(path, stream, layout, mapping, decimal)
    made = long_table_drafts(
        long,
        places=places,
        origin=options.origin,
        progress=options.progress,
        skips_faulty=options.skips_faulty,
    )
    return _long_input(long, made, options, places)


def _long_input(long: LongTable, made: LongDrafts, options: InputOptions, places: Places) -> Input:
    table, mapping = long.stream.table, long.mapping
    form = form_seen(mapping.form, table, long.decimal)
    used = replace(mapping, form=form, headings=table.headings, file=long.path.name)
    keep_beside(long.path, used)
    described = (
        *describe_table(long.path, table, used, len(made.drafts), rows=made.rows),
        *(f"  {note}" for note in made.notes),
    )
    drafts = tuple(
        with_defaults(with_filing(draft, options.filing), options.own) for draft in made.drafts
    )
    lasting = replace(used, constants=lasting_constants(mapping.constants, places))
    return Input(
        long.path,
        drafts,
        described,
        faulty=made.faulty,
        layout=Layout(used, lasting),
        is_measured=True,
    )


def _table_options(form: TableForm, named: ColumnMap | None) -> TableOptions:
    kept = named.form if named else TableForm()
    return TableOptions(
        form.encoding or kept.encoding,
        form.delimiter or kept.delimiter,
        form.heading_row or kept.heading_row,
        form.sheet or kept.sheet,
    )


def _lasting(mapping: ColumnMap, places: Places) -> ColumnMap:
    """What holds for every file of these characteristics; a lot's number is of one alone."""
    words = {pointer: own for pointer, own in mapping.words.items() if pointer not in _OF_ONE_FILE}
    return replace(mapping, constants=lasting_constants(mapping.constants, places), words=words)
