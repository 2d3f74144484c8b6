"""The severities of an inspection by sampling (ISO 2859-1, 9.1 and 9.3)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """How severely the next lot is inspected, or that none may be accepted."""

    NORMAL = "normal"
    TIGHTENED = "tightened"
    REDUCED = "reduced"
    DISCONTINUED = "discontinued"


#: From the loosest to the strictest.
STRICTNESS: Final = (
    Severity.REDUCED,
    Severity.NORMAL,
    Severity.TIGHTENED,
    Severity.DISCONTINUED,
)


def is_looser(one: Severity, other: Severity) -> bool:
    """Whether a plan of the one severity asks less of a lot than one of the other."""
    return STRICTNESS.index(one) < STRICTNESS.index(other)
