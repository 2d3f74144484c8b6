"""A mapping made of headings alone: names in English, Chinese and German, and units.

A column whose heading is known goes where it belongs; a column of numbers whose heading
names a unit, ``Durchmesser [mm]``, is a characteristic or a parameter of its own. What is
left over is told and stays out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final

from api.cli.cells import is_number
from api.cli.column_map import ColumnMap, Grouping
from api.cli.places import EACH, Places, is_position, parse_pointer
from api.cli.table import Table
from api.cli.table_errors import MalformedMapping
from quality.agreed_readings import find_agreed
from quality.errors import UnknownUnit
from quality.units import recognise_unit
from quality.values import text

_UNIT: Final = re.compile(r"^(?P<name>.+?)\s*[\[(（【](?P<unit>[^\])）】]{1,64})[\])）】]$")
_UNIT_BEHIND: Final = re.compile(r"^(?P<name>.+?)\s+(?:in|/)\s+(?P<unit>\S{1,12})$")
_NUMBERED: Final = "#"


@dataclass(frozen=True, slots=True)
class Headings:
    """What is known about the headings of one type, and what follows from its members.

    ``document`` are the members that make its number, ``own`` those that are the signer's own
    party where they are absent, ``to`` the parties it is addressed to, and ``cites`` the
    records it points to; ``sums`` are totals by the values that they are the sum of.
    """

    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    per: Sequence[str] = ()
    otherwise: str = "row"
    document: Sequence[str] = ()
    own: Sequence[str] = ()
    to: Sequence[str] = ()
    cites: Sequence[str] = ()
    sums: Mapping[str, str] = field(default_factory=dict)
    family: str | None = None


@cache
def known_headings(vct: str) -> Headings:
    """What is known about a type's headings; little, where it is none of the built-in ones."""
    text = resources.files("api.cli").joinpath("columns.json").read_text(encoding="utf-8")
    return Headings(**json.loads(text).get(vct, {}))


def suggest(
    table: Table,
    places: Places,
    *,
    given: Mapping[str, str],
    constants: Mapping[str, Any],
    agreed: Sequence[object] = (),
) -> ColumnMap:
    """A mapping for a table.

    Args:
        table: the table.
        places: the type.
        given: pointer by heading, as the user said; "" leaves a column out.
        constants: what the user set: a place that is set is not guessed from a column.
        agreed: characteristics of the specification that the table's records cite: a column
            of numbers below the number or the name of one needs no unit.

    Raises:
        MalformedMapping: a column of numbers could be a characteristic, but has no unit.
    """
    known = known_headings(places.vct)
    guessed = _named(table, places, known)
    columns = {name: place for name, place in guessed.items() if place not in constants}
    columns.update(given)
    columns = _resolve_numbered(columns)
    # A column whose place is set goes nowhere, and is told as that: it is no characteristic.
    set_aside = {name for name, place in guessed.items() if place in constants}
    found = _number_columns(table, columns) if known.numbers else []
    numbers = [name for name in found if name not in set_aside]
    fixed = dict(known.constants)
    for position, heading in enumerate(numbers, start=_first_free(columns)):
        name, unit = split_unit(heading)
        one = find_agreed({"id": name, "name": name}, agreed)
        name, unit = text(one, "number") or name, unit or text(one, "unit")
        unit_place = known.numbers["unit"].replace(_NUMBERED, str(position))
        every_unit = known.numbers["unit"].replace(_NUMBERED, EACH)
        if unit is None and not {unit_place, every_unit} & constants.keys():
            raise _unit_unknown(heading)
        columns[heading] = known.numbers["value"].replace(_NUMBERED, str(position))
        fixed[known.numbers["id"].replace(_NUMBERED, str(position))] = name[:64]
        if unit is not None:
            fixed[unit_place] = unit
    per = _grouping(columns, known)
    return ColumnMap(places.vct, per, columns, fixed, known.words)


def split_unit(heading: str) -> tuple[str, str | None]:
    """The name in a heading, and its unit where it has one."""
    found = _UNIT.match(heading) or _UNIT_BEHIND.match(heading)
    return (found["name"].strip(), found["unit"].strip()) if found else (heading, None)


def _named(table: Table, places: Places, known: Headings) -> dict[str, str]:
    """Pointer by heading for every heading that is known, each place once."""
    by_name: dict[str, str] = {}
    for pointer, names in (*_label_names(places), *known.names.items()):
        for name in names:
            by_name[normal_heading(name)] = pointer
    found: dict[str, str] = {}
    for heading in table.headings:
        names = (normal_heading(heading), normal_heading(split_unit(heading)[0]))
        known_as = [by_name[name] for name in names if name in by_name]
        pointer = heading if heading.startswith("/") else next(iter(known_as), "")
        if pointer and pointer not in found.values():
            found[heading] = pointer
    return found


def _label_names(places: Places) -> Iterator[tuple[str, Sequence[str]]]:
    for pointer, titles in places.labels.items():
        if not any(is_position(segment) for segment in parse_pointer(pointer)):
            yield pointer, list(titles.values())


def normal_heading(name: str) -> str:
    return re.sub(r"[\s_\-.:/\\#]+", "", name.casefold())


def _resolve_numbered(columns: Mapping[str, str]) -> dict[str, str]:
    """Put the column that names the characteristic in place of ``#``; without one, 0."""
    key = next(
        (name for name, pointer in columns.items() if pointer.endswith(f"/{_NUMBERED}/id")), None
    )
    place = f"{{{key}}}" if key else "0"
    resolved = {
        name: pointer.replace(_NUMBERED, place) if pointer else pointer
        for name, pointer in columns.items()
    }
    has_values = any("/values/*/value" in pointer for pointer in resolved.values())
    # Limits and units without a column of values have nothing to belong to.
    return {
        name: pointer
        for name, pointer in resolved.items()
        if has_values or _NUMBERED not in columns[name]
    }


def _number_columns(table: Table, columns: Mapping[str, str]) -> list[str]:
    found = []
    for heading in table.headings:
        if heading in columns or any(f"{{{heading}}}" in item for item in columns.values()):
            continue
        cells = [is_number(cell) for _, cell in table.cells(heading)]
        # Below a unit a cell that is no number is one to be told, not another kind of column.
        least = len(cells) / 2 if _names_unit(heading) else len(cells)
        if cells and sum(cells) >= least:
            found.append(heading)
    return found


def _names_unit(heading: str) -> bool:
    _, unit = split_unit(heading)
    try:
        return unit is not None and bool(recognise_unit(unit))
    except UnknownUnit:
        return False


def _first_free(columns: Mapping[str, str]) -> int:
    """The first number that no column uses for a characteristic or parameter of its own."""
    taken = [
        int(segment)
        for pointer in columns.values()
        if pointer and not pointer.startswith("/address")
        for segment in parse_pointer(pointer)
        if segment.isdecimal()
    ]
    return max(taken, default=-1) + 1


def _grouping(columns: Mapping[str, str], known: Headings) -> Grouping:
    headings = tuple(name for name, pointer in columns.items() if pointer in known.per)
    if headings:
        return headings
    return "file" if known.otherwise == "file" else "row"


def _unit_unknown(heading: str) -> MalformedMapping:
    return MalformedMapping(
        f"column {heading!r} holds numbers, and nothing says what they are",
        remedy=(
            f"Name the unit in the heading ('{heading} [mm]'), map the column "
            f"(--map '{heading}=/lot/order'), or leave it out (--map '{heading}=')."
        ),
    )
