"""``lotmark anomaly`` on plain files: trained, scored, explained, made again, with no server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from api.cli.main import main
from scoring.anomaly.decision import Limit, encode_decision
from scoring.anomaly.detectors import open_detector
from scoring.anomaly.replay import decide
from scoring.anomaly.table import ParameterTable

ROWS, NAMES = 240, ("pressure [bar]", "speed", "force", "width")


def rows(n: int, *, seed: int) -> Any:
    """Correlated rows about 80, 2, 400 and 12."""
    chance = np.random.default_rng(seed)
    fresh = chance.normal(size=(n, 4)) + chance.normal(size=(n, 1))
    return np.array([80.0, 2.0, 400.0, 12.0]) + fresh * np.array([0.5, 0.02, 3.0, 0.1])


def write(path: Path, values: Any, *, start: int = 0, order: Any = None) -> Path:
    """A file of rows, a minute each."""
    lines = [
        f"2026-11-20T{(start + n) // 60:02}:{(start + n) % 60:02}Z,"
        + ",".join(f"{value:.4f}" for value in row)
        for n, row in enumerate(values)
    ]
    if order is not None:
        lines = [lines[n] for n in order]
    path.write_text("\n".join(["time," + ",".join(NAMES), *lines]) + "\n")
    return path


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["anomaly", *map(str, words)], prog_name="lotmark")


def done(*words: object) -> dict[str, Any]:
    """What a command prints as JSON."""
    found = run(*words, "--json")
    assert found.exit_code == 0, found.output
    members: dict[str, Any] = json.loads(found.stdout)
    return members


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of good rows, and a file of rows of which the last 40 press too hard."""
    at = tmp_path_factory.mktemp("anomaly")
    (at / "limits.csv").write_text("parameter;lower;upper\nspeed;1,5;2,5\n")
    write(at / "good.csv", rows(ROWS, seed=1))
    bad = rows(80, seed=2)
    bad[40:, 0] += 4.0
    bad[60, 1] = 2.9
    write(at / "bad.csv", bad, start=ROWS)
    limits = ("--limits", at / "limits.csv")
    done("train", at / "good.csv", "--out", at / "m.onnx", "--card", at / "card.json", *limits)
    return at


@pytest.mark.item("7.8")
@pytest.mark.item("7.done.determinism")
def test_the_same_file_trains_the_same_model_and_its_card_tells_it(folder: Path) -> None:
    again = done("train", folder / "good.csv", "--out", folder / "again.onnx")
    card = json.loads((folder / "card.json").read_text())

    assert (folder / "again.onnx").read_bytes() == (folder / "m.onnx").read_bytes()
    assert again["model"] == card["model"]
    assert card["training"]["rows"] == ROWS
    assert again["parameters"] == len(NAMES)


@pytest.mark.item("7.1.interface")
def test_a_challenger_is_trained_beside_the_model_and_its_decisions_are_made_again(
    folder: Path,
) -> None:
    out = ("--out", folder / "again.onnx", "--challenger", folder / "c.onnx")
    told = done("train", folder / "good.csv", *out)
    detectors = [open_detector((folder / name).read_bytes()) for name in ("again.onnx", "c.onnx")]
    values = np.vstack([rows(60, seed=4), rows(20, seed=5) + 9.0])
    fresh = ParameterTable(detectors[1].names, values)
    decided = decide(detectors[1], fresh, detectors[1].start(), limits=(Limit("yellow", 0.0075),))
    (folder / "c.jsonl").write_bytes(encode_decision(decided) + b"\n")

    found = done("replay", folder / "c.jsonl", "--model", folder / "c.onnx")
    loud = [each.score(fresh, each.start()).p_value[60:] < 0.0075 for each in detectors]

    assert found["model"] == told["challenger"] == detectors[1].digest
    assert (found["rows"], found["largest_difference"]) == (80, 0.0)
    assert all(each.mean() > 0.9 for each in loud)
    assert run("replay", folder / "c.jsonl", "--model", folder / "again.onnx").exit_code == 1
    refused = run("score", folder / "good.csv", "--model", folder / "c.onnx")
    assert "shadow-alone" in refused.output


@pytest.mark.item("7.8")
@pytest.mark.item("7.8.plots")
def test_a_fault_is_one_event_with_its_verdicts_and_its_plot(folder: Path) -> None:
    out, plot = folder / "v.jsonl", folder / "s.svg"

    found = done(
        "score", folder / "bad.csv", "--model", folder / "m.onnx", "--out", out, "--plot", plot
    )
    verdicts = [json.loads(line) for line in out.read_text().splitlines()]

    assert len(verdicts) == found["rows"] == 80
    assert verdicts[0]["row"] == 2
    anomaly, specification = sorted(found["episodes"], key=lambda each: str(each["kind"]))
    assert (anomaly["kind"], anomaly["level"]) == ("anomaly", "red")
    assert 40 <= anomaly["first"]["row"] <= 44
    assert anomaly["parameters"][0][0] == "pressure [bar]"
    assert specification["kind"] == "specification"
    assert specification["first"]["row"] == 62
    assert b"<svg" in plot.read_bytes()


@pytest.mark.item("7.8")
@pytest.mark.item("7.8.plots")
def test_a_row_is_explained_with_what_was_observed_and_expected(folder: Path) -> None:
    asked = ("explain", folder / "bad.csv", "--model", folder / "m.onnx", "--row")

    found = done(*asked, 50, "--plot", folder / "e.png", "--language", "zh")
    quiet = done(*asked, 3)

    first = found["explanation"]["top"][0]
    assert first["parameter"] == "pressure [bar]"
    assert first["value"] - first["expected"] > 2.0
    assert first["unit"] == "bar"
    parts = sum(one["part"] for one in found["explanation"]["top"]) + found["explanation"]["rest"]
    assert parts == pytest.approx(found["explanation"]["t2"], rel=1e-9)
    assert (folder / "e.png").read_bytes().startswith(b"\x89PNG")
    assert quiet["verdict"]["level"] == "none"
    assert "红色报警：pressure [bar] 为 " in run(*asked, 50, "--language", "zh").output
    assert "，依据：" in run(*asked, 50, "--language", "zh").output
    assert "Red: pressure [bar] is " in run(*asked, 50).output
    assert "refused: row-missing" in run(*asked, 500).stderr


