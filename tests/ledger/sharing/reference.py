"""The decision as ``docs/spec/sharing.md`` says it: its tables, read and evaluated row by row.

Nothing of :mod:`ledger.sharing` is used, and nothing is known of grants or relations but the
words that the tables have for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

SPEC: Final = Path(__file__).resolve().parents[3] / "docs" / "spec" / "sharing.md"
Row = Mapping[str, str]
_STATE: Final = frozenset({"content", "state"})


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, in the words of the tables. ``reader`` are all that the reader is to the
    record and of its roles: issuer, owner, participant, subject, addressee, auditor."""

    standing: str
    reader: frozenset[str]
    joined: str
    case: str
    relation: str
    opened: str


class Answer(NamedTuple):
    """What the table says of one group."""

    shown: bool
    rule: str
    needs: tuple[str, ...]


class Group(NamedTuple):
    """A group by what the table knows of it; ``is_granted``: what is opened speaks of it."""

    kind: str
    tier: str


def answer(question: Question, groups: tuple[Group, ...]) -> dict[Group, Answer]:
    """What the reader gets of these groups of one record, the closed ones among them.

    What is opened speaks of all of them but ``state``, or of none.
    """
    facts = _Facts(
        question.standing,
        question.reader,
        question.joined,
        question.case,
        _counts(question.relation),
        _opens(question.opened, question.case, question.reader),
    )
    return _answer(facts, groups)


class _Facts(NamedTuple):
    """What a question comes to by section 3; then whether the address is shown."""

    standing: str
    reader: frozenset[str]
    joined: str
    case: str
    relation: str
    opened: str
    address: str = ""


@cache
def _answer(facts: _Facts, groups: tuple[Group, ...]) -> dict[Group, Answer]:
    address = _decide(ADDRESS, facts)
    facts = facts._replace(address="shown" if address.shown else "withheld")
    found = {group: _decide(group, facts) for group in (*groups, FILING)}
    opened = facts.opened if any(map(_is_openable, groups)) else ""
    return {**found, ADDRESS: address, MANIFEST: _decide(MANIFEST, facts._replace(opened=opened))}


MANIFEST: Final = Group("manifest", "consortium")
ADDRESS: Final = Group("address", "partner")
FILING: Final = Group("filing", "filing")


def _is_openable(group: Group) -> bool:
    return group.kind == "content" and group.tier in ("consortium", "partner", "restricted")


@cache
def _decide(group: Group, facts: _Facts) -> Answer:
    for row in decision_table():
        if _fits(row, group, facts):
            needs = tuple(_words(row["needs"]))
            return Answer(row["shown"] == "yes", row["rule"], needs)
    return Answer(False, "none", ())


def _fits(row: Row, group: Group, facts: _Facts) -> bool:
    kinds = _STATE if group.kind == "state" else {group.kind}
    opened = "" if group.kind == "state" else facts.opened
    return (
        _is_among(row["group"], kinds)
        and _is_among(row["tier"], {group.tier})
        and _is_among(row["standing"], {facts.standing})
        and _is_among(row["reader"], facts.reader)
        and _is_among(row["joined"], {facts.joined})
        and _is_among(row["case"], {facts.case})
        and _is_among(row["relation"], {facts.relation})
        and _is_among(row["opened"], {opened})
        and _is_among(row["address"], {facts.address})
    )


@cache
def _counts(relation: str) -> str:
    (row,) = (row for row in relation_table() if row["relation"] == relation)
    return row["counts as"]


@cache
def _opens(opened: str, case: str, reader: frozenset[str]) -> str:
    for row in opening_table():
        if (
            row["what there is"] == opened
            and _is_among(row["case"], {case})
            and _is_among(row["reader"], reader)
        ):
            return row["opens"]
    raise AssertionError(f"expected a row for {opened!r}, found none")


def _is_among(cell: str, values: Iterable[str]) -> bool:
    return not cell or not set(_words(cell)).isdisjoint(values)


@cache
def _words(cell: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in cell.split(",") if word.strip())


@cache
def relation_table() -> tuple[Row, ...]:
    """Section 3.1."""
    return _table("### 3.1")


@cache
def opening_table() -> tuple[Row, ...]:
    """Section 3.2."""
    return _table("### 3.2")


@cache
def decision_table() -> tuple[Row, ...]:
    """Section 4."""
    return _table("## 4.")


def _table(heading: str) -> tuple[Row, ...]:
    text = SPEC.read_text(encoding="utf-8").split(f"\n{heading}")[1]
    table = text[text.index("\n|") + 1 :].partition("\n\n")[0]
    names, _, *rows = map(_cells, table.splitlines())
    return tuple(dict(zip(names, row, strict=True)) for row in rows)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip()[1:-1].split("|")]
