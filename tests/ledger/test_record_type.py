"""Definitions of record types: what they may say, and what follows from them."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import pytest

from keys.encoding import encode_base64url
from ledger import limits
from ledger.errors import MalformedType
from ledger.record import GOVERNANCE_VCTS
from ledger.record_type import (
    CLOSED_GROUPS,
    ROLES,
    GroupRule,
    WriterSide,
    builtin_governance_types,
    document_digest,
    parse_record_type,
)
from ledger.schema_faults import find_faults
from ledger.strict_json import encode_json
from quality.types import business_types
from tests.ledger.sample_types import REMOVED, SAMPLE_VCT, sample_definition, sample_type_text

pytestmark = pytest.mark.item("2.3")

RULE = {"cardinality": "1", "floor": "public", "default": "partner", "ceiling": "restricted"}
KIND = parse_record_type(sample_type_text())


def groups_with(**rules: object) -> dict[str, Any]:
    groups = sample_definition()["groups"] | rules
    return {name: rule for name, rule in groups.items() if rule is not REMOVED}


def schema_with(**members: object) -> dict[str, Any]:
    schema = sample_definition()["schema"] | members
    return {name: value for name, value in schema.items() if value is not REMOVED}


def properties_with(**properties: object) -> dict[str, Any]:
    merged = sample_definition()["schema"]["properties"] | properties
    return {name: value for name, value in merged.items() if value is not REMOVED}


A_SIDE: Final = {"relation": "supply", "side": "provider"}


def test_a_definition_is_read_into_a_type() -> None:
    text = sample_type_text()
    assert KIND.vct == SAMPLE_VCT
    assert KIND.name == "sample-report"
    assert KIND.groups["lot"] == GroupRule(True, "public", "partner", "restricted")
    assert not KIND.groups["note"].required
    assert KIND.digests == 8
    assert KIND.writer_roles == {"supplier", "laboratory"}
    assert (KIND.text, KIND.sha256) == (text, document_digest(text))
    assert KIND.sha256 == encode_base64url(hashlib.sha256(text.encode()).digest())
    assert KIND.body_validator is None


def test_members_that_are_absent_have_the_values_of_the_specification() -> None:
    optional = ("search", "blobs", "writers", "owner", "late_max_seconds")
    kind = parse_record_type(sample_type_text(**dict.fromkeys(optional, REMOVED)))
    assert kind.search == kind.blobs == ()
    assert kind.writer_roles == {
        *("oem", "supplier", "certifier", "laboratory", "auditor", "operator")
    }
    assert kind.owner == "issuer"
    assert kind.late_max_seconds == 30 * 24 * 3600


@pytest.mark.parametrize("text", business_types())
def test_the_types_of_the_trade_are_right(text: str) -> None:
    assert not parse_record_type(text).governs


@pytest.mark.item("4.3.sides")
def test_side_of_a_writer_is_read_and_is_for_business_types_alone() -> None:
    sided = parse_record_type(sample_type_text(writers={"side": A_SIDE}))
    assert sided.writer_side == WriterSide("supply", "provider")
    assert sided.writer_roles == set(ROLES)
    assert KIND.writer_side is None
    governing = {name: value for name, value in sample_definition().items() if name != "groups"}
    governing |= {"vct": "policy/v1", "schema": {"type": "object"}, "search": [], "blobs": []}
    assert parse_record_type(encode_json(governing).decode()).writer_side is None
    governing |= {"writers": {"side": A_SIDE}}
    with pytest.raises(MalformedType, match=r"writers\.side in business types only"):
        parse_record_type(encode_json(governing).decode())


def test_the_governance_types_are_those_of_the_specification() -> None:
    kinds = builtin_governance_types()
    assert {kind.vct for kind in kinds} == GOVERNANCE_VCTS
    assert all(kind.governs and kind.body_validator for kind in kinds)
    assert {kind.vct: kind.digests for kind in kinds if kind.digests} == {"key/v1": 4}
    assert builtin_governance_types() is kinds


@pytest.mark.parametrize(
    ("member", "allowed", "refused"),
    [
        ("vct", "ab-9/v10", "ab/v0"),
        ("vct", "ab/v1", "a/v1"),
        ("vct", "ab/v1", "ab/v1\n"),
        ("vct", "ab/v1", REMOVED),
        ("title", {"en": "x"}, {"en": ""}),
        ("title", {"en": "x"}, {"en": 5}),
        ("title", {"en": "x" * 200}, {"en": "x" * 201}),
        ("title", {f"l{n}": "x" for n in range(8)}, {f"l{n}": "x" for n in range(9)}),
        ("title", {"en": "x"}, REMOVED),
        ("schema", schema_with(), REMOVED),
        ("sd_length", 8, 7),
        ("sd_length", 128, 129),
        ("sd_length", 8, REMOVED),
        ("search", ["/lot/number"], ["lot/number"]),
        ("search", ["/lot/number"], ["/lot//number"]),
        ("search", ["/lot/number"], [""]),
        ("search", ["/" + "x" * 80], ["/" + "x" * 81]),
        ("search", ["/a" * 8], ["/a" * 9]),
        ("search", ["/a"] * 16, ["/a"] * 17),
        ("blobs", ["/evidence"], ["evidence"]),
        ("writers", {"roles": ["oem"]}, {"roles": []}),
        ("writers", {"roles": ["oem"]}, {"roles": ["owner"]}),
        ("writers", {"roles": ["oem"]}, {"roles": ["oem"], "parties": []}),
        ("writers", {"roles": ["oem"]}, {}),
        ("writers", {"side": A_SIDE}, {"side": A_SIDE | {"relation": "friendship"}}),
        ("writers", {"side": A_SIDE}, {"side": A_SIDE | {"side": "owner"}}),
        ("writers", {"side": A_SIDE}, {"side": {"side": "provider"}}),
        ("writers", {"side": A_SIDE, "roles": ["oem"]}, {"side": A_SIDE, "roles": []}),
        ("owner", "subject", "signer"),
        ("late_max_seconds", 31_536_000, 31_536_001),
        ("late_max_seconds", 0, -1),
        ("retention_days", 36_500, 36_501),
        ("labels", {"/lot": {"en": "Lot"}}, {"/lot": "Lot"}),
        ("group_schema", REMOVED, {"type": "object"}),
        ("state", REMOVED, {}),
    ],
)
def test_each_member_of_a_definition_has_one_form(
    member: str, allowed: object, refused: object
) -> None:
    assert parse_record_type(sample_type_text(**{member: allowed}))
    with pytest.raises(MalformedType):
        parse_record_type(sample_type_text(**{member: refused}))


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("lot", {**RULE, "cardinality": "2"}),
        ("lot", {**RULE, "cardinality": 1}),
        ("lot", {**RULE, "floor": "secret"}),
        ("lot", {**RULE, "floor": "restricted"}),
        ("lot", {**RULE, "default": "sealed"}),
        ("lot", {**RULE, "extra": 1}),
        ("lot", {key: value for key, value in RULE.items() if key != "ceiling"}),
        ("lot", None),
    ],
)
def test_the_rule_of_a_group_has_one_form(name: str, rule: object) -> None:
    assert parse_record_type(sample_type_text(groups=groups_with(**{name: RULE})))
    with pytest.raises(MalformedType):
        parse_record_type(sample_type_text(groups=groups_with(**{name: rule})))


@pytest.mark.parametrize(
    "name", [*CLOSED_GROUPS, "iss", "body", "_sd", "...", "Lot", "a-b", "", "x" * 41]
)
def test_a_group_has_the_name_of_a_group(name: str) -> None:
    def with_group(group: str) -> str:
        return sample_type_text(
            groups=groups_with(**{group: {**RULE, "cardinality": "0..1"}}),
            schema=schema_with(properties=properties_with(**{group: {"type": "null"}})),
            sd_length=16,
        )

    assert "extra" in parse_record_type(with_group("extra")).groups
    with pytest.raises(MalformedType, match="expected a group name, found"):
        parse_record_type(with_group(name))


@pytest.mark.parametrize(
    "members",
    [
        {"properties": properties_with(note=REMOVED)},
        {"properties": properties_with(extra=True)},
        {"properties": REMOVED},
        {"required": []},
        {"required": ["lot", "note"]},
        {"required": REMOVED},
        {"type": "array", "maxItems": 9},
        {"type": ["object", "null"]},
        {"type": REMOVED},
        {"additionalProperties": True},
        {"additionalProperties": REMOVED},
        # What jsonschema cannot even read must be refused by us first.
        {"properties": ["lot", "note", "values", "evidence", "correction"]},
        {"required": "lot"},
        {"required": ["lot", 1]},
    ],
)
def test_the_schema_describes_exactly_the_groups(members: dict[str, Any]) -> None:
    assert parse_record_type(sample_type_text(schema=schema_with()))
    with pytest.raises(MalformedType):
        parse_record_type(sample_type_text(schema=schema_with(**members)))


@pytest.mark.parametrize(
    "lot",
    [
        {"type": "string"},
        {"type": "array"},
        {"type": "number"},
        {"type": "string", "format": "date"},
        {"$ref": "https://example.org/lot.json"},
        {"$ref": "#/$defs/nowhere"},
        {"type": "string", "pattern": "^(?=a)b$"},
    ],
)
def test_a_schema_without_bounds_or_with_far_references_is_refused(lot: dict[str, Any]) -> None:
    def with_lot(schema: dict[str, Any]) -> str:
        return sample_type_text(schema=schema_with(properties=properties_with(lot=schema)))

    assert parse_record_type(with_lot({"type": "string", "maxLength": 9}))
    with pytest.raises(MalformedType, match="schema"):
        parse_record_type(with_lot(lot))


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{", '{"vct":"a","vct":"b"}', '{"a":1.5}', "{}"]
)
def test_a_text_that_is_no_definition_is_refused(text: str) -> None:
    with pytest.raises(MalformedType, match="definition"):
        parse_record_type(text)


def test_a_definition_has_at_most_its_bytes() -> None:
    text = sample_type_text()
    most = limits.DOCUMENT_BYTES_MAX
    assert parse_record_type(text + " " * (most - len(text.encode()))).vct == SAMPLE_VCT
    with pytest.raises(MalformedType, match=f"expected at most {most} bytes"):
        parse_record_type(text + " " * (most - len(text.encode()) + 1))


def test_white_space_makes_another_definition() -> None:
    assert parse_record_type(sample_type_text() + "\n").sha256 != KIND.sha256


def test_a_refusal_stays_short_whatever_the_definition_says() -> None:
    for members in ({"x" * 50_000: 1}, {"vct": "x" * 50_000}, {"search": ["x" * 50_000]}):
        with pytest.raises(MalformedType) as refusal:
            parse_record_type(sample_type_text(**members))
        assert len(str(refusal.value)) < 700


# ---- what the compiled schema asks of the closed groups (record.md, section 5) ----

DID = "did:web:log.example:parties:acme"
ID = "A" * 43
MANIFEST: dict[str, Any] = {
    "owner": DID,
    "subject": None,
    "corrects": None,
    "groups": {name: rule.default for name, rule in KIND.groups.items()},
}
ADDRESS: dict[str, Any] = {
    "to": [],
    "case": None,
    "family": None,
    "links": {"answers": [], "endorses": [], "cites": []},
}
FILING: dict[str, Any] = {"present": ["lot"], "number": None, "notes": None}
RIGHT: dict[str, Any] = {
    "manifest": MANIFEST,
    "address": ADDRESS,
    "filing": FILING,
    "lot": {"number": "1", "pieces": 1},
}


def pointers(values: dict[str, Any]) -> list[str]:
    return [fault.pointer for fault in find_faults(KIND.groups_validator, values)]


@pytest.mark.parametrize(
    ("group", "member", "allowed", "refused"),
    [
        ("manifest", "owner", "x" * 640, "x" * 641),
        ("manifest", "owner", DID, None),
        ("manifest", "owner", DID, ""),
        ("manifest", "subject", DID, 5),
        ("manifest", "corrects", ID, ID[:-1]),
        ("manifest", "corrects", ID, ID[:-1] + "B"),
        ("address", "to", [f"d{n}" for n in range(32)], [f"d{n}" for n in range(33)]),
        ("address", "to", [DID], [DID, DID]),
        ("address", "to", [], None),
        ("address", "case", ID, "B" * 43),
        ("address", "family", "f" * 64, "f" * 65),
        ("address", "family", "f", ""),
        ("filing", "number", "n" * 64, "n" * 65),
        ("filing", "number", None, ""),
        ("filing", "notes", "n" * 2000, "n" * 2001),
        ("filing", "present", [], None),
        ("filing", "present", ["x"] * 64, ["x"] * 65),
    ],
)
def test_a_closed_group_has_one_form(
    group: str, member: str, allowed: object, refused: object
) -> None:
    def with_member(value: object) -> dict[str, Any]:
        return RIGHT | {group: RIGHT[group] | {member: value}}

    assert pointers(with_member(allowed)) == []
    assert pointers(with_member(refused)) == [f"/{group}/{member}"]


@pytest.mark.parametrize("name", ["answers", "endorses", "cites"])
def test_links_are_record_ids(name: str) -> None:
    def with_links(value: object) -> dict[str, Any]:
        return RIGHT | {"address": ADDRESS | {"links": ADDRESS["links"] | {name: value}}}

    assert pointers(with_links([ID] * 64)) == []
    assert pointers(with_links([ID] * 65)) == [f"/address/links/{name}"]
    assert pointers(with_links([ID, ID[:-1] + "B"])) == [f"/address/links/{name}/1"]


@pytest.mark.parametrize("group", CLOSED_GROUPS)
def test_the_closed_groups_are_closed_and_complete(group: str) -> None:
    assert pointers(RIGHT) == []
    assert pointers(RIGHT | {group: RIGHT[group] | {"extra": 1}}) == [f"/{group}/extra"]
    for member in RIGHT[group]:
        less = {name: value for name, value in RIGHT[group].items() if name != member}
        assert pointers(RIGHT | {group: less}) == [f"/{group}/{member}"]
    assert pointers({name: RIGHT[name] for name in RIGHT if name != group}) == [f"/{group}"]


@pytest.mark.parametrize(
    ("group", "tier", "accepted"),
    [
        ("lot", "public", True),
        ("lot", "restricted", True),
        ("lot", "sealed", False),
        ("values", "sealed", True),
        ("values", "consortium", False),
        ("values", "secret", False),
        ("values", 3, False),
    ],
)
def test_a_tier_lies_inside_the_range_of_its_group(group: str, tier: str, accepted: bool) -> None:
    tiers = MANIFEST["groups"] | {group: tier}
    found = pointers(RIGHT | {"manifest": MANIFEST | {"groups": tiers}})
    assert found == ([] if accepted else [f"/manifest/groups/{group}"])


def test_the_manifest_names_every_group_of_the_type_and_no_other() -> None:
    for name in KIND.groups:
        less = {key: tier for key, tier in MANIFEST["groups"].items() if key != name}
        assert pointers(RIGHT | {"manifest": MANIFEST | {"groups": less}}) == [
            f"/manifest/groups/{name}"
        ]
    more = MANIFEST["groups"] | {"extra": "public"}
    assert pointers(RIGHT | {"manifest": MANIFEST | {"groups": more}}) == ["/manifest/groups/extra"]
