"""``--set`` for records from JSON files: what the file itself does not say."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any, Final

from api.cli.cells import CellReading, CellRefused, Kind, read_cell
from api.cli.drafts import Draft
from api.cli.places import EACH, FILING_PLACES, Places, is_position, parse_pointer
from api.cli.table_errors import MalformedMapping

_FILING_MEMBERS: Final = {
    "/manifest/subject": "subject",
    "/manifest/corrects": "corrects",
    "/address/case": "case",
    "/address/family": "family",
    "/filing/number": "number",
    "/filing/notes": "notes",
}


def put_constants(
    draft: Draft, constants: Mapping[str, str], places: Places, *, reading: CellReading
) -> Draft:
    """The draft with each value that it does not give itself.

    Raises:
        MalformedMapping: the type has no such place, or another kind of value belongs there.
    """
    groups = deepcopy(dict(draft.groups))
    filing = draft.filing
    for pointer, text in constants.items():
        value = read_constant(pointer, text, places, reading)
        if pointer == "/address/to/0":
            filing = replace(filing, to=filing.to or (value,))
        elif pointer in FILING_PLACES:
            name = _FILING_MEMBERS[pointer]
            if getattr(filing, name) is None:
                filing = replace(filing, **{name: value})
        else:
            _put(groups, parse_pointer(pointer), value)
    return replace(draft, groups=groups, filing=filing)


def read_constant(pointer: str, value: Any, places: Places, reading: CellReading) -> Any:
    """The value that a text stands for at a place.

    Raises:
        MalformedMapping: there is no such place, or another kind of value belongs there.
    """
    wanted = places.wanted(pointer)
    if not isinstance(value, str):
        return value
    if wanted.kind is Kind.JSON:
        # The one list that can be said in a word: that there is nothing of it.
        return [] if value == "[]" else value
    try:
        return read_cell(value, wanted, reading)
    except CellRefused as fault:
        raise MalformedMapping(
            f"{pointer}: {fault}",
            remedy=f"Say --set {pointer}=VALUE, numbers with a decimal point.",
        ) from fault


def _put(value: Any, segments: tuple[str, ...], constant: Any) -> None:
    """Put a constant where nothing stands yet; in lists only into elements that are there."""
    first, *rest = segments
    if isinstance(value, list):
        if not is_position(first) or first.startswith("{"):
            return
        chosen = value if first == EACH else value[int(first) :][:1]
        for item in chosen if rest else ():
            _put(item, tuple(rest), constant)
    elif isinstance(value, dict) and not rest:
        value.setdefault(first, constant)
    elif isinstance(value, dict):
        if first not in value and not any(is_position(item) for item in rest):
            value[first] = {}
        if first in value:
            _put(value[first], tuple(rest), constant)
