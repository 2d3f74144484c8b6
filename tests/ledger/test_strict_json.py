"""Strict JSON: what is accepted equals a slow, plain reading; every refusal names its place."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

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

SPECIFICATION = Path(__file__).parents[2] / "docs" / "spec" / "json.md"

pytestmark = pytest.mark.item("2.3")

BYTES_MAX = 100_000
NUMBERS: tuple[Numbers, ...] = ("integers", "any")


def parse(data: bytes, *, numbers: Numbers = "integers", depth_max: int = 32) -> JsonValue:
    return parse_json(data, bytes_max=BYTES_MAX, depth_max=depth_max, numbers=numbers)


class Refused(Exception):
    """The reference's own refusal."""


def read_slowly(data: bytes, *, depth_max: int = 32) -> object:
    """The reference: the standard library's decoder, and one plain check after another."""
    try:
        text = data.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_once,
            parse_int=_small,
            parse_float=_refuse,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError) as fault:
        raise Refused from fault
    if _depth(value) > depth_max or any("\ud800" <= c <= "\udfff" for c in _characters(value)):
        raise Refused
    return value


def _once(members: list[tuple[str, object]]) -> dict[str, object]:
    names = [name for name, _ in members]
    if any(names.count(name) > 1 for name in names):
        raise Refused
    return dict(members)


def _refuse(literal: str) -> object:
    raise Refused(literal)


def _small(literal: str) -> int:
    if literal == "-0" or len(literal) > 30 or not -(2**53) < int(literal) < 2**53:
        raise Refused
    return int(literal)


def _depth(value: object) -> int:
    match value:
        case dict():
            return 1 + max(map(_depth, value.values()), default=0)
        case list():
            return 1 + max(map(_depth, value), default=0)
    return 0


def _characters(value: object) -> str:
    match value:
        case dict():
            return "".join(name + _characters(child) for name, child in value.items())
        case list():
            return "".join(map(_characters, value))
        case str():
            return value
    return ""


@dataclass(frozen=True)
class Members:
    """An object as it is written, so that a name can stand in it twice."""

    pairs: tuple[tuple[str, Any], ...]


def write(value: object, *, gap: str = "") -> str:
    """Write a value with its members as they come; strings are literals already."""
    match value:
        case Members(pairs):
            members = [f"{name}{gap}:{gap}{write(child, gap=gap)}" for name, child in pairs]
            return "{" + gap + f"{gap},".join(members) + "}"
        case list():
            return "[" + ",".join(gap + write(child, gap=gap) for child in value) + gap + "]"
    assert isinstance(value, str)
    return value


STRING_LITERALS = st.sampled_from(
    [
        r'""',
        r'"a"',
        r'"b"',
        r'"\u0061"',
        r'"é"',
        r'"\u00e9"',
        '"e\u0301"',
        r'"a\"b"',
        r'"a\\"',
        r'"{"',
        r'":"',
        r'"/"',
        r'"\/"',
        r'"\n"',
        r'"\u000A"',
        r'"1.5"',
        r'"😀"',
        r'"\ud83d\ude00"',
    ]
)
BROKEN_LITERALS = st.sampled_from(["", '"\t"']) | st.sampled_from(
    [
        r'"\ud800"',
        r'"\udc00\ud800"',
        r'"\uD83Dx"',
        r'"\x"',
        r"'a'",
        r"NaN",
        r"-Infinity",
        r"tru",
        r"1.0",
        r"1e2",
        r"-0",
        r"-0.0",
        r"01",
        r"+1",
        r"9007199254740992",
        r"18446744073709551616",
    ]
)
SCALAR_LITERALS = STRING_LITERALS | st.sampled_from(
    ["0", "-1", "9007199254740991", "-9007199254740991", "true", "false", "null", "1234567890"]
)


def documents(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.lists(st.tuples(STRING_LITERALS, inner), max_size=5).map(_members)
        ),
        max_leaves=25,
    )


def _members(pairs: list[tuple[str, Any]]) -> Members:
    return Members(tuple(pairs))


def agree(data: bytes, *, depth_max: int = 32) -> None:
    """The parser and the reference accept the same value, or both refuse."""
    try:
        expected = read_slowly(data, depth_max=depth_max)
    except Refused:
        with pytest.raises(MalformedJson):
            parse(data, depth_max=depth_max)
        return
    assert repr(parse(data, depth_max=depth_max)) == repr(expected)


@given(documents(SCALAR_LITERALS), st.sampled_from(["", " ", "\n\t"]), st.integers(0, 4))
def test_documents_with_repeated_names_are_read_as_the_reference_reads_them(
    document: object, gap: str, depth_max: int
) -> None:
    data = write(document, gap=gap).encode()
    agree(data)
    agree(data, depth_max=depth_max)


@given(documents(SCALAR_LITERALS | BROKEN_LITERALS), st.sampled_from(["", " "]))
def test_documents_with_broken_parts_are_read_as_the_reference_reads_them(
    document: object, gap: str
) -> None:
    agree(write(document, gap=gap).encode("utf-8", "surrogatepass"))


@given(documents(SCALAR_LITERALS), st.data())
def test_documents_with_changed_bytes_are_read_as_the_reference_reads_them(
    document: object, data: st.DataObject
) -> None:
    damaged = bytearray(write(document).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place] = data.draw(st.sampled_from(b'{}[]",:\\ 0123456789eE.+-tfnua\x00\x80\xff'))
    agree(bytes(damaged))


@given(st.binary(max_size=40))
@example(b"\xef\xbb\xbf{}")
@example(b"\xff\xfe{\x00}\x00")
def test_any_bytes_are_read_as_the_reference_reads_them(data: bytes) -> None:
    agree(data)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text('ab\n\\"é~/', max_size=3), inner)
    ),
    max_leaves=25,
)


@given(VALUES)
def test_encoded_values_parse_back(value: JsonValue) -> None:
    assert repr(parse(encode_json(value))) == repr(value)
    assert encode_json(value, numbers="any") == encode_json(value)


@given(VALUES)
def test_spelling_does_not_change_what_is_read(value: JsonValue) -> None:
    for spelling in (json.dumps(value), json.dumps(value, indent=1, ensure_ascii=False)):
        assert repr(parse(spelling.encode())) == repr(value)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**40), 10**40))
def test_any_numbers_are_read_exactly_and_integers_only_takes_the_small_ones(
    number: int | float,
) -> None:
    data = encode_json([number], numbers="any")
    assert repr(parse(data, numbers="any")) == repr([number])
    if isinstance(number, int) and abs(number) < 2**53:
        assert parse(data) == [number]
    else:
        with pytest.raises(MalformedJson):
            parse(data)


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
    assert _depth(parse(accepted)) == 32
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
    assert _depth(parse(encode_json(inner))) == limits.JSON_DEPTH_MAX
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
