"""Times on paper: in the offset in which they were written, and UTC beside the signing alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

_INSTANT: Final = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)")


def said_time(text: str) -> str:
    """An instant of a record as people read it, in its own offset; empty for any other text."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        return ""
    day, time, offset = found.groups()
    return f"{day} {time} {'UTC' if offset in {'Z', '+00:00', '-00:00'} else offset}"


def offset_of(groups: Any) -> timezone:
    """The offset that most times of a record are written in; UTC where there is none."""
    counted = Counter(_offsets(groups))
    minutes = counted.most_common(1)[0][0] if counted else 0
    return timezone(timedelta(minutes=minutes)) if minutes else UTC


def in_offset(instant: str, offset: timezone) -> str:
    """An instant as people read it in another offset."""
    at = datetime.fromisoformat(instant).astimezone(offset)
    return said_time(at.isoformat(timespec="seconds"))


def beside_utc(instant: str, offset: timezone) -> str:
    """The same, and what it is in UTC, where that is another."""
    own, utc = in_offset(instant, offset), in_offset(instant, UTC)
    return own if own == utc else f"{own} ({utc})"


def _offsets(value: Any) -> Iterator[int]:
    """The offsets of all times in a value, in minutes."""
    if isinstance(value, dict):
        for item in value.values():
            yield from _offsets(item)
    elif isinstance(value, list):
        for item in value:
            yield from _offsets(item)
    elif isinstance(value, str) and (found := _INSTANT.fullmatch(value)):
        text = found[3]
        minutes = 0 if text == "Z" else int(text[1:3]) * 60 + int(text[4:6])
        if minutes < 24 * 60:
            yield -minutes if text[0] == "-" else minutes
