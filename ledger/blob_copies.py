"""Copies of uploads, beside the process that owns their directory, which only adds to it.

A cited upload never changes again, so it can be copied while the service runs. What is
copied is the bytes and the sidecar (docs/spec/blobs.md, section 3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.blob_errors import BlobsUnavailable
from ledger.blob_files import OPEN, PINNED, SEALED, SIDECAR
from ledger.blob_sidecar import decode_sidecar
from ledger.blobs import Blob, BlobId, is_blob_id
from ledger.store import Store
from ledger.vault.errors import ShelfDamaged
from ledger.vault.segments import count_bytes, open_range

_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class BlobCopy:
    """What the sidecar of an upload holds, and where its bytes lie."""

    blob: BlobId
    sidecar: bytes
    data: Path

    @property
    def known(self) -> Blob:
        """What the sidecar says."""
        return decode_sidecar(self.sidecar)

    @property
    def has_all_bytes(self) -> bool:
        """Whether as many bytes are there as its owner declared."""
        try:
            return count_bytes(self.data) == self.known.declared_bytes
        except FileNotFoundError:
            # No append came for an upload of no bytes.
            return not self.known.declared_bytes


def find_upload(directory: Path, blob: str) -> BlobCopy | None:
    """An upload of a blob directory, pinned or still open; None unless all its bytes are there.

    Raises:
        BlobsUnavailable: its sidecar cannot be read, or is none.
    """
    # What is no id must not become part of a path.
    content = _read_sidecar(directory, blob + SIDECAR) if is_blob_id(blob) else None
    if content is None:
        return None
    found = BlobCopy(BlobId(blob), content, directory / SEALED / blob)
    return found if found.known.is_complete and found.has_all_bytes else None


def pins_of(store: Store, size: int) -> Iterator[tuple[str, int]]:
    """Every (blob id, index) pair of an upload that an entry below ``size`` cites."""
    last = ""
    while page := store.pins_after(last, size=size, limit=_PAGE):
        yield from page
        last = page[-1][0]


def place_pinned(directory: Path, blob: BlobId) -> tuple[Path, Path]:
    """Where the sidecar and the bytes of a pinned upload belong."""
    for part in (OPEN, PINNED, SEALED):
        (directory / part).mkdir(parents=True, exist_ok=True, mode=0o700)
    return directory / PINNED / (blob + SIDECAR), directory / SEALED / blob


def check_upload(copy: BlobCopy, key: bytes | None) -> None:
    """Check that the bytes are those that the sidecar tells of; without a key, their number.

    Raises:
        BlobsUnavailable: they are not.
    """
    known, blob = copy.known, copy.blob
    found = hashlib.sha256()
    try:
        if key is not None and known.declared_bytes:
            for piece in open_range(copy.data, key, blob=blob, span=range(known.declared_bytes)):
                found.update(piece)
    except (OSError, ShelfDamaged) as fault:
        raise BlobsUnavailable(f"expected the upload {blob} as it was sent: {fault}") from fault
    if not copy.has_all_bytes or (key is not None and found.digest() != known.sha256):
        raise BlobsUnavailable(f"expected the upload that its sidecar describes in {blob}")


def _read_sidecar(directory: Path, name: str) -> bytes | None:
    # An upload that is being pinned moves from the one place to the other.
    for kind in ("open", "pinned", "open"):
        try:
            return (directory / kind / name).read_bytes()
        except FileNotFoundError:
            continue
        except OSError as fault:
            raise BlobsUnavailable(f"expected to read {name}: {fault}") from fault
    return None
