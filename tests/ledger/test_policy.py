"""Policies: ranges of tiers that narrow those of the types (docs/spec/governance.md, 3)."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import limits
from ledger.errors import MalformedDocument
from ledger.faults import Fault
from ledger.policy import (
    PolicyDocument,
    Purpose,
    Retention,
    TierRange,
    find_policy_faults,
    parse_policy_document,
)
from ledger.policy_errors import FloorAboveCeiling, PolicyContradiction
from ledger.record_type import TIERS, parse_record_type
from ledger.strict_json import encode_json
from tests.ledger.parties import a_consortium
from tests.ledger.sample_types import SAMPLE_VCT, sample_type_text

pytestmark = pytest.mark.item("2.3")

KEPT_VCT = "kept/v1"
_KEPT = parse_record_type(sample_type_text(vct=KEPT_VCT, retention_days=365))
TYPES = {**a_consortium().fold.types, KEPT_VCT: _KEPT}
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
        with pytest.raises(PolicyContradiction) as refusal:
            parse(a_policy(span))
        is_ordered = floor <= default <= ceiling
        assert (refusal.value.code == "policy-too-wide") == is_ordered
        assert (refusal.value.code == "floor-above-ceiling") == (floor > ceiling)


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
        a_policy(INSIDE, vct="x" * 9_000, group="y" * 9_000),
        a_policy({**INSIDE, "reason": "because"}),
        a_policy({**INSIDE, "reason": {}}),
        a_policy({**INSIDE, "reason": {"en": "a\u202eb"}}),
        {"types": {}, "purposes": {}},
        {"types": {}, "purposes": [{"code": "audit"}]},
        {"types": {}, "purposes": [{"code": "", "title": {"en": "Audit"}}]},
        {"types": {}, "retention": {SAMPLE_VCT: {}}},
        {"types": {}, "retention": {SAMPLE_VCT: {"days_min": -1}}},
        {"types": {}, "retention": {SAMPLE_VCT: {"days_min": "30"}}},
        {"types": {}, "title": "Shares"},
    ],
)
def test_a_document_of_another_form_is_refused(document: object) -> None:
    assert parse(a_policy(INSIDE))
    with pytest.raises(MalformedDocument, match="policy") as refusal:
        parse(document)
    assert len(str(refusal.value)) < 400


@pytest.mark.item("5.bad.floor-above-ceiling")
def test_a_floor_above_its_ceiling_is_refused_by_name_and_place() -> None:
    span = {**INSIDE, "ceiling": "partner"}
    assert parse(a_policy(span))
    with pytest.raises(FloorAboveCeiling) as refusal:
        parse(a_policy({**span, "floor": "restricted"}))
    pointer = "/types/sample-report~1v1/lot/floor"
    assert refusal.value.faults == (Fault(pointer, "at most partner, the ceiling", "restricted"),)
    assert refusal.value.code == "floor-above-ceiling"


AUDIT: Final[dict[str, Any]] = {"code": "audit", "title": {"en": "Audit", "zh": "审核"}}


@pytest.mark.item("5.bad.policy-contradiction")
@pytest.mark.parametrize(
    ("right", "wrong", "code", "pointer"),
    [
        (
            a_policy(INSIDE),
            a_policy({**INSIDE, "default": "public"}),
            "policy-contradiction",
            "/types/sample-report~1v1/lot/default",
        ),
        (
            a_policy({**INSIDE, "ceiling": "restricted"}),
            a_policy({**INSIDE, "ceiling": "sealed"}),
            "policy-too-wide",
            "/types/sample-report~1v1/lot/ceiling",
        ),
        (
            a_policy(INSIDE, group="note"),
            a_policy(INSIDE, group="nothing"),
            "policy-unknown-group",
            "/types/sample-report~1v1/nothing",
        ),
        (
            a_policy(INSIDE),
            a_policy(INSIDE, vct="unheard-of/v1"),
            "policy-unknown-group",
            "/types/unheard-of~1v1",
        ),
        (
            a_policy(INSIDE),
            a_policy(INSIDE, group="manifest"),
            "policy-unknown-group",
            "/types/sample-report~1v1/manifest",
        ),
        (
            {"types": {}, "purposes": [AUDIT, {**AUDIT, "code": "recall"}]},
            {"types": {}, "purposes": [AUDIT, AUDIT]},
            "policy-contradiction",
            "/purposes/1/code",
        ),
        (
            {"types": {}, "retention": {SAMPLE_VCT: {"days_min": 30, "days_max": 30}}},
            {"types": {}, "retention": {SAMPLE_VCT: {"days_min": 31, "days_max": 30}}},
            "policy-contradiction",
            "/retention/sample-report~1v1/days_min",
        ),
        (
            {"types": {}, "retention": {KEPT_VCT: {"days_min": 365}}},
            {"types": {}, "retention": {KEPT_VCT: {"days_min": 364}}},
            "policy-too-wide",
            "/retention/kept~1v1/days_min",
        ),
        (
            {"types": {}, "retention": {KEPT_VCT: {"days_max": 365}}},
            {"types": {}, "retention": {KEPT_VCT: {"days_max": 364}}},
            "policy-too-wide",
            "/retention/kept~1v1/days_max",
        ),
        (
            {"types": {}, "retention": {KEPT_VCT: {"days_max": 365}}},
            {"types": {}, "retention": {"unheard-of/v1": {"days_max": 365}}},
            "policy-unknown-group",
            "/retention/unheard-of~1v1",
        ),
    ],
)
def test_a_policy_that_contradicts_itself_or_the_types_is_refused(
    right: Any, wrong: Any, code: str, pointer: str
) -> None:
    assert parse(right)
    with pytest.raises(PolicyContradiction) as refusal:
        parse(wrong)
    assert refusal.value.code == code
    assert [fault.pointer for fault in refusal.value.faults] == [pointer]
    assert str(refusal.value).startswith(f"policy{pointer}: expected ")


def test_every_contradiction_is_found_at_once() -> None:
    document = a_policy({**INSIDE, "default": "public"}) | {"purposes": [AUDIT, AUDIT]}
    found = find_policy_faults(encode_json(document).decode(), TYPES)
    assert [item.code for item in found] == ["policy-contradiction"] * 2
    with pytest.raises(PolicyContradiction, match=r"\(and 1 more\)"):
        parse(document)


@pytest.mark.item("5.1")
def test_a_policy_says_purposes_retention_and_reasons() -> None:
    reasons = {"en": "A recipe is a trade secret", "zh": "配方属于商业秘密"}
    policy = parse(
        a_policy({**INSIDE, "reason": reasons})
        | {
            "title": {"en": "Default"},
            "purposes": [AUDIT],
            "retention": {SAMPLE_VCT: {"days_max": 3_650}},
        }
    )
    assert policy.ranges[SAMPLE_VCT, "lot"].reasons == reasons
    assert policy.purposes == (Purpose("audit", AUDIT["title"]),)
    assert policy.retention == {SAMPLE_VCT: Retention(None, 3_650)}
    assert policy.titles == {"en": "Default"}


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
