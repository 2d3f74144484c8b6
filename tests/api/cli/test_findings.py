"""``lotmark findings``: suspicions with their evidence, over files and verified views."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from api.cli.findings import left_out_words
from api.cli.measured_events import measured_events
from quality.findings.finding import EN, ZH
from quality.findings.measured import report_of_events
from quality.findings.search import CODES
from tests.api.cli.shell import ROOT
from tests.api.cli.solo import SoloLog, lotmark
from tests.api.cli.tables import VERDICT

SETS = tuple(part for item in VERDICT.items() for part in ("--set", "=".join(item)))
REFERENCE = (ROOT / "docs" / "reference" / "findings.md").read_text("utf-8")
HEAD = ["K0100 1", "K1001/1 P-1", "K2001/1 10", "K2002/1 bore", "K2142/1 mm"]


def a_file(folder: Path, *, copies: int) -> Path:
    """A DFQ file of 60 values, the last of which repeat the first."""
    values = [f"{value:.3f}" for value in np.random.default_rng(1).normal(10, 0.02, 60)]
    if copies:
        values[-copies:] = values[:copies]
    path = folder / "m.dfq"
    path.write_text("\r\n".join([*HEAD, *values, ""]), encoding="ascii")
    return path


@pytest.mark.item("6.6.copied")
@pytest.mark.item("6.6.suspected")
def test_a_file_with_copied_values_is_suspected_and_an_honest_one_is_not(tmp_path: Path) -> None:
    honest = json.loads(lotmark("findings", str(a_file(tmp_path, copies=0)), "--json").stdout)
    assert (honest["findings"], honest["values"]) == ([], 60)
    path = str(a_file(tmp_path, copies=9))
    (found,) = json.loads(lotmark("findings", path, "--json").stdout)["findings"]
    assert found["code"] == "measurements-copied"
    assert found["evidence"] == [f"{path}#/10/values/0..8", f"{path}#/10/values/51..59"]
    assert found["en"].startswith(EN)
    told = lotmark("findings", path, "--language", "zh")
    assert (told.exit_code, ZH in told.stdout) == (0, True)


@pytest.mark.parametrize("name", ["m.csv", "m.XLSX"])
def test_a_table_is_refused_with_what_reads_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("D [mm]\n1.5\n")
    refused = lotmark("findings", str(path))
    assert refused.exit_code == 1
    assert "found a table" in refused.stderr
    assert "lotmark study" in refused.stderr


def test_the_closing_note_is_told_in_both_languages(tmp_path: Path) -> None:
    path = str(a_file(tmp_path, copies=0))
    told = lotmark("findings", path, "--language", "zh")
    assert "1 份报告的 60 个数值中有 0 项疑似发现" in told.stderr
    assert "0 findings in 60 values of 1 reports" in lotmark("findings", path).stderr


def test_values_that_are_not_looked_at_are_told(tmp_path: Path) -> None:
    path = a_file(tmp_path, copies=0)
    whole = report_of_events("m.dfq", measured_events(path), values_max=60)
    assert whole.left_out == 0
    cut = report_of_events("m.dfq", measured_events(path), values_max=50)
    assert (len(cut.series[0].values), cut.left_out) == (50, 10)
    told = {zh: left_out_words(cut, is_zh=zh) for zh in (False, True)}
    assert told[False] == "m.dfq: only its first 50 values were looked at, 10 were not"
    assert "其余 10 个未检查" in told[True]


@pytest.mark.parametrize("code", CODES)
def test_the_reference_names_every_finding_and_its_thresholds(code: str) -> None:
    assert f"| `{code}` |" in REFERENCE


@pytest.mark.item("6.6.copied")
def test_verified_views_are_looked_at_beside_each_other(solo: SoloLog, tmp_path: Path) -> None:
    """The same readings under two lot numbers, in two records."""
    values = [f"{value:.4f}" for value in np.random.default_rng(2).normal(12, 0.02, 12)]
    table = tmp_path / "m.csv"
    rows = [f"{lot};{value}" for lot in ("F-1", "F-2") for value in values]
    table.write_text("\n".join(["Charge;D [mm]", *rows]).replace(".", ","), encoding="utf-8")
    sent = solo.json("submit", str(table), "--type", "inspection-report/v1", *SETS)
    first, second = (record["record_id"] for record in sent["records"])
    views = []
    for record in (second, first):
        views.append(str(tmp_path / f"{record}.json"))
        solo.json("show", record, "--out", views[-1])
    found = solo.json("findings", *views, views[0])["findings"]
    copied = [one for one in found if one["code"] == "measurements-copied"]
    assert [one["evidence"][0].partition("#")[0] for one in copied] == [first]
    assert copied[0]["evidence"][1].startswith(second)
    assert solo.json("findings", first)["reports"] == [first]


def test_a_view_that_does_not_verify_is_refused_before_anything_is_looked_at(
    solo: SoloLog, tmp_path: Path
) -> None:
    path = tmp_path / "view.json"
    path.write_text("{}", encoding="utf-8")
    refused = solo.run("findings", str(path))
    assert (refused.exit_code, refused.stdout) == (1, "")
