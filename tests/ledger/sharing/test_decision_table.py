"""Every combination of the words of the decision table: decide() says what the table says.

The table stands in ``docs/spec/sharing.md``; :mod:`tests.ledger.sharing.reference` reads it,
:mod:`tests.ledger.sharing.scenes` builds what its words stand for.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

import pytest

from ledger.record_type import TIERS, RecordType, parse_record_type
from ledger.sharing.decision import NEEDS, RULES, decide
from quality.types import business_types
from tests.ledger.sharing.reference import (
    ADDRESS,
    FILING,
    MANIFEST,
    Group,
    Question,
    answer,
    decision_table,
    opening_table,
    relation_table,
)
from tests.ledger.sharing.scenes import (
    CASES,
    JOINED,
    OPENINGS,
    POSITIONS,
    RELATIONS,
    STANDINGS,
    stage,
)

pytestmark = [pytest.mark.item("5.done.table"), pytest.mark.item("5.9")]

VCT: Final = "sample/v1"
#: A group of each tier, and ``state``, which no grant opens.
EACH_TIER: Final = (*((f"of_{tier}", tier) for tier in TIERS), ("state", "partner"))
#: What stands for everything that counts alike.
USUAL: Final = ("none", "granted", "delegated", "ordered")
Tiers = tuple[tuple[str, str], ...]


def everything() -> Iterator[Question]:
    """Every combination of the words of the tables."""
    yield from _combined(RELATIONS, OPENINGS)
    yield from _combined(RELATIONS, OPENINGS, of_auditors=True)


def all_that_differs() -> Iterator[Question]:
    """Every combination in which either the relation or what is opened is a usual one."""
    yield from _combined(("none",), OPENINGS)
    yield from _combined(RELATIONS[1:], USUAL)
    yield from _combined(("none", "in force"), USUAL, of_auditors=True)


def _combined(
    relations: tuple[str, ...], openings: tuple[str, ...], *, of_auditors: bool = False
) -> Iterator[Question]:
    for position in POSITIONS:
        reader = position | {"auditor"} if of_auditors else position
        for standing, joined, case, relation, opened in product(
            STANDINGS, JOINED, CASES, relations, openings
        ):
            yield Question(standing, reader, joined, case, relation, opened)


def differing(questions: Iterator[Question], vct: str, tiers: Tiers) -> list[str]:
    """Where decide() and the table differ: the first few places."""
    found = []
    groups = tuple(Group(_kind(group), tier) for group, tier in tiers)
    named = [
        *((name, group) for (name, _), group in zip(tiers, groups, strict=True)),
        *(("manifest", MANIFEST), ("address", ADDRESS), ("filing", FILING)),
    ]
    for question in questions:
        scene = stage(question, vct, tiers)
        decision = decide(scene.filed, scene.state, scene.reader, at_ms=scene.at_ms)
        said = {item.group: (item.is_readable, item.rule, item.needs) for item in decision.groups}
        told = answer(question, groups)
        expected = {name: told[group] for name, group in named}
        if said != expected:
            found.append(f"{question}: expected {expected}, found {said}")
    return found[:3]


def _kind(group: str) -> str:
    return "state" if group == "state" else "content"


@pytest.mark.item("5.2.rules")
@pytest.mark.item("5.bad.expired")
@pytest.mark.item("5.bad.clock-edges")
def test_each_tier_is_decided_as_the_table_says() -> None:
    assert differing(all_that_differs(), VCT, EACH_TIER) == []


@pytest.mark.long
def test_each_combination_is_decided_as_the_table_says() -> None:
    assert differing(everything(), VCT, EACH_TIER) == []


def spread(kind: RecordType) -> Iterator[Tiers]:
    """Tiers of a type's groups in which each group has each of its range once."""
    ranges = {
        name: TIERS[TIERS.index(rule.floor) : TIERS.index(rule.ceiling) + 1]
        for name, rule in kind.groups.items()
    }
    for turn in range(max(map(len, ranges.values()))):
        yield tuple((name, tiers[turn % len(tiers)]) for name, tiers in ranges.items())


def of_all_types() -> Iterator[tuple[str, Tiers]]:
    for kind in map(parse_record_type, business_types()):
        for tiers in spread(kind):
            yield kind.vct, tiers


def test_each_group_of_each_type_is_decided_as_the_table_says() -> None:
    for vct, tiers in of_all_types():
        questions = (
            Question(standing, reader, joined, case, relation, opened)
            for reader in POSITIONS
            for standing, joined, case, relation, opened in (
                ("member", "before", "none", "in force", "none"),
                ("member", "after", "open", "none", "granted"),
                ("member", "after", "none", "none", "delegated"),
                ("suspended", "before", "open", "in force", "granted"),
                ("stranger", "before", "none", "none", "ordered"),
            )
        )
        assert differing(questions, vct, tiers) == []


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_each_combination_of_each_type_is_decided_as_the_table_says() -> None:
    for vct, tiers in of_all_types():
        assert differing(all_that_differs(), vct, tiers) == []


def test_the_table_has_the_words_of_the_decision() -> None:
    rows = decision_table()
    assert {row["rule"] for row in rows} == set(RULES)
    assert {need for row in rows for need in row["needs"].split(", ") if need} == set(NEEDS)
    assert [row["row"] for row in rows] == [str(number + 1) for number in range(len(rows))]


def test_every_row_is_in_plain_words_of_two_languages() -> None:
    for row in (*decision_table(), *opening_table(), *relation_table()):
        assert row["in plain words"].isascii()
        assert not row["白话"].isascii()


def test_every_row_decides_something() -> None:
    """A row that an earlier one always hides says nothing."""
    asked = [
        Question(standing, reader, joined, case, relation, opened)
        for position in POSITIONS
        for reader in (position, position | {"auditor"})
        for standing, joined, case, relation, opened in product(
            STANDINGS, JOINED, CASES, ("none", "in force"), USUAL
        )
    ]
    each = tuple(Group(kind, tier) for kind in ("content", "state") for tier in TIERS[:3])
    groups = (*each, Group("content", "restricted"), Group("content", "sealed"))
    told = {item for question in asked for item in answer(question, groups).values()}
    rows = {(row["shown"] == "yes", row["rule"], row["needs"]) for row in decision_table()}
    assert {(shown, rule, ", ".join(needs)) for shown, rule, needs in told} == rows
