"""Codes that were probably meant: for a refusal that helps, never for a value that is taken.

The distance is that of optimal string alignment (Damerau 1964: a letter too many, too few,
another one, or two neighbours swapped) after case, spaces, hyphens, underscores and points are
left out. Every computation stops at a small bound: codes come from outside, and there may be
thousands of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

NEAR_MAX: Final = 3
_LEFT_OUT: Final = re.compile(r"[\s_.\-/]+")
_DISTANCE_MAX: Final = 2
_PREFIX_MIN: Final = 3
#: Of as many every one is compared, which costs less than a millisecond.
_COMPARED_MAX: Final = 48
_SLIPPED_MAX: Final = 32
_LETTERS: Final = "0123456789-. _"


def near_codes(wanted: str, codes: Iterable[str], *, limit: int = NEAR_MAX) -> tuple[str, ...]:
    """At most ``limit`` of ``codes`` that resemble ``wanted``, nearest first.

    A code is near within one slip for every three characters, at most two; after those come
    codes of which ``wanted`` is the beginning, or that are the first half of it or more.
    """
    sought = _plain(wanted)
    most = min(_DISTANCE_MAX, max(1, len(sought) // 3))
    ranked = []
    for code in codes:
        plain = _plain(code)
        distance = edit_distance(sought, plain, most=most)
        if distance is not None and distance < max(len(sought), len(plain)):
            ranked.append((distance, code))
        elif _is_beginning(sought, plain):
            ranked.append((most + 1, code))
    return tuple(code for _, code in sorted(ranked)[:limit])


def near_known(wanted: str, known: Collection[str], *, limit: int = NEAR_MAX) -> tuple[str, ...]:
    """The same among ``known``, however many they are: for refusals while everybody waits.

    A few are compared one by one. Of many, only those are looked up that are one slip away or
    written in other capitals: what others have filed must not slow a refusal down.
    """
    if len(known) <= _COMPARED_MAX:
        return near_codes(wanted, known, limit=limit)
    found = dict.fromkeys(spelling for spelling in _one_slip_from(wanted) if spelling in known)
    return near_codes(wanted, found, limit=limit)


def _one_slip_from(wanted: str) -> Iterator[str]:
    yield from (wanted.upper(), wanted.lower(), _LEFT_OUT.sub("", wanted))
    if len(wanted) > _SLIPPED_MAX:
        return
    letters = sorted({*_LETTERS, *wanted})
    for at in range(len(wanted) + 1):
        before, after = wanted[:at], wanted[at:]
        yield before + after[1:]
        yield before + after[1:2] + after[:1] + after[2:]
        for letter in letters:
            yield before + letter + after
            yield before + letter + after[1:]


def edit_distance(first: str, second: str, *, most: int) -> int | None:
    """How many slips lie between two texts; None for more than ``most``.

    Only cells within ``most`` of the diagonal are computed, and no row is begun once all of
    the last one are beyond ``most``: the cost is that of the shorter text times ``most``.
    """
    if abs(len(first) - len(second)) > most:
        return None
    first, second = _differing(first, second)
    beyond = most + 1
    width = len(second) + 1
    earlier = [beyond] * width
    row = [place if place <= most else beyond for place in range(width)]
    for i, left in enumerate(first, start=1):
        current = [beyond] * width
        if i <= most:
            current[0] = i
        for j in range(max(1, i - most), min(width, i + most + 1)):
            right = second[j - 1]
            best = min(row[j - 1] + (left != right), row[j] + 1, current[j - 1] + 1)
            if i > 1 and j > 1 and left == second[j - 2] and first[i - 2] == right:
                best = min(best, earlier[j - 2] + 1)
            current[j] = min(best, beyond)
        if min(current) > most and min(row) > most:
            return None
        earlier, row = row, current
    return row[-1] if row[-1] <= most else None


def _differing(first: str, second: str) -> tuple[str, str]:
    """The two without what they begin and end with alike, which costs no slip."""
    start = 0
    for left, right in zip(first, second, strict=False):
        if left != right:
            break
        start += 1
    first, second = first[start:], second[start:]
    stop = 0
    for left, right in zip(reversed(first), reversed(second), strict=False):
        if left != right:
            break
        stop += 1
    return first[: len(first) - stop], second[: len(second) - stop]


def _plain(text: str) -> str:
    return _LEFT_OUT.sub("", text).casefold()


def _is_beginning(sought: str, plain: str) -> bool:
    """What was begun and not ended, or a code with something more after it."""
    if len(sought) < _PREFIX_MIN:
        return False
    return plain.startswith(sought) or (
        2 * len(plain) >= len(sought) and sought.startswith(plain) and len(plain) >= _PREFIX_MIN
    )
