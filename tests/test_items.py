"""The acceptance list is complete, and nothing closed is left unproven."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.items import HERE, Issue, items_marked, read_issues, read_marks, report

pytestmark = [pytest.mark.item("2.1"), pytest.mark.item("2.done.acceptance-list")]


def test_every_numbered_item_of_the_first_issue_is_listed() -> None:
    (issue,) = [i for i in read_issues(HERE / "items.toml") if i.number == 2]
    assert {f"2.{n}" for n in range(1, 11)} <= issue.items.keys()


def test_the_project_is_in_order() -> None:
    lines, in_order = report(read_issues(HERE / "items.toml"), read_marks(HERE))
    assert in_order, "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        '@pytest.mark.item("9.1")\ndef test_a(): ...',
        'pytestmark = [pytest.mark.item("9.1"), pytest.mark.long]',
        '@pytest.mark.parametrize("a", [pytest.param(1, marks=pytest.mark.item("9.1"))])\n'
        "def test_a(a): ...",
    ],
    ids=["decorator", "module", "parameter"],
)
def test_a_mark_is_found_wherever_pytest_takes_one(text: str) -> None:
    assert list(items_marked(ast.parse(text))) == ["9.1"]


def test_a_mark_that_cannot_be_searched_for_is_refused() -> None:
    with pytest.raises(ValueError, match="expected the item as a string, found"):
        list(items_marked(ast.parse("pytest.mark.item(NUMBER)")))


@pytest.mark.parametrize(("is_closed", "in_order"), [(False, True), (True, False)])
def test_only_a_closed_issue_must_be_proven(is_closed: bool, in_order: bool) -> None:
    lines, found = report([Issue(9, is_closed, {"9.1": "a", "9.2": "b"})], {"9.1"})
    assert found is in_order
    assert [line.split()[0] for line in lines] == ["issue", "9.2"]


@pytest.mark.parametrize(("mark", "in_order"), [("9.1", True), ("9.11", False)])
def test_a_test_cannot_name_an_item_that_nobody_listed(mark: str, in_order: bool) -> None:
    assert report([Issue(9, False, {"9.1": "a"})], {mark})[1] is in_order


@pytest.mark.parametrize(("item", "is_listed"), [("9.1", True), ("8.1", False)])
def test_an_item_belongs_to_its_issue(tmp_path: Path, item: str, is_listed: bool) -> None:
    path = tmp_path / "items.toml"
    path.write_text(f'[[issue]]\nnumber = 9\nclosed = false\n[issue.items]\n"{item}" = "a"\n')
    if is_listed:
        assert read_issues(path)[0].items == {item: "a"}
    else:
        with pytest.raises(ValueError, match=r"expected an item of issue 9, found '8\.1'"):
            read_issues(path)
