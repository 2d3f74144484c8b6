"""The entry: what the log orders, verbatim (docs/spec/entry.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from keys.encoding import decode_base64, encode_base64
from keys.errors import MalformedEncoding
from ledger import limits
from ledger.errors import MalformedEntry

VERSION: Final = "lotmark.entry/v1"
NO_LEAF: Final = bytes(32)
HEAD_LINES: Final = 5

_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_JWS: Final = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class EntryHead:
    """The first five lines of an entry, parsed."""

    origin: str
    index: int
    previous_leaf: bytes
    admitted_ms: int


def encode_head(head: EntryHead) -> str:
    """The five lines, each ended by LF."""
    previous = encode_base64(head.previous_leaf)
    return f"{VERSION}\n{head.origin}\n{head.index}\n{previous}\n{head.admitted_ms}\n"


def entry_bytes(head: str, jws: str) -> bytes:
    """The bytes of the entry of a head and a JWS; neither is looked into.

    Raises:
        MalformedEntry: more than an entry may have, or text that no bytes are.
    """
    try:
        text = f"{head}{jws}\n".encode()
    except UnicodeEncodeError as fault:
        raise MalformedEntry("expected Unicode text, found a lone surrogate") from fault
    if len(text) > limits.ENTRY_BYTES_MAX:
        raise MalformedEntry(f"expected at most {limits.ENTRY_BYTES_MAX} bytes, found {len(text)}")
    return text


def parse_head(text: str) -> EntryHead:
    """Parse the five lines; the inverse of :func:`encode_head`.

    Raises:
        MalformedEntry: not the exact form.
    """
    lines = text.split("\n")
    if len(lines) != HEAD_LINES + 1 or lines[-1] != "":
        raise MalformedEntry(f"expected five lines ended by LF, found {len(lines) - 1}")
    version, origin, index, previous, admitted = lines[:HEAD_LINES]
    if version != VERSION:
        raise MalformedEntry(f"expected {VERSION!r}, found {version[:40]!r}")
    if not origin:
        raise MalformedEntry("expected an origin, found an empty line")
    return EntryHead(
        origin,
        _parse_decimal(index, "index"),
        _parse_leaf(previous),
        _parse_decimal(admitted, "admission time"),
    )


def _parse_decimal(text: str, name: str) -> int:
    if not _DECIMAL.fullmatch(text) or int(text) > limits.TREE_SIZE_MAX:
        raise MalformedEntry(f"expected {name} as a decimal, found {text[:40]!r}")
    return int(text)


def _parse_leaf(text: str) -> bytes:
    try:
        leaf = decode_base64(text)
    except MalformedEncoding as fault:
        raise MalformedEntry(f"previous leaf: {fault}") from fault
    if len(leaf) != 32:
        raise MalformedEntry(f"expected a previous leaf of 32 bytes, found {len(leaf)}")
    return leaf


def split_entry(data: bytes) -> tuple[str, str]:
    """Split an entry into head (five lines) and JWS.

    Raises:
        MalformedEntry: too large, not ASCII, or not six lines ended by LF.
    """
    if len(data) > limits.ENTRY_BYTES_MAX:
        raise MalformedEntry(f"expected at most {limits.ENTRY_BYTES_MAX} bytes, found {len(data)}")
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as fault:
        raise MalformedEntry("expected ASCII") from fault
    lines = text.split("\n")
    if len(lines) != HEAD_LINES + 2 or lines[-1] or not _JWS.fullmatch(lines[-2]):
        raise MalformedEntry(
            f"expected five lines and a JWS, each ended by LF, found {len(lines) - 1} lines"
        )
    jws = lines[-2]
    return text[: -len(jws) - 1], jws
