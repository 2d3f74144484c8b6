"""A sheet of any length as a stream of rows: what is held are its texts and formats alone.

Cells that are merged are known at the end of a sheet only; where they are of its rows, and not
of a title above them, the sheet is refused then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from api.cli.table_errors import WorkbookRefused
from api.cli.workbook.archive import Archive
from api.cli.workbook.contents import SheetEntry, read_cell_forms, read_contents
from api.cli.workbook.parts import stream_part
from api.cli.workbook.reading import choose_sheets
from api.cli.workbook.sheet import SheetElements, SheetRow
from ledger import limits


class _Progress(Protocol):
    def __call__(
        self, label: str, length: int, /
    ) -> AbstractContextManager[Callable[[int], None]]: ...


class SheetStream:
    """A workbook whose sheets are read as often as asked for."""

    def __init__(self, data: bytes) -> None:
        """Open a workbook.

        Raises:
            WorkbookRefused: damaged, protected, hostile or beyond its bounds.
        """
        self._data = data
        archive = self._archive()
        self._contents = read_contents(archive)
        self.size = max(archive.size(entry.part) for entry in self._contents.sheets)

    def _archive(self) -> Archive:
        return Archive(self._data, unpacked_max=limits.WORKBOOK_STREAMED_BYTES_MAX)

    def choose(self, name: str | None) -> str:
        """The sheet that is meant: by its name, else the largest that is not hidden.

        Raises:
            WorkbookRefused: there is none.
        """
        archive = self._archive()
        entries = choose_sheets(self._contents, name)
        if not entries:
            raise WorkbookRefused("expected a sheet that is not hidden, found none")
        return max(entries, key=lambda entry: archive.size(entry.part)).name

    def notes(self, name: str) -> tuple[str, ...]:
        """What a reader should be told: sheets that are not read."""
        others = [repr(entry.name) for entry in self._contents.sheets if entry.name != name]
        more = f" and {len(others) - 5} more" if len(others) > 5 else ""
        return (f"not read: {', '.join(others[:5])}{more}; --sheet names one",) if others else ()

    def rows(
        self, name: str | None, progress: _Progress, *, heading_row: int | None = None
    ) -> Iterator[SheetRow]:
        """The rows of a sheet that have something in them.

        Args:
            name: of the sheet.
            progress: told how many bytes are read.
            heading_row: where it is known, cells below it must not be merged.

        Raises:
            WorkbookRefused: it is damaged, beyond its bounds, or rows of it are merged.
        """
        archive = self._archive()
        entry = self._entry(name)
        elements = SheetElements(read_cell_forms(archive, self._contents))
        with progress(entry.name, archive.size(entry.part)) as update:
            chunks = _counted(archive.chunks(entry.part), update)
            for _ in stream_part(chunks, elements, name=entry.part):
                yield from elements.rows
                elements.rows.clear()
        merged = [area for area in elements.areas if area.bottom > (heading_row or 0)]
        if merged and heading_row is not None:
            raise WorkbookRefused(
                f"expected rows of their own in a sheet of this length, found the cells "
                f"{merged[0].name} merged",
                remedy="Take the merging back, so that every row has its value.",
            )

    def _entry(self, name: str | None) -> SheetEntry:
        return choose_sheets(self._contents, name)[0]


def _counted(chunks: Iterator[bytes], update: Callable[[int], None]) -> Iterator[bytes]:
    for chunk in chunks:
        update(len(chunk))
        yield chunk
