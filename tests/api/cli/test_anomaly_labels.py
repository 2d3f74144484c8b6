"""Training on files whose rows are labelled: what is called bad is not learnt as good."""

from __future__ import annotations

from pathlib import Path

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
