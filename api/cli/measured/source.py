"""A file that is read as a stream: which kind it is, its bytes by pieces, and its places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.cli.table_errors import TableUnreadable
from ledger import limits

CHUNK_BYTES: Final = 256 * 1024
#: Tables up to this size are read as a whole; a row of a sheet has forty bytes and more.
WHOLE_BYTES_MAX: Final = 8 * 1024 * 1024
#: Measurement files by the endings that their programs give them.
FORMATS: Final = {".dfq": "DFQ", ".qif": "QIF"}
#: Shows how many of so many bytes are read; what it gives is told how many more were.
Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


def silent(_: str, __: int) -> AbstractContextManager[Callable[[int], None]]:
    """Progress that nobody looks at."""
    return nullcontext(lambda _: None)


@dataclass(frozen=True, slots=True)
class MeasuredSource:
    """A file whose readings have lines: where one of them stands, for the words of a refusal."""

    file: str

    @property
    def where(self) -> str:
        """The file, to stand before a place in it."""
        return f"{self.file}, "

    def place(self, row: int, heading: str) -> str:
        """A reading, by its line and its characteristic."""
        return f"{self.file}, line {row}, {heading!r}"


def read_chunks(path: Path, progress: Progress = silent) -> Iterator[bytes]:
    """The bytes of a file by pieces.

    Raises:
        TableUnreadable: it is not there, or larger than a file that a report can cite.
    """
    try:
        size = path.stat().st_size
        if size > limits.BLOB_BYTES_MAX:
            raise TableUnreadable(
                f"expected at most {limits.BLOB_BYTES_MAX} bytes, found {size}",
                remedy="Split the file.",
            )
        with path.open("rb") as file, progress(path.name, size) as update:
            while chunk := file.read(CHUNK_BYTES):
                update(len(chunk))
                yield chunk
    except OSError as fault:
        raise TableUnreadable(
            f"expected records in {path}, found: {fault.strerror or fault}"
        ) from fault
