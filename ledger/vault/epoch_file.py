"""The file of an epoch: the key of 4,096 entries, and what erasures left of them.

One accepted form, as docs/spec/vault.md, section 3, has it: strict JSON that encodes to the
same bytes again. It is the only secret that opens what the database holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from keys.encoding import decode_base64url, encode_base64url
from keys.errors import MalformedEncoding
from ledger import limits
from ledger.vault.errors import ShelfDamaged

FORMAT: Final = "lotmark.epoch/v1"
KEY_BYTES: Final = 32
KEY_ID_BYTES: Final = 8
VERSIONS_MAX: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class Kept:
    """What an erasure left of one record: its groups that go on, under a key of their own."""

    version: int
    key: bytes = field(repr=False)
    content: bytes


@dataclass(frozen=True, slots=True)
class EpochFile:
    """An epoch's key, the record keys of the survivors of erasures, and what was left of others.

    ``survivors`` and ``kept`` are by index. ``key_id`` says which key wrapped a row.
    """

    epoch: int
    key_id: bytes
    key: bytes = field(repr=False)
    survivors: Mapping[int, bytes] = field(default_factory=dict, repr=False)
    kept: Mapping[int, Kept] = field(default_factory=dict, repr=False)


def epoch_of(index: int) -> int:
    """The epoch of an entry."""
    return index // limits.VAULT_EPOCH_ENTRIES


def span_of(epoch: int) -> range:
    """The entries of an epoch."""
    first = epoch * limits.VAULT_EPOCH_ENTRIES
    return range(first, first + limits.VAULT_EPOCH_ENTRIES)


def encode_epoch(file: EpochFile) -> bytes:
    """The bytes of the file."""
    members = {
        "format": FORMAT,
        "epoch": file.epoch,
        "key": {"id": encode_base64url(file.key_id), "secret": encode_base64url(file.key)},
        "survivors": {
            str(index): encode_base64url(key) for index, key in sorted(file.survivors.items())
        },
        "kept": {str(index): _kept_members(kept) for index, kept in sorted(file.kept.items())},
    }
    return json.dumps(members, separators=(",", ":")).encode() + b"\n"


def parse_epoch(data: bytes) -> EpochFile:
    """Read the file of an epoch.

    Raises:
        ShelfDamaged: not what :func:`encode_epoch` writes.
    """
    if len(data) > limits.SHELF_FILE_BYTES_MAX:
        raise ShelfDamaged(
            f"expected at most {limits.SHELF_FILE_BYTES_MAX} bytes, found {len(data)}"
        )
    try:
        file = _file(json.loads(data))
        is_same = encode_epoch(file) == data
    # A long row of brackets exhausts the decoder's stack.
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        MalformedEncoding,
    ) as fault:
        raise ShelfDamaged(f"expected the file of an epoch, found {type(fault).__name__}") from None
    if not is_same:
        raise ShelfDamaged("expected the one form of an epoch's file, found another")
    return file


def _kept_members(kept: Kept) -> dict[str, Any]:
    return {
        "version": kept.version,
        "key": encode_base64url(kept.key),
        "content": encode_base64url(kept.content),
    }


def _file(members: Any) -> EpochFile:
    epoch = _count(members["epoch"])
    span = span_of(epoch)
    survivors = {
        _index(index, span): _secret(key, KEY_BYTES) for index, key in members["survivors"].items()
    }
    kept = {_index(index, span): _kept(found) for index, found in members["kept"].items()}
    if survivors.keys() & kept.keys():
        raise ValueError("an entry survives whole or in part")
    key = members["key"]
    return EpochFile(
        epoch=epoch,
        key_id=_secret(key["id"], KEY_ID_BYTES),
        key=_secret(key["secret"], KEY_BYTES),
        survivors=survivors,
        kept=kept,
    )


def _kept(found: Any) -> Kept:
    return Kept(
        _version(found["version"]),
        _secret(found["key"], KEY_BYTES),
        decode_base64url(found["content"]),
    )


def _count(number: Any) -> int:
    if type(number) is not int or not 0 <= number <= limits.JSON_INTEGER_MAX:
        raise ValueError("expected a count")
    return number


def _version(number: Any) -> int:
    if not 0 < _count(number) < VERSIONS_MAX:
        raise ValueError("expected the version of a key")
    return _count(number)


def _index(text: str, span: range) -> int:
    # Longer digits cost time quadratic in their number, and no index has them.
    if len(text) > len(str(span.stop)) or not text.isascii() or int(text) not in span:
        raise ValueError("expected an index of the epoch")
    return int(text)


def _secret(text: Any, length: int) -> bytes:
    found = decode_base64url(text)
    if len(found) != length:
        raise ValueError("expected another length")
    return found
