"""Mappings: which column of a table goes where in a record (``lotmark.mapping/v1``).

A mapping is a JSON file that may be edited and kept beside its table::

    {"format": "lotmark.mapping/v1", "type": "inspection-report/v1",
     "one_record_per": ["Charge"],
     "columns": {"Charge": "/lot/number", "Wert": "/measurements/characteristics/0/values/*/value"},
     "constants": {"/lot/unit": "H87"},
     "words": {"/verdict/decision": {"i.O.": "accept"}},
     "form": {"encoding": "cp1252", "delimiter": ";", "decimal": "comma", "offset": "+01:00",
              "time": "09:30", "heading_row": null, "sheet": null}}

A column mapped to ``""`` is left out on purpose. ``headings``, where it stands, is the row of
headings that the mapping was made for; ``file`` is the name of the file, and ``digest`` its
SHA-256: what was set for one lot counts for those bytes alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from api.cli.cells import DecimalSign, is_clock, is_offset
from api.cli.table import ENCODINGS
from api.cli.table_errors import MalformedMapping
from ledger import limits
from ledger.durable_files import replace_file
from ledger.errors import MalformedJson
from ledger.strict_json import parse_json_object

FORMAT: Final = "lotmark.mapping/v1"
SUFFIX: Final = ".mapping.json"
_MEMBERS: Final = {
    *("format", "type", "one_record_per", "columns", "constants", "words", "form", "headings"),
    *("file", "digest"),
}

Grouping = tuple[str, ...] | Literal["row", "file"]


@dataclass(frozen=True, slots=True)
class TableForm:
    """How a table is written; None is found out."""

    encoding: str | None = None
    delimiter: str | None = None
    decimal: DecimalSign | None = None
    offset: str | None = None
    heading_row: int | None = None
    clock: str | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """A mapping: pointer by heading, values that no column gives, words to be replaced.

    ``seen`` names the file and the day of a mapping that was kept, and ``remembered`` the
    constants that came from it; neither is written.
    """

    vct: str
    per: Grouping = "row"
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    form: TableForm = field(default_factory=TableForm)
    headings: tuple[str, ...] = ()
    file: str = ""
    digest: str = ""
    seen: str = ""
    remembered: frozenset[str] = frozenset()


def tell_constants(mapping: ColumnMap) -> Iterator[tuple[str, str]]:
    """What no column gives: the place, its value, and where it is remembered from."""
    for pointer, value in mapping.constants.items():
        told = f"= {'none' if value is None else value}"
        is_kept = pointer in mapping.remembered and value is not None
        yield pointer, f"{told}, remembered from {mapping.seen}" if is_kept else told


def mapping_path(table: Path) -> Path:
    """Where the mapping of a table is remembered."""
    return table.with_name(table.name + SUFFIX)


def write_mapping(path: Path, mapping: ColumnMap) -> None:
    """Write a mapping file."""
    form = mapping.form
    members = {
        "format": FORMAT,
        "type": mapping.vct,
        "one_record_per": mapping.per if isinstance(mapping.per, str) else list(mapping.per),
        "columns": dict(mapping.columns),
        "constants": dict(mapping.constants),
        "words": {pointer: dict(words) for pointer, words in mapping.words.items()},
        "form": {
            "encoding": form.encoding,
            "delimiter": form.delimiter,
            "decimal": form.decimal.value if form.decimal else None,
            "offset": form.offset,
            "time": form.clock,
            "heading_row": form.heading_row,
            "sheet": form.sheet,
        },
        "headings": list(mapping.headings),
        **({"file": mapping.file} if mapping.file else {}),
        **({"digest": mapping.digest} if mapping.digest else {}),
    }
    replace_file(path, (json.dumps(members, ensure_ascii=False, indent=1) + "\n").encode())


def parse_mapping(data: bytes, *, name: str) -> ColumnMap:
    """Read a mapping file.

    Raises:
        MalformedMapping: it has another form.
    """
    try:
        found = parse_json_object(data, bytes_max=limits.MAPPING_BYTES_MAX, numbers="any")
    except MalformedJson as fault:
        raise _malformed(name, f"expected JSON, found: {fault}") from fault
    members: Mapping[str, Any] = found
    match members:
        case {"format": "lotmark.mapping/v1", "type": str(vct), "columns": dict(columns)}:
            unknown = sorted(members.keys() - _MEMBERS)
            if unknown:
                raise _malformed(name, f"expected no other members, found {unknown}")
            return ColumnMap(
                vct=vct,
                per=_parse_grouping(members.get("one_record_per", "row"), name),
                columns=_texts(columns, "columns", name),
                constants=_members(members.get("constants", {}), "constants", name),
                words={
                    pointer: _texts(words, "words", name)
                    for pointer, words in _members(members.get("words", {}), "words", name).items()
                },
                form=_parse_form(_members(members.get("form", {}), "form", name), name),
                headings=_parse_headings(members.get("headings", []), name),
                file=_parse_word(members, "file", name),
                digest=_parse_word(members, "digest", name),
            )
    raise _malformed(name, f"expected format {FORMAT!r} with type and columns")


def with_changes(
    mapping: ColumnMap,
    *,
    columns: Mapping[str, str],
    constants: Mapping[str, Any],
    per: Grouping | None,
    form: TableForm,
) -> ColumnMap:
    """The mapping with what was said on the command line, which counts more."""
    kept = mapping.form
    return replace(
        mapping,
        per=mapping.per if per is None else per,
        columns={**mapping.columns, **columns},
        constants={**mapping.constants, **constants},
        remembered=frozenset(mapping.constants.keys() - constants.keys() if mapping.seen else ()),
        form=TableForm(
            form.encoding or kept.encoding,
            form.delimiter or kept.delimiter,
            form.decimal or kept.decimal,
            form.offset or kept.offset,
            form.heading_row or kept.heading_row,
            form.clock or kept.clock,
            form.sheet or kept.sheet,
        ),
    )


def parse_assignment(text: str, *, option: str) -> tuple[str, str]:
    """``NAME=VALUE`` as a pair; the last ``=`` before a pointer divides.

    Raises:
        MalformedMapping: there is no ``=``.
    """
    # A heading may hold '=', a pointer never does; a value given by --set may, its pointer not.
    name, divider, value = text.rpartition("=") if option == "--map" else text.partition("=")
    if not divider or not name.strip():
        example = "'Charge=/lot/number'" if option == "--map" else "/lot/unit=H87"
        raise MalformedMapping(
            f"expected {option} NAME=VALUE, found {text!r}", remedy=f"Say {option} {example}."
        )
    return name.strip(), value.strip()


def parse_per(values: Sequence[str], headings: Sequence[str]) -> Grouping | None:
    """What ``--per`` says: headings, or the words row and file."""
    if not values:
        return None
    if len(values) == 1 and values[0] not in headings and values[0] in {"row", "file"}:
        return "row" if values[0] == "row" else "file"
    return tuple(values)


def _parse_grouping(value: object, name: str) -> Grouping:
    match value:
        case "row" | "file":
            return value
        case [*headings] if headings and all(isinstance(item, str) for item in headings):
            return tuple(str(item) for item in headings)
    raise _malformed(name, "one_record_per: expected 'row', 'file' or a list of headings")


def _parse_headings(value: object, name: str) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise _malformed(name, "headings: expected texts")


def _parse_word(members: Mapping[str, Any], member: str, name: str) -> str:
    value = members.get(member, "")
    if isinstance(value, str):
        return value
    raise _malformed(name, f"{member}: expected a text")


def _parse_form(members: Mapping[str, Any], name: str) -> TableForm:
    decimal, offset = members.get("decimal"), members.get("offset")
    clock = members.get("time")
    heading_row, sheet = members.get("heading_row"), members.get("sheet")
    encoding, delimiter = members.get("encoding"), members.get("delimiter")
    if encoding not in (None, *ENCODINGS):
        raise _malformed(name, f"form/encoding: expected one of {', '.join(ENCODINGS)}")
    if delimiter is not None and not (isinstance(delimiter, str) and len(delimiter) == 1):
        raise _malformed(name, "form/delimiter: expected one character")
    if decimal not in (None, "point", "comma"):
        raise _malformed(name, "form/decimal: expected 'point' or 'comma'")
    if offset is not None and not (isinstance(offset, str) and is_offset(offset)):
        raise _malformed(name, "form/offset: expected a time zone such as +08:00")
    if clock is not None and not (isinstance(clock, str) and is_clock(clock)):
        raise _malformed(name, "form/time: expected a time of day such as 09:30")
    if heading_row is not None and (type(heading_row) is not int or heading_row < 1):
        raise _malformed(name, "form/heading_row: expected a row number")
    if not isinstance(sheet, str | None):
        raise _malformed(name, "form/sheet: expected the name of a sheet")
    return TableForm(
        encoding,
        delimiter,
        DecimalSign(decimal) if decimal else None,
        offset,
        heading_row,
        clock,
        sheet,
    )


def _members(value: object, place: str, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _malformed(name, f"{place}: expected an object")
    return value


def _texts(value: object, place: str, name: str) -> Mapping[str, str]:
    members = _members(value, place, name)
    if not all(isinstance(item, str) for item in members.values()):
        raise _malformed(name, f"{place}: expected texts")
    return members


def _malformed(name: str, text: str) -> MalformedMapping:
    return MalformedMapping(
        f"{name}: {text}", remedy=f"Mend {name}, or remove it and let it be made again."
    )
