"""A slow, plain reading of strict JSON to compare with, and documents to read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st


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
    if depth_of(value) > depth_max or any("\ud800" <= c <= "\udfff" for c in _characters(value)):
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


def depth_of(value: object) -> int:
    match value:
        case dict():
            return 1 + max(map(depth_of, value.values()), default=0)
        case list():
            return 1 + max(map(depth_of, value), default=0)
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
