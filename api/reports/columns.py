"""Widths of columns: shares of the page, but none narrower than its longest number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

#: What a line must not break: digits with their sign, point, exponent and brackets.
_NUMBER: Final = re.compile(r"[-+(<>]*\d[\d.,:eE%)+-]*")
#: The size in which tables are written, and the smallest before a number is broken.
SIZE: Final = 7.5
SIZE_MIN: Final = 1.5


def numbers_in(text: str) -> Iterator[str]:
    """The words of a text that are numbers."""
    return (word for word in text.split() if _NUMBER.fullmatch(word))


def fit_columns(
    shares: Sequence[float], needed: Sequence[float], whole: float
) -> Sequence[float] | None:
    """Widths of columns that are ``whole`` together; None where what is needed is more.

    Args:
        shares: the width that each column would have, in any unit.
        needed: what each column needs at least.
        whole: the width of all of them.
    """
    if sum(needed) > whole:
        return None
    widths = [share / sum(shares) * whole for share in shares]
    short = [max(0.0, least - width) for least, width in zip(needed, widths, strict=True)]
    spare = [max(0.0, width - least) for least, width in zip(needed, widths, strict=True)]
    taken = sum(short) / sum(spare) if any(short) else 0.0
    return [
        max(least, width) if missing else width - more * taken
        for width, least, missing, more in zip(widths, needed, short, spare, strict=True)
    ]
