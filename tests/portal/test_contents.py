"""How the values of a record become fields, tables and lists."""

from __future__ import annotations

from typing import Any

import pytest

from portal.contents import Fields, Inline, Listing, Node, Reading, Scalar, Table
from portal.limits import COLUMNS_MAX, DEPTH_SHOWN_MAX, ITEMS_SHOWN_MAX, LONG_TEXT_CHARACTERS
from portal.messages import Words
from portal.names import NO_LABELS, Labels, Name
from tests.portal.small_log import SUPPLIER, SmallLog

pytestmark = pytest.mark.item("2.8")

LABELS = Labels(
    {"lot": {"en": "Lot", "zh": "批次"}},
    {
        "/lot/number": {"en": "Lot number", "zh": "批号"},
        "/lot/rows/*/value": {"zh": "值"},
    },
)


@pytest.fixture
def reading(small_log: SmallLog, english: Words) -> Reading:
    """Reads values with a few labels, in English."""
    return Reading(LABELS, small_log.ledger.fold, english)


def field_of(node: Node, position: int = 0) -> tuple[Name, Node]:
    """A field of an object, as label and value."""
    assert isinstance(node, Fields)
    found = node.fields[position]
    return found.label, found.value


def test_a_decimal_keeps_its_zeros(reading: Reading) -> None:
    assert reading.read("1.20", "/lot/size") == Scalar("text", "1.20")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, Scalar("number", "0")),
        (-12, Scalar("number", "-12")),
        (True, Scalar("boolean", "yes")),
        (False, Scalar("boolean", "no")),
        (None, Scalar("absent", "none")),
        ({}, Scalar("absent", "empty")),
        ("", Scalar("text", "")),
    ],
)
def test_plain_values_are_told_apart(value: Any, expected: Scalar, reading: Reading) -> None:
    assert reading.read(value, "/lot/x") == expected


def test_a_label_comes_from_the_type_then_from_the_portal_then_from_the_log(
    reading: Reading,
) -> None:
    node = reading.read({"number": "L1", "remark": "ok", "oddity": "1"}, "/lot")
    assert [field_of(node, n)[0].text for n in range(3)] == ["Lot number", "Remark", "oddity"]


def test_a_label_in_another_language_says_so(reading: Reading) -> None:
    table = reading.read([{"value": "1.0"}], "/lot/rows")
    assert isinstance(table, Table)
    assert table.columns == (Name("值", "zh-CN"),)


def test_a_code_keeps_its_value_and_gets_its_words_beside_it(reading: Reading) -> None:
    found = reading.read("accept", "/verdict/decision")
    assert found == Scalar("text", "accept", Name("accepted"))
    assert reading.read("accept", "/lot/decision") == Scalar("text", "accept")


def test_a_member_is_called_by_name_beside_its_did(reading: Reading, small_log: SmallLog) -> None:
    did = small_log.consortium.parties[SUPPLIER].did
    assert reading.read(did, "/lot/supplier") == Scalar("text", did, Name("汉风传动", "zh-CN"))
    assert reading.read(did + "x", "/lot/supplier") == Scalar("text", did + "x")


def test_only_fields_that_hold_record_ids_lead_to_records(reading: Reading) -> None:
    digest = "A" * 43
    assert reading.read(digest, "/of") == Scalar("record", digest)
    assert reading.read(digest, "/sha256") == Scalar("text", digest)
    assert reading.read("A" * 42 + "B", "/of") == Scalar("text", "A" * 42 + "B")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("x" * LONG_TEXT_CHARACTERS, "text"),
        ("x" * (LONG_TEXT_CHARACTERS + 1), "long"),
        ("two\nlines", "long"),
    ],
)
def test_a_long_text_is_folded_away(text: str, kind: str, reading: Reading) -> None:
    assert reading.read(text, "/lot/note") == Scalar(kind, text)


def test_objects_of_plain_values_become_a_table(reading: Reading) -> None:
    table = reading.read([{"a": "1", "b": 2}, {"b": None}], "/lot/rows")
    assert isinstance(table, Table)
    assert [column.text for column in table.columns] == ["a", "b"]
    assert table.rows == (
        (Scalar("text", "1"), Scalar("number", "2")),
        (None, Scalar("absent", "none")),
    )


@pytest.mark.parametrize("columns", [COLUMNS_MAX, COLUMNS_MAX + 1])
def test_too_many_columns_are_read_one_below_the_other(columns: int, reading: Reading) -> None:
    node = reading.read([{f"c{n}": "1" for n in range(columns)}], "/lot/rows")
    assert isinstance(node, Table if columns <= COLUMNS_MAX else Listing)


def test_plain_values_stand_side_by_side(reading: Reading) -> None:
    assert reading.read(["a", 1], "/lot/tags") == Inline(
        (Scalar("text", "a"), Scalar("number", "1")), 0
    )


@pytest.mark.parametrize("extra", [0, 1, 900])
@pytest.mark.parametrize("item", ["1.0", {"value": "1.0"}, {"value": {"deep": "1"}}])
def test_what_is_left_out_is_counted(extra: int, item: Any, reading: Reading) -> None:
    node = reading.read([item] * (ITEMS_SHOWN_MAX + extra), "/lot/rows")
    assert isinstance(node, Inline | Table | Listing)
    assert node.left_out == extra


def nested(depth: int) -> dict[str, Any]:
    """An object of objects, ``depth`` of them."""
    return {"x": nested(depth - 1)} if depth > 1 else {"x": "1"}


@pytest.mark.parametrize(
    ("depth", "kind"), [(DEPTH_SHOWN_MAX, Fields), (DEPTH_SHOWN_MAX + 1, Scalar)]
)
def test_what_is_nested_too_deeply_is_folded_away_as_json(
    depth: int, kind: type[Node], reading: Reading
) -> None:
    _, value = field_of(reading.read({"outer": nested(depth)}, ""))
    assert isinstance(value, kind)


def test_without_a_type_names_are_those_on_the_log(small_log: SmallLog, english: Words) -> None:
    reading = Reading(NO_LABELS, small_log.ledger.fold, english)
    assert field_of(reading.read({"strange_name": "1"}, "/group"))[0] == Name("strange_name")
