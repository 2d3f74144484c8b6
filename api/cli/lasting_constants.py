"""What of a mapping's constants holds for other files too, and what is of one lot alone.

A decision, a quantity or a plan that was set for one file would be signed for the next lot of
the same headings, where nobody said it: such places are never remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api.cli.cells import Kind
from api.cli.places import FILING_PLACES, Places, parse_pointer
from api.cli.suggestion import known_headings

#: Groups that say what was done with, or found on, one lot.
_OF_ONE_EVENT: Final = frozenset(
    {"bands", "correction", "defects", "disposition", "evidence", "inspectors", "plan"}
)
#: Members that say which lot, delivery or document it is, and what became of it.
_OF_ONE_LOT: Final = frozenset(
    {
        *("count", "decision", "delivery_note", "deviation", "lot", "lots", "number", "order"),
        *("packages", "piece", "quantity", "receipt", "remark", "resubmission_of", "shipment"),
    }
)
_DAYS: Final = frozenset({Kind.DAY, Kind.INSTANT, Kind.CLOCK})


def lasting_constants(constants: Mapping[str, Any], places: Places) -> Mapping[str, Any]:
    """The constants that hold for every file like this one: part, stage, unit, site, class."""
    known = known_headings(places.vct).constants
    return {
        pointer: value
        for pointer, value in constants.items()
        if pointer in known or not _is_of_one_lot(pointer, places)
    }


def _is_of_one_lot(pointer: str, places: Places) -> bool:
    if pointer in FILING_PLACES or places.wanted(pointer).kind in _DAYS:
        return True
    group, *members = parse_pointer(pointer)
    if group in _OF_ONE_EVENT or _OF_ONE_LOT & set(members):
        return True
    # Figures of a summary were computed from values that the next file does not have.
    return group == "summary" and places.wanted(pointer).kind in {Kind.DECIMAL, Kind.INTEGER}
