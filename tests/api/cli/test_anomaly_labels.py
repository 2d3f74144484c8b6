"""What is told of plain files: labelled rows, look-alike columns, set-ups, repeated rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.cli.test_anomaly import NAMES, done, rows, run, write


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


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of two set-ups, a file without them, and what training said."""
    at = tmp_path_factory.mktemp("told")
    good = write(at / "good.csv", rows(120, seed=1)).read_text().splitlines()
    told = [f"{line},{line.split(',')[1]}" for line in good]
    setups = ["setup", *("AB"[n // 60] for n in range(120))]
    lines = [f"{line},{setup}" for line, setup in zip(told, setups, strict=True)]
    text = "\n".join(lines).replace("pressure [bar],setup", "twin,setup")
    (at / "train.csv").write_text(text + "\n")
    (at / "later.csv").write_text("\n".join(told).replace(",pressure [bar]\n", ",twin\n") + "\n")
    told_of = run("train", at / "train.csv", "--out", at / "m.onnx")
    assert told_of.exit_code == 0, told_of.output
    (at / "told.txt").write_text(told_of.stderr)
    return at


def test_identical_columns_are_told_at_training(trained: Path) -> None:
    told = (trained / "told.txt").read_text()
    assert told.count("are identical") == 1
    assert "--leave-out 'twin'" in told


def test_a_file_scored_twice_or_without_its_set_ups_or_rows_is_told_so(trained: Path) -> None:
    asked = ("--model", trained / "m.onnx", "--state", trained / "s.bin")
    first = run("score", trained / "later.csv", *asked)
    second = run("score", trained / "later.csv", *asked)
    heading = (trained / "later.csv").read_text().splitlines()[0]
    (trained / "none.csv").write_text(heading + "\n")
    none = run("score", trained / "none.csv", "--model", trained / "m.onnx")

    assert "name the column with --setup" in first.stderr
    assert "already has" not in first.stderr
    assert "120 rows have times that the stream of --state already has" in second.stderr
    assert "nothing was scored" in none.stderr


def test_a_model_that_learns_says_that_it_calls_nothing_yet(tmp_path: Path) -> None:
    write(tmp_path / "few.csv", rows(12, seed=1))
    model = ("--model", tmp_path / "m.onnx")
    done("train", tmp_path / "few.csv", "--out", model[1])

    assert "/30: no model alarms yet" in run("score", tmp_path / "few.csv", *model).output
