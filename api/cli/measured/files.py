"""DFQ and QIF files into drafts: a report a part, its characteristics by number or as mapped.

What a mapping of tables says of columns, one of these files says of characteristics: ``columns``
holds the id in the report by what the file calls it, ``""`` for what is left out on purpose.
``words`` holds the part's number by the one in the file, where ``--set`` said another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from api.cli.agreed_reports import REPORT
from api.cli.cells import CellReading, DecimalSign
from api.cli.column_map import ColumnMap, mapping_path, tell_constants, with_changes
from api.cli.draft_constants import put_constants
from api.cli.drafts import Draft
from api.cli.measured.reports import (
    VALUES_MAX,
    MeasuredGroups,
    ReportForm,
    check_faults,
    measured_groups,
)
from api.cli.measured.source import FORMATS, MeasuredSource
from api.cli.places import Places
from api.cli.suggestion import known_headings
from api.cli.table_errors import MalformedMapping, TableUnreadable
from keys.identifiers import Origin
from ledger import limits
from ledger.compose import Filing
from quality.errors import MeasurementFileRefused
from quality.readers.gathered import Gathered, GatheredPart, gather
from quality.readers.model import Characteristic, Event, Part

_CODE_CHARACTERS_MAX: Final = 64
#: Where a report has what a file says of its part.
_OF_PART: Final[Mapping[str, str]] = {
    "number": "/lot/part",
    "name": "/lot/part_name",
    "revision": "/lot/part_revision",
    "drawing": "/lot/drawing",
    "lot": "/lot/number",
    "order": "/lot/order",
}


@dataclass(frozen=True, slots=True)
class FileSaid:
    """What the command line says: ids by characteristic, constants, and the form."""

    columns: Mapping[str, str]
    constants: Mapping[str, Any]
    changed: ColumnMap


def is_measurement_file(path: Path) -> bool:
    """Whether a file is one of a measuring program, by its ending."""
    return path.suffix.lower() in FORMATS


def gather_file(path: Path, chunks: Iterable[bytes]) -> Gathered:
    """Read a whole file of a measuring program.

    Raises:
        TableUnreadable: it is not of its format, or beyond a bound.
        CellsRefused: something in it cannot be read, by line and field.
    """
    try:
        found = gather(_events(path, chunks), values_max=VALUES_MAX, kept_max=limits.TABLE_ROWS_MAX)
    except MeasurementFileRefused as fault:
        raise TableUnreadable(
            f"{path}: {fault}",
            remedy=f"Export it again as {FORMATS[path.suffix.lower()]}, or as CSV.",
        ) from fault
    check_faults(found, path.name)
    if not found.readings:
        raise TableUnreadable(
            f"{path}: expected measured values, found none", remedy="Look at what was exported."
        )
    return found


def _events(path: Path, chunks: Iterable[bytes]) -> Iterator[Event]:
    # Only where such a file is read: its parser is of no use to anybody else.
    if path.suffix.lower() == ".qif":
        from quality.readers.qif import read_qif

        return read_qif(chunks)
    from quality.readers.dfq import read_dfq

    return read_dfq(chunks)


def label_of(said: Characteristic) -> str:
    """What a file calls a characteristic: its number and its name, as far as it has them."""
    words = dict.fromkeys(word for word in (said.number, said.name) if word)
    return " ".join(words) or said.key


def labels_of(found: Gathered) -> tuple[str, ...]:
    """Every characteristic of a file by what it is called, once, in the file's order."""
    return tuple(
        dict.fromkeys(
            label_of(one.said) for part in found.parts.values() for one in _described(part)
        )
    )


def _described(part: GatheredPart) -> Sequence[Any]:
    return [one for one in part.characteristics.values() if one.sums.count or one.checks]


