"""Whether an upload is what a record says it is: the judgement of admission on blobs.

The hash that counts is the one the record signed; the store's own is only compared with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from keys.encoding import encode_base64url
from ledger.blob_errors import BlobNotFound
from ledger.blobs import Blob, BlobId, BlobStore
from ledger.clock import Clock
from ledger.limits import BLOB_EXPIRY_MARGIN_SECONDS, BLOB_UNPINNED_SECONDS_MAX


class ClaimedBlob(Protocol):
    """What a record states of a blob: id, base64url of the SHA-256, and size."""

    @property
    def blob(self) -> str:
        """The id."""

    @property
    def sha256(self) -> str:
        """43 characters."""

    @property
    def bytes(self) -> int:
        """The size."""


@dataclass(frozen=True, slots=True)
class UploadedBlobs:
    """Judges claims by what was uploaded."""

    blobs: BlobStore
    clock: Clock

    def is_ready(self, claim: ClaimedBlob, owner: str) -> bool:
        """Whether the blob is the owner's, complete, as claimed, and will outlive the commit.

        Raises:
            BlobsUnavailable: it cannot be told now.
        """
        try:
            found = self.blobs.describe(BlobId(claim.blob))
        except BlobNotFound:
            return False
        return (
            found.owner == owner
            and found.sha256 is not None
            and encode_base64url(found.sha256) == claim.sha256
            and found.declared_bytes == claim.bytes
            and self._outlives_commit(found)
        )

    def _outlives_commit(self, found: Blob) -> bool:
        # The database pins a blob in the commit, the blob store learns of it later. An open
        # blob that is about to expire could go in between.
        age_ms = self.clock.now_ms() - found.created_ms
        last_ms = (BLOB_UNPINNED_SECONDS_MAX - BLOB_EXPIRY_MARGIN_SECONDS) * 1000
        return found.is_pinned or age_ms <= last_ms
