"""The keys of uploads in the shelf: one file each, or the word that the upload was erased.

The word stays, so that an older backup that is restored beside today's shelf is told from one
whose keys were lost (docs/spec/vault.md, section 5).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from keys.encoding import decode_base64url, encode_base64url
from keys.errors import MalformedEncoding
from ledger.vault.epoch_file import KEY_BYTES
from ledger.vault.errors import ShelfDamaged
from ledger.vault.shelf import BLOB_KEYS, KeyShelf, files_needed

_FORMAT: Final = "lotmark.blob-key/v1"
_ERASED: Final = "erased"


class BlobKeys:
    """The keys of the uploads of one log; an id must have been checked to be one."""

    def __init__(self, shelf: KeyShelf) -> None:
        """Use the keys of ``shelf``."""
        self._shelf = shelf

    def make(self, blob: str) -> bytes:
        """The key of a new upload, durable on return.

        Raises:
            ShelfUnavailable: it could not be written.
        """
        # A crash may have left a key of an upload that nobody was told of: it is as good.
        key = self.find(blob) or os.urandom(KEY_BYTES)
        self._shelf.put(self._path(blob), encode_blob_key(key))
        return key

    def find(self, blob: str) -> bytes | None:
        """The key of an upload, None where there is none, or it was erased.

        Raises:
            ShelfDamaged, ShelfUnavailable: its file cannot be read.
        """
        content = self._read(blob)
        return None if content is None else parse_blob_key(content)

    def is_erased(self, blob: str) -> bool:
        """Whether the upload was erased.

        Raises:
            ShelfDamaged, ShelfUnavailable: its file cannot be read.
        """
        content = self._read(blob)
        return content is not None and parse_blob_key(content) is None

    def erase(self, blob: str) -> None:
        """Destroy the key of an upload; from the return on nothing opens it.

        Raises:
            ShelfUnavailable: it is destroyed, or not.
        """
        self._shelf.put(self._path(blob), encode_blob_key(None))

    def forget(self, blob: str) -> None:
        """Remove the key of an upload that has expired.

        Raises:
            ShelfUnavailable: it could not be removed.
        """
        with files_needed():
            self._path(blob).unlink(missing_ok=True)

    def _read(self, blob: str) -> bytes | None:
        with files_needed():
            try:
                return self._path(blob).read_bytes()
            except FileNotFoundError:
                return None

    def _path(self, blob: str) -> Path:
        return self._shelf.folder / BLOB_KEYS / f"{blob}.key"


def encode_blob_key(key: bytes | None) -> bytes:
    """The file of a key; None is the word that it was erased."""
    return f"{_FORMAT} {_ERASED if key is None else encode_base64url(key)}\n".encode()


def parse_blob_key(data: bytes) -> bytes | None:
    """The key, None where the file says that it was erased.

    Raises:
        ShelfDamaged: not what :func:`encode_blob_key` writes.
    """
    if data == encode_blob_key(None):
        return None
    word = data.removeprefix(f"{_FORMAT} ".encode())[:-1]
    try:
        key = decode_base64url(word.decode("ascii"))
    except (UnicodeDecodeError, MalformedEncoding):
        key = b""
    if len(key) != KEY_BYTES or encode_blob_key(key) != data:
        raise ShelfDamaged(f"expected the key of an upload, found {len(data)} other bytes")
    return key
