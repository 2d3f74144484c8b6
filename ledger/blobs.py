"""Blobs: large bytes beside the log, uploaded in pieces and named by a random id.

The port, its rules and the implementation in memory (docs/spec/blobs.md). A blob belongs to
the party that created it and is *open* until a record that points to it is admitted, which
pins it for good; what stays open too long expires. The store states the SHA-256 of what it
holds; whether a record states the same is judged at admission. It does **not** decide who
may read a blob: readers come by record and group, never by id or hash alone.

The kind of identity that counts here is the owner's DID. Asking for another owner's blob is
answered exactly like asking for one that does not exist.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import NewType, Protocol

from keys.encoding import encode_base64url
from ledger.blob_errors import (
    BlobIncomplete,
    BlobNotFound,
    BlobTooLarge,
    OffsetMismatch,
    RangeNotSatisfiable,
    TooManyOpenBlobs,
)
from ledger.limits import (
    BLOB_BYTES_MAX,
    BLOB_CHUNK_BYTES_MAX,
    BLOB_UNPINNED_SECONDS_MAX,
    BLOBS_OPEN_PER_PARTY_MAX,
)

BlobId = NewType("BlobId", str)

RandomBytes = Callable[[int], bytes]
Citations = Callable[[BlobId], bool]

_BLOB_ID = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Blob:
    """What the store knows of one blob. ``sha256`` is there once all bytes are."""

    owner: str
    declared_bytes: int
    received_bytes: int
    sha256: bytes | None
    created_ms: int
    is_pinned: bool

    @property
    def is_complete(self) -> bool:
        """Whether all declared bytes were received."""
        return self.received_bytes == self.declared_bytes


class BlobStore(Protocol):
    """Where blobs are kept. Every method may raise ``BlobsUnavailable``."""

    def create(self, owner: str, declared_bytes: int, *, at_ms: int) -> BlobId:
        """Open a blob for upload.

        Raises:
            BlobTooLarge: the declared size is outside 0 to the limit.
            TooManyOpenBlobs: the owner must submit or abandon some of its open blobs first.
        """

    def append(self, blob: BlobId, owner: str, *, offset: int, chunk: bytes) -> int:
        """Add bytes at the end; on return they are durable.

        Returns:
            The new offset. With the last chunk the blob is complete and hashed.

        Raises:
            BlobNotFound: absent, expired or another owner's.
            OffsetMismatch: the chunk does not begin at the end; carries the right offset.
            BlobTooLarge: more than declared, or more than one chunk may have.
        """

    def offset(self, blob: BlobId, owner: str) -> int:
        """Where the next chunk begins; the declared size once complete.

        Raises:
            BlobNotFound: absent, expired or another owner's.
        """

    def describe(self, blob: BlobId) -> Blob:
        """Say what is known of a blob, whoever owns it.

        Raises:
            BlobNotFound: absent or expired.
        """

    def pin(self, blobs: Iterable[BlobId]) -> None:
        """Keep these blobs for good; a blob that is pinned already stays so.

        To be called after the transaction that admits the record has committed. Should a
        crash come between the two, ``expire`` makes up for it.

        Raises:
            BlobNotFound, BlobIncomplete: for one of them; then none has been pinned.
        """

    def expire(self, *, now_ms: int, is_cited: Citations) -> int:
        """Remove the open blobs that are older than the limit; pin those that are cited.

        Args:
            now_ms: the present instant.
            is_cited: whether an admitted record cites the blob, as the database says.

        Returns:
            How many were removed.
        """

    def erase(self, blob: BlobId) -> None:
        """Erase a blob, whoever owns it: on return nothing opens its bytes, in backups neither.

        May be repeated; where it did not return it is to be. One that is not there is no error.
        """

    def read(self, blob: BlobId, *, start: int, stop: int) -> bytes:
        """Read the bytes ``start <= position < stop`` of a complete blob.

        Raises:
            BlobNotFound: absent or expired.
            BlobIncomplete: the upload has not ended.
            RangeNotSatisfiable: empty, beyond the end, or more than one chunk.
        """


def new_blob(owner: str, declared_bytes: int, *, at_ms: int) -> Blob:
    """Begin a blob.

    Raises:
        BlobTooLarge: a size outside 0 to the limit is declared.
    """
    if not 0 <= declared_bytes <= BLOB_BYTES_MAX:
        raise BlobTooLarge(f"expected 0 to {BLOB_BYTES_MAX} bytes, found {declared_bytes}")
    # No append will follow for a blob of no bytes: it is complete from the start.
    sha256 = None if declared_bytes else hashlib.sha256().digest()
    return Blob(owner, declared_bytes, 0, sha256, created_ms=at_ms, is_pinned=False)


def new_blob_id(random_bytes: RandomBytes) -> BlobId:
    """Draw an id: 22 base64url characters out of 16 random bytes."""
    return BlobId(encode_base64url(random_bytes(16)))


def is_blob_id(text: str) -> bool:
    """Whether a text has the form of an id, and so is safe as a file name."""
    return _BLOB_ID.fullmatch(text) is not None


def check_room(owner: str, open_blobs: Iterable[Blob]) -> None:
    """Check that the owner may open one more blob.

    Raises:
        TooManyOpenBlobs: it has as many as it may have.
    """
    held = sum(blob.owner == owner for blob in open_blobs)
    if held >= BLOBS_OPEN_PER_PARTY_MAX:
        raise TooManyOpenBlobs(
            f"expected fewer than {BLOBS_OPEN_PER_PARTY_MAX} open blobs, found {held}"
        )


def check_chunk(blob: Blob, *, offset: int, chunk: bytes) -> None:
    """Check that a chunk continues a blob.

    Raises:
        OffsetMismatch: it does not begin where the blob ends.
        BlobTooLarge: it is longer than a chunk may be, or goes beyond the declared size.
    """
    if offset != blob.received_bytes:
        raise OffsetMismatch(
            f"expected offset {blob.received_bytes}, found {offset}", offset=blob.received_bytes
        )
    if len(chunk) > BLOB_CHUNK_BYTES_MAX:
        raise BlobTooLarge(
            f"expected a chunk of at most {BLOB_CHUNK_BYTES_MAX} bytes, found {len(chunk)}"
        )
    if offset + len(chunk) > blob.declared_bytes:
        raise BlobTooLarge(
            f"expected {blob.declared_bytes} bytes as declared, found {offset + len(chunk)}"
        )


def check_owner(blob: BlobId, found: Blob | None, *, owner: str) -> Blob:
    """Return the blob if it is there and the owner's, else refuse both alike.

    Raises:
        BlobNotFound: absent or another owner's.
    """
    if found is None or found.owner != owner:
        raise blob_not_found(blob)
    return found


def check_complete(blob: BlobId, found: Blob) -> None:
    """Check that all bytes were received.

    Raises:
        BlobIncomplete: they were not.
    """
    if not found.is_complete:
        raise BlobIncomplete(
            f"expected all {found.declared_bytes} bytes of {blob}, found {found.received_bytes}"
        )


def check_range(blob: Blob, *, start: int, stop: int) -> None:
    """Check that a range lies in the blob and is one read long at most.

    Raises:
        RangeNotSatisfiable: it is not.
    """
    if not 0 <= start < stop <= min(blob.declared_bytes, start + BLOB_CHUNK_BYTES_MAX):
        raise RangeNotSatisfiable(
            f"expected 1 to {BLOB_CHUNK_BYTES_MAX} bytes within {blob.declared_bytes}, "
            f"found {start} to {stop}"
        )


def is_overdue(blob: Blob, now_ms: int) -> bool:
    """Whether an open blob has outlived the limit."""
    return not blob.is_pinned and now_ms - blob.created_ms > BLOB_UNPINNED_SECONDS_MAX * 1000


def blob_not_found(blob: BlobId) -> BlobNotFound:
    """Word the one answer for absent, expired and foreign blobs."""
    return BlobNotFound(f"expected a blob, found none of id {blob[:22]!r}")


class MemoryBlobs(BlobStore):
    """Blobs in memory, for tests and demonstrations; safe to share between threads."""

    def __init__(self, *, random_bytes: RandomBytes) -> None:
        """Start empty, drawing ids from the given source."""
        self._random_bytes = random_bytes
        self._blobs: dict[BlobId, Blob] = {}
        self._bytes: dict[BlobId, bytes] = {}
        self._lock = threading.Lock()

    def create(self, owner: str, declared_bytes: int, *, at_ms: int) -> BlobId:
        created = new_blob(owner, declared_bytes, at_ms=at_ms)
        blob = new_blob_id(self._random_bytes)
        with self._lock:
            check_room(owner, (found for found in self._blobs.values() if not found.is_pinned))
            assert blob not in self._blobs, "the random source repeats itself"
            self._blobs[blob], self._bytes[blob] = created, b""
        return blob

    def append(self, blob: BlobId, owner: str, *, offset: int, chunk: bytes) -> int:
        with self._lock:
            found = check_owner(blob, self._blobs.get(blob), owner=owner)
            check_chunk(found, offset=offset, chunk=chunk)
            content = self._bytes[blob] + chunk
            received = replace(found, received_bytes=len(content))
            digest = hashlib.sha256(content).digest() if received.is_complete else None
            self._blobs[blob], self._bytes[blob] = replace(received, sha256=digest), content
            return len(content)

    def offset(self, blob: BlobId, owner: str) -> int:
        with self._lock:
            return check_owner(blob, self._blobs.get(blob), owner=owner).received_bytes

    def describe(self, blob: BlobId) -> Blob:
        with self._lock:
            return self._find(blob)

    def pin(self, blobs: Iterable[BlobId]) -> None:
        with self._lock:
            found = {blob: self._find(blob) for blob in blobs}
            for blob, description in found.items():
                check_complete(blob, description)
            self._blobs |= {blob: replace(f, is_pinned=True) for blob, f in found.items()}

    def expire(self, *, now_ms: int, is_cited: Citations) -> int:
        with self._lock:
            overdue = {b: found for b, found in self._blobs.items() if is_overdue(found, now_ms)}
            cited = {
                b: replace(found, is_pinned=True) for b, found in overdue.items() if is_cited(b)
            }
            self._blobs |= cited
            expired = overdue.keys() - cited.keys()
            for blob in expired:
                del self._blobs[blob], self._bytes[blob]
            return len(expired)

    def erase(self, blob: BlobId) -> None:
        with self._lock:
            self._blobs.pop(blob, None)
            self._bytes.pop(blob, None)

    def read(self, blob: BlobId, *, start: int, stop: int) -> bytes:
        with self._lock:
            found = self._find(blob)
            check_complete(blob, found)
            check_range(found, start=start, stop=stop)
            return self._bytes[blob][start:stop]

    def _find(self, blob: BlobId) -> Blob:
        if blob not in self._blobs:
            raise blob_not_found(blob)
        return self._blobs[blob]
