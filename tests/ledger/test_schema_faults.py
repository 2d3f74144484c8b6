"""The faults of an instance: every one, with its place and what belongs there."""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import pytest

from ledger import limits
from ledger.faults import Fault
from ledger.schema_faults import abbreviate, find_faults
from ledger.schema_rules import compile_schema

pytestmark = [pytest.mark.item("2.3"), pytest.mark.item("2.bad.schema-faults")]

TEXT = {"type": "string", "minLength": 2, "maxLength": 3, "pattern": "^a"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["text", "many"],
    "properties": {
        "text": TEXT,
        "many": {"type": "array", "minItems": 1, "maxItems": 3, "uniqueItems": True, "items": TEXT},
        "count": {"type": "integer", "minimum": 1, "maximum": 9, "multipleOf": 3},
        "open": {"exclusiveMinimum": 1, "exclusiveMaximum": 9},
        "pick": {"enum": ["x", None, 1]},
        "one": {"const": {"a": 1}},
        "maybe": {"type": ["string", "null"], "maxLength": 2},
        "either": {"anyOf": [{"$ref": "#/$defs/inner"}, {"type": "null"}]},
        "other": {"oneOf": [{"type": "integer", "minimum": 1}, {"const": "majority"}]},
        "never": False,
        "not": {"not": {"const": 5}},
        "few": {"minProperties": 1, "maxProperties": 2},
        "a/b~c": {"type": "boolean"},
    },
    "additionalProperties": False,
    "$defs": {
        "inner": {
            "type": "object",
            "required": ["x"],
            "properties": {"x": TEXT},
            "additionalProperties": False,
        }
    },
}
VALIDATOR = compile_schema(SCHEMA)
KNOWN = f"no member of this name (known: {', '.join(SCHEMA['properties'])})"
RIGHT: dict[str, Any] = {"text": "ab", "many": ["ab"]}


def faults(**members: Any) -> set[tuple[str, str, str]]:
    found = find_faults(VALIDATOR, RIGHT | members)
    return {(fault.pointer, fault.expected, fault.found) for fault in found}


def test_what_meets_the_schema_has_no_fault() -> None:
    assert find_faults(VALIDATOR, RIGHT) == ()


@pytest.mark.parametrize(
    ("members", "pointer", "expected", "found"),
    [
        ({"text": 5}, "/text", 'a text: write "5"', "5"),
        ({"text": "a"}, "/text", "at least 2 characters", '"a"'),
        ({"text": "abcd"}, "/text", "at most 3 characters", '"abcd"'),
        ({"text": "ba"}, "/text", "a text in another form", '"ba"'),
        ({"many": []}, "/many", "at least 1 elements", "an array of 0 elements"),
        ({"many": ["aa", "ab", "ac", "ad"]}, "/many", "at most 3 elements", "an array of 4 elem"),
        ({"many": ["aa", "aa"]}, "/many", "no element twice", "an array of 2 elements"),
        ({"many": ["aa", None]}, "/many/1", "a text", "null"),
        ({"count": 0}, "/count", "at least 1", "0"),
        ({"count": 12}, "/count", "at most 9", "12"),
        ({"count": 4}, "/count", "a multiple of 3", "4"),
        ({"count": True}, "/count", "a whole number", "true"),
        ({"open": 1}, "/open", "more than 1", "1"),
        ({"open": 9}, "/open", "less than 9", "9"),
        ({"pick": "y"}, "/pick", "one of x, null, 1", '"y"'),
        ({"one": 1}, "/one", "an object of 1 members", "1"),
        ({"maybe": 1}, "/maybe", 'null or a text: write "1"', "1"),
        ({"either": {"x": "ba"}}, "/either/x", "a text in another form", '"ba"'),
        ({"either": {}}, "/either/x", "a value", "none"),
        ({"either": 1}, "/either", "an object or null", "1"),
        ({"other": 0}, "/other", "at least 1 or majority", "0"),
        ({"other": None}, "/other", "majority", "null"),
        ({"never": 1}, "/never", "another value", "1"),
        ({"not": 5}, "/not", "another value", "5"),
        ({"few": {}}, "/few", "at least 1 members", "an object of 0 members"),
        ({"few": {"a": 1, "b": 1, "c": 1}}, "/few", "at most 2 members", "an object of 3 members"),
        ({"a/b~c": 1}, "/a~1b~0c", "true or false", "1"),
        ({"extra": 1}, "/extra", KNOWN, "extra"),
        ({"": 1}, "/", KNOWN, ""),
        ({"x/y": 1}, "/x~1y", KNOWN, "x/y"),
    ],
)
def test_a_fault_names_place_expectation_and_finding(
    members: dict[str, Any], pointer: str, expected: str, found: str
) -> None:
    ((place, words, value),) = faults(**members)
    assert (place, words) == (pointer, expected)
    assert value.startswith(found)


