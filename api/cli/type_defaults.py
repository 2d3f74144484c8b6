"""What follows from the members of a record where a table leaves it out.

A delivery note's row says which customer; that the record is addressed to it, that it is
about it, and that the supplier is who signs need not be said again. What a table or an
option says itself is never changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any, Final

from api.cli.drafts import Draft
from api.cli.places import EACH, parse_pointer
from api.cli.suggestion import Headings, known_headings
from ledger.compose import Filing

_NUMBER_CHARACTERS_MAX: Final = 64
_DIGITS_MAX: Final = 100


def with_defaults(draft: Draft, own: str) -> Draft:
    """The draft with its totals, its own party, its addressees and its number filled in.

    Args:
        draft: a draft of a table.
        own: the DID of the party that signs.
    """
    known = known_headings(draft.vct)
    groups = _with_sums(draft.groups, known.sums)
    groups = _with_own(groups, known.own, own)
    filing = _with_parties(draft.filing, groups, known, own)
    return replace(draft, groups=groups, filing=_with_number(filing, groups, known.document))


def _with_sums(groups: Mapping[str, Any], sums: Mapping[str, str]) -> Mapping[str, Any]:
    for total, parts in sums.items():
        if _member(groups, total) is not None:
            continue
        try:
            with localcontext() as exact:
                exact.prec = _DIGITS_MAX
                numbers = [Decimal(text) for text in _members(groups, parts)]
                summed = sum(numbers, Decimal(0))
        except (InvalidOperation, TypeError, ValueError):
            # Its own place tells what is wrong with a number.
            continue
        if numbers:
            groups = _with_member(groups, total, format(summed, "f"))
    return groups


def _with_own(groups: Mapping[str, Any], places: Sequence[str], own: str) -> Mapping[str, Any]:
    """Fill the one place that is open; where several are, nothing says which side signs."""
    absent = [place for place in places if _member(groups, place) is None]
    if len(absent) != 1 or own in (_member(groups, place) for place in places):
        return groups
    # Only beside others: a group that is not there at all is not made of one party.
    holder = _member(groups, absent[0].rpartition("/")[0])
    return _with_member(groups, absent[0], own) if isinstance(holder, dict) else groups


def _with_parties(filing: Filing, groups: Mapping[str, Any], known: Headings, own: str) -> Filing:
    named = [_member(groups, place) for place in known.to]
    others = tuple(dict.fromkeys(party for party in named if isinstance(party, str)))
    others = tuple(party for party in others if party != own)
    if others:
        filing = replace(filing, to=filing.to or others, subject=filing.subject or others[0])
    cited = [_member(groups, place) for place in known.cites]
    if not filing.cites and cited and all(isinstance(record, str) for record in cited):
        filing = replace(filing, cites=tuple(map(str, cited)))
    family = _member(groups, known.family) if known.family else None
    if filing.family is None and isinstance(family, str):
        filing = replace(filing, family=family)
    return filing


def _with_number(filing: Filing, groups: Mapping[str, Any], places: Sequence[str]) -> Filing:
    parts = [_member(groups, place) for place in places]
    if filing.number is not None or not places:
        return filing
    if not all(isinstance(part, str) and part for part in parts):
        return filing
    # Of a party its short name: the number is read by people, and has few characters.
    words = [
        text.rpartition(":")[2] if text.startswith("did:") else text for text in map(str, parts)
    ]
    return replace(filing, number=" ".join(words)[:_NUMBER_CHARACTERS_MAX])


def _member(groups: Mapping[str, Any], pointer: str) -> Any:
    value: Any = groups
    for segment in parse_pointer(pointer):
        value = value.get(segment) if isinstance(value, dict) else None
    return value


def _members(groups: Mapping[str, Any], pointer: str) -> Sequence[Any]:
    """Every value at a pointer with one ``*`` in it."""
    before, _, after = pointer.partition(f"/{EACH}")
    listed = _member(groups, before)
    return [_member(item, after) for item in listed] if isinstance(listed, list) else []


def _with_member(groups: Mapping[str, Any], pointer: str, value: Any) -> Mapping[str, Any]:
    first, _, rest = pointer.removeprefix("/").partition("/")
    if not rest:
        return {**groups, first: value}
    inner = groups.get(first)
    return {**groups, first: _with_member(inner if isinstance(inner, dict) else {}, rest, value)}
