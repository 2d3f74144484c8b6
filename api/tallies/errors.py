"""The errors of tallies that are kept.

::

    LedgerError
    +-- SequenceTaken     another reading has this sequence
    +-- SequenceMissing   readings before this one have not come
    +-- TallyFull         it holds as many readings as a report can say
    +-- TooManyTallies    a party has as many under way as it may
"""

from __future__ import annotations

from ledger.errors import LedgerError


class SequenceTaken(LedgerError):
    """Another reading has this sequence."""

    code = "sequence-taken"


class SequenceMissing(LedgerError):
    """Readings before this one have not come."""

    code = "sequence-missing"


class TallyFull(LedgerError):
    """The tally holds as many readings as a report can say."""

    code = "tally-full"


class TooManyTallies(LedgerError):
    """A party has as many tallies under way as it may."""

    code = "too-many-tallies"
