"""``lotmark study``: limits, signals and capability of a file, in words and for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.api.cli.solo import lotmark
from tests.quality.spc.gage_trials import measured
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


def a_gage_table(folder: Path, *, without: int | None = None) -> Path:
    """The published study, a row a trial; one row may be missing."""
    rows = [
        f"P{part},{'ABC'[operator]},{trial},{value}"
        for part, of_part in enumerate(measured().tolist())
        for operator, of_operator in enumerate(of_part)
        for trial, value in enumerate(of_operator)
    ]
    if without is not None:
        del rows[without]
    path = folder / "gage.csv"
    path.write_text("\n".join(["Part,Operator,Trial,size", *rows]), encoding="utf-8")
    return path


@pytest.mark.item("6.3.gage")
def test_a_gage_study_is_told_by_both_methods(tmp_path: Path) -> None:
    path = str(a_gage_table(tmp_path))
    asked = (path, "--gage", "--lower", "-4", "--upper", "4")
    lines = run(*asked).stdout.splitlines()
    assert lines[:2] == [
        "size: 10 parts, 3 operators, 3 trials of each",
        "  analysis of variance (interaction pooled with repeatability)",
    ]
    assert (
        "    gage 27.9 % of the study, 7.8 % of the variance, 22.7 % of the tolerance; "
        "4 distinct categories"
    ) in lines
    assert "  averages and ranges" in lines
    gage = json.loads(run(*asked, "--json").stdout)["gage"]
    assert (gage["parts"], gage["operators"], gage["trials"]) == (10, 3, 3)
    anova, ranges = gage["methods"]
    assert round(anova["gage"], 6) == 0.302372
    assert [row["source"] for row in anova["table"]] == ["part", "operator", "repeatability"]
    assert (round(ranges["gage"], 4), ranges["distinct"]) == (0.3058, 5)
    assert "方差分析法（交互作用并入重复性）" in run(*asked, "--language", "zh").stdout


@pytest.mark.item("6.3.gage")
def test_a_gage_study_names_what_is_missing(tmp_path: Path) -> None:
    gap = run(str(a_gage_table(tmp_path, without=0)), "--gage")
    assert "malformed-chart: size: part P0, operator A: expected 3 trials, found 2" in gap.stderr
    path = str(a_gage_table(tmp_path))
    assert (
        "column-missing: expected a column 'who'" in run(path, "--gage", "--operator", "who").stderr
    )
    with open(path, "a", encoding="utf-8") as file:
        file.write("\nP0,A,0,1.0")
    assert "expected each trial of an operator on a part once" in run(path, "--gage").stderr
    nobody = a_gage_table(tmp_path)
    nobody.write_text(nobody.read_text("utf-8") + "\nP0,,3,1.0", encoding="utf-8")
    assert "'Operator': expected a name, found an empty cell" in run(path, "--gage").stderr


def test_an_interaction_alone_is_told_by_the_method_that_sees_it(tmp_path: Path) -> None:
    cells = {("1", "A"): 0, ("1", "B"): 1, ("2", "A"): 1, ("2", "B"): 0}
    rows = [f"{part},{who},{value}" for (part, who), value in cells.items() for _ in range(2)]
    path = tmp_path / "m.csv"
    path.write_text("\n".join(["part,operator,size", *rows]), encoding="utf-8")
    anova, ranges = json.loads(run(str(path), "--gage", "--json").stdout)["gage"]["methods"]
    assert anova["share_of_study"] == 1.0
    assert ranges["error"] == "no-variation"


COUNTS = ["month,bad,pieces", "1,2,50", "2,8,100", "3,0,50", "4,19,100"]


@pytest.mark.item("6.3.charts")
@pytest.mark.parametrize(
    ("asked", "center", "upper", "signals"),
    [
        (("p", "--sizes", "pieces"), 29 / 300, 0.0966667 + 3 * 0.0417911, [4]),
        (("u", "--sizes", "pieces"), 29 / 300, None, [4]),
        (("np", "--sizes", "100"), 7.25, None, [4]),
        (("c",), 7.25, 7.25 + 3 * 7.25**0.5, [4]),
    ],
)
def test_counts_are_charted(
    tmp_path: Path,
    asked: tuple[str, ...],
    center: float,
    upper: float | None,
    signals: list[int],
) -> None:
    path = tmp_path / "m.csv"
    path.write_text("\n".join(COUNTS), encoding="utf-8")
    told = run(str(path), "--column", "bad", "--counts", *asked, "--json")
    found = json.loads(told.stdout)["counts"]
    assert found["center"] == pytest.approx(center)
    assert upper is None or found["upper"][0] == pytest.approx(upper, rel=1e-4)
    assert [one["point"] for one in found["signals"]] == signals
    assert 0 < found["beyond_chance"] < 0.02


def test_counts_are_told_in_both_languages_and_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("\n".join(COUNTS), encoding="utf-8")
    asked = (str(path), "--column", "bad", "--counts")
    english = run(*asked, "c").stdout
    assert english.startswith("bad: 4 samples, chart of defects (c): center 7.25, lower limit 0,")
    assert "signals (rule @ point): N1 @ 4" in english
    assert "缺陷数 (c)图：中心线 7.25" in run(*asked, "c", "--language", "zh").stdout
    assert "expected samples of one whole size" in run(*asked, "np", "--sizes", "pieces").stderr
    several = run(str(path), "--counts", "c").stderr
    assert "expected one column of values, found month, bad, pieces" in several
    few = run(*asked, "p", "--sizes", "3", "--language", "zh")
    assert "malformed-chart: bad: sample 2: expected at most 3 defective" in few.stderr
    assert "请更正" in few.stderr


@pytest.mark.item("6.3.charts")
def test_small_shifts_are_looked_for_where_asked() -> None:
    gears = (str(GEARS), "--column", "diameter", "--subgroup", "10")
    plain = only(*gears)
    assert "shifts" not in plain
    shifts = only(*gears, "--ewma", "--cusum", "--target", "1.0")["shifts"]
    assert shifts["target"] == 1.0
    assert (len(shifts["ewma"]["points"]), len(shifts["cusum"]["high"])) == (10, 10)
    assert shifts["cusum"]["signals"]
    own = only(*gears, "--ewma", "--weight", "1")["shifts"]
    # With all the weight on the newest value it is the chart of means.
    assert own["cusum"] is None
    assert own["ewma"]["signals"] == [5]
    assert own["ewma"]["upper"][0] == pytest.approx(plain["charts"][0]["upper"])
    told = run(*gears, "--ewma", "--cusum", "--language", "zh").stdout
    assert "EWMA 图：目标 0.99764" in told
    assert "CUSUM 图" in told


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (("--target", "1"), "a target is for Cpm"),
        (("--target", "1", "--lower", "0"), "a target is for Cpm"),
        (("--counts", "p"), "needs the sizes"),
        (("--counts", "c", "--sizes", "5"), "of samples of one size"),
        (("--counts", "c", "--gage"), "--gage has no use for --counts"),
        (("--counts", "c", "--subgroup", "5"), "--counts has no use for --subgroup"),
        (("--gage", "--lower", "1"), "name --lower and --upper"),
        (("--sizes", "5"), "--sizes is only for --counts"),
        (("--weight", "0.1"), "--weight is only for --ewma"),
    ],
)
def test_options_without_effect_are_refused(asked: tuple[str, ...], why: str) -> None:
    refused = run(str(GEARS), "--column", "diameter", *asked)
    assert (refused.exit_code, why in refused.stderr) == (2, True), refused.stderr


def test_a_target_is_taken_with_both_limits() -> None:
    limits = ("--lower", "0.98", "--upper", "1.02")
    found = only(str(GEARS), "--column", "diameter", *limits, "--target", "0.99")
    assert found["limits"]["target"] == 0.99
