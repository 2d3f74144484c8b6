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


def binding(in_force: Severity, specified: Severity | None) -> Severity:
    """The severity that a lot is inspected by.

    A specification may ask for tightened inspection where a looser one is in force. It never
    loosens: reduced inspection is for a record of accepted lots and the customer's authorisation.
    """
    asks_more = specified is Severity.TIGHTENED and is_looser(in_force, Severity.TIGHTENED)
    return Severity.TIGHTENED if asks_more else in_force


def is_looser(one: Severity, other: Severity) -> bool:
    """Whether a plan of the one severity asks less of a lot than one of the other."""
    return STRICTNESS.index(one) < STRICTNESS.index(other)
