"""Training on files whose rows are labelled: what is called bad is not learnt as good."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.cli.test_anomaly import NAMES, done, rows, run


def labelled(path: Path, labels: list[str]) -> Path:
    """Good rows, and a label beside each."""
    lines = [
        ",".join(f"{value:.4f}" for value in row) + f",{label}"
        for row, label in zip(rows(len(labels), seed=1), labels, strict=True)
    ]
    path.write_text("\n".join([",".join([*NAMES, "label"]), *lines]) + "\n")
    return path


def test_rows_that_are_labelled_bad_are_left_out_of_the_training_and_told(tmp_path: Path) -> None:
    file = labelled(tmp_path / "rows.csv", ["0"] * 100 + ["1"] * 20)

    found = run("train", file, "--out", tmp_path / "m.onnx")
    members = done("train", file, "--out", tmp_path / "again.onnx")

    assert "20 rows that are labelled bad are left out" in found.stderr
    assert (members["used"], members["labelled_bad"]) == (100, 20)


def test_a_file_of_nothing_but_bad_rows_trains_nothing(tmp_path: Path) -> None:
    file = labelled(tmp_path / "rows.csv", ["NG"] * 100)

    found = run("train", file, "--out", tmp_path / "m.onnx")

    assert found.exit_code == 1
    assert "all 100 labelled bad" in found.stderr


def test_columns_that_look_like_outcomes_or_set_ups_are_told_with_their_options(
    tmp_path: Path,
) -> None:
    file = labelled(tmp_path / "rows.csv", ["0"] * 90 + ["1"] * 10)
    lines = file.read_text().splitlines()
    words = ["recipe", *("AB"[n % 2] for n in range(100))]
    told = [f"{line},{word}" for line, word in zip(lines, words, strict=True)]
    file.write_text("\n".join(told).replace("label", "machine failure") + "\n")

    found = run("train", file, "--out", tmp_path / "m.onnx")

    assert "--label 'machine failure' where 1 is bad" in found.stderr
    assert "--setup where it says what was set up): recipe" in found.stderr


@pytest.mark.parametrize(("delimiter", "is_read"), [(";", True), ("\t", False)])
def test_a_comma_with_three_decimals_is_one_where_semicolons_part_cells(
    tmp_path: Path, delimiter: str, is_read: bool
) -> None:
    lines = [
        delimiter.join(f"{value:.3f}".replace(".", ",") for value in row)
        for row in abs(rows(100, seed=1)) % 9.0 + 1.0
    ]
    file = tmp_path / "rows.csv"
    file.write_text("\n".join([delimiter.join(NAMES), *lines]) + "\n")

    found = run("train", file, "--out", tmp_path / "m.onnx")

    assert (found.exit_code == 0) is is_read
    words = "taken as the decimal sign" if is_read else "say --decimal comma"
    assert words in found.stderr
    assert "pressure [bar]" in found.stderr
