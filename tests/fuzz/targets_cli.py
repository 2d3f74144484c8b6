"""Targets of the command line's files: tables, mappings, drafts, journals, cells, labels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

from api.cli.cells import (
    CellReading,
    CellRefused,
    DecimalSign,
    Kind,
    Wanted,
    is_clock,
    is_number,
    is_offset,
    read_cell,
    read_decimal,
)
from api.cli.column_map import (
    ColumnMap,
    TableForm,
    parse_assignment,
    parse_mapping,
    with_changes,
    write_mapping,
)
from api.cli.content_words import Labels, read_labels, tell_flags, tell_groups
from api.cli.decimal_sign import find_decimal
from api.cli.draft_constants import read_constant
from api.cli.drafts import content_key, read_drafts
from api.cli.journal import Journal, Slot
from api.cli.left_over import check_left_over
from api.cli.places import Places, parse_pointer
from api.cli.record_files import parse_records
from api.cli.suggestion import split_unit, suggest
from api.cli.table import Table, TableOptions, decode, find_delimiter, read_table
from api.cli.table_drafts import table_drafts
from api.cli.table_errors import (
    FormUnclear,
    JournalDamaged,
    MalformedDraft,
    MalformedMapping,
    TableError,
    TableUnreadable,
)
from api.cli.template import fill_template
from ledger.errors import MalformedJson, MalformedType
from ledger.record_type import parse_record_type
from ledger.strict_json import JsonObject, encode_json
from ledger.submission import Admitted
from quality.types import business_types
from tests.fuzz.choices import Choices, change_place
from tests.fuzz.target import Target, raw_text_of
from tests.fuzz.targets_api import scratch_folder
from tests.ledger.parties import ORIGIN, PartyKeys, a_party
from tests.ledger.sample_types import sample_definition
from tests.quality import examples

_PARTY: Final[PartyKeys] = a_party("hanfeng-drive")
_DRAWN: Final = tuple(bytes([number]) * 24 for number in range(0, 256, 37))
_CSV: Final = (
    b"Charge;Wert [mm];Datum\r\nLG-1;12,50;20.11.2026\r\nLG-2;-0,3;21.11.2026\r\n",
    b"sep=,\nlot,number,unit\n1,2,3\n",
    "批号,数量\nA,1\n".encode("gb18030"),
    "a\tb\nü\t1\n".encode("utf-16"),
    b'"a|b"|c\n"x\n""y"|1\n',
    b"na\xefve;b\n1;2\n",
)


def _read_table(data: bytes) -> None:
    table = read_table(data, TableOptions())
    assert len(set(table.headings)) == len(table.headings)
    assert all(len(row.cells) == len(table.headings) for row in table.rows)
    encoding, text = decode(data, table.encoding)
    assert encoding == table.encoding
    find_delimiter(text, 1)


def _parse_mapping(data: bytes) -> None:
    mapping = parse_mapping(data, name="the mapping")
    form = mapping.form
    # What a mapping file says of the form is used as it stands.
    read_table(_CSV[0], TableOptions(form.encoding, form.delimiter, form.heading_row))
    path = scratch_folder() / "written.mapping.json"
    write_mapping(path, mapping)
    assert parse_mapping(path.read_bytes(), name="again") == mapping


def _make_drafts(data: bytes) -> None:
    # A mapping, a line that no JSON file has, and the table.
    head, _, body = data.partition(b"\n\x00\n")
    table = read_table(body, TableOptions())
    places = _places()
    mapping = (
        parse_mapping(head, name="the mapping")
        if head
        else suggest(table, places, given={}, constants={})
    )
    with suppress(MalformedMapping):
        check_left_over(table, mapping)
    merged = with_changes(mapping, columns={}, constants={}, per=None, form=TableForm())
    made = table_drafts(table, merged, places=places, origin=ORIGIN)
    for draft in made.drafts[:3]:
        places.ordered(draft.groups)
        places.missing(draft.groups)


def _read_cell(data: bytes) -> None:
    text = raw_text_of(data[1:])
    number = data[0] if data else 0
    kinds, signs = list(Kind), list(DecimalSign)
    reading = CellReading(
        ORIGIN,
        signs[number % 2],
        "+08:00" if number & 2 else None,
        clock="09:30" if number & 4 else None,
    )
    wanted = Wanted(
        kinds[(number >> 3) % len(kinds)], ("accept",) if number & 64 else (), bool(number & 128)
    )
    is_number(text), is_offset(text), is_clock(text)
    with suppress(FormUnclear):
        find_decimal([("here", text)])
    split_unit(text)
    if number & 1:
        assert set(read_decimal(text, DecimalSign.COMMA)) <= set("-.0123456789")
    read_cell(text, wanted, reading)


def _parse_place(data: bytes) -> None:
    text = raw_text_of(data)
    name, value = parse_assignment(text, option="--map")
    assert name
    parse_assignment(text, option="--set")
    parse_pointer(value)
    read_constant(value, name, _places(), CellReading(ORIGIN))
    _places().wanted(value)


def _read_drafts(data: bytes) -> None:
    path = Path("drafts.jsonl" if data[:1] == b"\n" else "drafts.json")
    for draft in read_drafts(path, data, vct="sample-report/v1", origin=ORIGIN):
        content_key(draft)
        draft.locate("/lot/number")


def _read_journal(data: bytes) -> None:
    path = scratch_folder() / "records.journal.jsonl"
    path.write_bytes(data)
    with Journal(path, origin=ORIGIN, party=_PARTY.did) as journal:
        signed, admitted = journal.counts()
        assert admitted <= signed
    with Journal(path, origin=ORIGIN, party=_PARTY.did) as again:
        assert again.counts() == (signed, admitted)


def _parse_records(data: bytes) -> None:
    assert all(isinstance(text, str) for text in parse_records(data))


def _use_type(data: bytes) -> None:
    """Everything that reads the definition of a foreign type, once the log has accepted it."""
    chance, definition = Choices(data), sample_definition()
    definition["labels"] = {"/lot": {"en": "Lot"}, "/lot/number": {"en": "No.", "zh": "批号"}}
    for _ in range(1 + chance.randrange(4)):
        change_place(chance, definition)
    kind = parse_record_type(json.dumps(definition))
    fill_template(kind)
    labels = read_labels(kind.text, "zh")
    places = Places(kind.text)
    suggest(_table(), places, given={}, constants={})
    list(tell_groups(examples.example("inspection-report/v1"), labels))
    places.wanted("/lot/number")
    places.missing({})


def _tell_content(data: bytes) -> None:
    """What a verified view says may be of any form: its schema is the log's affair."""
    chance = Choices(data)
    vct = chance.choice(examples.VCTS)
    groups: dict[str, Any] = orjson.loads(_examples()[vct])
    for _ in range(1 + chance.randrange(4)):
        change_place(chance, groups)
    encode_json(groups)
    list(tell_flags(vct, groups, language="en"))
    list(tell_groups(groups, _labels()[vct]))