@pytest.mark.item("7.8")
@pytest.mark.item("7.3.replay")
def test_decisions_are_made_again_and_a_changed_one_is_refused(folder: Path) -> None:
    kept = folder / "decisions.jsonl"
    model = ("--model", folder / "m.onnx")
    done("score", folder / "bad.csv", *model, "--decisions", kept)

    found = done("replay", kept, *model)
    other = json.loads(kept.read_text().splitlines()[-1])
    other["rows"][-1]["level"] = "none" if other["rows"][-1]["level"] == "red" else "red"
    text = json.dumps(other, separators=(",", ":"), ensure_ascii=False)
    (folder / "changed.jsonl").write_text(text + "\n")
    refused = run("replay", folder / "changed.jsonl", *model)

    assert found["rows"] == 80
    assert found["largest_difference"] <= 1e-6
    assert refused.exit_code == 1
    assert "replay-differs" in refused.stderr


@pytest.mark.item("7.done.streaming")
def test_two_files_one_after_the_other_are_scored_as_one(folder: Path) -> None:
    values = rows(60, seed=3)
    whole = write(folder / "whole.csv", values)
    parts = [
        write(folder / "one.csv", values[:25]),
        write(folder / "two.csv", values[25:], start=25),
    ]
    model = ("--model", folder / "m.onnx")

    done("score", whole, *model, "--out", folder / "whole.jsonl")
    for part in parts:
        state = ("--state", folder / "state.json")
        done("score", part, *model, *state, "--out", folder / f"{part.stem}.jsonl")

    def scores(*names: str) -> list[float]:
        lines = [line for name in names for line in (folder / name).read_text().splitlines()]
        return [json.loads(line)["score"] for line in lines]

    assert scores("one.jsonl", "two.jsonl") == pytest.approx(scores("whole.jsonl"), abs=1e-9)


@pytest.mark.item("7.bad.clock")
def test_the_order_of_a_file_changes_no_verdict_of_measured_order(folder: Path) -> None:
    values = rows(40, seed=4)
    order = [*range(10), *range(20, 30), *range(10, 20), *range(30, 40)]
    files = [write(folder / "in.csv", values), write(folder / "mixed.csv", values, order=order)]

    found = []
    for file in files:
        out = folder / f"{file.stem}.jsonl"
        told = done("score", file, "--model", folder / "m.onnx", "--out", out)
        lines = map(json.loads, out.read_text().splitlines())
        found.append((told["notes"], {line["at_us"]: line["score"] for line in lines}))

    assert found[0][0] == []
    assert found[1][0] == ["clock-went-back"]
    assert found[0][1] == pytest.approx(found[1][1], abs=1e-9)


@pytest.mark.item("7.bad.renamed")
@pytest.mark.item("7.bad.units")
@pytest.mark.item("7.bad.text")
@pytest.mark.parametrize(
    ("changed", "code", "told"),
    [
        (lambda text: text.replace("speed", "sped"), "parameters-differ", "is it 'speed'"),
        (lambda text: text.replace("T00:07Z,", "T00:07Z,E"), "malformed-table",
         "row 9, column 'pressure [bar]'"),
        (lambda text: text.replace("T00:07Z,", "T00:07Z,E"), "malformed-table",
         "(--text-as-missing)"),
        (lambda text: text.replace("[bar]", "[psi]"), "parameters-differ", "pressure [psi]"),
        (lambda text: text + "1,2\n", "malformed-table", "row 22: expected 5 cells, found 2"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_the_models_is_refused_by_name(
    folder: Path, tmp_path: Path, changed: Any, code: str, told: str
) -> None:
    usual = write(tmp_path / "usual.csv", rows(20, seed=5))
    usual.write_text(changed(usual.read_text()))

    refused = run("score", usual, "--model", folder / "m.onnx")

    assert refused.exit_code == 1
    assert refused.stderr.splitlines()[-1].startswith(f"refused: {code}: ")
    assert told in refused.stderr


@pytest.mark.item("7.8")
def test_bench_tells_false_alarms_and_detection_of_other_files(folder: Path) -> None:
    asked = ("bench", "--train", folder / "good.csv", "--score", folder / "bad.csv")

    found = done(*asked, "--onset", 40)

    (figures,) = found["files"]
    assert (figures["good_rows"], figures["bad_rows"]) == (40, 40)
    assert figures["false_alarm_rate"] <= 0.05
    assert figures["detection_rate"] >= 0.9
    assert found["rows_per_second"] > 0
    assert run(*asked).stderr.splitlines()[-2].startswith("refused: column-missing")


def test_a_model_and_what_stands_beside_it_belong_together(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "other.csv", rows(ROWS, seed=9))
    done("train", tmp_path / "other.csv", "--out", tmp_path / "m.onnx")
    beside = tmp_path / "m.onnx.line.json"
    beside.write_bytes((folder / "m.onnx.line.json").read_bytes())

    refused = run("score", folder / "bad.csv", "--model", tmp_path / "m.onnx")
    beside.unlink()
    alone = run("score", folder / "bad.csv", "--model", tmp_path / "m.onnx")

    assert "refused: malformed-model" in refused.stderr
    assert alone.exit_code == 0
    assert "by the model alone" in alone.stderr
