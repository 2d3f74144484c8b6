"""Entries: six lines in one spelling (docs/spec/entry.md)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.encoding import encode_base64
from ledger import limits
from ledger.entry import NO_LEAF, EntryHead, encode_head, entry_bytes, parse_head, split_entry
from ledger.errors import MalformedEntry
from ledger.record import is_digest
from tests.ledger.parties import NOW_MS, ORIGIN, a_consortium

pytestmark = pytest.mark.item("2.4")

FOUNDED = a_consortium()
JWS = FOUNDED.charter[:-1]
LEAF = bytes(range(32))
HEAD = EntryHead(ORIGIN, 7, LEAF, NOW_MS)
TEXT = encode_head(HEAD)
ENTRY = f"{TEXT}{JWS}\n".encode()
LINES = TEXT.split("\n")


def with_line(number: int, text: str) -> str:
    return "\n".join([*LINES[:number], text, *LINES[number + 1 :]])


def test_a_head_has_the_five_lines_of_the_specification() -> None:
    leaf = encode_base64(LEAF)
    assert f"lotmark.entry/v1\n{ORIGIN}\n7\n{leaf}\n{NOW_MS}\n" == TEXT
    assert bytes(32) == NO_LEAF


@given(
    index=st.integers(0, limits.TREE_SIZE_MAX),
    leaf=st.binary(min_size=32, max_size=32),
    admitted_ms=st.integers(0, limits.TREE_SIZE_MAX),
)
def test_parsing_reverses_encoding(index: int, leaf: bytes, admitted_ms: int) -> None:
    head = EntryHead(ORIGIN, index, leaf, admitted_ms)
    assert parse_head(encode_head(head)) == head


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        *[(0, text) for text in ("", "lotmark.entry/v2", "lotmark.entry/v1 ", "Lotmark.entry/v1")],
        (1, ""),
        *[(2, text) for text in ("", "07", "-7", "+7", "7.0", "7 ", "٧", "0x7", str(2**63), "7\r")],
        *[(4, text) for text in ("", "01", "-1", "1e3", str(2**63), "9" * 19)],
        *[(3, text) for text in ("", encode_base64(LEAF)[:-1], encode_base64(LEAF) + "=")],
        *[(3, encode_base64(LEAF[:count])) for count in (0, 31)],
        (3, encode_base64(LEAF + b"x")),
        (3, encode_base64(LEAF)[:-2] + "9="),
        (3, encode_base64(b"\xfb" * 32).replace("+", "-").replace("/", "_")),
    ],
)
def test_each_line_of_a_head_has_one_form(line: int, refused: str) -> None:
    assert parse_head(with_line(line, LINES[line])) == HEAD
    with pytest.raises(MalformedEntry):
        parse_head(with_line(line, refused))


@pytest.mark.parametrize("index", [0, 2**63 - 1])
def test_numbers_go_up_to_those_of_a_tree(index: int) -> None:
    assert parse_head(with_line(2, str(index))) == replace(HEAD, index=index)
    assert parse_head(with_line(4, str(index))) == replace(HEAD, admitted_ms=index)


@pytest.mark.parametrize("text", ["", "\n", TEXT[:-1], TEXT + "\n", "\n" + TEXT, TEXT * 2])
def test_a_head_has_five_lines_each_ended_by_lf(text: str) -> None:
    with pytest.raises(MalformedEntry, match="expected five lines ended by LF, found"):
        parse_head(text)


@pytest.mark.parametrize("end", ["\r\n", "\u2028", "\x0b", "\x85"])
def test_no_other_line_end_counts(end: str) -> None:
    with pytest.raises(MalformedEntry):
        parse_head(TEXT.replace("\n", end))


def test_an_entry_is_its_head_and_its_jws() -> None:
    assert split_entry(ENTRY) == (TEXT, JWS)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        TEXT.encode(),
        ENTRY[:-1],
        ENTRY + b"\n",
        b"\n" + ENTRY,
        ENTRY[ENTRY.index(b"\n") + 1 :],
        ENTRY.replace(b"\n", b"\r\n"),
        ENTRY.replace(b".", b"~", 20),
        ENTRY[:-1] + b"=\n",
        ENTRY[:-1] + b" \n",
        ENTRY[:-1] + "é\n".encode(),
        TEXT.encode() + b"\n",
    ],
)
def test_bytes_of_another_form_are_no_entry(data: bytes) -> None:
    with pytest.raises(MalformedEntry):
        split_entry(data)


@pytest.mark.item("2.bad.oversized-record")
def test_an_entry_has_at_most_60_kib() -> None:
    letters = limits.ENTRY_BYTES_MAX - len(TEXT) - 1
    assert split_entry(f"{TEXT}{'A' * letters}\n".encode()) == (TEXT, "A" * letters)
    with pytest.raises(MalformedEntry, match="expected at most 61440 bytes, found 61441"):
        split_entry(f"{TEXT}{'A' * (letters + 1)}\n".encode())


def test_the_longest_head_leaves_the_room_that_admission_counts_on() -> None:
    longest = EntryHead("o" * limits.ORIGIN_BYTES_MAX, 2**63 - 1, LEAF, 2**63 - 1)
    assert len(encode_head(longest)) + len("\n") <= limits.ENTRY_HEAD_BYTES_MAX


def test_a_jws_of_the_log_is_one_line_that_an_entry_takes() -> None:
    for text in FOUNDED.texts:
        jws = text.split("~", 1)[0]
        assert split_entry(f"{TEXT}{jws}\n".encode()) == (TEXT, jws)
    assert is_digest(FOUNDED.fold.charter_id)


def test_text_that_no_bytes_are_is_no_entry() -> None:
    with pytest.raises(MalformedEntry, match="lone surrogate"):
        entry_bytes("head\n", "a.b.\ud800")
    assert entry_bytes("head\n", "a.b.c") == b"head\na.b.c\n"