# ---- what is changed ----


@cache
def _definitions() -> dict[str, str]:
    return {json.loads(text)["vct"]: text for text in business_types()}


@cache
def _examples() -> dict[str, bytes]:
    return {vct: encode_json(examples.example(vct)) for vct in examples.VCTS}


@cache
def _labels() -> dict[str, Labels]:
    return {vct: read_labels(text, "en") for vct, text in _definitions().items()}


@cache
def _places() -> Places:
    return Places(_definitions()["inspection-report/v1"])


@cache
def _table() -> Table:
    return read_table(_CSV[0], TableOptions())


def _mappings() -> list[bytes]:
    path = scratch_folder() / "seed.mapping.json"
    form = TableForm("utf-8", ";", DecimalSign.COMMA, "+01:00", 1, "09:30")
    columns = {
        "Charge": "/lot/number",
        "Wert [mm]": "/measurements/characteristics/0/values/*/value",
    }
    words = {"/verdict/decision": {"i.O.": "accept"}}
    write_mapping(
        path,
        ColumnMap("inspection-report/v1", ("Charge",), columns, {"/lot/unit": "H87"}, words, form),
    )
    return [path.read_bytes(), b"{}", b"[" * 3000]


def _tables_with_mappings() -> Iterator[bytes]:
    yield from (b"\n\x00\n" + table for table in _CSV)
    for mapping in _mappings():
        # Without indentation: few bytes are more often changed where it matters.
        short = json.dumps(json.loads(mapping)).encode() if mapping.startswith(b"{") else b"{}"
        yield short + b"\n\x00\n" + _CSV[0]


