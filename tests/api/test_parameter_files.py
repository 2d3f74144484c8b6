"""Files of parameters are opened by what they are, and read in pieces."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.parameter_files import FileAsked, open_parameters
from quality.errors import MeasurementFileRefused
from scoring.anomaly.file_layout import ColumnsAsked
from scoring.anomaly.files import FileBatch, whole_table
from scoring.errors import MalformedTable

TEXT = "time,tool,pressure\n" + "".join(
    f"2026-11-20T08:{n // 60:02}:{n % 60:02}Z,T1,{80 + n % 7 / 10}\n" for n in range(300)
)


def read(path: Path, asked: FileAsked | None = None) -> FileBatch:
    with open_parameters(path, asked or FileAsked()) as opened:
        return whole_table(opened.tables())


def write_parquet(path: Path, columns: dict[str, Any]) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(columns), path)
    return path


def test_packed_plain_and_parquet_hold_the_same_rows(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.csv", tmp_path / "a.csv.gz"
    plain.write_text(TEXT)
    packed.write_bytes(gzip.compress(TEXT.encode(), mtime=0))
    lines = [line.split(",") for line in TEXT.splitlines()[1:]]
    arrow = write_parquet(
        tmp_path / "a.parquet",
        {
            "time": [datetime.fromisoformat(line[0]) for line in lines],
            "tool": [line[1] for line in lines],
            "pressure": [float(line[2]) for line in lines],
        },
    )
    asked = FileAsked(ColumnsAsked(setups=("tool",)))

    one, other, third = (read(path, asked).table for path in (plain, packed, arrow))

    assert one.at_us is not None
    for found in (other, third):
        assert found.at_us is not None
        assert np.array_equal(found.at_us, one.at_us)
        assert np.array_equal(found.values, one.values)
        assert found.setups == one.setups


def test_missing_values_of_parquet_are_missing_and_times_without_a_zone_are_of_the_one_said(
    tmp_path: Path,
) -> None:
    when = datetime(2026, 11, 20, 8)  # noqa: DTZ001  # as files hold them
    path = write_parquet(tmp_path / "a.parquet", {"at": [when, when], "x": [None, 2], "y": [1, 2]})

    found = read(path).table

    assert found.names == ("x", "y")
    assert np.isnan(found.values[0, 0])
    assert found.at_us is not None
    assert found.at_us[0] == 1_795_161_600_000_000
    with pytest.raises(MalformedTable, match="row 2, column 'at': expected a time"):
        read(write_parquet(tmp_path / "b.parquet", {"at": [when, None], "x": [1, 2]}))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"PK\x03\x04 and more", "found a workbook: save as CSV"),
        ("a.parquet", b"PAR1 and nothing else", "expected Parquet"),
        ("a.csv.gz", gzip.compress(TEXT.encode(), mtime=0)[:40], "expected whole gzip data"),
        ("a.csv", b"", "expected a row or more, found none"),
        ("a.csv", b"a,b\n", "expected a column of numbers, found"),
    ],
)
def test_what_is_no_table_is_refused_by_its_file(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises((MalformedTable, MeasurementFileRefused), match=told) as refused:
        read(path)
    assert str(refused.value).startswith(f"{path}: ")


@contextmanager
def no_progress(_: str, __: int) -> Iterator[Any]:
    """Nobody watches."""
    yield lambda _: None


@pytest.mark.item("7.bad.long")
def test_a_file_twice_as_long_is_read_in_much_the_same_memory(tmp_path: Path) -> None:
    peaks = []
    for count in (30_000, 60_000):
        path = tmp_path / f"{count}.csv"
        path.write_text("a,b\n" + "1.5,2\n" * count)
        tracemalloc.start()
        with open_parameters(path, FileAsked(), no_progress) as opened:
            assert sum(len(batch.table) for batch in opened.tables()) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.25 * peaks[0]


@pytest.mark.item("7.bad.long")
def test_a_long_file_is_read_batch_by_batch_with_progress(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + "1.5,2\n" * 25_000)
    told: list[int] = []

    @contextmanager
    def progress(_: str, length: int) -> Iterator[Any]:
        told.append(-length)
        yield told.append

    with open_parameters(path, FileAsked(), progress) as opened:
        sizes = [len(batch.table) for batch in opened.tables()]

    assert sizes == [10_000, 10_000, 5_000]
    assert sum(told) == 0
