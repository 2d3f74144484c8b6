"""The demo reads a user's own file before it plays anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.demo import check_readable
from examples.demo_stage import StepFailed

pytestmark = pytest.mark.item("2.7")


def test_a_table_that_can_be_read_in_two_ways_needs_its_option_first(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("a;b,c\n1;2,3\n")
    with pytest.raises(StepFailed, match="CSV_ARGS"):
        check_readable(path, [])
    check_readable(path, ["--delimiter", ";"])


def test_an_option_that_there_is_not_is_told_first(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("a;b\n1;2\n")
    with pytest.raises(StepFailed, match="--colour"):
        check_readable(path, ["--colour", "red"])
    check_readable(path, [])
