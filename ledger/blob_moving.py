"""Moves the plain uploads of a log of an earlier version under keys of the shelf.

Each is written sealed beside the plain one, which is removed after that: while it is there,
it counts, so a move that was killed begins with it again. The sidecars stay as they are.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ledger.blob_errors import BlobsUnavailable
from ledger.blob_files import OPEN, PINNED, SEALED, SIDECAR
from ledger.blob_sidecar import decode_sidecar
from ledger.blobs import Blob, is_blob_id
from ledger.durable_files import NEW, sync_directory
from ledger.vault.blob_keys import BlobKeys
from ledger.vault.segments import SEGMENT_BYTES, seal_chunk

PLAIN: Final = "data"


def has_plain_uploads(directory: Path) -> bool:
    """Whether a folder of uploads is as an earlier version left it."""
    try:
        return any((directory / PLAIN).iterdir())
    except FileNotFoundError:
        return False


def move_uploads(directory: Path, keys: BlobKeys, *, on_moved: Callable[[int], None]) -> int:
    """Seal all plain uploads of a folder that nobody else uses meanwhile.

    Args:
        directory: the uploads.
        keys: of the log's shelf.
        on_moved: told how many more have moved.

    Returns:
        How many have moved.

    Raises:
        BlobsUnavailable, ShelfUnavailable: a file could not be read or written; what has moved
            stays so.
    """
    if not has_plain_uploads(directory):
        return 0
    moved = 0
    try:
        (directory / SEALED).mkdir(exist_ok=True, mode=0o700)
        for path in sorted((directory / PLAIN).iterdir()):
            known = _find_sidecar(directory, path.name)
            if known is not None:
                target = directory / SEALED / path.name
                _seal(path, target, keys.make(path.name), length=known.received_bytes)
                moved += 1
                on_moved(1)
            # What no sidecar tells of is no upload: a crash left it.
            path.unlink()
        sync_directory(directory / PLAIN)
        (directory / PLAIN).rmdir()
    except OSError as fault:
        raise BlobsUnavailable(f"expected to move the uploads of {directory}: {fault}") from fault
    return moved


def _find_sidecar(directory: Path, blob: str) -> Blob | None:
    for part in (OPEN, PINNED) if is_blob_id(blob) else ():
        path = directory / part / (blob + SIDECAR)
        if path.exists():
            return decode_sidecar(path.read_bytes())
    return None


def _seal(path: Path, target: Path, key: bytes, *, length: int) -> None:
    """Seal the bytes that count; a chunk that was torn may have left others behind them."""
    beside = target.with_name(target.name + NEW)
    position = 0
    with path.open("rb") as plain, beside.open("wb") as sealed:
        while chunk := plain.read(min(SEGMENT_BYTES, length - position)):
            sealed.write(seal_chunk(key, path.name, chunk, position=position))
            position += len(chunk)
        if position != length:
            raise BlobsUnavailable(f"expected {length} bytes in {path}, found {position}")
        sealed.flush()
        os.fsync(sealed.fileno())
    beside.replace(target)
    sync_directory(target.parent)