def file_mapping(
    found: Gathered, kept: ColumnMap | None, said: FileSaid, *, places: Places
) -> ColumnMap:
    """The mapping of a file: what was kept, what the options say, and else numbers and names.

    Raises:
        MalformedMapping: it names a characteristic that the file does not have.
    """
    known: dict[str, Characteristic] = {}
    for part in found.parts.values():
        for one in _described(part):
            known.setdefault(label_of(one.said), one.said)
    columns = {
        label: (one.number or one.name or one.key)[:_CODE_CHARACTERS_MAX]
        for label, one in known.items()
    }
    for given in (kept.columns if kept else {}, said.columns):
        columns |= {_labelled(name, known): number for name, number in given.items()}
    fixed = known_headings(places.vct).constants
    base = kept or ColumnMap(places.vct, "file", {}, dict(fixed))
    words = {pointer: dict(replaced) for pointer, replaced in base.words.items()}
    for pointer, text in said.constants.items():
        for own in _said_of_parts(found, pointer):
            words.setdefault(pointer, {})[own] = str(text)
    changed = with_changes(
        base, columns=columns, constants=said.constants, per="file", form=said.changed.form
    )
    return replace(changed, words=words, headings=tuple(known))


def _labelled(name: str, known: Mapping[str, Characteristic]) -> str:
    if name in known:
        return name
    found = [label for label, one in known.items() if name in (one.number, one.name)]
    if len(found) != 1:
        raise MalformedMapping(
            f"expected one characteristic {name!r} in the file, found {len(found)}",
            remedy=f"Its characteristics are: {', '.join(map(repr, list(known)[:20]))}.",
        )
    return found[0]


def _said_of_parts(found: Gathered, pointer: str) -> Iterator[str]:
    """What the file itself says at a place, of each of its parts."""
    for member, place in _OF_PART.items():
        if place == pointer:
            yield from filter(None, (getattr(part.said, member) for part in found.parts.values()))


def file_drafts(
    path: Path, found: Gathered, mapping: ColumnMap, *, places: Places, origin: Origin
) -> tuple[list[Draft], list[str]]:
    """A draft a part, and what should be told.

    Raises:
        CellsRefused: times that cannot be read.
        MalformedDraft: more values than a report holds, in a file of several parts.
        MalformedMapping: a constant does not fit its place.
    """
    reading = CellReading(origin, DecimalSign.POINT, mapping.form.offset, clock=mapping.form.clock)
    form = ReportForm(
        lambda said: mapping.columns.get(label_of(said)) or None, label_of, reading, path.name
    )
    parts = [part for part in found.parts.values() if _described(part)]
    drafts, notes = [], list(_file_notes(found))
    for part in parts:
        made = measured_groups(part, form, is_alone=len(parts) == 1)
        draft = _draft(path, part.said, made, mapping)
        drafts.append(put_constants(draft, mapping.constants, places, reading=reading))
        notes += made.notes
    return drafts, notes


def _draft(path: Path, part: Part, made: MeasuredGroups, mapping: ColumnMap) -> Draft:
    lot: dict[str, str] = {}
    for member, pointer in _OF_PART.items():
        if given := getattr(part, member):
            lot[pointer.rpartition("/")[2]] = mapping.words.get(pointer, {}).get(given, given)
    return Draft(
        REPORT,
        {"verdict": {}, "lot": lot, **made.groups},
        Filing(),
        f"part {part.number or part.name or part.key}",
        made.sources,
        folder=path.parent,
        table=MeasuredSource(path.name),
    )


def _file_notes(found: Gathered) -> Iterator[str]:
    if found.dropped:
        yield f"{found.dropped} values that the file itself marks as invalid are left out"


def describe_file(path: Path, found: Gathered, mapping: ColumnMap, drafts: int) -> list[str]:
    """How a file was understood, a line each."""
    kind = FORMATS[path.suffix.lower()]
    return [
        f"{path}: {kind}, {found.readings} values, {drafts} records of {mapping.vct}",
        *(f"  {label}  {number or 'left out'}" for label, number in mapping.columns.items()),
        *(f"  {place}  {told}" for place, told in tell_constants(mapping)),
        f"  mapping kept in {mapping_path(path)}",
    ]
