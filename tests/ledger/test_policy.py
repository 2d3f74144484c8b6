"""Policies: ranges of tiers that narrow those of the types (docs/spec/governance.md, 3)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import limits
from ledger.errors import MalformedDocument
from ledger.policy import PolicyDocument, TierRange, parse_policy_document
from ledger.record_type import TIERS
from ledger.strict_json import encode_json
from tests.ledger.parties import a_consortium
from tests.ledger.sample_types import SAMPLE_VCT

pytestmark = pytest.mark.item("2.3")

TYPES = a_consortium().fold.types
LOT = TYPES[SAMPLE_VCT].groups["lot"]
INSIDE = {"floor": "consortium", "default": "partner", "ceiling": "restricted"}


def parse(document: Any) -> PolicyDocument:
    return parse_policy_document(encode_json(document).decode(), TYPES)


def a_policy(span: Any, *, vct: str = SAMPLE_VCT, group: str = "lot") -> dict[str, Any]:
    return {"types": {vct: {group: span}}}


def test_a_policy_is_read_into_ranges_by_type_and_group() -> None:
    policy = parse(a_policy(INSIDE))
    expected = TierRange("consortium", "partner", "restricted")
    assert policy.ranges == {(SAMPLE_VCT, "lot"): expected}
    assert parse({"types": {}}).ranges == {}


@given(st.tuples(*[st.sampled_from(TIERS)] * 3))
def test_a_range_lies_in_order_inside_the_one_of_the_type(tiers: tuple[str, str, str]) -> None:
    floor, default, ceiling = (TIERS.index(tier) for tier in tiers)
    lowest, highest = TIERS.index(LOT.floor), TIERS.index(LOT.ceiling)
    span = dict(zip(("floor", "default", "ceiling"), tiers, strict=True))
    if lowest <= floor <= default <= ceiling <= highest:
        assert parse(a_policy(span)).ranges
    else:
        with pytest.raises(
            MalformedDocument, match=r"expected a range inside public\.\.restricted"
        ):
            parse(a_policy(span))


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"types": []},
        {"types": None},
        {"types": {}, "extra": 1},
        {"types": {SAMPLE_VCT: []}},
        a_policy([]),
        a_policy(None),
        a_policy({**INSIDE, "extra": "public"}),
        a_policy({name: INSIDE[name] for name in ("floor", "default")}),
        a_policy({**INSIDE, "floor": "secret"}),
        a_policy({**INSIDE, "floor": 1}),
        a_policy({**INSIDE, "floor": None}),
        # Values that cannot be members of a set, and one that equals nothing.
        a_policy({**INSIDE, "floor": ["public"]}),
        a_policy({**INSIDE, "floor": {}}),
        a_policy(INSIDE, vct="unheard-of/v1"),
        a_policy(INSIDE, group="nothing"),
        a_policy(INSIDE, group="manifest"),
        a_policy(INSIDE, vct="x" * 9_000, group="y" * 9_000),
    ],
)
def test_a_document_of_another_form_is_refused(document: object) -> None:
    assert parse(a_policy(INSIDE))
    with pytest.raises(MalformedDocument, match="policy") as refusal:
        parse(document)
    assert len(str(refusal.value)) < 400


@pytest.mark.parametrize("text", ["", "{", '{"types":{},"types":{}}', "[1.5]"])
def test_a_text_that_is_no_strict_json_is_refused(text: str) -> None:
    with pytest.raises(MalformedDocument, match="policy: expected"):
        parse_policy_document(text, TYPES)


def test_a_policy_has_at_most_its_bytes() -> None:
    text = '{"types":{}}'
    room = limits.DOCUMENT_BYTES_MAX - len(text)
    assert parse_policy_document(text + " " * room, TYPES).ranges == {}
    with pytest.raises(MalformedDocument, match="expected at most 245760 bytes, found 245761"):
        parse_policy_document(text + " " * (room + 1), TYPES)


def test_the_holder_of_a_key_may_be_narrowed_too() -> None:
    span = {"floor": "restricted", "default": "restricted", "ceiling": "restricted"}
    assert parse(a_policy(span, vct="key/v1", group="holder")).ranges


@pytest.mark.parametrize(
    ("tier", "outside"),
    [("public", True), ("consortium", False), ("restricted", False), ("sealed", True)],
)
def test_a_tier_outside_the_range_is_found(tier: str, outside: bool) -> None:
    policy = parse(a_policy(INSIDE))
    tiers = (("note", "public"), ("lot", tier))
    assert policy.find_outside(SAMPLE_VCT, tiers) == (("lot", tier) if outside else None)


def test_a_policy_speaks_of_the_groups_it_names_only() -> None:
    policy = parse(a_policy(INSIDE))
    assert policy.find_outside("other/v1", (("lot", "public"),)) is None
    assert policy.find_outside(SAMPLE_VCT, (("note", "sealed"),)) is None
    assert policy.find_outside(SAMPLE_VCT, ()) is None
