"""The errors of the vault, each with a stable ``code``; the text may change.

::

    LedgerError
    +-- StoreUnavailable
        +-- ShelfUnavailable       the shelf could not be read or written
            +-- ShelfMissing       there is no shelf, where one must be
            +-- EpochMissing       the file of an epoch is not there
            +-- ShelfDamaged       a file of the shelf does not say what it should
"""

from __future__ import annotations

from ledger.store_errors import StoreUnavailable


class ShelfUnavailable(StoreUnavailable):
    """The key shelf could not be read or written; nothing of the attempt was written."""

    code = "shelf-unavailable"


class ShelfMissing(ShelfUnavailable):
    """There is no key shelf where the log's contents need one."""

    code = "shelf-missing"


class EpochMissing(ShelfUnavailable):
    """The shelf has no file for an epoch: what its entries hold cannot be opened."""

    code = "epoch-missing"


class ShelfDamaged(ShelfUnavailable):
    """A file of the shelf that is not what was written there."""

    code = "shelf-damaged"
