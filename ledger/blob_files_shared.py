"""The same files, used by the processes of several replicas at once.

Nothing of an upload is remembered between two calls: whoever works on a blob locks the file
of its stripe in ``locks/``, reads what the directory says, and writes before it lets go. The
kernel releases the lock of a process that dies. On a network file system ``flock`` must work
across its clients. A complete upload is hashed as a whole, since no process saw all chunks.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from ledger.blob_errors import BlobsUnavailable
from ledger.blob_files import EXPIRED, SIDECAR, FileBlobs, Upload
from ledger.blob_sidecar import decode_sidecar
from ledger.blobs import BlobId, RandomBytes, check_room, is_blob_id
from ledger.durable_files import NEW
from ledger.vault.shelf import KeyShelf

STRIPES: Final = 64
_ROOM: Final = "room"


class SharedFileBlobs(FileBlobs):
    """Blobs in one directory; safe to share between threads and between processes."""

    def __init__(self, directory: Path, *, shelf: KeyShelf, random_bytes: RandomBytes) -> None:
        """Open a directory, made if absent, and finish what a crash left undone.

        Args:
            directory: the replicas' own; owner-only if it is made here.
            shelf: holds the keys; theirs too.
            random_bytes: the source of ids.

        Raises:
            BlobsUnavailable: a file cannot be read, or does not say what it should.
        """
        self._locks: Final = directory / "locks"
        super().__init__(directory, shelf=shelf, random_bytes=random_bytes)

    def create(self, owner: str, declared_bytes: int, *, at_ms: int) -> BlobId:
        # Two at once would both find the last free place.
        with self._locked([_ROOM]):
            return super().create(owner, declared_bytes, at_ms=at_ms)

    @contextmanager
    def _held(self, blob: BlobId) -> Iterator[Upload | None]:
        with self._all_held([blob]) as uploads:
            yield uploads[blob]

    @contextmanager
    def _all_held(self, blobs: Iterable[BlobId]) -> Iterator[dict[BlobId, Upload | None]]:
        wanted = list(blobs)
        with self._locked(_stripe(blob) for blob in wanted if is_blob_id(blob)):
            yield {blob: self._read_open(blob) for blob in wanted}

    def _read_open(self, blob: BlobId) -> Upload | None:
        # What is no id must not become part of a path.
        if not is_blob_id(blob):
            return None
        try:
            return Upload(decode_sidecar(self._sidecar(blob).read_bytes()), None)
        except FileNotFoundError:
            return None
        except OSError as fault:
            raise BlobsUnavailable(f"expected to read {self._sidecar(blob)}: {fault}") from fault

    def _list_open(self) -> list[BlobId]:
        return [BlobId(path.stem) for path in self._open.glob("*" + SIDECAR)]

    def _remember(self, blob: BlobId, upload: Upload) -> None:
        del blob
        found = (self._read_open(known) for known in self._list_open())
        check_room(upload.blob.owner, (known.blob for known in found if known))

    def _forget(self, blob: BlobId) -> None:
        """Nothing was remembered."""

    def _recover(self) -> None:
        for directory in (self._open, self._pinned, self._data, self._locks):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        # What another process is about to finish is held by it: then it is gone when we look.
        for suffix in (SIDECAR + NEW, EXPIRED):
            for path in self._open.glob("*" + suffix):
                self._finish(path, BlobId(path.name.removesuffix(suffix)))

    def _finish(self, path: Path, blob: BlobId) -> None:
        with self._locked([_stripe(blob), _ROOM]):
            if path.name.endswith(EXPIRED):
                if path.exists():
                    self._remove(blob)
            else:
                path.unlink(missing_ok=True)

    @contextmanager
    def _locked(self, names: Iterable[str]) -> Iterator[None]:
        """Hold the lock files of these names, taken in one order by all."""
        with ExitStack() as held:
            for name in sorted(set(names)):
                held.callback(os.close, _lock(self._locks / name))
            yield


def _stripe(blob: BlobId) -> str:
    return str(hashlib.sha256(blob.encode()).digest()[0] % STRIPES)


def _lock(path: Path) -> int:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:
            os.close(descriptor)
            raise
    except OSError as fault:
        raise BlobsUnavailable(f"expected to lock {path}: {fault}") from fault
    return descriptor
