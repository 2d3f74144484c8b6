"""Dates and times of measurement files as ISO 8601 text.

Read are dates with the day first and points (``31.12.1999``, as DIN 1355-1 and Q-DAS write them)
and dates with the year first. A date with slashes and the year last is refused: ``08/12/1999`` is
one day in Detroit and another in Dresden, and a file does not say where it was written.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final

_DAY_FIRST: Final = r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4}|\d{2})"
_YEAR_FIRST: Final = r"(?P<Y>\d{4})(?P<s>[-/.])(?P<M>\d{1,2})(?P=s)(?P<D>\d{1,2})"
_TIME: Final = r"(?P<H>\d{1,2}):(?P<N>\d{2})(?::(?P<S>\d{2})(?P<F>[.,]\d{1,9})?)?"
_OFFSET: Final = r"(?P<Z>Z|[+-]\d{2}:?\d{2})?"
_MOMENT: Final = re.compile(
    rf"(?:{_DAY_FIRST}|{_YEAR_FIRST})(?:[/ .T]+{_TIME}{_OFFSET})?", re.ASCII
)
#: Two digits of a year below this belong to this century (POSIX strptime, %y).
_CENTURY: Final = 69


# The values of one piece share their time, and lines follow each other by seconds.
@lru_cache(maxsize=1 << 12)
def iso_moment(text: str) -> str | None:
    """A date, with a time or without, as ISO 8601 text; an offset only where the file has one.

    Returns:
        ``1999-12-31T14:05:00`` (or with the offset, or a day alone), or None where the text is no
        date or one that can be read in two ways.
    """
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        return None
    try:
        day = date(_year(found), int(found["m"] or found["M"]), int(found["d"] or found["D"]))
    except ValueError:
        return None
    return day.isoformat() if found["H"] is None else _with_time(day, found)


def _year(found: re.Match[str]) -> int:
    text = found["y"] or found["Y"]
    if len(text) == 4:
        return int(text)
    return int(text) + (2000 if int(text) < _CENTURY else 1900)


def _with_time(day: date, found: re.Match[str]) -> str | None:
    hour, minute, second = int(found["H"]), int(found["N"]), int(found["S"] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    part = (found["F"] or "").replace(",", ".")
    offset = found["Z"] or ""
    if len(offset) == 5:
        offset = f"{offset[:3]}:{offset[3:]}"
    return f"{day.isoformat()}T{hour:02}:{minute:02}:{second:02}{part}{offset}"
