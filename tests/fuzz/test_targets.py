"""Every parser of outside bytes has a fuzz target, and every target holds on what it keeps.

The same targets run a million times each in ``make test-long`` (:mod:`tests.fuzz.test_long`).
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.choices import edited
from tests.fuzz.target import CORPUS, Target
from tests.fuzz.targets import TARGETS
from tests.vectors import ROOT

pytestmark = pytest.mark.item("3.8.fuzzing")

ROOMS: Final = ("keys", "ledger", "quality", "scoring", "portal", "api")
PARSES: Final = ("parse_", "read_", "decode_", "split_")
TAKES: Final = frozenset({"bytes", "str", "str | None", "object", "Any", "Iterable[str]"})
EXAMPLES: Final = 150
CORPUS_BYTES_MAX: Final = 300_000
INPUTS_MAX: Final = 80

#: Named like a parser of outside bytes, and none; or one that stands on others.
EXEMPT: Final[Mapping[str, str]] = {
    "api.charter_check.read_charter": "parse_view, verify_view and parse_charter do the reading",
    "api.governing.split_document": "cuts the party's own definition, which was parsed before",
    "api.proposal_check.read_record": "parse_view and verify_view do the reading",
    "ledger.recovery.read_fold": "replays the rows of the own store; see the target audited-entry",
    "ledger.recovery.read_folds": "replays the rows of the own store; see the target audited-entry",
    "api.derived.rows.decode_papers": "reads back what the own tables were given",
    "api.derived.rows.decode_records": "reads back what the own tables were given",
    "api.anomaly.changes.decode_facts": "reads back what the own tables were given",
    "api.anomaly.fold_state.decode_fold_state": "reads back what the own tables were given",
}

each_target = pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)


@each_target
def test_what_is_kept_is_accepted_or_refused(target: Target) -> None:
    for data in (*target.seeds(), *target.kept()):
        target.run(data)


@each_target
def test_any_bytes_are_accepted_or_refused(target: Target) -> None:
    known = [*target.seeds(), *target.kept()]

    @settings(max_examples=EXAMPLES, derandomize=True, database=None)
    @given(st.one_of(st.binary(max_size=120), _edits(known)))
    def check(data: bytes) -> None:
        target.run(data)

    check()


def _edits(known: list[bytes]) -> st.SearchStrategy[bytes]:
    return st.builds(edited, st.sampled_from(known), st.binary(min_size=4, max_size=24))


@each_target
def test_a_target_accepts_something(target: Target) -> None:
    accepted = 0
    for data in target.seeds():
        try:
            target.attempt(data)
        except target.refusals:
            continue
        accepted += 1
    assert accepted or target.name in ONLY_REFUSES


#: Their inputs decide how a good document is spoiled; none of the seeds leaves it as it was.
ONLY_REFUSES: Final = frozenset(
    {"view-forgeries", "record-type-changes", "foreign-type", "add-checkpoint", "fork-edits"}
)


def test_every_parser_of_outside_bytes_has_a_target() -> None:
    covered = {function for target in TARGETS.values() for function in target.covers}
    missing = [
        name for name, function in parsers() if function not in covered and name not in EXEMPT
    ]
    assert missing == [], "expected a target in tests/fuzz for each, found none"


def test_the_search_for_parsers_finds_them() -> None:
    found = dict(parsers())
    assert {
        "ledger.note.parse_note",
        "api.cli.table.read_table",
        "keys.encoding.decode_base64",
    } <= (found.keys())
    assert len(found) > 50


def test_every_exemption_is_of_something_that_is_there() -> None:
    assert EXEMPT.keys() <= dict(parsers()).keys()


def parsers() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Public functions of the rooms that are named like parsers and take bytes or text first."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield from _parsers_in(path)


def _parsers_in(path: Path) -> Iterator[tuple[str, Callable[..., Any]]]:
    functions = [node for node in ast.parse(path.read_text()).body if _is_parser(node)]
    if functions:
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for node in functions:
            assert isinstance(node, ast.FunctionDef)
            yield f"{module.__name__}.{node.name}", getattr(module, node.name)


def _is_parser(node: ast.stmt) -> bool:
    if not isinstance(node, ast.FunctionDef) or not node.args.args:
        return False
    first = node.args.args[0].annotation
    takes = ast.unparse(first).strip("'\"") if first else ""
    return node.name.startswith(PARSES) and takes in TAKES


def test_what_is_kept_is_small_and_belongs_to_a_target() -> None:
    folders = {path.name for path in CORPUS.iterdir()}
    assert folders <= TARGETS.keys()
    sizes = [path.stat().st_size for path in CORPUS.glob("*/*")]
    assert sum(sizes) < CORPUS_BYTES_MAX
    assert all(len(target.kept()) <= INPUTS_MAX for target in TARGETS.values())


def test_what_is_kept_is_no_vector_of_others() -> None:
    """Vectors of others are read where they are; none is copied here."""
    assert not [path for path in CORPUS.glob("*/*") if path.suffix in {".json", ".txt"}]


def test_edits_are_a_function_of_the_program() -> None:
    base = bytes(range(100))
    assert edited(base, b"") == base
    assert edited(base, b"\x00\x05\x00\x00") == base[:5] + base[6:]
    assert edited(base, b"\x00\x05\x01\x01ab") == base[:5] + b"ab" + base[5:]
    assert edited(base, b"\x00\x05\x02\xff") == base[:5] + b"\xff" + base[6:]


def test_a_target_that_crashes_is_told() -> None:
    def crash(data: bytes) -> None:
        raise KeyError(data)

    target = Target("crash", crash, (ValueError,), (), lambda: [b""])
    with pytest.raises(KeyError):
        target.run(b"x")
    assert inspect.isfunction(crash)
