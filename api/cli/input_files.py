"""What ``lotmark submit`` is told about its files, and what a file becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.cli.cells import Kind
from api.cli.column_map import ColumnMap, TableForm, mapping_path, parse_assignment, parse_mapping
from api.cli.drafts import Draft
from api.cli.mapping_memory import MappingMemory
from api.cli.measured.source import WHOLE_BYTES_MAX, Progress, silent
from api.cli.options import read_file
from api.cli.places import FILING_PLACES, Places
from api.cli.table import Table
from api.cli.table_drafts import FaultyRows
from api.cli.table_errors import MalformedMapping
from keys.identifiers import Origin
from ledger import limits
from ledger.compose import Filing


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


def remembered_mapping(path: Path, maps: tuple[str, ...]) -> ColumnMap | None:
    """The mapping file that was named, else the one beside the table, if there is one."""
    named = [Path(item) for item in maps if "=" not in item]
    if len(named) > 1:
        raise MalformedMapping(f"expected one mapping file, found {len(named)}")
    found = named[0] if named else mapping_path(path)
    if not named and not found.exists():
        return None
    data = read_file(found, "a mapping", bytes_max=limits.MAPPING_BYTES_MAX)
    return parse_mapping(data, name=str(found))


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


def lasting_constants(constants: Mapping[str, Any], places: Places) -> Mapping[str, Any]:
    """What was set for every such table; days and numbers are of one file alone."""
    return {
        pointer: value
        for pointer, value in constants.items()
        if pointer not in FILING_PLACES
        and not pointer.endswith("/number")
        and places.wanted(pointer).kind not in {Kind.DAY, Kind.INSTANT}
    }
