"""Files of process parameters, opened: text (also gzipped), Parquet and DFQ as batches of columns.

What the bytes mean is read by :mod:`scoring.anomaly`; here they are taken from the disk, piece by
piece, so that a file of a million rows costs the memory of one batch. pyarrow is imported where
a Parquet file is read.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from quality.errors import MeasurementFileRefused
from quality.readers.dfq import read_dfq
from scoring.anomaly.cells import Cells
from scoring.anomaly.dfq_tables import BESIDE, MeasuredLimits, read_measured_table
from scoring.anomaly.file_layout import ColumnsAsked, FileLayout, find_layout
from scoring.anomaly.files import BATCH_ROWS, ColumnBatch, FileBatch, read_tables
from scoring.anomaly.text_files import TextAsked, read_text_file
from scoring.errors import MalformedTable

_CHUNK_BYTES: Final = 1 << 18
_GZIP, _PARQUET, _ZIP = b"\x1f\x8b", b"PAR1", b"PK\x03\x04"
#: Shows how many of so many steps (bytes, or rows of a Parquet file) are done.
Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


def silent(_: str, __: int) -> AbstractContextManager[Callable[[int], None]]:
    """Progress that nobody looks at."""
    return nullcontext(lambda _: None)


@dataclass(frozen=True, slots=True)
class FileAsked:
    """What is said of a file; ``text_as_missing``: cells of text count as missing values."""

    columns: ColumnsAsked = field(default_factory=ColumnsAsked)
    text: TextAsked = field(default_factory=TextAsked)
    text_as_missing: bool = False


@dataclass(frozen=True, slots=True)
class ParameterFile:
    """An open file: what its columns are, what to tell about it, and its rows, to be read once.

    ``limits`` are those that a measurement file states, by parameter.
    """

    path: Path
    layout: FileLayout
    notes: tuple[str, ...]
    limits: dict[str, MeasuredLimits]
    columns: Iterator[ColumnBatch]
    text_as_missing: bool

    def tables(self) -> Iterator[FileBatch]:
        """The rows as tables, batch by batch.

        Raises:
            MalformedTable: a cell that cannot be read, by its file, row and column.
            MeasurementFileRefused: bytes that are not of the format, or beyond a bound.
        """
        with _naming(self.path):
            yield from read_tables(self.columns, self.layout, text_as_missing=self.text_as_missing)


@contextmanager
def open_parameters(
    path: Path, asked: FileAsked, progress: Progress = silent
) -> Iterator[ParameterFile]:
    """Open a file of parameters, by what its first bytes are.

    Raises:
        MalformedTable: no table of parameters, or not the columns that were asked for.
        MeasurementFileRefused: bytes that are not of the format, or beyond a bound.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        first = file.read(4)
        file.seek(0)
        with _naming(path):
            if first.startswith(_ZIP):
                raise MalformedTable("expected text, Parquet or DFQ, found a workbook: save as CSV")
            if first == _PARQUET:
                arrow = _arrow_file(file)
        if first == _PARQUET:
            with progress(path.name, arrow.metadata.num_rows) as update:
                with _naming(path):
                    opened = _parquet(path, arrow, asked, update=update)
                yield opened
            return
        size = path.stat().st_size
        with progress(path.name, size) as update:
            chunks = _chunks(file, update, is_gzip=first.startswith(_GZIP))
            is_dfq = path.name.removesuffix(".gz").lower().endswith(".dfq")
            with _naming(path):
                opened = _measured(path, chunks, asked) if is_dfq else _text(path, chunks, asked)
            yield opened


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Refusals that name the file."""
    try:
        yield
    except MalformedTable as fault:
        raise MalformedTable(_named(path, fault)) from fault
    except MeasurementFileRefused as fault:
        raise MeasurementFileRefused(_named(path, fault)) from fault
    except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
        raise MeasurementFileRefused(f"{path}: expected whole gzip data, found: {fault}") from fault


def _named(path: Path, fault: Exception) -> str:
    told = str(fault)
    return told if told.startswith(f"{path}: ") else f"{path}: {told}"


def _chunks(file: IO[bytes], update: Callable[[int], None], *, is_gzip: bool) -> Iterator[bytes]:
    """The bytes of a file, unpacked; progress counts those on the disk."""
    unpacked = gzip.GzipFile(fileobj=file) if is_gzip else nullcontext(file)
    before = 0
    with unpacked as source:
        while chunk := source.read(_CHUNK_BYTES):
            now = file.tell()
            update(now - before)
            before = now
            yield chunk


def _text(path: Path, chunks: Iterator[bytes], asked: FileAsked) -> ParameterFile:
    found = read_text_file(chunks, asked.text)
    columns = replace(asked.columns, is_comma_free=found.delimiter == ";")
    layout = find_layout(found.names, found.first.columns, columns, units=found.units)
    notes = []
    if found.is_transposed:
        notes.append(
            f"{path.name}: each line is a parameter ({len(found.names)} parameters,"
            f" {len(found.first.numbers)} rows): turned"
        )
    if not found.has_heading:
        last = found.names[-1]
        notes.append(f"{path.name}: no heading, the parameters are called c1 to {last}")
    return _opened(path, layout, found.batches(), asked=asked, notes=notes)


def _measured(path: Path, chunks: Iterator[bytes], asked: FileAsked) -> ParameterFile:
    found = read_measured_table(read_dfq(chunks))
    columns = replace(asked.columns, beside=(*BESIDE, "material", "lot"))
    layout = find_layout(found.names, found.first.columns, columns, units=found.units)
    opened = _opened(path, layout, found.batches(), asked=asked, notes=[])
    return replace(opened, limits=found.limits)


def _opened(
    path: Path,
    layout: FileLayout,
    columns: Iterator[ColumnBatch],
    *,
    asked: FileAsked,
    notes: list[str],
) -> ParameterFile:
    roles = (("time", layout.time), ("lot", layout.lot), ("label", layout.label))
    told = [f"{what}: {layout.names[at]}" for what, at in roles if at is not None]
    told += [f"set-up: {layout.names[at]}" for at in layout.setups]
    if told:
        notes.append(f"{path.name}: {', '.join(told)}")
    notes += [f"{path.name}: {hint}" for hint in layout.hints]
    for why in dict.fromkeys(why for _, why in layout.left_out):
        names = [name for name, reason in layout.left_out if reason == why]
        notes.append(f"{path.name}: left out ({why}): {', '.join(names)}")
    return ParameterFile(path, layout, tuple(notes), {}, columns, asked.text_as_missing)


def _arrow_file(file: IO[bytes]) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(file)
    except (pa.ArrowException, OSError) as fault:
        raise MeasurementFileRefused(f"expected Parquet, found: {_short(fault)}") from fault


def _parquet(
    path: Path, arrow: Any, asked: FileAsked, *, update: Callable[[int], None]
) -> ParameterFile:
    names = tuple(arrow.schema_arrow.names)
    batches = _arrow_batches(arrow, update)
    first = next(batches, ColumnBatch((), [() for _ in names]))
    layout = find_layout(names, first.columns, asked.columns)
    return _opened(path, layout, _joined(first, batches), asked=asked, notes=[])


def _joined(first: ColumnBatch, rest: Iterator[ColumnBatch]) -> Iterator[ColumnBatch]:
    yield first
    yield from rest


def _arrow_batches(opened: Any, update: Callable[[int], None]) -> Iterator[ColumnBatch]:
    import pyarrow as pa

    row = 1
    try:
        for batch in opened.iter_batches(batch_size=BATCH_ROWS):
            numbers = range(row, row + batch.num_rows)
            row += batch.num_rows
            update(batch.num_rows)
            yield ColumnBatch(numbers, [_arrow_cells(column) for column in batch.columns])
    except (pa.ArrowException, OSError) as fault:
        raise MeasurementFileRefused(f"expected Parquet, found: {_short(fault)}") from fault


def _arrow_cells(column: Any) -> Cells:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return _arrow_instants(column)
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
        kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return np.asarray(numbers, np.float64)
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return ["" if cell is None else cell for cell in column.to_pylist()]
    return [f"({kind})"] * len(column)


def _arrow_instants(column: Any) -> Cells:
    import pyarrow as pa

    is_local = getattr(column.type, "tz", None) is None
    moments = column.cast(pa.timestamp("us"), safe=False) if is_local else column
    if column.null_count or is_local:
        # Text says which row has no time; a time without a zone is of the zone that was said.
        kept = [None if one is None else one.isoformat() for one in moments.to_pylist()]
        return [cell or "" for cell in kept]
    as_integers = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False).cast(pa.int64())
    return np.asarray(as_integers.to_numpy(zero_copy_only=False), np.int64)


def _short(fault: Exception) -> str:
    return " ".join(str(fault).split())[:200]
