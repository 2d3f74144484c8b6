"""The errors of :mod:`ledger.blobs`.

::

    LedgerError
    +-- BlobError
        +-- BlobNotFound         no such blob, or not yours: the two look the same
        +-- OffsetMismatch       a chunk that does not begin where the blob ends
        +-- BlobTooLarge         more bytes than the limit, or than were declared
        +-- TooManyOpenBlobs     the owner has as many unpinned blobs as it may
        +-- BlobIncomplete       reading or pinning a blob whose upload has not ended
        +-- RangeNotSatisfiable  a range that is empty, too long or beyond the blob's end
        +-- BlobsUnavailable     the files could not be read or written

Each class carries a stable ``code``; the text may change, the code may not.
"""

from __future__ import annotations

from ledger.errors import LedgerError


class BlobError(LedgerError):
    """Root of this branch of the family."""

    code = "blob-error"


class BlobNotFound(BlobError):
    """There is no such blob, or it is another owner's."""

    code = "blob-not-found"


class OffsetMismatch(BlobError):
    """A chunk that does not begin where the blob ends; ``offset`` is where it does."""

    code = "offset-mismatch"

    def __init__(self, message: str, *, offset: int) -> None:
        """Keep the right offset beside the message, so that the client can resume."""
        super().__init__(message)
        self.offset = offset


class BlobTooLarge(BlobError):
    """More bytes than the limit allows, or than were declared."""

    code = "blob-too-large"


class TooManyOpenBlobs(BlobError):
    """The owner has as many unpinned blobs as it may have at a time."""

    code = "too-many-open-blobs"


class BlobIncomplete(BlobError):
    """The blob's upload has not ended, so it can be neither read nor pinned."""

    code = "blob-incomplete"


class RangeNotSatisfiable(BlobError):
    """A range that is empty, longer than one read, or beyond the blob's end."""

    code = "range-not-satisfiable"


class BlobsUnavailable(BlobError):
    """The files could not be read or written, or do not say what they should."""

    code = "blobs-unavailable"
