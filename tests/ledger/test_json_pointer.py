"""JSON pointers: the examples of RFC 6901, and what leads nowhere."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.json_pointer import extend_pointer, resolve_pointer

pytestmark = pytest.mark.item("2.3")

# RFC 6901, section 5; the text is ours, the names are the RFC's.
DOCUMENT: dict[str, Any] = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", DOCUMENT),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
    ],
)
def test_the_examples_of_the_rfc_resolve(pointer: str, value: object) -> None:
    assert resolve_pointer(DOCUMENT, pointer) == value


@pytest.mark.parametrize(
    "pointer",
    ["/bar", "/foo/2", "/foo/-", "/foo/-1", "/foo/01", "/foo/٠", "/foo/0/0", "/foo/", "//"],
)
def test_a_pointer_that_leads_nowhere_finds_nothing(pointer: str) -> None:
    assert resolve_pointer(DOCUMENT, "/foo/1") == "baz"
    assert resolve_pointer(DOCUMENT, pointer) is None


def test_a_very_long_index_is_not_even_read() -> None:
    assert resolve_pointer([1], "/" + "9" * 5_000) is None


@given(st.lists(st.text(max_size=4) | st.integers(0, 3), max_size=4))
def test_a_pointer_leads_along_the_steps_it_was_made_of(steps: list[str | int]) -> None:
    document: Any = "end"
    pointer = ""
    for step in reversed(steps):
        document = {step: document} if isinstance(step, str) else [None] * step + [document]
    for step in steps:
        pointer = extend_pointer(pointer, step)
    assert resolve_pointer(document, pointer) == "end"


def test_escapes_are_resolved_once() -> None:
    assert extend_pointer("/x", "~1/~0") == "/x/~01~1~00"
    assert resolve_pointer({"~1": 1}, "/~01") == 1
