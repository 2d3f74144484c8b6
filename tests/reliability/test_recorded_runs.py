"""The long series of kills stand in ``docs/reliability.md``: command, seed and figures."""

from __future__ import annotations

import re

import pytest

from tests.reliability.fault_table import PAGE

pytestmark = pytest.mark.item("3.done.reliability")

ROW = re.compile(
    r"^\| `python -m tests\.reliability\.rounds"
    r" --engine (\w+) --rounds (\d+) --seed (\d+)` \|(.+)\|$",
    re.M,
)
WANTED = {"sqlite": 200, "postgresql": 50}


def recorded() -> dict[str, tuple[int, list[str]]]:
    """The rounds that each engine's command asked for, and the figures beside it."""
    section = PAGE.read_text("utf-8").partition("## Recorded runs")[2].partition("\n## ")[0]
    return {
        engine: (int(asked), [cell.strip().replace(" ", "") for cell in cells.split("|")])
        for engine, asked, _, cells in ROW.findall(section)
    }


@pytest.mark.parametrize("engine", WANTED)
def test_a_whole_series_is_recorded(engine: str) -> None:
    asked, figures = recorded()[engine]
    assert asked == WANTED[engine]
    assert all(figure.isdecimal() for figure in figures), figures
    assert int(figures[0]) == asked


def test_the_page_says_what_was_lost() -> None:
    assert "No receipt was lost and no audit had a finding." in PAGE.read_text("utf-8")
