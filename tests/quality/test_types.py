"""The definitions: bounded, closed, local, labelled, and met by real records."""

from __future__ import annotations

import re
from collections.abc import Iterator

import jsonschema_rs
import pytest

from ledger import limits
from quality.types import business_types
from tests.quality.examples import (
    FILE,
    VCTS,
    Json,
    changed,
    definitions,
    example,
    minimal,
    validator,
)

pytestmark = pytest.mark.item("2.3")
TIERS = ("public", "consortium", "partner", "restricted", "sealed")
FINAL = {"act/v1", "model-card/v1", "model-decision/v1", "rule-limits/v1"}
MEMBERS = {
    *("vct", "title", "owner", "groups", "schema", "sd_length", "search", "blobs", "writers"),
    *("late_max_seconds", "retention_days", "labels", "consistency"),
}


def subschemas(schema: Json, place: str = "") -> Iterator[tuple[str, dict[str, Json]]]:
    """Every schema inside a schema, itself included, with its place."""
    if not isinstance(schema, dict):
        return
    yield place, schema
    for name in ("properties", "$defs"):
        for key, inner in schema.get(name, {}).items():
            yield from subschemas(inner, f"{place}/{name}/{key}")
    for position, inner in enumerate(schema.get("anyOf", ())):
        yield from subschemas(inner, f"{place}/anyOf/{position}")
    yield from subschemas(schema.get("items"), f"{place}/items")


EVERY_SCHEMA = [
    pytest.param(schema, id=f"{vct}{place}")
    for vct, definition in definitions().items()
    for place, schema in subschemas(definition["schema"])
]


def test_texts_come_in_a_fixed_order() -> None:
    assert tuple(definitions()) == VCTS
    assert business_types() == business_types()


@pytest.mark.parametrize("text", business_types(), ids=VCTS)
def test_a_definition_fits_inline_into_its_entry(text: str) -> None:
    assert len(text.encode()) <= limits.GOVERNANCE_INLINE_BYTES_MAX


@pytest.mark.parametrize("vct", VCTS)
def test_a_definition_has_exactly_the_members_of_the_specification(vct: str) -> None:
    assert definitions()[vct].keys() | {"consistency"} == MEMBERS


@pytest.mark.parametrize("schema", EVERY_SCHEMA)
def test_every_part_of_a_schema_is_bounded(schema: dict[str, Json]) -> None:
    assert "format" not in schema
    assert "$id" not in schema
    match schema.get("type"):
        case "object":
            assert schema["additionalProperties"] is False
            assert set(schema["required"]) <= set(schema["properties"])
        case "array":
            assert schema["maxItems"] > 0
        case "integer":
            assert 0 <= schema["minimum"] < schema["maximum"] <= limits.JSON_INTEGER_MAX
        case "string":
            assert "maxLength" in schema or re.fullmatch(
                r"\^\[[^]]+\](\{\d+\})?\$", schema["pattern"]
            )
        case "boolean":
            pass
        case kind:
            # Whatever else there is refers, chooses or enumerates: nothing is left open.
            assert {"$ref", "anyOf", "enum"} & schema.keys() or kind == "null"
            assert schema.get("$ref", "#/").startswith("#/$defs/") or "$ref" not in schema


def test_a_schema_that_refers_elsewhere_is_not_fetched() -> None:
    schema = changed(definitions()["parameter-upload/v1"], "/schema/$defs/code", {"$ref": "x:y"})
    with pytest.raises(ValueError, match="retriev"):
        jsonschema_rs.Draft202012Validator(schema["schema"], retriever=_refuse)


def _refuse(uri: str) -> Json:
    raise ValueError(f"no retrieval of {uri}")


@pytest.mark.parametrize("vct", VCTS)
def test_schema_and_groups_agree(vct: str) -> None:
    definition = definitions()[vct]
    groups, schema = definition["groups"], definition["schema"]
    assert list(schema["properties"]) == list(groups)
    assert schema["required"] == [g for g, rule in groups.items() if rule["cardinality"] == "1"]
    assert {rule["cardinality"] for rule in groups.values()} <= {"1", "0..1"}


