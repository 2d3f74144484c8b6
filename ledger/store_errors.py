"""The errors of the store, each with a stable ``code``; the text may change.

::

    LedgerError
    +-- StoreUnavailable                     the database cannot be used; nothing written
    |   +-- StoreBusy, StoreOutdated         another process holds it; migrate it first
    +-- HeadMoved, AppendRefused             the log does not end where the group begins
    +-- OutcomeUnknown                       COMMIT was sent, and nobody knows
"""

from __future__ import annotations

from ledger.errors import LedgerError


class StoreUnavailable(LedgerError):
    """The database failed, or cannot be opened; nothing of the attempt was written."""

    code = "store-unavailable"


class StoreBusy(StoreUnavailable):
    """Another process writes to this database, and only one may."""

    code = "store-in-use"


class StoreOutdated(StoreUnavailable):
    """The database has another schema than this version of Lotmark reads."""

    code = "store-outdated"


class HeadMoved(LedgerError):
    """The log does not end where the group begins: somebody else appended; nothing was written."""

    code = "head-moved"


class AppendRefused(LedgerError):
    """Rows that do not extend the log: a gap, or an id that it holds; nothing was written."""

    code = "append-refused"


class OutcomeUnknown(LedgerError):
    """COMMIT was sent and its outcome cannot be told: compare heads before doing anything else."""

    code = "outcome-unknown"
