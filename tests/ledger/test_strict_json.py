"""Strict JSON: each rule, its bounds, and the place that a refusal names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from ledger import limits
from ledger.errors import MalformedJson
from ledger.strict_json import (
    JsonValue,
    Numbers,
    describe,
    encode_json,
    parse_json,
    parse_json_object,
)
from tests.ledger.json_reference import depth_of

SPECIFICATION = Path(__file__).parents[2] / "docs" / "spec" / "json.md"

pytestmark = pytest.mark.item("2.3")

BYTES_MAX = 100_000
NUMBERS: tuple[Numbers, ...] = ("integers", "any")


def parse(data: bytes, *, numbers: Numbers = "integers", depth_max: int = 32) -> JsonValue:
    return parse_json(data, bytes_max=BYTES_MAX, depth_max=depth_max, numbers=numbers)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"a":1,"a":1}', "expected each name once at '', found 'a' twice"),
        (b'{"a":1,"\\u0061":1}', "expected each name once at '', found 'a' twice"),
        (b'{"a":{"b/c":[1,{"x":1,"y":2,"x":3}]}}', "once at '/a/b~1c/1', found 'x' twice"),
        (b'{"a":{"x":1,"x":1},"a":1}', "expected each name once at '', found 'a' twice"),
        (b"[1.5]", "expected an integer without fraction or exponent at '/0', found 1.5"),
        (b"[1E5]", "expected an integer without fraction or exponent at '/0', found 1E5"),
        (b"[-0]", "expected an integer within 2^53-1, zero without a sign at '/0', found -0"),
        (b'{"n":9007199254740992}', "within 2^53-1, zero without a sign at '/n', found 9007199254"),
        (b"[" + b"9" * 5000 + b"]", "zero without a sign at '/0', found " + "9" * 40),
        (b'{"a":[NaN]}', "expected a JSON value at '/a/0', found NaN"),
        (b"[-Infinity]", "expected a JSON value at '/0', found -Infinity"),
        (b'{"\\ud800":1}', "expected no lone surrogate at '', found U+D800"),
        (b'{"a":["\\uDC00\\uD800"]}', "expected no lone surrogate at '/a/0', found U+DC00"),
        (b"[1,]", "expected JSON (Expecting value) at byte 3, found ']'"),
        ('["é" 1]'.encode(), "at byte 6, found '1]'"),
        (b"1 2", "expected JSON (Extra data) at byte 2, found '2'"),
        (b"", "expected JSON (Expecting value) at byte 0, found ''"),
        (b'"\t"', "expected JSON (Invalid control character at) at byte 1"),
        (b"\xef\xbb\xbf1", "expected no byte order mark at byte 0, found EF BB BF"),
        (b'"\xff"', "expected UTF-8 at byte 1, found b'\\xff\"'"),
        (b'"\xed\xa0\x80"', "expected UTF-8 at byte 1, found b'\\xed\\xa0\\x80\"'"),
        (b'"\xc0\x80"', "expected UTF-8 at byte 1, found b'\\xc0\\x80\"'"),
    ],
)
def test_a_refusal_says_where_and_what_was_expected(data: bytes, message: str) -> None:
    with pytest.raises(MalformedJson, match=re.escape(message)) as refusal:
        parse(data)
    assert refusal.value.code == "malformed-json"


@pytest.mark.parametrize("spelling", ["\\u{:04x}", "\\u{:04X}"])
def test_every_surrogate_is_refused_alone_and_accepted_in_its_pair(spelling: str) -> None:
    for code in range(0xD800, 0xE000):
        half = spelling.format(code)
        with pytest.raises(MalformedJson, match=f"found U\\+{code:04X}"):
            parse(f'["{half}"]'.encode())
        pair = half + "\\udc00" if code < 0xDC00 else "\\ud800" + half
        assert parse(f'["{pair}"]'.encode()) == json.loads(f'["{pair}"]')


def test_a_refusal_stays_short_whatever_was_sent() -> None:
    data = b'{"' + b"n" * 5_000 + b'":{"' + b"m" * 5_000 + b'":1,"' + b"m" * 5_000 + b'":1}}'
    with pytest.raises(MalformedJson) as refusal:
        parse(data)
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("gap", [b"", b" "])
def test_nesting_is_accepted_up_to_the_bound_and_refused_above(opening: bytes, gap: bytes) -> None:
    closing = b"]" if opening == b"[" else b"}"
    accepted = gap + opening * 32 + b"1" + closing * 32
    refused = gap + opening * 33 + b"1" + closing * 33
    assert depth_of(parse(accepted)) == 32
    with pytest.raises(MalformedJson, match="expected no deeper nesting at '/"):
        parse(refused)


@pytest.mark.parametrize("closing", ["", "]" * 40_000])
def test_nesting_beyond_any_stack_is_refused(closing: str) -> None:
    with pytest.raises(MalformedJson, match="expected nesting of at most 32, found more"):
        parse(("[" * 40_000 + closing).encode())


def test_a_document_may_have_exactly_the_bytes_of_the_bound() -> None:
    assert parse_json(b'"abc"', bytes_max=5) == "abc"
    with pytest.raises(MalformedJson, match="expected at most 4 bytes, found 5"):
        parse_json(b'"abc"', bytes_max=4)


@pytest.mark.parametrize("data", [b"0", b'""', b"null", b"[]", b"{}", b" \t\r\n[ ] \n"])
def test_every_kind_of_value_may_stand_alone(data: bytes) -> None:
    assert parse(data) == json.loads(data)
    assert parse_json(data, bytes_max=BYTES_MAX, depth_max=1) == json.loads(data)


def test_a_scalar_has_depth_zero() -> None:
    assert parse(b"1", depth_max=0) == 1
    with pytest.raises(MalformedJson):
        parse(b"[]", depth_max=0)


@pytest.mark.parametrize("space", ["\u00a0", "\u2028", "\x0b", "\x0c", "\ufeff", "/**/"])
def test_only_json_white_space_may_surround_a_value(space: str) -> None:
    assert parse(b" 1 ") == 1
    with pytest.raises(MalformedJson):
        parse(f" 1{space}".encode())


@pytest.mark.parametrize(
    ("literal", "accepted"),
    [
        ("9" * 64, int("9" * 64)),
        ("9" * 65, None),
        ("1.5", 1.5),
        ("-0.0", -0.0),
        ("-0", 0),
        ("1e308", 1e308),
        ("1e309", None),
        ("-1e309", None),
        ("1." + "0" * 63, None),
        ("NaN", None),
    ],
)
def test_any_numbers_means_finite_and_bounded_ones(
    literal: str, accepted: int | float | None
) -> None:
    if accepted is None:
        with pytest.raises(MalformedJson):
            parse(f"[{literal}]".encode(), numbers="any")
    else:
        assert repr(parse(f"[{literal}]".encode(), numbers="any")) == repr([accepted])


@pytest.mark.parametrize("numbers", NUMBERS)
def test_names_stay_unique_whichever_numbers_are_read(numbers: Numbers) -> None:
    assert parse(b'{"a":1,"b":1}', numbers=numbers) == {"a": 1, "b": 1}
    for data in (b'{"a":1,"a":1}', b'{"a":1.5, "a":1}'):
        with pytest.raises(MalformedJson, match="'a' twice"):
            parse(data, numbers=numbers)


def test_names_that_differ_only_in_normalisation_are_two_names() -> None:
    assert parse('{"é":1,"e\u0301":2}'.encode()) == {"é": 1, "e\u0301": 2}


def test_an_object_is_asked_for_and_another_value_refused() -> None:
    assert parse_json_object(b'{"a":1}', bytes_max=9) == {"a": 1}
    with pytest.raises(MalformedJson, match="expected an object, found an array of 1 elements"):
        parse_json_object(b"[1]", bytes_max=9)


@pytest.mark.parametrize("numbers", NUMBERS)
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), "expected JSON values"),
        (float("inf"), "expected JSON values"),
        (["\ud800"], "expected no lone surrogate at '/0', found U+D800"),
        ({"\ud800": 1}, "expected no lone surrogate at '', found U+D800"),
        ((1, 2), "expected JSON values"),
    ],
)
def test_what_json_does_not_have_is_not_encoded(value: Any, message: str, numbers: Numbers) -> None:
    with pytest.raises(MalformedJson, match=re.escape(message)):
        encode_json(value, numbers=numbers)


def test_encoding_keeps_the_bounds_of_parsing() -> None:
    inner: JsonValue = 1
    for _ in range(limits.JSON_DEPTH_MAX):
        inner = [inner]
    assert depth_of(parse(encode_json(inner))) == limits.JSON_DEPTH_MAX
    with pytest.raises(MalformedJson, match="expected no deeper nesting"):
        encode_json([inner])
    assert parse(encode_json([2**53 - 1])) == [2**53 - 1]
    with pytest.raises(MalformedJson, match="expected JSON values with integers"):
        encode_json([2**53])
    with pytest.raises(MalformedJson, match="expected JSON values with integers"):
        encode_json([1.5])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": 1}, "an object of 1 members"),
        ([1, 2], "an array of 2 elements"),
        (None, "None"),
        ("x" * 100, "'" + "x" * 59),
    ],
)
def test_a_value_is_described_in_few_words(value: JsonValue, words: str) -> None:
    assert describe(value) == words


def test_the_examples_of_the_specification_are_judged_as_it_says() -> None:
    _, refused, accepted = re.split(
        r"^\| (?=refused|accepted)", SPECIFICATION.read_text("utf-8"), flags=re.M
    )
    accepted = accepted.partition("\n## ")[0]
    examples = re.findall(r"`([^`]+)`", accepted)
    assert len(examples) >= 9
    for example_ in examples:
        parse(example_.encode())
    examples = re.findall(r"`([^`]+)`", refused)
    assert len(examples) >= 30
    for example_ in examples:
        with pytest.raises(MalformedJson):
            parse(example_.encode())


def test_the_fast_way_is_taken_by_what_jwt_libraries_write() -> None:
    # Where this stops holding the parser is still right, only three times slower.
    data = b'{"iss":"a","iat":1,"_sd":["x","y"]}'
    assert orjson.dumps(parse(data)) == data