@pytest.mark.parametrize("vct", VCTS)
def test_default_tier_lies_between_floor_and_ceiling(vct: str) -> None:
    for rule in definitions()[vct]["groups"].values():
        floor, default, ceiling = (
            TIERS.index(rule[name]) for name in ("floor", "default", "ceiling")
        )
        assert floor <= default <= ceiling
        # Sealing is not there yet: a default of sealed could not be filed.
        assert default < TIERS.index("sealed")


@pytest.mark.parametrize("vct", VCTS)
def test_sd_length_is_the_least_multiple_of_eight_that_holds_all_groups(vct: str) -> None:
    definition = definitions()[vct]
    wanted = 3 + len(definition["groups"])
    assert definition["sd_length"] % 8 == 0
    assert 0 <= definition["sd_length"] - wanted < 8


def test_a_parameter_upload_is_small() -> None:
    assert definitions()["parameter-upload/v1"]["sd_length"] == 8


@pytest.mark.parametrize("vct", VCTS)
def test_what_is_answered_or_followed_by_a_version_cannot_be_corrected(vct: str) -> None:
    correction = definitions()[vct]["groups"].get("correction")
    # What an act has put in force is ended by another act, a model is retired by a decision,
    # and rules have a next version: what others have rested on does not change under them.
    assert (correction is None) == (vct in FINAL)
    assert correction is None or correction["cardinality"] == "0..1"


@pytest.mark.parametrize("vct", VCTS)
def test_late_records_are_bounded_by_the_log(vct: str) -> None:
    assert definitions()[vct]["late_max_seconds"] <= limits.IAT_BEHIND_SECONDS_MAX


def field_at(schema: dict[str, Json], pointer: str) -> dict[str, Json] | None:
    """The schema of the field that a label or search pointer names."""
    place: Json = schema
    for name in pointer.split("/")[1:]:
        place = place.get("items") if name == "*" else place.get("properties", {}).get(name)
        if place is None:
            return None
        if "$ref" in place:
            place = schema["$defs"][place["$ref"].rpartition("/")[2]]
    found: dict[str, Json] = place
    return found


@pytest.mark.parametrize("vct", VCTS)
def test_every_label_names_a_field_in_both_languages(vct: str) -> None:
    definition = definitions()[vct]
    titles = [definition["title"], *(rule["title"] for rule in definition["groups"].values())]
    for pointer, label in definition["labels"].items():
        assert field_at(definition["schema"], pointer) is not None, pointer
        titles.append(label)
    for title in titles:
        assert title.keys() == {"en", "zh"}
        assert re.search(r"[\u4e00-\u9fff]|^[A-Z]", title["zh"])
        assert title["en"].isascii()


@pytest.mark.parametrize("vct", VCTS)
def test_every_group_has_a_label_inside(vct: str) -> None:
    definition = definitions()[vct]
    labelled = {pointer.split("/")[1] for pointer in definition["labels"]}
    assert labelled == set(definition["groups"])


@pytest.mark.parametrize("vct", VCTS)
def test_search_pointers_name_texts(vct: str) -> None:
    definition = definitions()[vct]
    assert definition["search"][0] == "/filing/number"
    for pointer in definition["search"][1:]:
        field = field_at(definition["schema"], pointer)
        assert field is not None, pointer
        assert field.get("type") == "string" or "enum" in field


@pytest.mark.parametrize("vct", VCTS)
def test_blob_pointers_name_files(vct: str) -> None:
    definition = definitions()[vct]
    for pointer in definition["blobs"]:
        files = field_at(definition["schema"], pointer)
        assert files is not None
        assert files["items"] == {"$ref": "#/$defs/file"}
    file = definition["schema"]["$defs"].get("file")
    assert bool(definition["blobs"]) == bool(file)
    if file:
        assert set(file["required"]) == set(FILE) == set(file["properties"])
        assert file["properties"]["bytes"]["maximum"] == limits.BLOB_BYTES_MAX


