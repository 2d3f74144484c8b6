"""Strict JSON accepts what the slow reference accepts, with the same value, and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.errors import MalformedJson
from ledger.strict_json import JsonValue, Numbers, encode_json, parse_json
from tests.ledger.json_reference import (
    BROKEN_LITERALS,
    SCALAR_LITERALS,
    Refused,
    documents,
    read_slowly,
    write,
)

pytestmark = pytest.mark.item("2.3")


def parse(data: bytes, *, numbers: Numbers = "integers", depth_max: int = 32) -> JsonValue:
    return parse_json(data, bytes_max=100_000, depth_max=depth_max, numbers=numbers)


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
