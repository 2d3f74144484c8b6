"""What ``lotmark submit`` is told about its files, and what a file becomes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from api.cli.column_map import (
    ColumnMap,
    TableForm,
    mapping_path,
    parse_assignment,
    parse_mapping,
    write_mapping,
)
from api.cli.drafts import Draft
from api.cli.lasting_constants import lasting_constants
from api.cli.mapping_memory import MappingMemory, seen_at
from api.cli.measured.source import WHOLE_BYTES_MAX, Progress, silent
from api.cli.options import read_file
from api.cli.places import Places
from api.cli.table import Table
from api.cli.table_drafts import FaultyRows
from api.cli.table_errors import MalformedMapping
from keys.identifiers import Origin
from ledger import limits
from ledger.compose import Filing
from ledger.record_type import RecordType


def no_agreed(_: Mapping[str, Any]) -> Sequence[object]:
    """No characteristics: nobody looks up what a specification says."""
    return ()


@dataclass(frozen=True, slots=True)
class InputOptions:
    """What the command line says about the files.

    ``find_agreed`` gives the characteristics of the specification that constants cite, and
    ``whole_bytes_max`` is how large a table of readings may be to be read as a whole.
    """

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
    progress: Progress = silent
    whole_bytes_max: int = WHOLE_BYTES_MAX
    find_agreed: Callable[[Mapping[str, Any]], Sequence[object]] = no_agreed


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


def remembered_mapping(
    path: Path, maps: tuple[str, ...], find_kind: Callable[[str], RecordType]
) -> ColumnMap | None:
    """The mapping file that was named, else the one beside the table, if there is one.

    Programs export to the same name again: of a file with other bytes, the one beside it holds
    as for any file like it, without what was set for the lot of the last one.
    """
    named = [Path(item) for item in maps if "=" not in item]
    if len(named) > 1:
        raise MalformedMapping(f"expected one mapping file, found {len(named)}")
    found = named[0] if named else mapping_path(path)
    if not named and not found.exists():
        return None
    data = read_file(found, "a mapping", bytes_max=limits.MAPPING_BYTES_MAX)
    mapping = seen_at(parse_mapping(data, name=str(found)), found, name=found.name)
    if named or mapping.digest in {"", file_digest(path)}:
        return mapping
    places = Places(find_kind(mapping.vct).text)
    return replace(mapping, constants=lasting_constants(mapping.constants, places))


def keep_beside(path: Path, mapping: ColumnMap) -> None:
    """Keep a mapping beside the file that it was made for, as long as that is the same."""
    write_mapping(mapping_path(path), replace(mapping, digest=file_digest(path)))


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def assignments(options: InputOptions) -> tuple[Mapping[str, str], Mapping[str, Any]]:
    """Where columns go and what is set, as the options say: pointer by heading, value by pointer.

    Raises:
        MalformedMapping: one of them is no assignment.
    """
    maps = [item for item in options.maps if "=" in item]
    return (
        dict(parse_assignment(item, option="--map") for item in maps),
        dict(parse_assignment(item, option="--set") for item in options.constants),
    )
