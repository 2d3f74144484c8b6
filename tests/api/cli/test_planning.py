"""``lotmark plan``: the plan of a lot and its risk, in English and Chinese and for programs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from api.cli.planning import plan

pytestmark = pytest.mark.item("6.2.risk")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(plan, [*arguments])


def plans(*arguments: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(run(*arguments, "--json").stdout)["plans"]
    return found


@pytest.mark.item("6.2")
def test_a_plan_is_told_with_the_arrow_that_was_followed_and_its_risk() -> None:
    lines = run("500", "--aql", "0.65", "--standard", "iso").stdout.splitlines()
    assert lines == [
        "ISO 2859-1, level II, AQL 0.65, normal: n = 80, Ac 1, Re 2",
        "  code letter H, arrow down to J, whose sample size is used",
        "  n = 80, Ac 1: a 2.6 % bad lot still passes 36 % of the time",
    ]


def test_a_plan_is_told_in_chinese() -> None:
    told = run("120", "--aql", "1.0", "--standard", "iso", "--language", "zh").stdout
    assert "ISO 2859-1，检验水平 II，AQL 1.0，正常检验：n = 13, Ac 0, Re 1" in told
    assert "按向上箭头用 E 的方案" in told


@pytest.mark.item("6.2.c0")
def test_c_zero_is_the_default_of_every_class_and_stays_that_of_the_critical_one() -> None:
    assert {one["standard"] for one in plans("2400").values()} == {"c=0"}
    by_iso = plans("2400", "--standard", "iso")
    assert [by_iso[name]["standard"] for name in ("critical", "major", "minor")] == [
        "c=0",
        "ISO 2859-1",
        "ISO 2859-1",
    ]


@pytest.mark.item("6.2.whole-lot")
def test_the_whole_lot_may_be_asked_for() -> None:
    assert all(one["sample"] == 40 for one in plans("40", "--standard", "100").values())


@pytest.mark.item("6.2.reduced")
def test_reduced_inspection_is_labelled() -> None:
    asked = ("2400", "--aql", "2.5", "--standard", "iso", "--severity", "reduced")
    assert run(*asked).stdout.startswith("MIL-STD-105E II-C, level II, AQL 2.5, reduced: n = 50")


@pytest.mark.parametrize(("aql", "status"), [("0.65", 0), ("0.7", 1), ("nan", 2), ("0", 2)])
def test_an_aql_that_the_tables_do_not_have_is_refused(aql: str, status: int) -> None:
    ended = run("500", "--aql", aql)
    assert ended.exit_code == status
    assert "expected" in ended.output or status == 0
