"""The auditor's page: its commands run, in their order, and lead from rows to verdict and back."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.api.cli.shell import ROOT
from tests.api.cli.solo import SoloLog
from tests.api.cli.staffed import ANNA, code, device, put_in_force, told, with_people

PAGE = (ROOT / "docs" / "anomaly-audit.md").read_text("utf-8")
LINE = "PLANT-1/L1/M4/GR-7"
NAMES = ("pressure", "speed", "force")


def an_upload(folder: Path, name: str, count: int, *, seed: int, fault_from: int) -> Path:
    """A draft of an upload; from one row on the pressure is too high."""
    chance = np.random.default_rng(seed)
    values = chance.normal(size=(count, 3)) + chance.normal(size=(count, 1))
    values[fault_from:, 0] += 9.0
    values = np.array([80.0, 2.0, 400.0]) + values * np.array([0.5, 0.02, 3.0])
    rows = [
        {
            "at": f"2026-11-{20 + seed:02}T{n // 60:02}:{n % 60:02}:00Z",
            "values": [f"{value:.4f}" for value in row],
        }
        for n, row in enumerate(values)
    ]
    unset = {"nominal": None, "lower": None, "upper": None}
    process = {
        "site": "PLANT-1",
        "line": "L1",
        "machine": "M4",
        "part": "GR-7",
        "parameters": [{"id": one, "unit": "C62", **unset} for one in NAMES],
    }
    path = folder / name
    groups = {"process": process, "values": {"rows": rows}}
    path.write_text(json.dumps({"type": "parameter-upload/v1", "groups": groups}))
    return path


@dataclass(frozen=True)
class Audited:
    """A log with a model that the service trained, and an alarm of it."""

    solo: SoloLog
    named: dict[str, str]
    trained: dict[str, Any]
    drafts: Path


@pytest.fixture(scope="module")
def audited(solo: SoloLog, tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """Good rows, a model of them that two people approved, and rows with a fault."""
    drafts = tmp_path_factory.mktemp("drafts")
    with_people(solo)
    good = submit(solo, an_upload(drafts, "GOOD", 200, seed=5, fault_from=200))
    trained = solo.json("model", "train", LINE, "--yes", "--out", str(drafts / "model.onnx"))
    put_in_force(solo, trained["record_id"])
    faulty = submit(solo, an_upload(drafts, "UPLOAD", 40, seed=1, fault_from=25))
    (alarm,) = solo.json("alarm", "list", "--line", LINE)["alarms"]
    named = {"$GOOD": good, "$UPLOAD": faulty, "$ALARM": alarm["id"], "$MODEL": trained["model"]}
    return Audited(solo, named, trained, drafts)


def submit(solo: SoloLog, draft: Path) -> str:
    (record,) = solo.json("submit", str(draft))["records"]
    return str(record["index"])


@pytest.mark.item("7.done.auditor")
def test_an_auditor_gets_from_the_rows_to_the_verdict_and_back(
    audited: Audited, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.S)
    commands = [line for block in blocks for line in block.splitlines()]

    for line in commands:
        words, _, target = line.partition(" > ")
        given = [audited.named.get(word, word) for word in shlex.split(words)[1:]]
        found = audited.solo.run(*given)
        assert found.exit_code == 0, (line, found.output)
        if target:
            (tmp_path / target).write_text(found.stdout)

    draft = json.loads((audited.drafts / "UPLOAD").read_text())
    signed = draft["groups"]["values"]["rows"]
    table = [line.split(",") for line in (tmp_path / "upload.csv").read_text().splitlines()]
    assert [row[1:] for row in table[1:]] == [row["values"] for row in signed]
    verdicts = [json.loads(line) for line in (tmp_path / "verdicts.jsonl").read_text().splitlines()]
    called = [verdict["row"] for verdict in verdicts if verdict["level"] != "none"]
    # Row 26 of the upload, the first with the fault, is row 27 of the table.
    assert 27 in called[:2]
    assert verdicts[30]["explanation"]["top"][0]["parameter"] == "pressure"
    card = json.loads((tmp_path / "card.json").read_text())
    assert {verdict["model"] for verdict in verdicts} == {card["model"]}
    fetched = (tmp_path / "service.onnx").read_bytes()
    assert hashlib.sha256(fetched).hexdigest() == audited.trained["model"]
    assert (tmp_path / "alarm.svg").read_bytes().startswith(b"<?xml")


@pytest.mark.item("7.7")
@pytest.mark.parametrize(("language", "word"), [("en", "pressure is"), ("zh", "pressure 为")])
def test_an_alarm_is_shown_with_its_reasons_and_how_to_verify_it(
    audited: Audited, language: str, word: str
) -> None:
    named = ("alarm", "show", audited.named["$ALARM"], "--language", language)
    shown = audited.solo.run(*named).stdout
    sentence, *_ = shown.splitlines()
    assert word in sentence
    assert "share of T2" in shown
    assert f"lotmark model fetch {audited.trained['model']} --out model.onnx" in shown


def test_the_file_of_a_model_has_the_digest_of_its_card(audited: Audited) -> None:
    onnx = (audited.drafts / "model.onnx").read_bytes()
    assert hashlib.sha256(onnx).hexdigest() == audited.trained["model"]
    absent = audited.solo.run("model", "fetch", "0" * 64, "--out", "x.onnx", "--json")
    assert code(absent) == "not-found"
    for wrong in (("fetch", "abc", "--out", "x.onnx"), ("train", "L1/M4")):
        assert audited.solo.run("model", *wrong).exit_code == 2


def test_a_training_that_fails_says_why_and_signs_nothing(audited: Audited) -> None:
    asked = ("model", "train", LINE, "--records", audited.trained["record_id"], "--yes", "--json")
    assert code(audited.solo.run(*asked)) == "training-failed"


@pytest.mark.item("7.4.rules")
@pytest.mark.parametrize("lower", ["79.9", "10"], ids=["narrow", "wide"])
def test_what_rules_do_to_the_false_alarms_is_told_before_they_are_signed(
    audited: Audited, tmp_path: Path, lower: str
) -> None:
    path = tmp_path / "rules.json"
    limits = {"id": "pressure", "rules": [], "lower": lower, "upper": "200"}
    path.write_text(json.dumps({"parameters": [limits]}))
    line = dict(zip(("--site", "--line", "--machine", "--part"), LINE.split("/"), strict=True))
    words = [word for pair in line.items() for word in pair]
    asked = ("rules", "set", str(path), *words, "--reason", "other")
    told = audited.solo.run(*asked, lines="n\n").stderr
    (rows, before, after) = map(int, re.findall(r"of (\d+) good rows (\d+) .* (\d+) will", told)[0])
    assert rows == 200
    assert (after > before + 20) is (lower == "79.9")
    assert "rate" in told
    assert audited.solo.json("rules", "show", *words)["lines"] == []


@pytest.mark.item("7.7.labels")
def test_an_alarm_is_labelled_by_its_id(audited: Audited) -> None:
    alarm = (audited.named["$ALARM"], "--yes")
    known = ("--as", "known-cause", "--cause", "tool-wear")
    labelled = told(device(audited.solo, ANNA, "alarm", "label", *alarm, *known))
    about = labelled["alarm"]
    assert about["episode"] == audited.named["$ALARM"]
    assert (about["from_row"], about["to_row"]) == (26, 40)
    record = audited.solo.json("show", audited.named["$UPLOAD"])["records"][0]
    assert about["upload"] == record["record_id"]
    absent = device(audited.solo, ANNA, "alarm", "acknowledge", f"anomaly:{'A' * 43}:1", "--yes")
    assert code(absent) == "not-found"
    assert device(audited.solo, ANNA, "alarm", "acknowledge", about["upload"]).exit_code == 2


def test_lines_are_listed_with_their_model_and_rate(audited: Audited) -> None:
    (line,) = audited.solo.json("anomaly", "lines")["lines"]
    assert line["model"] == audited.trained["model"]
    assert LINE in audited.solo.run("anomaly", "lines").stdout
