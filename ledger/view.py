"""The view document: its form, read and written (docs/spec/view.md, section 1)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger import limits
from ledger.errors import MalformedJson, MalformedView, ViewTooLarge
from ledger.strict_json import parse_json

FORMAT: Final = "lotmark.view/v1"
_ENTRY = {"head", "jws", "path"}
_RECORD = {"entry", "type", "keys", "disclosures", "decision", "erased"}


@dataclass(frozen=True, slots=True)
class ViewEntry:
    """An entry in the table of a view: its head lines, its JWS, its inclusion path."""

    head: str
    jws: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ViewRecord:
    """A record shown: positions in the table of its entry, its type, its key path."""

    entry: int
    type: int | None
    keys: tuple[int, ...]
    disclosures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A parsed view; nothing in it is verified yet."""

    checkpoint: str
    entries: tuple[ViewEntry, ...]
    records: tuple[ViewRecord, ...]


def encode_view(view: View) -> str:
    """The view as one JSON document."""
    members = {**_header(view), "records": [_record_members(record) for record in view.records]}
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")) + "\n"


def encode_view_lines(view: View) -> str:
    """The view as JSON lines: a header, then a record a line."""
    lines = [_header(view), *(_record_members(record) for record in view.records)]
    return "".join(f"{json.dumps(line, separators=(',', ':'))}\n" for line in lines)


def parse_view(data: bytes) -> View:
    """Read a view in either form.

    Raises:
        ViewTooLarge, MalformedJson, MalformedView: A2 to A4.
    """
    if len(data) > limits.VIEW_BYTES_MAX:
        raise ViewTooLarge(f"expected at most {limits.VIEW_BYTES_MAX} bytes, found {len(data)}")
    lines = _split_lines(data)
    values = [parse_json(line, bytes_max=limits.VIEW_BYTES_MAX) for line in lines]
    members = _members(values[0], "the view")
    if len(values) > 1 or "records" not in members:
        _require(members, {"format", "checkpoint", "entries"}, "the header line")
        records = values[1:]
    else:
        _require(members, {"format", "checkpoint", "entries", "records"}, "the view")
        records = _array(members["records"], "records")
    if members["format"] != FORMAT:
        raise MalformedView(f"expected format {FORMAT!r}, found {str(members['format'])[:40]!r}")
    return _read(members, records)


def _split_lines(data: bytes) -> list[bytes]:
    # The form is told by its shape: JSONL where the first line is a document by itself.
    first, separator, _ = data.strip(b" \t\r\n").partition(b"\n")
    if not separator:
        return [data]
    try:
        parse_json(first, bytes_max=limits.VIEW_BYTES_MAX)
    except MalformedJson:
        return [data]
    if not data.endswith(b"\n"):
        raise MalformedView("expected every line to be ended by LF")
    return data[:-1].split(b"\n")


def _read(members: dict[str, Any], records: Sequence[Any]) -> View:
    table = _array(members["entries"], "entries")
    if not 1 <= len(table) <= limits.VIEW_ENTRIES_MAX:
        raise MalformedView(f"expected 1..{limits.VIEW_ENTRIES_MAX} entries, found {len(table)}")
    if not 1 <= len(records) <= limits.VIEW_RECORDS_MAX:
        raise MalformedView(f"expected 1..{limits.VIEW_RECORDS_MAX} records, found {len(records)}")
    return View(
        checkpoint=_text(members["checkpoint"], "checkpoint"),
        entries=tuple(_read_entry(item, position) for position, item in enumerate(table)),
        records=tuple(
            _read_record(item, position, len(table)) for position, item in enumerate(records)
        ),
    )


def _read_entry(value: object, position: int) -> ViewEntry:
    place = f"entries/{position}"
    members = _members(value, place)
    _require(members, _ENTRY, place)
    path = _array(members["path"], f"{place}/path")
    return ViewEntry(
        _text(members["head"], f"{place}/head"),
        _text(members["jws"], f"{place}/jws"),
        tuple(_text(item, f"{place}/path") for item in path),
    )


def _read_record(value: object, position: int, size: int) -> ViewRecord:
    place = f"records/{position}"
    members = _members(value, place)
    _require(members, _RECORD, place)
    keys = [_position(item, size, place) for item in _array(members["keys"], f"{place}/keys")]
    if len(keys) > limits.VIEW_KEY_PATH_MAX or sorted(set(keys)) != keys:
        raise MalformedView(f"{place}/keys: expected at most 16 positions, ascending")
    if members["decision"] is not None or members["erased"] != []:
        raise MalformedView(f"{place}: expected decision null and erased [] in this version")
    shown = _array(members["disclosures"], f"{place}/disclosures")
    kind = members["type"]
    return ViewRecord(
        entry=_position(members["entry"], size, place),
        type=None if kind is None else _position(kind, size, place),
        keys=tuple(keys),
        disclosures=tuple(_text(item, f"{place}/disclosures") for item in shown),
    )


def _members(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedView(f"{place}: expected an object")
    return value


def _require(members: dict[str, Any], names: set[str], place: str) -> None:
    if members.keys() != names:
        raise MalformedView(f"{place}: expected exactly {sorted(names)}, found {sorted(members)}")


def _array(value: object, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise MalformedView(f"{place}: expected an array")
    return value


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise MalformedView(f"{place}: expected text")
    return value


def _position(value: object, size: int, place: str) -> int:
    if type(value) is not int or not 0 <= value < size:
        raise MalformedView(f"{place}: expected a position below {size}, found {value!r}")
    return value


def _header(view: View) -> dict[str, Any]:
    entries = [
        {"head": item.head, "jws": item.jws, "path": list(item.path)} for item in view.entries
    ]
    return {"format": FORMAT, "checkpoint": view.checkpoint, "entries": entries}


def _record_members(record: ViewRecord) -> dict[str, Any]:
    return {
        "entry": record.entry,
        "type": record.type,
        "keys": list(record.keys),
        "disclosures": list(record.disclosures),
        "decision": None,
        "erased": [],
    }
