"""The errors of the vault, each with a stable ``code``; the text may change.

::

    LedgerError
    +-- ShelfCopyExists            something is where a copy of the shelf is to be
    +-- ShelfCopyMissing           no such copy was made
    +-- StoreUnavailable
        +-- ShelfUnavailable       the shelf could not be read or written
            +-- ShelfMissing       there is no shelf, where one must be
            +-- EpochMissing       the file of an epoch is not there
            +-- ShelfDamaged       a file of the shelf does not say what it should
"""

from __future__ import annotations

from ledger.errors import LedgerError
from ledger.store_errors import StoreUnavailable


class ShelfCopyExists(LedgerError):
    """Something is where a copy of the shelf is to be."""

    code = "shelf-copy-exists"


class ShelfCopyMissing(LedgerError):
    """No such copy of the shelf was made, or it was dropped."""

    code = "shelf-copy-missing"


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
