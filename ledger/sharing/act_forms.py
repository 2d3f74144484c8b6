"""The form that the group ``state`` of an ``act/v1`` must have to be an act of sharing.

A log may define the type in its own words: what is read here must be there all the same. Acts
on relations are read in :mod:`ledger.relations`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ledger import limits
from ledger.faults import Fault

GRANT, DELEGATE, REVOKE = "grant", "delegate", "revoke"
CASE, HOLD, RELEASE, ERASE = "case", "hold", "release", "erase"
BY_OWNER, BY_RETENTION, BY_ORDER = "owner", "retention", "order"
BASES: Final = (BY_OWNER, BY_RETENTION, BY_ORDER)
#: What such an act does. Cases are answered by ``endorse`` and ``end``, as relations are.
SHARING_ACTS: Final = frozenset({GRANT, DELEGATE, REVOKE, CASE, HOLD, RELEASE, ERASE})

#: Longer than any DID, code or name of a built-in type.
_CHARACTERS_MAX: Final = 1_024


def find_sharing_faults(act: Mapping[str, Any]) -> tuple[Fault, ...]:
    """What keeps a state from being read as the act that it names; nothing for other acts."""
    kind = act.get("act")
    wanted = _MEMBERS.get(kind, {}) if isinstance(kind, str) else {}
    return tuple(
        Fault(f"/state/{name}", expected, "another or none")
        for name, (expected, is_right) in wanted.items()
        if not is_right(act.get(name))
    )


def opens_of(act: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """The groups that a grant or an order opens, by type; a type that stands twice adds up."""
    opened: dict[str, frozenset[str]] = {}
    for item in act["opens"]:
        opened[item["type"]] = opened.get(item["type"], frozenset()) | frozenset(item["groups"])
    return opened


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _CHARACTERS_MAX


def _is_instant(value: object) -> bool:
    return type(value) is int and 0 <= value <= limits.JSON_INTEGER_MAX


def _are_texts(value: object, most: int) -> bool:
    return isinstance(value, list) and 0 < len(value) <= most and all(map(_is_text, value))


def _is_period(value: object) -> bool:
    return isinstance(value, dict) and all(
        _is_instant(value.get(name)) for name in ("from", "until")
    )


def _are_openings(value: object) -> bool:
    return (
        isinstance(value, list)
        and 0 < len(value) <= limits.GRANT_OPENS_MAX
        and all(map(_is_opening, value))
    )


def _is_opening(value: object) -> bool:
    return (
        isinstance(value, dict)
        and _is_text(value.get("type"))
        and _are_texts(value.get("groups"), limits.GRANT_GROUPS_MAX)
    )


def _is_filter(value: object) -> bool:
    if value is None:
        return True
    if not isinstance(value, dict) or len(value) != 1:
        return False
    return _is_instant(value.get("from")) or _are_texts(value.get("ids"), limits.GRANT_RECORDS_MAX)


def _or_none(is_right: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or is_right(value)


_Member = tuple[str, Callable[[object], bool]]
_RECORD: Final[_Member] = ("a record id", _is_text)
_PARTY: Final[_Member] = ("a party", _is_text)
_CODE: Final[_Member] = ("a code", _is_text)
_PERIOD: Final = "from and until, Unix milliseconds"
_MEMBERS: Final[Mapping[str, Mapping[str, _Member]]] = {
    GRANT: {
        "reader": _PARTY,
        "opens": (f"1 to {limits.GRANT_OPENS_MAX} types with their groups", _are_openings),
        "purpose": _CODE,
        "reads": (_PERIOD, _is_period),
        "families": (
            f"1 to {limits.GRANT_FAMILIES_MAX} families, or none",
            _or_none(lambda value: _are_texts(value, limits.GRANT_FAMILIES_MAX)),
        ),
        "records": ("either from or ids, or none", _is_filter),
        "case": ("a record id, or none", _or_none(_is_text)),
        "delegable": ("true or false", lambda value: isinstance(value, bool)),
    },
    DELEGATE: {"of": _RECORD, "reader": _PARTY, "reads": (_PERIOD, _or_none(_is_period))},
    REVOKE: {"of": _RECORD},
    CASE: {"customer": _PARTY, "supplier": _PARTY, "number": _CODE},
    HOLD: {"of": _RECORD, "reason": _CODE},
    RELEASE: {"of": _RECORD},
    ERASE: {
        "of": _RECORD,
        "groups": (
            f"1 to {limits.GRANT_GROUPS_MAX} groups",
            lambda value: _are_texts(value, limits.GRANT_GROUPS_MAX),
        ),
        "basis": (f"one of {', '.join(BASES)}", lambda value: value in BASES),
        "order": ("a record id, or none", _or_none(_is_text)),
    },
}
