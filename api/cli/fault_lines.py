"""Many faults in few lines: what is wrong in every row alike is told once, with an example."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

LINES_MAX: Final = 20
ALSO_MAX: Final = 12
#: A row or a cell, with the file and the sheet that it is in; else a position in a JSON file.
_PLACE: Final = re.compile(
    r"[^:\[\]]*?\b(?P<spot>(?P<noun>row)s? \d+(?: to \d+)?|(?P<cell>cell) [A-Z]{1,3}\d+)"
    r"|.*?\[\d+\](?=[ :])"
)
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
    noun = place["noun"] or place["cell"] or "record"
    count = f"all {total}" if len(group) == total else f"{len(group)}"
    others = [_spot(line) for line in group[1:]]
    also = ", ".join(others[:ALSO_MAX]) + f" and {len(others) - ALSO_MAX} more" * (
        len(others) > ALSO_MAX
    )
    return f"{count} {noun}s{first[place.end() :]}, e.g. {place[0]}; also {also}"


def _spot(line: str) -> str:
    """The number of a row, the name of a cell, or the position in a file."""
    place = _PLACE.match(line)
    assert place is not None
    return re.sub(r"^(rows?|cell) ", "", place["spot"] or place[0])
