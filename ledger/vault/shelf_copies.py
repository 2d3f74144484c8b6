"""The list of a shelf's copies: each still opens what was erased after it was made.

One accepted form (docs/spec/vault.md, section 6). A copy names the key that each epoch had
when it was made, so that it can be told which copies hold a key that was destroyed here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from keys.encoding import decode_base64url, encode_base64url
from keys.errors import MalformedEncoding
from ledger import limits
from ledger.vault.epoch_file import KEY_ID_BYTES
from ledger.vault.errors import ShelfDamaged

FORMAT: Final = "lotmark.shelf-copies/v1"
COPIES: Final = "copies.json"


@dataclass(frozen=True, slots=True)
class ShelfCopy:
    """A copy: where it lies, from when to when, and which key it has of each epoch."""

    where: str
    made_ms: int
    expires_ms: int
    keys: Mapping[int, bytes]


def encode_copies(copies: Sequence[ShelfCopy]) -> bytes:
    """The bytes of the list."""
    listed = [
        {
            "where": copy.where,
            "made_ms": copy.made_ms,
            "expires_ms": copy.expires_ms,
            "keys": {str(epoch): encode_base64url(key) for epoch, key in sorted(copy.keys.items())},
        }
        for copy in copies
    ]
    return json.dumps({"format": FORMAT, "copies": listed}, indent=1).encode() + b"\n"


def parse_copies(data: bytes) -> tuple[ShelfCopy, ...]:
    """Read the list.

    Raises:
        ShelfDamaged: not what :func:`encode_copies` writes.
    """
    if len(data) > limits.SHELF_FILE_BYTES_MAX:
        raise ShelfDamaged(
            f"expected at most {limits.SHELF_FILE_BYTES_MAX} bytes, found {len(data)}"
        )
    try:
        copies = tuple(_copy(members) for members in json.loads(data)["copies"])
        is_same = encode_copies(copies) == data
    # A long row of brackets exhausts the decoder's stack.
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        MalformedEncoding,
    ) as fault:
        raise ShelfDamaged(f"expected a list of copies, found {type(fault).__name__}") from None
    if not is_same:
        raise ShelfDamaged("expected the one form of a list of copies, found another")
    return copies


def _copy(members: Any) -> ShelfCopy:
    where = members["where"]
    if not isinstance(where, str):
        raise TypeError("expected text")
    keys = {_epoch(epoch): _key_id(key) for epoch, key in members["keys"].items()}
    return ShelfCopy(where, _instant(members["made_ms"]), _instant(members["expires_ms"]), keys)


def _epoch(text: str) -> int:
    if len(text) > len(str(limits.JSON_INTEGER_MAX)) or not text.isascii():
        raise ValueError("expected the number of an epoch")
    return int(text)


def _key_id(text: Any) -> bytes:
    found = decode_base64url(text)
    if len(found) != KEY_ID_BYTES:
        raise ValueError("expected the id of a key")
    return found


def _instant(number: Any) -> int:
    if type(number) is not int or not 0 <= number <= limits.JSON_INTEGER_MAX:
        raise ValueError("expected an instant")
    return number
