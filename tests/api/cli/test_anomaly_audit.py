"""The auditor's page: its commands run, in their order, and lead from rows to verdict and back."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from tests.api.cli.shell import ROOT
from tests.api.cli.solo import SoloLog

PAGE = (ROOT / "docs" / "anomaly-audit.md").read_text("utf-8")
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


@pytest.mark.item("7.done.auditor")
def test_an_auditor_gets_from_the_rows_to_the_verdict_and_back(
    solo: SoloLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    entries = {}
    for name, count, fault_from in (("GOOD", 200, 200), ("UPLOAD", 40, 25)):
        draft = an_upload(
            tmp_path, f"{name}.draft.json", count, seed=count // 40, fault_from=fault_from
        )
        (record,) = solo.json("submit", str(draft))["records"]
        entries[f"${name}"] = str(record["index"])
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.S)
    commands = [line for block in blocks for line in block.splitlines()]

    for line in commands:
        words, _, target = line.partition(" > ")
        given = [entries.get(word, word) for word in shlex.split(words)[1:]]
        found = solo.run(*given)
        assert found.exit_code == 0, (line, found.output)
        if target:
            (tmp_path / target).write_text(found.stdout)

    signed = json.loads((tmp_path / "UPLOAD.draft.json").read_text())["groups"]["values"]["rows"]
    table = [line.split(",") for line in (tmp_path / "upload.csv").read_text().splitlines()]
    assert [row[1:] for row in table[1:]] == [row["values"] for row in signed]
    verdicts = [json.loads(line) for line in (tmp_path / "verdicts.jsonl").read_text().splitlines()]
    called = [verdict["row"] for verdict in verdicts if verdict["level"] != "none"]
    # Row 26 of the upload, the first with the fault, is row 27 of the table.
    assert 27 in called[:2]
    assert verdicts[30]["explanation"]["top"][0]["parameter"] == "pressure"
    card = json.loads((tmp_path / "card.json").read_text())
    assert {verdict["model"] for verdict in verdicts} == {card["model"]}
