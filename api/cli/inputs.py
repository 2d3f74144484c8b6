"""Input files of ``lotmark submit``: what each one is, its drafts, and how that was found out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from api.cli.cells import CellReading, DecimalSign
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
from api.cli.options import read_file
from api.cli.output import columns
from api.cli.places import Places
from api.cli.suggestion import left_over, likely_place, suggest
from api.cli.table import Table, TableOptions
from api.cli.table_drafts import table_drafts
from api.cli.table_errors import MalformedDraft, MalformedMapping
from api.cli.table_sheet import read_any_table
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


@dataclass(frozen=True, slots=True)
class Input:
    """A file that was read: its drafts, and lines that say how it was understood."""

    path: Path
    drafts: tuple[Draft, ...]
    described: tuple[str, ...]


def read_input(
    path: Path, options: InputOptions, *, find_kind: Callable[[str], RecordType]
) -> Input:
    """Read one file.

    Raises:
        TableError: it cannot be understood, with every place concerned.
    """
    data = read_file(path, "records", bytes_max=limits.DRAFT_BYTES_MAX)
    if _is_json(path, data):
        drafts = _read_json_input(path, data, options, find_kind)
        described: tuple[str, ...] = (f"{path}: {len(drafts)} records",)
    else:
        drafts, described = _read_table_input(path, data, options, find_kind)
    if not drafts or len(drafts) > limits.DRAFTS_MAX:
        raise MalformedDraft(f"{path}: expected 1..{limits.DRAFTS_MAX} records")
    return Input(path, tuple(with_filing(draft, options.filing) for draft in drafts), described)


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


def _read_table_input(
    path: Path, data: bytes, options: InputOptions, find_kind: Callable[[str], RecordType]
) -> tuple[list[Draft], tuple[str, ...]]:
    remembered = _remembered(path, options.maps)
    vct = options.vct or (remembered.vct if remembered else None)
    if vct is None:
        raise MalformedMapping(
            f"{path}: expected a record type", remedy="Name it: --type inspection-report/v1."
        )
    if remembered is not None and remembered.vct != vct:
        raise MalformedMapping(
            f"{path}: expected a mapping of {vct}, found one of {remembered.vct}",
            remedy=f"Remove {mapping_path(path)}, or name another mapping with --map.",
        )
    places = Places(find_kind(vct).text)
    table, mapping = _map(data, options, places, remembered=remembered)
    table = replace(table, file=path.name)
    made = table_drafts(table, mapping, places=places, origin=options.origin)
    form = mapping.form
    if table.sheet is None:
        form = replace(
            form, encoding=table.encoding, delimiter=table.delimiter, decimal=made.decimal
        )
    # Remembered once every cell could be read, so that the same command does the same again.
    write_mapping(mapping_path(path), replace(mapping, form=form))
    described = _describe(path, table, replace(mapping, form=form), len(made.drafts))
    return list(made.drafts), tuple(described)


def _map(
    data: bytes,
    options: InputOptions,
    places: Places,
    *,
    remembered: ColumnMap | None,
) -> tuple[Table, ColumnMap]:
    given, constants = _assignments(options)
    kept = remembered.form if remembered else TableForm()
    form = options.form
    table = read_any_table(
        data,
        TableOptions(
            form.encoding or kept.encoding,
            form.delimiter or kept.delimiter,
            form.heading_row or kept.heading_row,
            form.sheet or kept.sheet,
        ),
    )
    base = remembered or suggest(table, places, given=given, constants=constants)
    per = parse_per(options.per, table.headings)
    return table, with_changes(base, columns=given, constants=constants, per=per, form=form)


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
    sign = mapping.form.decimal.value if mapping.form.decimal else "point"
    form = (
        f"{table.encoding}, delimiter {table.delimiter!r}, decimal {sign}"
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
    for heading in left_over(table, mapping):
        place = likely_place(heading, mapping)
        yield f"  {heading}  goes nowhere: --map '{heading}={place}', or '{heading}='"
    yield f"  mapping kept in {mapping_path(path)}"
