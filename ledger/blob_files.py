"""Blobs as plain files (docs/spec/blobs.md, section 3).

::

    open/<id>.json      what is known of an open blob; the blob exists while this file does
    open/<id>.expired   the same, of a blob that is being removed
    pinned/<id>.json    the same, of a pinned blob, never written again
    sealed/<id>         the bytes, in segments under a key of the shelf

A chunk is durable in ``sealed`` before the file in ``open`` counts it, so a crash between the
two loses the chunk, never the truth: the client asks for the offset and sends it again. Bytes
are sealed under a key of each blob, which the shelf holds. A directory of :class:`FileBlobs` is
one process's at a time; replicas share one of :mod:`ledger.blob_files_shared`.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from ledger.blob_errors import BlobsUnavailable
from ledger.blob_sidecar import decode_sidecar, encode_sidecar
from ledger.blobs import (
    Blob,
    BlobId,
    BlobStore,
    Citations,
    RandomBytes,
    blob_not_found,
    check_chunk,
    check_complete,
    check_owner,
    check_range,
    check_room,
    is_blob_id,
    is_overdue,
    new_blob,
    new_blob_id,
)
from ledger.durable_files import NEW, move_file, replace_file, write_at
from ledger.vault.blob_keys import BlobKeys
from ledger.vault.errors import ShelfUnavailable
from ledger.vault.segments import find_end, open_range, seal_chunk
from ledger.vault.shelf import KeyShelf

OPEN: Final = "open"
PINNED: Final = "pinned"
SEALED: Final = "sealed"
SIDECAR: Final = ".json"
EXPIRED: Final = ".expired"


@dataclass(slots=True)
class Upload:
    """An open blob in this process; ``lock`` guards all but the owner, which never changes.

    ``hasher`` has seen the bytes received so far; None after a restart, until the end.
    """

    blob: Blob
    hasher: hashlib._Hash | None
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_gone: bool = False


class FileBlobs(BlobStore):
    """Blobs in one directory; safe to share between threads, not between processes."""

    def __init__(self, directory: Path, *, shelf: KeyShelf, random_bytes: RandomBytes) -> None:
        """Open a directory, made if absent, and finish what a crash left undone.

        Args:
            directory: the store's own; owner-only if it is made here.
            shelf: holds the keys.
            random_bytes: the source of ids.

        Raises:
            BlobsUnavailable: a file cannot be read, or does not say what it should.
        """
        self._open: Final = directory / OPEN
        self._pinned: Final = directory / PINNED
        self._data: Final = directory / SEALED
        self._keys: Final = BlobKeys(shelf)
        self._random_bytes = random_bytes
        self._uploads: dict[BlobId, Upload] = {}
        # Guards the dictionary only. Whoever holds an upload's lock may take this one, never
        # the other way round.
        self._lock = threading.Lock()
        with _files_needed():
            self._recover()

    def create(self, owner: str, declared_bytes: int, *, at_ms: int) -> BlobId:
        created = new_blob(owner, declared_bytes, at_ms=at_ms)
        blob = new_blob_id(self._random_bytes)
        upload = Upload(created, hashlib.sha256())
        with upload.lock:
            self._remember(blob, upload)
            try:
                with _files_needed():
                    self._keys.make(blob)
                    replace_file(self._sidecar(blob), encode_sidecar(created))
            except BlobsUnavailable:
                upload.is_gone = True
                self._forget(blob)
                raise
        return blob

    def append(self, blob: BlobId, owner: str, *, offset: int, chunk: bytes) -> int:
        with self._held(blob) as upload:
            found = check_owner(blob, self._known(blob, upload), owner=owner)
            check_chunk(found, offset=offset, chunk=chunk)
            if upload is None or not chunk:
                return found.received_bytes
            with _files_needed():
                self._extend(blob, upload, chunk=chunk)
            return upload.blob.received_bytes

    def offset(self, blob: BlobId, owner: str) -> int:
        with self._held(blob) as upload:
            return check_owner(blob, self._known(blob, upload), owner=owner).received_bytes

    def describe(self, blob: BlobId) -> Blob:
        with self._held(blob) as upload:
            return self._existing(blob, upload)

    def pin(self, blobs: Iterable[BlobId]) -> None:
        with self._all_held(blobs) as uploads:
            for blob, upload in uploads.items():
                check_complete(blob, self._existing(blob, upload))
            for blob, upload in uploads.items():
                if upload is not None:
                    self._move_to_pinned(blob, upload)

    def expire(self, *, now_ms: int, is_cited: Citations) -> int:
        return sum(self._expire_one(blob, now_ms, is_cited=is_cited) for blob in self._list_open())

    def read(self, blob: BlobId, *, start: int, stop: int) -> bytes:
        with self._held(blob) as upload, _files_needed():
            found = self._existing(blob, upload)
            check_complete(blob, found)
            check_range(found, start=start, stop=stop)
            return b"".join(self._opened(blob, range(start, stop)))

    def erase(self, blob: BlobId) -> None:
        if not is_blob_id(blob):
            return
        with self._held(blob) as upload, _files_needed():
            self._keys.erase(blob)
            # From here on nothing opens it, whatever of it is still there.
            (self._data / blob).unlink(missing_ok=True)
            for directory in (self._open, self._pinned):
                (directory / (blob + SIDECAR)).unlink(missing_ok=True)
            if upload is not None:
                upload.is_gone = True
                self._forget(blob)

    def _opened(self, blob: BlobId, span: range) -> Iterator[bytes]:
        key = self._key(blob)
        return open_range(self._data / blob, key, blob=blob, span=span) if span else iter(())

    def _key(self, blob: BlobId) -> bytes:
        key = self._keys.find(blob)
        if key is None:
            raise BlobsUnavailable(f"expected the key of {blob} in the shelf, found none")
        return key

    # ---- finding -------------------------------------------------------------------------

    @contextmanager
    def _held(self, blob: BlobId) -> Iterator[Upload | None]:
        """Hold an open blob against change; None if there is no open one of this id."""
        with self._lock:
            upload = self._uploads.get(blob)
        if upload is None:
            yield None
            return
        with upload.lock:
            # It may have expired, or been pinned, while we waited.
            yield None if upload.is_gone else upload

    @contextmanager
    def _all_held(self, blobs: Iterable[BlobId]) -> Iterator[dict[BlobId, Upload | None]]:
        """Hold many, in one order, so that two callers cannot wait for each other."""
        with ExitStack() as held:
            yield {blob: held.enter_context(self._held(blob)) for blob in sorted(set(blobs))}

    def _list_open(self) -> list[BlobId]:
        with self._lock:
            return list(self._uploads)

    def _known(self, blob: BlobId, upload: Upload | None) -> Blob | None:
        return upload.blob if upload else self._read_pinned(blob)

    def _existing(self, blob: BlobId, upload: Upload | None) -> Blob:
        found = self._known(blob, upload)
        if found is None:
            raise blob_not_found(blob)
        return found

    def _read_pinned(self, blob: BlobId) -> Blob | None:
        # What is no id must not become part of a path.
        if not is_blob_id(blob):
            return None
        path = self._pinned / (blob + SIDECAR)
        with _files_needed():
            try:
                return replace(decode_sidecar(path.read_bytes()), is_pinned=True)
            except FileNotFoundError:
                return None

    def _sidecar(self, blob: BlobId) -> Path:
        return self._open / (blob + SIDECAR)

    # ---- changing ------------------------------------------------------------------------

    def _extend(self, blob: BlobId, upload: Upload, *, chunk: bytes) -> None:
        before = upload.blob
        # Writing behind missing bytes would leave a hole.
        end = find_end(self._data / blob, before.received_bytes)
        sealed = seal_chunk(self._key(blob), blob, chunk, position=before.received_bytes)
        write_at(self._data / blob, end, content=sealed)
        # From here on the chunk survives a crash, but does not count yet.
        received = replace(before, received_bytes=before.received_bytes + len(chunk))
        hasher = _hasher_after(upload.hasher, chunk)
        if received.is_complete:
            digest = self._digest(blob, hasher, length=received.declared_bytes)
            received = replace(received, sha256=digest)
        replace_file(self._sidecar(blob), encode_sidecar(received))
        # From here on it counts.
        upload.blob, upload.hasher = received, hasher

    def _digest(self, blob: BlobId, hasher: hashlib._Hash | None, *, length: int) -> bytes:
        if hasher is None:
            hasher = hashlib.sha256()
            for piece in self._opened(blob, range(length)):
                hasher.update(piece)
        return hasher.digest()

    def _move_to_pinned(self, blob: BlobId, upload: Upload) -> None:
        with _files_needed():
            move_file(self._sidecar(blob), self._pinned / (blob + SIDECAR))
        upload.is_gone = True
        self._forget(blob)

    def _expire_one(self, blob: BlobId, now_ms: int, *, is_cited: Citations) -> bool:
        with self._held(blob) as upload:
            if upload is None or not is_overdue(upload.blob, now_ms):
                return False
            if is_cited(blob):
                self._move_to_pinned(blob, upload)
                return False
            with _files_needed():
                move_file(self._sidecar(blob), self._open / (blob + EXPIRED))
                # From here on the blob is gone, whatever of it is still there.
                upload.is_gone = True
                self._forget(blob)
                self._remove(blob)
            return True

    def _remove(self, blob: BlobId) -> None:
        (self._data / blob).unlink(missing_ok=True)
        self._keys.forget(blob)
        (self._open / (blob + EXPIRED)).unlink()

    def _remember(self, blob: BlobId, upload: Upload) -> None:
        with self._lock:
            check_room(upload.blob.owner, (known.blob for known in self._uploads.values()))
            assert blob not in self._uploads, "the random source repeats itself"
            self._uploads[blob] = upload

    def _forget(self, blob: BlobId) -> None:
        with self._lock:
            del self._uploads[blob]

    def _recover(self) -> None:
        for directory in (self._open, self._pinned, self._data):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in self._open.glob("*" + NEW):
            path.unlink()
        for path in self._open.glob("*" + EXPIRED):
            self._remove(BlobId(path.stem))
        for path in self._open.glob("*" + SIDECAR):
            self._uploads[BlobId(path.stem)] = Upload(decode_sidecar(path.read_bytes()), None)


def _hasher_after(hasher: hashlib._Hash | None, chunk: bytes) -> hashlib._Hash | None:
    """Continue on a copy: the chunk counts only once the sidecar says so."""
    if hasher is None:
        return None
    continued = hasher.copy()
    continued.update(chunk)
    return continued


@contextmanager
def _files_needed() -> Iterator[None]:
    try:
        yield
    except (OSError, ShelfUnavailable) as fault:
        raise BlobsUnavailable(f"expected to read and write the blob files: {fault}") from fault