def test_every_fault_is_told_and_not_only_the_first() -> None:
    wrong = {"text": 1, "many": ["ab", "b", 2], "count": 10, "extra": 0, "more": 0}
    found = find_faults(VALIDATOR, wrong)
    assert {fault.pointer for fault in found} == {
        *("/text", "/many/1", "/many/2", "/count", "/extra", "/more")
    }
    # Two faults of one place are two faults.
    assert sum(fault.pointer == "/many/1" for fault in found) == 2
    assert sum(fault.pointer == "/count" for fault in found) == 2


def test_each_missing_member_is_a_fault_of_its_own() -> None:
    assert find_faults(VALIDATOR, {}) == (
        Fault("/text", "a value", "none"),
        Fault("/many", "a value", "none"),
    )


def test_an_instance_of_another_type_is_one_fault_at_the_root() -> None:
    assert find_faults(VALIDATOR, ["x"]) == (Fault("", "an object", "an array of 1 elements"),)


@pytest.mark.parametrize(("count", "told"), [(99, 99), (100, 100), (101, 100), (3_000, 100)])
def test_at_most_a_hundred_faults_are_told(count: int, told: int) -> None:
    validator = compile_schema({"items": {"type": "integer"}})
    assert len(find_faults(validator, ["x"] * count)) == told
    unknown = compile_schema({"properties": {"a": True}, "additionalProperties": False})
    assert len(find_faults(unknown, {f"m{n}": 1 for n in range(count)})) == told


@pytest.mark.parametrize(("values", "told"), [(4_999, 100), (5_000, 1)])
def test_of_very_many_values_only_the_first_fault_is_told(values: int, told: int) -> None:
    # The array counts as a value too.
    validator = compile_schema({"type": "array", "items": {"type": "integer"}})
    assert len(find_faults(validator, ["x"] * values)) == told
    assert find_faults(validator, [1] * 200_000) == ()


def test_many_small_faults_cost_neither_seconds_nor_gigabytes() -> None:
    names = [f"m{n}" for n in range(8)]
    validator = compile_schema({"items": {"required": names}})
    instance: list[dict[str, Any]] = [{} for _ in range(limits.DISCLOSURE_BYTES_MAX // 4)]
    tracemalloc.start()
    started = time.perf_counter()
    found = find_faults(validator, instance)
    seconds = time.perf_counter() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == (Fault("/0/m0", "a value", "none"),)
    assert seconds < 2
    assert peak < 10_000_000


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        (True, "true"),
        (-5, "-5"),
        ("批号", '"批号"'),
        ("a" * 78, '"' + "a" * 78 + '"'),
        ("a" * 79, '"' + "a" * 78 + "…"),
        ("a" * 1_000_000, '"' + "a" * 78 + "…"),
        ({"a": 1}, "an object of 1 members"),
        ([], "an array of 0 elements"),
    ],
)
def test_a_value_is_shown_short(value: Any, words: str) -> None:
    assert abbreviate(value) == words


@pytest.mark.parametrize("name", ["pattern", "enum", "const"])
def test_an_expectation_stays_short_whatever_the_schema_says(name: str) -> None:
    long = "x" * 900
    schema = {name: [long] * 90 if name == "enum" else long}
    (fault,) = find_faults(compile_schema(schema), "other")
    assert len(fault.expected) <= 200


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-9:]{8}(Z|[+-][0-9:]{5})$", "a day and a time such as"),
        (r"^[0-9]{4}-[01][0-9]-[0-3][0-9]$", "a day such as 2026-11-20"),
        (r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$", 'a number as a text, such as "12.50"'),
        ("^did:web:[a-z.:]+$", "a party's identifier"),
        ("^[A-Za-z0-9_-]{43}$", "a record id or digest"),
        ("^[A-C]$", "one character of ABC"),
        (r"^[^\n]+$", "a text of one line that is not empty"),
        ("^x{7}$", "a text in another form"),
    ],
)
def test_a_pattern_is_told_in_words_and_never_shown(pattern: str, words: str) -> None:
    validator = compile_schema({"type": "string", "pattern": pattern})
    (fault,) = find_faults(validator, "")
    assert fault.expected.startswith(words)
    assert pattern not in fault.expected
