"""Typed reading of group values.

A part that is absent, null or of another type or form reads as None (or as no items), because
a group may be withheld and most members are optional: a rule speaks only about what is there.
The log has checked the form by the record type's schema; a reader who verifies a view offline
has not, and gets no more than silence where a signer wrote something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final, TypeAlias

#: The disclosed groups of one record, by name.
Groups: TypeAlias = Mapping[str, object]

# Wider than any decimal that a schema lets through, and small enough for every computation.
_EXPONENT_MAX: Final = 64


def part(value: object, *path: str) -> object:
    """What stands under the member names ``path``, or None."""
    for name in path:
        # JSON objects are dicts; asking for any Mapping costs ten times as much.
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def text(value: object, *path: str) -> str | None:
    """The text under ``path``, or None."""
    found = part(value, *path)
    return found if isinstance(found, str) else None


def count(value: object, *path: str) -> int | None:
    """The integer under ``path``, or None."""
    found = part(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def decimal(value: object, *path: str) -> Decimal | None:
    """The decimal string under ``path`` as an exact number, or None."""
    return exact(part(value, *path))


def exact(found: object) -> Decimal | None:
    """A decimal string as an exact number, or None where it is none."""
    if not isinstance(found, str):
        return None
    try:
        number = Decimal(found)
    except InvalidOperation:
        return None
    # Neither NaN nor what only an exponent can write: no rule would survive its arithmetic.
    is_plain = number.is_finite() and abs(number.adjusted()) <= _EXPONENT_MAX
    return number if is_plain else None


def day(value: object, *path: str) -> date | None:
    """The calendar day under ``path``, or None."""
    found = text(value, *path)
    try:
        return None if found is None else date.fromisoformat(found)
    except ValueError:
        return None


def instant(value: object, *path: str) -> datetime | None:
    """The instant with offset (RFC 3339) under ``path``, or None."""
    found = text(value, *path)
    try:
        moment = None if found is None else datetime.fromisoformat(found)
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def items(value: object, *path: str) -> Sequence[object]:
    """The members of the array under ``path``; none where there is no array."""
    found = part(value, *path)
    return found if isinstance(found, list | tuple) else ()


def pointed(pointer: str, value: object, *path: str) -> Iterator[tuple[str, object]]:
    """Each member of the array under ``path``, with its JSON pointer continued from ``pointer``."""
    prefix = "/".join((pointer, *path))
    for position, member in enumerate(items(value, *path)):
        yield f"{prefix}/{position}", member
