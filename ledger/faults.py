"""What is wrong with a submission, said so that its author can mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: an RFC 6901 pointer to the place, what belongs there and what stood there."""

    pointer: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record was not admitted: a stable code, a sentence, and every fault found."""

    code: str
    detail: str
    faults: tuple[Fault, ...] = ()
