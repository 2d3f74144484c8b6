"""What is wrong with a submission, said so that its author can mend it."""

from __future__ import annotations

from dataclasses import dataclass

from ledger import limits


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: an RFC 6901 pointer to the place, what belongs there and what stood there."""

    pointer: str
    expected: str
    found: str


def fault_at(pointer: str, expected: str, *, found: str) -> Fault:
    """A fault at a place whose names came from outside: a very long pointer is cut short."""
    return Fault(pointer[: limits.FAULT_POINTER_CHARACTERS_MAX], expected, found)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record was not admitted: a stable code, a sentence, and every fault found."""

    code: str
    detail: str
    faults: tuple[Fault, ...] = ()
