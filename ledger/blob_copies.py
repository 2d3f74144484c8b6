"""Copies of uploads, beside the process that owns their directory, which only adds to it.

A cited upload never changes again, so it can be copied while the service runs. What is
copied is the bytes and the sidecar (docs/spec/blobs.md, section 3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ledger.blob_errors import BlobsUnavailable
from ledger.blob_files import SIDECAR
from ledger.blob_sidecar import decode_sidecar
from ledger.blobs import Blob, BlobId, is_blob_id


@dataclass(frozen=True, slots=True)
class BlobCopy:
    """An upload that is complete, and where its two files lie."""

    blob: BlobId
    sidecar: bytes
    data: Path

    @property
    def known(self) -> Blob:
        """What the sidecar says."""
        return decode_sidecar(self.sidecar)


def complete_uploads(directory: Path) -> Iterator[BlobCopy]:
    """Every upload of a blob directory that has all its bytes, pinned or still open.

    Raises:
        BlobsUnavailable: a file that was there is not what it should be.
    """
    folders = (directory / "open", directory / "pinned")
    for name in sorted({path.name for folder in folders for path in folder.glob("*" + SIDECAR)}):
        blob = name.removesuffix(SIDECAR)
        content = _read_sidecar(directory, name)
        if is_blob_id(blob) and content and decode_sidecar(content).is_complete:
            yield BlobCopy(BlobId(blob), content, directory / "data" / blob)


def place_pinned(directory: Path, blob: BlobId) -> tuple[Path, Path]:
    """Where the sidecar and the bytes of a pinned upload belong."""
    for part in ("open", "pinned", "data"):
        (directory / part).mkdir(parents=True, exist_ok=True, mode=0o700)
    return directory / "pinned" / (blob + SIDECAR), directory / "data" / blob


def check_upload(sidecar: bytes, data: Path) -> None:
    """Check that the bytes are those that the sidecar tells of.

    Raises:
        BlobsUnavailable: they are not.
    """
    known = decode_sidecar(sidecar)
    with data.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").digest()
    if found != known.sha256 or data.stat().st_size != known.declared_bytes:
        raise BlobsUnavailable(f"expected the upload that its sidecar describes in {data.name}")


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
