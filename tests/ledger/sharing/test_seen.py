"""What another party sees of many records, counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ledger.sharing.decision import ANYONE
from ledger.sharing.seen import Basis, SeenGroup, see_as
from tests.ledger.sharing.reference import Question
from tests.ledger.sharing.scenes import NOW_MS, stage

VCT: Final = "sample/v1"
QUESTION: Final = Question("member", frozenset(), "before", "none", "none", "none")
SCENE: Final = stage(QUESTION, VCT, (("lot", "public"), ("values", "partner")))


def seen(*tiers: str) -> dict[str, SeenGroup]:
    """The groups of records of which the values have these tiers, as anyone sees them."""
    stated = ((("lot", "public"), ("values", tier)) for tier in tiers)
    records = [replace(SCENE.filed, tiers=of) for of in stated]
    return {item.group: item for item in see_as(records, SCENE.state, ANYONE, at_ms=NOW_MS)}


def test_records_are_counted_by_the_rule_that_shows_them() -> None:
    found = seen("partner", "public", "restricted")["values"]
    assert (found.records, found.shown) == (3, 1)
    assert found.grounds == (Basis("public", None, 1),)


def test_tiers_are_told_widest_first() -> None:
    found = seen("sealed", "restricted", "partner", "public", "consortium")["values"]
    assert found.tiers == ("public", "consortium", "partner", "restricted", "sealed")


def test_needs_are_told_in_the_order_of_a_decision() -> None:
    found = seen("sealed", "partner")["values"]
    assert found.needs == ("membership", "relation", "grant", "sealing-key")


def test_which_groups_a_record_has_is_not_told() -> None:
    assert seen("partner").keys() == {"lot", "values", "manifest", "address", "filing"}
    assert seen("partner")["filing"].tiers == ("filing",)
