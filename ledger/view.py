"""The view document: its form, read and written (docs/spec/view.md, section 1)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger import limits
from ledger.errors import MalformedJson, MalformedView, ViewTooLarge
from ledger.strict_json import JsonObject, JsonValue, describe, parse_json

FORMAT: Final = "lotmark.view/v1"
_HEADER = {"format", "checkpoint", "entries"}
_ENTRY = {"head", "jws", "path"}
_RECORD = {"entry", "type", "keys", "after", "disclosures", "decision", "erased"}


@dataclass(frozen=True, slots=True)
class ViewEntry:
    """An entry in the table of a view: its head lines, its JWS, its inclusion path."""

    head: str
    jws: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ErasedGroup:
    """A group that is erased, and the index of the entry that ordered it."""

    group: str
    at: int


@dataclass(frozen=True, slots=True)
class ViewRecord:
    """A record shown: positions in the table of its entry, its type, its key path.

    ``after`` is what later entries say of the key and of the record, ``decision`` the signed
    note on what the reader gets (None: nothing was decided).
    """

    entry: int
    type: int | None
    keys: tuple[int, ...]
    after: tuple[int, ...]
    disclosures: tuple[str, ...]
    decision: str | None = None
    erased: tuple[ErasedGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """A parsed view; nothing in it is verified yet."""

    checkpoint: str
    entries: tuple[ViewEntry, ...]
    records: tuple[ViewRecord, ...]


def encode_view(view: View) -> str:
    """The view as one JSON document."""
    members = {**_header(view), "records": [record_members(record) for record in view.records]}
    return f"{_dump(members)}\n"


def encode_view_lines(view: View) -> str:
    """The view as JSON lines: a header, then a record a line."""
    lines = [_header(view), *(record_members(record) for record in view.records)]
    return "".join(f"{_dump(line)}\n" for line in lines)


def parse_view(data: bytes) -> View:
    """Read a view in either form.

    Raises:
        ViewTooLarge, MalformedJson, MalformedView: A2 to A4.
    """
    if len(data) > limits.VIEW_BYTES_MAX:
        raise ViewTooLarge(f"expected at most {limits.VIEW_BYTES_MAX} bytes, found {len(data)}")
    return _read_lines(data) if _has_lines(data) else _read_document(data)


def _has_lines(data: bytes) -> bool:
    # The form is told by its shape: JSONL where the first line is a document by itself.
    first, separator, _ = data.strip(b" \t\r\n").partition(b"\n")
    if not separator:
        return False
    try:
        parse_json(first, bytes_max=limits.VIEW_BYTES_MAX)
    except MalformedJson:
        return False
    return True


def _read_document(data: bytes) -> View:
    members = _members(parse_json(data, bytes_max=limits.VIEW_BYTES_MAX), "the view")
    _require(members, {*_HEADER, "records"}, "the view")
    return _read(members, _array(members["records"], "records"))


def _read_lines(data: bytes) -> View:
    *lines, last = data.split(b"\n")
    ended = lines if not last else [*lines, last]
    # Every line is JSON before the last LF is asked for: A3 stands before A4.
    values = [parse_json(line, bytes_max=limits.VIEW_BYTES_MAX) for line in ended]
    if last:
        raise MalformedView("expected every line to be ended by LF, found one that is not")
    members = _members(values[0], "the header line")
    _require(members, _HEADER, "the header line")
    return _read(members, values[1:])


def _read(members: JsonObject, records: Sequence[JsonValue]) -> View:
    if members["format"] != FORMAT:
        raise MalformedView(f"expected format {FORMAT!r}, found {describe(members['format'])}")
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


def _read_entry(value: JsonValue, position: int) -> ViewEntry:
    place = f"entries/{position}"
    members = _members(value, place)
    _require(members, _ENTRY, place)
    path = _array(members["path"], f"{place}/path")
    return ViewEntry(
        _text(members["head"], f"{place}/head"),
        _text(members["jws"], f"{place}/jws"),
        tuple(_text(item, f"{place}/path") for item in path),
    )


def _read_record(value: JsonValue, position: int, size: int) -> ViewRecord:
    place = f"records/{position}"
    members = _members(value, place)
    _require(members, _RECORD, place)
    decision = members["decision"]
    shown = _array(members["disclosures"], f"{place}/disclosures")
    kind = members["type"]
    return ViewRecord(
        entry=_position(members["entry"], size, place),
        type=None if kind is None else _position(kind, size, place),
        keys=_positions(members["keys"], f"{place}/keys", size, most=limits.VIEW_KEY_PATH_MAX),
        after=_positions(members["after"], f"{place}/after", size, most=limits.VIEW_AFTERMATH_MAX),
        disclosures=tuple(_text(item, f"{place}/disclosures") for item in shown),
        decision=None if decision is None else _text(decision, f"{place}/decision"),
        erased=_read_erased(members["erased"], f"{place}/erased"),
    )


def _read_erased(value: JsonValue, place: str) -> tuple[ErasedGroup, ...]:
    found = []
    for item in _array(value, place):
        members = _members(item, place)
        _require(members, {"group", "at"}, place)
        at = members["at"]
        if type(at) is not int or at < 0:
            raise MalformedView(f"{place}: expected at as an index, found {describe(at)}")
        found.append(ErasedGroup(_text(members["group"], place), at))
    names = [item.group for item in found]
    if len(names) > limits.DISCLOSURES_MAX or sorted(set(names)) != names:
        raise MalformedView(
            f"{place}: expected at most {limits.DISCLOSURES_MAX} groups, ascending, "
            f"found {names!r:.80}"
        )
    return tuple(found)


def _members(value: JsonValue, place: str) -> JsonObject:
    if not isinstance(value, dict):
        raise MalformedView(f"{place}: expected an object, found {describe(value)}")
    return value


def _require(members: JsonObject, names: set[str], place: str) -> None:
    if members.keys() != names:
        found = sorted(members)[:12]
        raise MalformedView(f"{place}: expected exactly {sorted(names)}, found {found!r:.200}")


def _array(value: JsonValue, place: str) -> list[JsonValue]:
    if not isinstance(value, list):
        raise MalformedView(f"{place}: expected an array, found {describe(value)}")
    return value


def _text(value: JsonValue, place: str) -> str:
    if not isinstance(value, str):
        raise MalformedView(f"{place}: expected text, found {describe(value)}")
    return value


def _positions(value: JsonValue, place: str, size: int, *, most: int) -> tuple[int, ...]:
    found = [_position(item, size, place) for item in _array(value, place)]
    if len(found) > most or sorted(set(found)) != found:
        raise MalformedView(
            f"{place}: expected at most {most} positions, ascending, found {found!r:.80}"
        )
    return tuple(found)


def _position(value: JsonValue, size: int, place: str) -> int:
    if type(value) is not int or not 0 <= value < size:
        raise MalformedView(f"{place}: expected a position below {size}, found {value!r:.40}")
    return value


def _dump(members: dict[str, Any]) -> str:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))


def _header(view: View) -> dict[str, Any]:
    entries = [
        {"head": item.head, "jws": item.jws, "path": list(item.path)} for item in view.entries
    ]
    return {"format": FORMAT, "checkpoint": view.checkpoint, "entries": entries}


def record_members(record: ViewRecord) -> dict[str, Any]:
    """A record as the members of its line."""
    return {
        "entry": record.entry,
        "type": record.type,
        "keys": list(record.keys),
        "after": list(record.after),
        "disclosures": list(record.disclosures),
        "decision": record.decision,
        "erased": [{"group": item.group, "at": item.at} for item in record.erased],
    }
