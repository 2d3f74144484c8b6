"""The specification lists every rule that a purge report tells, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.erasing.rules import BACKUPS, RULES

SPEC = Path(__file__).parents[3] / "docs" / "spec" / "erasure.md"


@pytest.mark.item("5.8.derived")
def test_specification_and_report_list_the_same_rules() -> None:
    section = SPEC.read_text(encoding="utf-8").partition("## 4.")[2].partition("## 5.")[0]
    listed = re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)
    assert listed == [rule.code for rule in (*RULES, BACKUPS)]
    assert all(rule.en and rule.zh for rule in (*RULES, BACKUPS))
