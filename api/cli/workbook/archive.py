"""The zip of a workbook, within bounds (APPNOTE 6.3.10, ECMA-376 part 2).

What the archive declares is checked before anything is unpacked, and what is unpacked is
counted again: a declared size is only a claim. Checksums are those of :mod:`zipfile`.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import Final

from api.cli.table_errors import WorkbookRefused
from ledger import limits

ZIP_MAGIC: Final = b"PK\x03\x04"
OLE_MAGIC: Final = bytes.fromhex("d0cf11e0a1b11ae1")
#: The stream that holds an encrypted workbook within an OLE file ([MS-OFFCRYPTO] 2.3.4.4).
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_END: Final = b"PK\x05\x06"
_END_BYTES: Final = 22
_ZIP64_LOCATOR: Final = b"PK\x06\x07"
_ZIP64_LOCATOR_BYTES: Final = 20
_COMMENT_BYTES_MAX: Final = 65_535
_CHUNK_BYTES: Final = 64 * 1024
_PLAIN: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
#: Small parts compress as well as they like.
_RATIO_FREE_BYTES: Final = 1024 * 1024
#: Everything that zipfile and zlib raise over bytes that are not what they say.
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


class Archive:
    """An archive whose declarations are within bounds."""

    def __init__(self, data: bytes, unpacked_max: int = limits.WORKBOOK_UNPACKED_BYTES_MAX) -> None:
        """Open an archive; all that is read of it may have so many bytes.

        Raises:
            WorkbookRefused: no workbook, an encrypted or old one, or one beyond its bounds.
        """
        _check_kind(data)
        _check_directory(data)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _BROKEN as fault:
            raise _broken(str(fault)) from fault
        self._parts = {entry.filename: entry for entry in self._zip.infolist()}
        _check_entries(self._zip.infolist(), unpacked_max)
        self._bytes_max = self._bytes_left = unpacked_max

    def __contains__(self, name: object) -> bool:
        """Whether the archive has a part."""
        return name in self._parts

    def size(self, name: str) -> int:
        """How many bytes a part says it has; 0 of one that is not there."""
        return self._parts[name].file_size if name in self._parts else 0

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a part, a piece at a time.

        Raises:
            WorkbookRefused: it is not there, is damaged, or unpacks to more than there may be.
        """
        if name not in self._parts:
            raise _broken(f"it has no part {name[:80]!r}")
        try:
            with self._zip.open(self._parts[name]) as part:
                while chunk := part.read(_CHUNK_BYTES):
                    self._bytes_left -= len(chunk)
                    if self._bytes_left < 0:
                        raise _beyond("unpacked bytes", self._bytes_max)
                    yield chunk
        except _BROKEN as fault:
            raise _broken(str(fault)) from fault


def _check_kind(data: bytes) -> None:
    if len(data) > limits.TABLE_BYTES_MAX:
        raise _beyond("bytes", limits.TABLE_BYTES_MAX)
    if data.startswith(OLE_MAGIC):
        found = "an encrypted workbook" if _ENCRYPTED in data else "a workbook of Excel 97 (.xls)"
        raise WorkbookRefused(
            f"expected a workbook (.xlsx) without a password, found {found}",
            remedy="Open it, take the password off, and save it as 'Excel workbook (.xlsx)'.",
        )
    if not data.startswith(ZIP_MAGIC):
        raise _broken("it does not begin like one")


def _check_directory(data: bytes) -> None:
    """Bound the directory before it is read: reading it makes an object of every entry."""
    tail = data[-(_END_BYTES + _COMMENT_BYTES_MAX) :]
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        raise _broken("it has no directory")
    before = tail[max(0, at - _ZIP64_LOCATOR_BYTES) : at]
    count, size = struct.unpack_from("<HL", tail, at + 10)
    if before.startswith(_ZIP64_LOCATOR) or size > limits.WORKBOOK_DIRECTORY_BYTES_MAX:
        raise _beyond("bytes of directory", limits.WORKBOOK_DIRECTORY_BYTES_MAX)
    if count > limits.WORKBOOK_PARTS_MAX:
        raise _beyond("parts", limits.WORKBOOK_PARTS_MAX)


def _check_entries(entries: Sequence[zipfile.ZipInfo], unpacked_max: int) -> None:
    if len(entries) > limits.WORKBOOK_PARTS_MAX:
        raise _beyond("parts", limits.WORKBOOK_PARTS_MAX)
    if len({entry.filename for entry in entries}) != len(entries):
        # Two readers could take different ones: one for the eye, one for the ledger.
        raise _broken("it has a part twice")
    if sum(entry.file_size for entry in entries) > unpacked_max:
        raise _beyond("unpacked bytes", unpacked_max)
    for entry in entries:
        _check_entry(entry)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & 1 or entry.compress_type not in _PLAIN:
        raise _broken(f"part {entry.filename[:80]!r} is encrypted or compressed in a foreign way")
    allowed = max(_RATIO_FREE_BYTES, entry.compress_size * limits.WORKBOOK_RATIO_MAX)
    if entry.file_size > allowed:
        raise WorkbookRefused(
            f"expected parts to unpack to at most {limits.WORKBOOK_RATIO_MAX} times their size, "
            f"found {entry.filename[:80]!r}: {entry.compress_size} bytes to {entry.file_size}",
            remedy="Copy the rows to a new workbook.",
        )


def _beyond(what: str, most: int) -> WorkbookRefused:
    return WorkbookRefused(
        f"expected at most {most} {what} in a workbook, found more",
        remedy="Split the workbook, or export the sheet as CSV.",
    )


def _broken(detail: str) -> WorkbookRefused:
    return WorkbookRefused(
        f"expected a workbook (.xlsx), found one that cannot be read: {detail[:200]}",
        remedy="Open it in a spreadsheet program and save it again, or export the sheet as CSV.",
    )
