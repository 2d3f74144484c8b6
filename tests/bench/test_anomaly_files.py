"""Tables of whatever form become runs that say what was good and what was bad."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from bench.anomaly.files import Columns, read_any
from bench.anomaly.folders import Reading, read_folder
from scoring.anomaly.table import Numbers

pytestmark = pytest.mark.item("7.done.other-data")


def rows(n: int = 40, m: int = 5, *, seed: int = 7) -> Numbers:
    return np.random.default_rng(seed).normal(10.0, 1.0, (n, m)).round(3)


def write_matrix(path: Path, values: Numbers) -> None:
    text = "\n".join(" ".join(f"{v:.3f}" for v in row) for row in values)
    packed = gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode()
    path.write_bytes(packed)


def write_csv(path: Path, values: Numbers, *, more: dict[str, list[str]] | None = None) -> None:
    beside = more or {}
    lines = [",".join([*beside, *(f"p{j}" for j in range(values.shape[1]))])]
    for n, row in enumerate(values):
        lines.append(",".join([*(v[n] for v in beside.values()), *map(str, row)]))
    path.write_text("\n".join(lines), "utf-8")


@pytest.mark.parametrize("separator", ["  ", ",", "\t", ";"])
def test_a_matrix_without_heading_has_any_separator(tmp_path: Path, separator: str) -> None:
    values = rows()
    comma = separator == ";"
    lines = [
        separator.join(str(v).replace(".", ",") if comma else str(v) for v in r) for r in values
    ]
    (tmp_path / "a.txt").write_text("\n".join(lines), "utf-8")
    np.testing.assert_allclose(read_any(tmp_path / "a.txt").table.values, values)


def test_a_matrix_with_columns_for_rows_is_turned_and_that_is_told(tmp_path: Path) -> None:
    # Parameters of their own size each: that is what tells rows from columns.
    values = rows(40, 5) * np.array([1.0, 10.0, 100.0, 0.1, 5.0])
    write_matrix(tmp_path / "d00.dat.gz", values.T)
    write_matrix(tmp_path / "d00_te.dat.gz", values)
    read = read_folder(tmp_path)
    np.testing.assert_allclose(read.runs.training[0].table.values, values, atol=5e-4)
    assert read.told == ("d00.dat.gz: turned: 5 rows of 40 were taken as columns",)


def test_faults_of_the_process_begin_at_row_160(tmp_path: Path) -> None:
    for name in ("d00", "d00_te", "d06_te", "d21_te"):
        write_matrix(tmp_path / f"{name}.dat", rows(200, 5))
    runs = read_folder(tmp_path).runs
    assert [(run.fault, run.onset) for run in runs.faults] == [("fault 6", 160), ("fault 21", 160)]
    assert [run.name for run in runs.normal] == ["d00_te"]


def test_a_file_of_many_runs_is_divided_by_fault_and_run(tmp_path: Path) -> None:
    more = {
        "faultNumber": ["0.0"] * 40 + ["4"] * 40,
        "simulationRun": ["1"] * 20 + ["2"] * 20 + ["1"] * 40,
        "sample": [str(n) for n in range(80)],
    }
    write_csv(tmp_path / "TEP_train.csv", rows(80, 5), more=more)
    runs = read_folder(tmp_path).runs
    assert [len(run.table) for run in runs.training] == [20, 20]
    assert [(run.fault, run.onset, len(run.table)) for run in runs.faults] == [("fault 4", 20, 40)]


def test_labels_times_setups_and_words_are_no_parameters(tmp_path: Path) -> None:
    more = {
        "timestamp": [f"2026-01-01 00:{59 - n:02d}:00" for n in range(40)],
        "anomaly": ["0"] * 30 + ["1"] * 10,
        "tool": ["A", "B"] * 20,
    }
    values = rows()
    write_csv(tmp_path / "a.csv", values, more=more)
    read = read_any(tmp_path / "a.csv")
    assert read.table.names == ("p0", "p1", "p2", "p3", "p4")
    assert read.table.setups == ("B", "A") * 20
    assert read.bad is not None
    assert read.bad.tolist() == [True] * 10 + [False] * 30
    np.testing.assert_allclose(read.table.values, values[::-1])


@pytest.mark.parametrize(("label", "expected"), [("-1", False), ("1", True), ("ok", False)])
def test_a_label_by_another_name_is_taken_where_it_is_named(
    tmp_path: Path, label: str, expected: bool
) -> None:
    write_csv(tmp_path / "a.csv", rows(2), more={"verdict": [label, label]})
    read = read_any(tmp_path / "a.csv", Columns(label="verdict"))
    assert read.bad is not None
    assert read.bad.tolist() == [expected, expected]


def test_a_cell_that_is_no_number_is_missing_and_counted(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", rows(4, 1), more={"tag": ["1.5", "Inp OutRange", "1.6", ""]})
    read = read_any(tmp_path / "a.csv")
    assert np.isnan(read.table.values[:, 0]).tolist() == [False, True, False, True]
    assert read.told == ("column 'tag': 1 cells that are no numbers taken as missing",)


def test_parquet_is_read_as_csv_is(tmp_path: Path) -> None:
    values = rows(10, 2)
    columns = {"label": [0] * 9 + [1], "a": values[:, 0], "b": values[:, 1]}
    parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    read = read_any(tmp_path / "a.parquet")
    np.testing.assert_allclose(read.table.values, values)
    assert read.bad is not None
    assert read.bad.tolist() == [False] * 9 + [True]


@pytest.mark.parametrize(("content", "found"), [("", "rows"), ("a,b\nx,y\n", "column of numbers")])
def test_a_file_without_numbers_is_refused(tmp_path: Path, content: str, found: str) -> None:
    (tmp_path / "a.csv").write_text(content, "utf-8")
    with pytest.raises(ValueError, match=f"expected a? ?{found}"):
        read_any(tmp_path / "a.csv")


def test_an_onset_makes_scored_files_faults_but_not_those_called_normal(tmp_path: Path) -> None:
    for name in ("train_1", "scored_fault7", "scored_normal"):
        write_csv(tmp_path / f"{name}.csv", rows())
    runs = read_folder(tmp_path, Reading(onset=25)).runs
    assert [(run.name, run.fault, run.onset) for run in runs.faults] == [
        ("scored_fault7", "fault 7", 25)
    ]
    assert [run.name for run in runs.normal] == ["scored_normal"]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="found none"):
        read_folder(tmp_path)


def test_a_file_without_a_table_is_left_out_of_a_folder_and_named(tmp_path: Path) -> None:
    write_csv(tmp_path / "train.csv", rows())
    (tmp_path / "readme.txt").write_text("Rows of a press.\nNothing else.\n", "utf-8")
    read = read_folder(tmp_path)
    assert [run.name for run in read.runs.training] == ["train"]
    assert [told.partition(":")[0] for told in read.told] == ["readme.txt"]


def test_other_parameters_than_those_learnt_stand_alone(tmp_path: Path) -> None:
    write_csv(tmp_path / "train.csv", rows())
    write_csv(tmp_path / "same.csv", rows())
    write_csv(tmp_path / "other.csv", rows(40, 6))
    read = read_folder(tmp_path, Reading(onset=20))
    assert [run.name for run in read.runs.faults] == ["same"]
    assert [run.name for run in read.alone] == ["other"]


@pytest.mark.parametrize(("width", "fault"), [(52, "3"), (5, "fault 3")])
def test_only_faults_of_the_process_are_known_by_number(
    tmp_path: Path, width: int, fault: str
) -> None:
    write_matrix(tmp_path / "d00.dat", rows(200, width))
    write_matrix(tmp_path / "d03_te.dat", rows(200, width))
    assert [run.fault for run in read_folder(tmp_path).runs.faults] == [fault]
