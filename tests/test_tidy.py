"""The code keeps the rules of the house, and the rules catch what they name."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from tests import tidy
from tests.tidy import ADVICE, RULES, Rule, Source, parse, sources

pytestmark = pytest.mark.item("2.1")

LONG_BODY = "\n    x = 1" * 49
LONG_MODULE = '"""A module."""\n' + "x = 1\n" * 399
DOC = '"""What it is for."""\n'

# rule, path, what it refuses, what it allows: the two differ in one thing.
CASES = [
    (
        tidy.functions_are_short,
        "keys/a.py",
        f"def f():{LONG_BODY}\n    x = 2",
        f"def f():{LONG_BODY}",
    ),
    (tidy.modules_are_short, "keys/a.py", LONG_MODULE + "x = 1\n", LONG_MODULE),
    (tidy.modules_have_docstrings, "tests/test_a.py", "x = 1", DOC + "x = 1"),
    (tidy.modules_have_docstrings, "tests/__init__.py", "x = 1", ""),
    (tidy.instants_have_zones, "api/a.py", "datetime.now()", "datetime.now(UTC)"),
    (tidy.instants_have_zones, "api/a.py", "datetime.datetime.utcnow()", "clock.now()"),
    (
        tidy.instants_have_zones,
        "tests/a.py",
        "datetime.fromtimestamp(1)",
        "datetime.fromtimestamp(1, tz=UTC)",
    ),
    (tidy.only_doors_print, "ledger/a.py", "print(1)", "write(1)"),
    (
        tidy.exceptions_are_named,
        "api/a.py",
        "try: x\nexcept Exception: y",
        "try: x\nexcept OSError: y",
    ),
    (tidy.exceptions_are_named, "api/a.py", "try: x\nexcept: y", "try: x\nexcept:\n  y\n  raise"),
    (
        tidy.exceptions_are_named,
        "api/a.py",
        "try: x\nexcept (OSError, BaseException): y",
        "try: x\nexcept (OSError, ValueError): y",
    ),
    (tidy.work_left_has_an_issue, "api/a.py", "x = 1  # TODO later", "x = 1  # TODO(#12) later"),
    (tidy.work_left_has_an_issue, "api/a.py", "# FIXME", "x = 'FIXME'"),
    (
        tidy.core_tests_mock_nothing,
        "tests/ledger/test_a.py",
        "from unittest.mock import patch",
        "from unittest import TestCase",
    ),
    (
        tidy.core_tests_mock_nothing,
        "tests/keys/test_a.py",
        "monkeypatch.setattr(a, 'b', 1)",
        "monkeypatch.setenv('A', 'b')",
    ),
    (tidy.only_stores_know_sql, "ledger/a.py", "import sqlalchemy", "import sqlalchemist"),
    (
        tidy.core_functions_have_docstrings,
        "scoring/a.py",
        "def f(): return 1",
        "def _f(): return 1",
    ),
    (
        tidy.core_functions_have_docstrings,
        "keys/a.py",
        "class A:\n  def f(self): return 1",
        "class A(B):\n  def f(self): return 1",
    ),
    (tidy.positions_are_few, "ledger/a.py", "def f(a, b, c): ...", "def f(a, b, *, c): ..."),
    (
        tidy.statuses_are_kept_together,
        "api/a.py",
        "Response(status_code=404)",
        "Response(status_code=NOT_FOUND)",
    ),
    (tidy.statuses_are_kept_together, "api/a.py", "HTTPException(422)", "Refused(422)"),
    (tidy.statuses_are_kept_together, "portal/a.py", "HTTPStatus.OK", "Status.OK"),
    (
        tidy.statuses_are_kept_together,
        "api/a.py",
        "answer.status_code == 200",
        "answer.size == 200",
    ),
    (
        tidy.errors_have_codes,
        "keys/errors.py",
        "class A(Exception): ...",
        "class A(Exception): code = 'a'",
    ),
]
SAME_TEXT = "x = 1"
PATH_CASES = [
    (tidy.modules_have_nouns, "keys/utils.py", "keys/encoding.py"),
    (tidy.modules_have_nouns, "ledger/proof_helpers.py", "ledger/proof.py"),
    (tidy.modules_have_nouns, "portal/common/page.py", "portal/pages/page.py"),
]


@pytest.fixture(scope="module")
def project() -> list[Source]:
    return sources()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule(rule: Rule, project: list[Source]) -> None:
    faults = [str(fault) for source in project for fault in rule(source)]
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize(("rule", "path", "refused", "allowed"), CASES)
def test_a_rule_refuses_one_text_and_allows_its_neighbour(
    rule: Rule, path: str, refused: str, allowed: str
) -> None:
    assert list(rule(parse(path, refused)))
    assert not list(rule(parse(path, allowed)))


@pytest.mark.parametrize(("rule", "refused", "allowed"), PATH_CASES)
def test_a_rule_refuses_one_path_and_allows_its_neighbour(
    rule: Rule, refused: str, allowed: str
) -> None:
    assert list(rule(parse(refused, SAME_TEXT)))
    assert not list(rule(parse(allowed, SAME_TEXT)))


@pytest.mark.parametrize(("path", "is_refused"), [("service", True), ("store_sqlite_rows", False)])
def test_only_a_store_of_the_ledger_may_know_the_database(path: str, is_refused: bool) -> None:
    source = parse(f"ledger/{path}.py", "from sqlalchemy import select")
    assert bool(list(tidy.only_stores_know_sql(source))) is is_refused


@pytest.mark.parametrize("path", ["api/cli/show.py", "bench/ingest.py", "examples/demo.py"])
def test_doors_may_print(path: str) -> None:
    assert not list(tidy.only_doors_print(parse(path, "print(1)")))


def test_every_rule_has_an_example_that_it_refuses() -> None:
    assert {case[0] for case in (*CASES, *PATH_CASES)} == {*RULES, *ADVICE}


def test_no_two_errors_share_a_code(project: list[Source]) -> None:
    errors = [s for s in project if s.room in tidy.ROOMS and s.path.name.endswith("errors.py")]
    classes = [n for s in errors for n in s.tree.body if isinstance(n, ast.ClassDef)]
    codes = Counter(code for node in classes if (code := tidy.error_code(node)))
    assert codes
    assert not [code for code, count in codes.items() if count > 1]


def test_the_browser_verifier_is_small_enough_to_read() -> None:
    scripts = [p for p in (tidy.ROOT / "portal").rglob("verifier*") if p.suffix in {".js", ".mjs"}]
    count = sum(len(p.read_text("utf-8").splitlines()) for p in scripts)
    assert count <= tidy.VERIFIER_LINES_MAX