@pytest.mark.parametrize("vct", VCTS)
def test_an_example_with_every_group_is_valid(vct: str) -> None:
    groups = example(vct)
    assert list(validator(vct).iter_errors(groups)) == []
    assert groups.keys() == definitions()[vct]["groups"].keys()


@pytest.mark.parametrize("vct", VCTS)
def test_the_required_groups_alone_are_valid_and_none_can_be_missing(vct: str) -> None:
    rules = definitions()[vct]["groups"]
    least = {g: v for g, v in example(vct).items() if rules[g]["cardinality"] == "1"}
    assert validator(vct).is_valid(least)
    for group in least:
        assert not validator(vct).is_valid(changed(least, f"/{group}", ...))


@pytest.mark.parametrize("vct", VCTS)
def test_an_example_with_nothing_optional_is_valid(vct: str) -> None:
    assert list(validator(vct).iter_errors(minimal(vct))) == []


@pytest.mark.parametrize("vct", VCTS)
def test_an_unknown_group_or_member_is_refused(vct: str) -> None:
    groups = example(vct)
    assert not validator(vct).is_valid({**groups, "extra": {}})
    for group, value in groups.items():
        member = f"/{group}/0/extra" if isinstance(value, list) else f"/{group}/extra"
        assert not validator(vct).is_valid(changed(groups, member, "x")), group


DECIMAL = "/lot/quantity"
INSTANT = "/verdict/decided_at"
DAY = "/lot/received_on"


@pytest.mark.parametrize(
    ("pointer", "allowed", "refused"),
    [
        (DECIMAL, "500", 500),
        (DECIMAL, "0.50", "00.50"),
        (DECIMAL, "-1.5", "-.5"),
        (DECIMAL, "1.0", "1."),
        (DECIMAL, "10", "1e1"),
        (DECIMAL, "1" * 36, "1" * 37),
        (DECIMAL, "1", "1\n"),
        (DECIMAL, "1", "١"),
        (INSTANT, "2026-11-20T09:30:00+08:00", "2026-11-20T09:30:00"),
        (INSTANT, "2026-11-20T09:30:00.123456Z", "2026-11-20T09:30:00.1234567Z"),
        (INSTANT, "2026-11-20T23:59:59Z", "2026-11-20T24:00:00Z"),
        (INSTANT, "2026-11-20T23:59:59Z", "2026-11-20T23:59:60Z"),
        (INSTANT, "2024-02-29T00:00:00Z", "2026-02-29T00:00:00Z"),
        (INSTANT, "2026-11-20T09:30:00-05:00", "2026-11-20T09:30:00-0500"),
        (DAY, "2026-04-30", "2026-04-31"),
        (DAY, "2000-02-29", "2100-02-29"),
        (DAY, "2026-12-01", "2026-13-01"),
        ("/lot/number", "批号-42", ""),
        ("/lot/number", "x" * 64, "x" * 65),
        ("/lot/number", "a b", "a\nb"),
        ("/lot/supplier", "did:web:log.example%3A8080:parties:a-b", "did:key:z6Mk"),
        ("/verdict/remark", "第一行\n第二行", "x" * 4001),
        ("/verdict/decision", "reject", "rejected"),
        ("/plan/letter_used", "K", "I"),
        ("/plan/sample", 80, -1),
        ("/plan/sample", 80, 80.5),
        ("/plan/classes/0/aql", None, 0),
        ("/measurements/characteristics/0/upper", None, ""),
        ("/evidence/files/0/media_type", "image/jpeg", "image/jpeg; charset=x"),
        ("/evidence/files/0/sha256", "A" * 43, "A" * 42),
        ("/evidence/files/0/bytes", 0, limits.BLOB_BYTES_MAX + 1),
    ],
)
def test_a_schema_tells_one_form_from_the_other(pointer: str, allowed: Json, refused: Json) -> None:
    groups, schema = example("inspection-report/v1"), validator("inspection-report/v1")
    assert schema.is_valid(changed(groups, pointer, allowed))
    assert not schema.is_valid(changed(groups, pointer, refused))
