"""Many faults in few lines: what is wrong in every row alike is told once, with an example."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

LINES_MAX: Final = 20
_PLACE: Final = re.compile(r"rows? \d+(?: to \d+)?|.*?\[\d+\](?=[ :])")
_POSITION: Final = re.compile(r"/\d+(?=[/)])")
_FOUND: Final = re.compile(r",? found .*$", re.DOTALL)


def shorten(lines: Sequence[str], *, total: int) -> list[str]:
    """Equal faults of several places as one line each, and at most :data:`LINES_MAX` lines.

    Args:
        lines: a line for each fault, its place first.
        total: how many rows or records there are; as many equal faults are told of all.
    """
    alike: dict[str, list[str]] = {}
    for line in dict.fromkeys(lines):
        alike.setdefault(_kind(line), []).append(line)
    told = [_tell(group, total) for group in alike.values()]
    more = len(told) - LINES_MAX
    return [*told[:LINES_MAX], *([f"... and {more} more"] if more > 0 else [])]


def _kind(line: str) -> str:
    """The line without what differs from row to row."""
    return _FOUND.sub("", _POSITION.sub("/*", _PLACE.sub("", line, count=1)))


def _tell(group: Sequence[str], total: int) -> str:
    first = group[0]
    place = _PLACE.match(first)
    if len(group) == 1 or place is None:
        return first
    noun = "rows" if place[0].startswith("row") else "records"
    count = f"all {total}" if len(group) == total else f"{len(group)}"
    return f"{count} {noun}{first[place.end() :]}, e.g. {place[0]}"
