"""The page on statistics says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from quality.errors import StatisticsError
from quality.spc.charts import individuals
from quality.spc.false_alarms import false_alarms
from quality.spc.runs import DEFAULT_RULES, NELSON, WESTERN_ELECTRIC, Rule

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "reference" / "statistics.md").read_text("utf-8")


@pytest.mark.item("6.3.false-alarms")
@pytest.mark.parametrize(
    ("named", "rules"),
    [
        ("`N1`", (Rule.N1,)),
        ("`N1`, `N2`, `N5`, `N6` (default)", DEFAULT_RULES),
        ("`WE1` to `WE4`", WESTERN_ELECTRIC),
        ("`N1` to `N8`", NELSON),
    ],
)
def test_the_rates_on_the_page_are_those_that_are_computed(
    named: str, rules: tuple[Rule, ...]
) -> None:
    rates = false_alarms(rules)
    row = f"| {named} | {rates.run_length:.0f} | 1 in {1 / rates.per_point:.0f} |"
    assert row in PAGE


def test_every_rule_caution_and_refusal_is_on_the_page() -> None:
    source = (ROOT / "quality" / "spc" / "study.py").read_text("utf-8")
    cautions = re.findall(r"Warn\(\s*\"([a-z-]+)\"", source)
    assert len(cautions) == 5
    refusals = [one.code for one in StatisticsError.__subclasses__()]
    for word in (*Rule, *cautions, *refusals):
        assert f"`{word}`" in PAGE, word


def test_a_hundred_moving_ranges_are_worth_sixty_degrees() -> None:
    values = [float(number * 37 % 101) for number in range(100)]
    assert round(individuals(values).degrees) == 60