def _drafts() -> list[bytes]:
    whole: JsonObject = {
        "type": "sample-report/v1",
        "groups": {"lot": {"number": "1", "pieces": 5}},
        "filing": {
            "to": ["acme"],
            "subject": "acme",
            "tiers": {"lot": "public"},
            "cites": ["A" * 43],
        },
    }
    flat: JsonObject = {"lot": {"number": "1"}, "filing": {"number": "7"}}
    return [encode_json(whole), encode_json([flat]), b"\n" + encode_json(flat) + b"\n"]


def _journals() -> list[bytes]:
    path = scratch_folder() / "seed.journal.jsonl"
    path.unlink(missing_ok=True)
    with Journal(path, origin=ORIGIN, party=_PARTY.did) as journal:
        journal.keep_signed([(Slot("a", 0), "x.y.z~"), (Slot("b", 1), "x.y.w~")])
        journal.keep_answers([(Slot("a", 0), Admitted("A" * 43, 4, "receipt", True))])
        journal.keep_answers([(Slot("b", 1), "stale")])
    return [path.read_bytes(), path.read_bytes()[:-9], b"[" * 3000 + b"\n"]


TARGETS: Final = (
    Target(
        "table",
        _read_table,
        (TableUnreadable, FormUnclear),
        (read_table, decode, find_delimiter),
        lambda: _CSV,
        bytes_max=512,
        words=("sep=", ";", '"', "\r\n", "\ufeff"),
    ),
    Target(
        "mapping",
        _parse_mapping,
        (MalformedMapping, TableUnreadable, FormUnclear),
        (parse_mapping,),
        _mappings,
        bytes_max=4096,
        words=('"encoding"', '"delimiter"', '"decimal"', "[]", "{}", "utf-16", "base64", "null"),
    ),
    Target(
        "table-drafts",
        _make_drafts,
        (TableError,),
        (suggest, table_drafts),
        _tables_with_mappings,
        words=("/lot/number", "/*/", "/0/", "{Charge}", '"row"', '"file"', "\n\0\n"),
    ),
    Target(
        "cell",
        _read_cell,
        (CellRefused,),
        (read_cell, read_decimal, split_unit),
        lambda: [b"\x062026-11-20 09:30", b"\x0112,5", b"\x2020.11.2026", b"\x10-5", b"\x00[mm]"],
        bytes_max=64,
        words=("年", "月", "日", "T", "Z", "+08:00", "0:00"),
    ),
    Target(
        "place",
        _parse_place,
        (MalformedMapping,),
        (parse_assignment, parse_pointer, read_constant),
        lambda: [b"Charge=/lot/number", b"a=/measurements/characteristics/{x}/values/*/value"],
        bytes_max=128,
        words=("/lot", "/*", "{", "}", "=", "/address/to/0"),
    ),
    Target(
        "drafts",
        _read_drafts,
        (MalformedDraft,),
        (read_drafts, content_key),
        _drafts,
        words=('"filing"', '"groups"', '"tiers"', '"to"', '{"$file":"a"}', "[[]]", "null", "did:"),
    ),
    Target(
        "journal",
        _read_journal,
        (JournalDamaged,),
        (Journal,),
        _journals,
        words=('"key"', '"occurrence"', '"sd_jwt"', '"refused"', '"record_id"', "\n"),
    ),
    Target(
        "record-file",
        _parse_records,
        (),
        (parse_records,),
        lambda: [b'{"sd_jwt":"a.b.c~"}\n', b"a.b.c~d~\n", b'{"a":' * 2000],
        bytes_max=4096,
        words=('"sd_jwt"', "\n", "\x85"),
    ),
    Target(
        "foreign-type",
        _use_type,
        (MalformedType, MalformedMapping),
        (read_labels, fill_template),
        lambda: _DRAWN,
        bytes_max=96,
    ),
    Target(
        "told-content",
        _tell_content,
        (MalformedJson,),
        (tell_flags, tell_groups),
        lambda: _DRAWN,
        bytes_max=96,
    ),
)
