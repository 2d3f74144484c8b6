"""``lotmark study``: limits, signals and capability of a file, in words and for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.api.cli.solo import lotmark
from tests.vectors import ROOT

GEARS = ROOT / "examples" / "data" / "gear-diameter.csv"


def run(*arguments: str) -> Result:
    return lotmark("study", *arguments)


def only(*arguments: str) -> dict[str, Any]:
    """The one characteristic of the JSON document."""
    (found,) = json.loads(run(*arguments, "--json").stdout)["characteristics"]
    assert isinstance(found, dict)
    return found


@pytest.mark.item("6.3.charts")
@pytest.mark.item("6.3.false-alarms")
def test_a_table_is_studied_in_subgroups_with_limits() -> None:
    lines = run(
        str(GEARS), "--column", "diameter", "--lower", "0.98", "--upper", "1.02", "--subgroup", "10"
    ).stdout.splitlines()
    assert lines[:6] == [
        "diameter: 100 values, mean 0.99764, s 0.006279, from 0.98 to 1.018",
        "  chart of means: center 0.99764, limits 0.992195 to 1.00309",
        "  chart of standard deviations: center 0.00558293, limits 0.00158391 to 0.00958195",
        "  signals (rule @ point): N1 @ 5, standard deviations @ 6",
        "  false alarms of N1, N2, N5, N6 (exact): 1 point in 79 of a stable process, the first "
        "after 109 in the mean",
        "  Cp 1.16 [0.99, 1.33], Cpk 1.02 [0.86, 1.19], Pp 1.06 [0.91, 1.21], "
        "Ppk 0.94 [0.79, 1.08], Cpm 0.99 [0.86, 1.13] (n = 100, 95 % intervals)",
    ]
    assert any(line.startswith("  caution: the process is not stable") for line in lines)


def test_a_study_is_told_in_chinese() -> None:
    told = run(str(GEARS), "--column", "diameter", "--lower", "0.98", "--language", "zh").stdout
    assert "单值图：中心线 0.99764" in told
    assert "注意: 过程不稳定" in told


@pytest.mark.item("6.3.capability")
def test_a_one_sided_limit_leaves_null_and_not_zero() -> None:
    found = only(str(GEARS), "--column", "diameter", "--upper", "1.02")
    assert found["limits"] == {"lower": None, "upper": 1.02, "target": None}
    assert found["capability"]["cp"] is None
    assert found["capability"]["pp"] is None
    assert found["capability"]["ppk"]["lower"] < found["capability"]["ppk"]["value"]
    assert not found["stable"]


@pytest.mark.item("6.3.rules")
def test_rules_are_chosen() -> None:
    found = only(str(GEARS), "--column", "diameter", "--rules", "western-electric,N8")
    assert found["rules"] == ["WE1", "WE2", "WE3", "WE4", "N8"]
    refused = run(str(GEARS), "--rules", "N9")
    assert (refused.exit_code, "found 'N9'" in refused.stderr) == (2, True)


def test_every_column_of_numbers_is_studied_and_others_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    rows = [f"A-{n};{10 + n % 7 / 10:.2f};5,{n % 3}".replace(".", ",") for n in range(30)]
    file.write_text("\n".join(["piece;bore;length", *rows]), encoding="utf-8")
    document = json.loads(run(str(file), "--json").stdout)
    assert [one["name"] for one in document["characteristics"]] == ["bore", "length"]
    refused = run(str(file), "--lower", "1")
    assert "limits belong to one characteristic" in refused.stderr


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        (["1.25"] * 9, "no-variation"),
        (["1.25"], "too-few-values"),
        (["1.25", "nan"], "values-not-finite"),
        (["1.25", "many"], "column-missing"),
    ],
)
def test_values_that_nothing_follows_from_are_refused_by_name(
    tmp_path: Path, cells: list[str], code: str
) -> None:
    file = tmp_path / "m.csv"
    file.write_text("\n".join(["piece,bore", *(f"p,{cell}" for cell in cells)]), encoding="utf-8")
    refused = run(str(file), "--column", "bore")
    assert refused.exit_code == 1
    assert f"refused: {code}: " in refused.stderr


def test_crossed_limits_are_refused() -> None:
    refused = run(str(GEARS), "--column", "diameter", "--lower", "2", "--upper", "1")
    assert "refused: malformed-limits: diameter: expected 2.0 below 1.0" in refused.stderr


def test_a_dfq_file_brings_its_own_limits(tmp_path: Path) -> None:
    file = tmp_path / "m.dfq"
    head = ["K0100 1", "K1001/1 P-1", "K2001/1 10", "K2002/1 bore", "K2110/1 9.5", "K2111/1 10.5"]
    values = [f"{10 + (n * 7 % 11 - 5) / 40:.3f}" for n in range(30)]
    file.write_text("\r\n".join([*head, *values, ""]), encoding="ascii")
    found = only(str(file))
    assert (found["name"], found["count"]) == ("10 bore", 30)
    assert found["limits"] == {"lower": 9.5, "upper": 10.5, "target": None}


def test_a_file_that_is_not_there_and_one_that_is_none_are_refused(tmp_path: Path) -> None:
    assert "refused: table-unreadable" in run(str(tmp_path / "none.dfq")).stderr
    file = tmp_path / "m.dfq"
    file.write_bytes(b"\x00\x01\x02" * 50)
    assert "refused: measurement-file-refused" in run(str(file)).stderr
