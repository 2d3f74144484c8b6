"""Targets of the vault: the files of the key shelf."""

from __future__ import annotations

from typing import Final

from ledger.vault.blob_keys import encode_blob_key, parse_blob_key
from ledger.vault.epoch_file import EpochFile, Kept, encode_epoch, parse_epoch
from ledger.vault.errors import ShelfDamaged
from ledger.vault.packed_row import encode_packed, parse_packed
from ledger.vault.shelf_copies import ShelfCopy, encode_copies, parse_copies
from tests.fuzz.target import Target


def _parse_epoch(data: bytes) -> None:
    assert encode_epoch(parse_epoch(data)) == data


def _parse_copies(data: bytes) -> None:
    assert encode_copies(parse_copies(data)) == data


def _epochs() -> list[bytes]:
    kept = {5_000: Kept(2, bytes(32), b"sealed")}
    return [
        encode_epoch(EpochFile(0, bytes(8), bytes(32))),
        encode_epoch(EpochFile(1, bytes(8), bytes(32), survivors={4_096: bytes(32)}, kept=kept)),
    ]


def _parse_blob_key(data: bytes) -> None:
    assert encode_blob_key(parse_blob_key(data)) == data


def _parse_packed(data: bytes) -> None:
    assert encode_packed(parse_packed(7, data)) == data


TARGETS: Final = (
    Target(
        "blob-key",
        _parse_blob_key,
        (ShelfDamaged,),
        (parse_blob_key,),
        lambda: [encode_blob_key(None), encode_blob_key(bytes(range(32)))],
        bytes_max=80,
    ),
    Target(
        "packed-contents",
        _parse_packed,
        (ShelfDamaged,),
        (parse_packed,),
        lambda: [bytes(8) + b"\0\0\0\1" + bytes(60) + bytes(40), bytes(200)],
        bytes_max=256,
    ),
    Target(
        "epoch-file",
        _parse_epoch,
        (ShelfDamaged,),
        (parse_epoch,),
        _epochs,
        bytes_max=2048,
        words=('"survivors":{', '"kept":{', '"4097":"', '"version":', '"epoch":'),
    ),
    Target(
        "shelf-copies",
        _parse_copies,
        (ShelfDamaged,),
        (parse_copies,),
        lambda: [encode_copies(()), encode_copies((ShelfCopy("/safe", 1, 2, {0: bytes(8)}),))],
        bytes_max=2048,
        words=('"where": "', '"made_ms": ', '"keys": {', '"0": "'),
    ),
)
