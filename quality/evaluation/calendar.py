"""Simulated time: Unix milliseconds, always a whole number of upload runs; UTC throughout."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

#: Parties' systems hand over what has gathered every five minutes.
RUN_MS: Final = 300_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
#: A month, where a rate a month is meant: a twelfth of 365.25 days.
MONTH_DAYS: Final = 30.4375
_EPOCH: Final = date(1970, 1, 1)


def start_of(day: date) -> int:
    """The first instant of a day."""
    return (day - _EPOCH).days * DAY_MS


def month_after(day: date, months: int) -> date:
    """The first of the month that lies ``months`` behind that of ``day``."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def on_run(at_ms: float) -> int:
    """The upload run that an instant falls into: the next one."""
    return -(-int(at_ms) // RUN_MS) * RUN_MS


def on_working_day(at_ms: int) -> int:
    """The same hour on the Monday after, where it falls on a weekend."""
    weekday = (at_ms // DAY_MS + 3) % 7  # the epoch was a Thursday
    return at_ms if weekday < 5 else at_ms + (7 - weekday) * DAY_MS


@lru_cache(maxsize=4096)
def _text_of_day(number: int) -> str:
    return (_EPOCH + timedelta(days=number)).isoformat()


def day_text(at_ms: int) -> str:
    """``YYYY-MM-DD`` of an instant."""
    return _text_of_day(at_ms // DAY_MS)


def month_text(at_ms: int) -> str:
    """``YYYY-MM`` of an instant."""
    return _text_of_day(at_ms // DAY_MS)[:7]


def instant_text(at_ms: int) -> str:
    """RFC 3339 of an instant, in whole seconds."""
    seconds = at_ms % DAY_MS // 1000
    hour, rest = divmod(seconds, 3600)
    return f"{day_text(at_ms)}T{hour:02}:{rest // 60:02}:{rest % 60:02}Z"


def day_of(at_ms: int) -> date:
    """The day of an instant."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).date()
