"""The threat model names tests, and every test that it names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "threat-model.md"
CITED = re.compile(r"`([a-z_]+(?:/[a-z_]+)*\.py)::(test_[a-z0-9_]+)`")


def cited() -> list[tuple[str, str]]:
    """(file below tests/, name of the test), as the page cites them."""
    return [(found[1], found[2]) for found in CITED.finditer(PAGE.read_text(encoding="utf-8"))]


def claims() -> list[str]:
    """The rows of the page's tables but for their headings."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ")]
    return [row for row in rows if not row.endswith("| test |")]


def names_in(file: str) -> set[str]:
    """The functions that a test module defines."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.item("3.9")
@pytest.mark.parametrize(("file", "name"), cited(), ids=lambda part: part)
def test_a_cited_test_is_there(file: str, name: str) -> None:
    assert name in names_in(file)


@pytest.mark.item("3.9")
@pytest.mark.parametrize("row", claims())
def test_every_claim_names_a_test(row: str) -> None:
    assert CITED.search(row), f"expected a test behind the claim, found {row}"


def test_the_page_makes_claims() -> None:
    assert len(claims()) >= 25
