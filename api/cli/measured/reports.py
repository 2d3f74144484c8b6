"""From gathered readings to the groups of a report: its values, or their summary and the file.

A report holds so many values of a characteristic and so many bytes in a group. What is beyond
that is summed up, and the file is attached as evidence; a file of several lots is not, since a
report about one lot must not show the others'.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from api.cli.cells import CellReading, CellRefused, Kind, Wanted, read_cell
from api.cli.drafts import FILE_MEMBER
from api.cli.table_errors import CellsRefused, MalformedDraft
from ledger import limits
from quality.errors import UnknownUnit
from quality.readers.gathered import Gathered, GatheredCharacteristic, GatheredPart
from quality.readers.model import Characteristic, Reading
from quality.report_summary import summary_of
from quality.units import recognise_unit

#: As many values of a characteristic as the type lets a report have.
VALUES_MAX: Final = 5_000
#: A disclosure is written in base64url, which takes four bytes for three, beside salt and name.
_GROUP_BYTES_MAX: Final = limits.DISCLOSURE_BYTES_MAX * 3 // 4 - 1024
_INSTANT: Final = Wanted(Kind.INSTANT)
_CODE_CHARACTERS_MAX: Final = 64
_BESIDE: Final = ("cavity", "machine", "operator", "piece")
Sources = dict[str, tuple[int, str]]


@dataclass(frozen=True, slots=True)
class ReportForm:
    """How readings become parts of a report.

    Args:
        name_of: the id of a characteristic in the report; None leaves it out.
        heading_of: what the file calls it, for the words of a refusal.
        reading: how times are read.
        file: the name of the file beside the draft.
        words: what the file writes replaced by what a report calls it, by pointer.
    """

    name_of: Callable[[Characteristic], str | None]
    heading_of: Callable[[Characteristic], str]
    reading: CellReading
    file: str
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MeasuredGroups:
    """The groups of one report that its readings give, and where each came from."""

    groups: dict[str, Any]
    sources: Sources
    notes: tuple[str, ...]


def measured_groups(part: GatheredPart, form: ReportForm, *, is_alone: bool) -> MeasuredGroups:
    """The measurements, or the summary and the evidence, and the counted defects of one lot.

    Args:
        part: the lot.
        form: how its readings become parts of a report.
        is_alone: whether the file holds no other lot.

    Raises:
        CellsRefused: times that cannot be read, each by its place.
        MalformedDraft: more values than a report holds, in a file of several lots.
    """
    named = [(form.name_of(one.said), one) for one in part.characteristics.values()]
    kept = [(name, one) for name, one in named if name is not None]
    measured = [(name, one) for name, one in kept if one.sums.count]
    notes = list(_counted_notes(kept))
    groups: dict[str, Any] = _counted(kept)
    sources: Sources = {}
    if measured:
        made = _values(measured, part, form, sources=sources) if _fits(measured) else None
        if made is None or _size(made) > _GROUP_BYTES_MAX:
            sources.clear()
            notes.append(_too_many(measured, form, is_alone=is_alone))
            groups |= _summed(measured, form, sources)
        else:
            groups["measurements"] = made
    return MeasuredGroups(groups, sources, tuple(notes))


def check_faults(found: Gathered, file: str) -> None:
    """Refuse a file of which something could not be read.

    Raises:
        CellsRefused: each place, by line or cell.
    """
    if found.faults_count:
        raise CellsRefused(
            f"{found.faults_count} places of {file} cannot be read; nothing was sent",
            remedy="Mend these places and run this again.",
            places=fault_lines(found, file),
        )


def fault_lines(found: Gathered, file: str) -> list[str]:
    """What could not be read, by line or cell: the first of it, and how much more there is."""
    lines = [f"{file}, {fault}" for fault in found.faults[:_TOLD_MAX]]
    return [*lines, *_rest(found.faults_count - len(lines))]


_TOLD_MAX: Final = 50


def _rest(count: int) -> Iterator[str]:
    if count > 0:
        yield f"... and {count} more"


def _fits(measured: Sequence[tuple[str, GatheredCharacteristic]]) -> bool:
    return all(one.readings is not None for _, one in measured)


def _size(made: Mapping[str, Any]) -> int:
    return len(json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode())


def _too_many(
    measured: Sequence[tuple[str, GatheredCharacteristic]], form: ReportForm, *, is_alone: bool
) -> str:
    count = sum(one.sums.count for _, one in measured)
    if not is_alone:
        raise MalformedDraft(
            f"{form.file}: expected at most {VALUES_MAX} values of a characteristic, and "
            f"{_GROUP_BYTES_MAX} bytes, in a report of one lot, found {count} values",
            remedy="Split the file by lots: the file of one lot is attached to its report.",
        )
    return (
        f"{count} values are more than a report holds: it has their summary, and {form.file} as "
        "evidence"
    )


def _summed(
    measured: Sequence[tuple[str, GatheredCharacteristic]], form: ReportForm, sources: Sources
) -> dict[str, Any]:
    told = []
    for position, (name, one) in enumerate(measured):
        told.append(summary_of(_identity(name, one.said), one.sums))
        pointer, heading = f"/summary/characteristics/{position}", form.heading_of(one.said)
        sources[f"{pointer}/minimum"] = (one.sums.minimum_line, heading)
        sources[f"{pointer}/maximum"] = (one.sums.maximum_line, heading)
    return {
        "summary": {"characteristics": told},
        "evidence": {"files": [{FILE_MEMBER: form.file}]},
    }


def _identity(name: str, said: Characteristic) -> dict[str, Any]:
    identity: dict[str, Any] = {"id": name}
    if said.name:
        identity["name"] = said.name[:200]
    if said.unit:
        identity["unit"] = _unit(said.unit)
    return identity


def _unit(spelling: str) -> str:
    try:
        return recognise_unit(spelling)
    except UnknownUnit:
        return spelling[:_CODE_CHARACTERS_MAX]


def _values(
    measured: Sequence[tuple[str, GatheredCharacteristic]],
    part: GatheredPart,
    form: ReportForm,
    *,
    sources: Sources,
) -> dict[str, Any]:
    faults: list[str] = []
    told = []
    for position, (name, one) in enumerate(measured):
        heading = form.heading_of(one.said)
        values = []
        for at, reading in enumerate(one.readings or ()):
            pointer = f"/measurements/characteristics/{position}/values/{at}"
            sources[pointer] = (reading.line, heading)
            try:
                values.append(_value(reading, part, form.reading))
            except CellRefused as fault:
                faults.append(f"line {reading.line}, {heading!r}: {fault}")
        sources.setdefault(f"/measurements/characteristics/{position}", _first(one, heading))
        told.append({**_described(name, one), "values": values})
    if faults:
        raise CellsRefused(
            f"{len(faults)} times of {form.file} cannot be read; nothing was sent",
            remedy="Say --offset +08:00 for times without a time zone, --time 09:30 for days.",
            places=[*faults[:_TOLD_MAX], *_rest(len(faults) - _TOLD_MAX)],
        )
    return {"characteristics": told}


def _first(one: GatheredCharacteristic, heading: str) -> tuple[int, str]:
    return (one.readings[0].line if one.readings else 0, heading)


def _value(reading: Reading, part: GatheredPart, form: CellReading) -> dict[str, str]:
    made = {"value": str(reading.value)}
    if reading.at:
        made["at"] = read_cell(reading.at, _INSTANT, form)
    for name in _BESIDE:
        given = getattr(reading, name) or (part.said.machine if name == "machine" else None)
        if given:
            made[name] = given[:_CODE_CHARACTERS_MAX]
    return made


def _described(name: str, one: GatheredCharacteristic) -> dict[str, Any]:
    said = one.said
    made = {**_identity(name, said), "class": "none"}
    for member in ("nominal", "lower", "upper"):
        if getattr(said, member) is not None:
            made[member] = getattr(said, member)
    gauge = said.gauge or next((r.gauge for r in one.readings or () if r.gauge), None)
    if gauge:
        made["gauge"] = {"id": gauge[:_CODE_CHARACTERS_MAX]}
        if said.gauge_resolution:
            made["gauge"]["resolution"] = said.gauge_resolution
    return made


def _counted(kept: Sequence[tuple[str, GatheredCharacteristic]]) -> dict[str, Any]:
    """Defects, where one check alone was counted: of several, a unit may fail in two."""
    counted = [one for _, one in kept if one.checks]
    if len(counted) != 1:
        return {}
    (one,) = counted
    return {
        "defects": {"inspected": one.sample, "defective": one.defective, "items": []},
    }


def _counted_notes(kept: Sequence[tuple[str, GatheredCharacteristic]]) -> Iterator[str]:
    counted = [(name, one) for name, one in kept if one.checks]
    for name, one in counted:
        yield f"{name}: {one.defective} defective of {one.sample} in {one.checks} checks"
    if len(counted) > 1:
        yield (
            "several characteristics were counted, and a unit may fail in more than one: say "
            "--set /defects/inspected=... and /defects/defective=..."
        )
