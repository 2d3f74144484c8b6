"""Typed reading of group values that a schema has already passed.

A part that is absent, null or of another type reads as None (or as no items), because a
group may be withheld and most members are optional: a rule speaks only about what is
there. Nothing here checks form; the schema of the record type did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

#: The disclosed groups of one record, by name.
Groups: TypeAlias = Mapping[str, object]


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
    found = text(value, *path)
    return None if found is None else Decimal(found)


def day(value: object, *path: str) -> date | None:
    """The calendar day under ``path``, or None."""
    found = text(value, *path)
    return None if found is None else date.fromisoformat(found)


def instant(value: object, *path: str) -> datetime | None:
    """The instant with offset (RFC 3339) under ``path``, or None."""
    found = text(value, *path)
    return None if found is None else datetime.fromisoformat(found)


def items(value: object, *path: str) -> Sequence[object]:
    """The members of the array under ``path``; none where there is no array."""
    found = part(value, *path)
    return found if isinstance(found, list | tuple) else ()


def pointed(pointer: str, value: object, *path: str) -> Iterator[tuple[str, object]]:
    """Each member of the array under ``path``, with its JSON pointer continued from ``pointer``."""
    prefix = "/".join((pointer, *path))
    for position, member in enumerate(items(value, *path)):
        yield f"{prefix}/{position}", member
