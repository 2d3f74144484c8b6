"""An upload as it lies on the disk: segments, each sealed and bound to its place.

A segment is the length of its plaintext in 4 bytes (big-endian), a random nonce of 12, the
ciphertext and its tag (AES-256-GCM). An append writes segments of its own and never touches
one that counts, so a crash loses what was being appended, as with plain bytes. To find a
place the lengths are walked, which costs a read for each 64 KiB (docs/spec/blobs.md,
section 3).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.vault.errors import ShelfDamaged
from ledger.vault.sealing import NONCE_BYTES, TAG_BYTES

SEGMENT_BYTES: Final = 64 * 1024
_LENGTH_BYTES: Final = 4
_AROUND: Final = _LENGTH_BYTES + NONCE_BYTES + TAG_BYTES
_BOUND: Final = b"lotmark.blob/v1 segment\n"
_POSITION_BYTES: Final = 8


class Segment(NamedTuple):
    """Where a segment lies in the file, and which bytes of the upload it holds."""

    offset: int
    position: int
    length: int


def seal_chunk(key: bytes, blob: str, chunk: bytes, *, position: int) -> bytes:
    """The segments of a chunk that begins at this position of the upload."""
    cipher, parts = AESGCM(key), []
    for at in range(0, len(chunk), SEGMENT_BYTES):
        plain, nonce = chunk[at : at + SEGMENT_BYTES], os.urandom(NONCE_BYTES)
        sealed = cipher.encrypt(nonce, plain, _bound(blob, position + at))
        parts += [len(plain).to_bytes(_LENGTH_BYTES, "big"), nonce, sealed]
    return b"".join(parts)


def find_end(path: Path, received: int) -> int:
    """Where in the file the segments of the first ``received`` bytes end.

    Raises:
        ShelfDamaged: the file does not hold them.
        OSError: it cannot be read.
    """
    if not received:
        return 0
    with path.open("rb") as file:
        for segment in _walk(file):
            if segment.position + segment.length == received:
                return segment.offset + _AROUND + segment.length
    raise ShelfDamaged(f"expected {received} bytes in {path.name}, found others")


def count_bytes(path: Path) -> int:
    """How many bytes of the upload the whole segments of a file hold.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return sum(segment.length for segment in _walk(file))


def open_range(path: Path, key: bytes, *, blob: str, span: range) -> Iterator[bytes]:
    """The bytes of a span of the upload, piece by piece.

    Raises:
        ShelfDamaged: they are not there, or are not what was sealed.
        OSError: the file cannot be read.
    """
    cipher, reached = AESGCM(key), span.start
    with path.open("rb") as file:
        for segment in _walk(file):
            if reached >= span.stop:
                return
            if segment.position + segment.length <= reached:
                continue
            plain = _open(cipher, file, segment, blob)
            piece = plain[reached - segment.position : span.stop - segment.position]
            reached += len(piece)
            yield piece
    if reached < span.stop:
        raise ShelfDamaged(f"expected {span.stop} bytes in {path.name}, found {reached}")


def _open(cipher: AESGCM, file: BinaryIO, segment: Segment, blob: str) -> bytes:
    file.seek(segment.offset + _LENGTH_BYTES)
    data = file.read(NONCE_BYTES + segment.length + TAG_BYTES)
    try:
        bound = _bound(blob, segment.position)
        return cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], bound)
    except InvalidTag:
        raise ShelfDamaged(
            f"expected the sealed bytes from {segment.position} on of {blob}, found others"
        ) from None


def _walk(file: BinaryIO) -> Iterator[Segment]:
    """Every whole segment; what a torn append left behind them is not one."""
    size = file.seek(0, os.SEEK_END)
    offset = position = 0
    while offset + _AROUND < size:
        file.seek(offset)
        length = int.from_bytes(file.read(_LENGTH_BYTES), "big")
        if not 0 < length <= SEGMENT_BYTES or offset + _AROUND + length > size:
            return
        yield Segment(offset, position, length)
        offset, position = offset + _AROUND + length, position + length


def _bound(blob: str, position: int) -> bytes:
    return _BOUND + blob.encode("ascii") + position.to_bytes(_POSITION_BYTES, "big")
