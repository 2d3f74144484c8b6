"""Every record type that a new log is given: those of the trade, and the log's own."""

from __future__ import annotations

from ledger.own_types import own_types
from quality.types import business_types


def builtin_types() -> tuple[str, ...]:
    """The definition texts, always in the same order."""
    return (*business_types(), *own_types())
