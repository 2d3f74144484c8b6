"""Targets of the log's own formats: entries, notes, checkpoints, proofs, tiles, anchors, views."""

from __future__ import annotations

import json
from functools import cache
from typing import Final

from ledger.anchor import encode_anchor, parse_anchor
from ledger.blob_errors import BlobsUnavailable
from ledger.blob_sidecar import decode_sidecar, encode_sidecar
from ledger.blobs import new_blob
from ledger.checkpoint import (
    encode_checkpoint,
    open_checkpoint,
    parse_checkpoint,
    parse_size,
)
from ledger.cosignature import encode_cosignature, parse_cosignature
from ledger.entry import encode_head, entry_bytes, parse_head, split_entry
from ledger.errors import (
    BadCosignature,
    HighWaterDamaged,
    MalformedAnchor,
    MalformedEntry,
    MalformedNote,
    MalformedProof,
    MalformedTile,
    MalformedTilePath,
    MalformedTrustPolicy,
    MalformedVerifierKey,
    NoteRefused,
)
from ledger.high_water import Mark, encode_mark, parse_mark
from ledger.note import (
    Ed25519Verifier,
    encode_note,
    encode_vkey,
    open_note,
    parse_note,
    parse_vkey,
)
from ledger.tiles import encode_bundle, encode_tile_path, parse_bundle, parse_tile_path, split_tile
from ledger.tlog_proof import encode_tlog_proof, parse_tlog_proof
from ledger.trust_policy_file import parse_trust_policy
from tests.fuzz.choices import edited
from tests.fuzz.target import Target, raw_text_of, text_of
from tests.fuzz.targets_views import a_receipt
from tests.ledger.parties import ORIGIN, a_log_signer
from tests.ledger.view_log import WITNESSES, anchor_text, policy_text
from tests.ledger.view_story import REPORT, a_story

_VERIFIERS: Final = (Ed25519Verifier(a_log_signer().key),)


def _parse_entry(data: bytes) -> None:
    head, jws = split_entry(data)
    assert entry_bytes(head, jws) == data
    assert encode_head(parse_head(head)) == head


def _parse_note(data: bytes) -> None:
    found = parse_note(data)
    assert encode_note(found) == data
    opened = open_note(data, _VERIFIERS)
    # Nobody but the log's own key makes a text believed, and it signed nothing but these.
    assert opened.text.encode() in _signed_texts()


def _parse_checkpoint(data: bytes) -> None:
    text = text_of(data)
    found = parse_checkpoint(text)
    assert encode_checkpoint(found) == text
    assert parse_size(str(found.size)) == found.size


def _open_checkpoint(data: bytes) -> None:
    for base in _notes():
        changed = edited(base, data)
        opened = open_checkpoint(changed, _VERIFIERS, origin=ORIGIN)
        assert encode_checkpoint(opened.checkpoint).encode() in _signed_texts()


def _parse_cosignature(data: bytes) -> None:
    assert encode_cosignature(parse_cosignature(data)) == data


def _parse_vkey(data: bytes) -> None:
    text = raw_text_of(data)
    assert encode_vkey(parse_vkey(text)) == text


def _parse_tlog_proof(data: bytes) -> None:
    assert encode_tlog_proof(parse_tlog_proof(data)) == data


def _parse_trust_policy(data: bytes) -> None:
    parse_trust_policy(raw_text_of(data))


def _parse_anchor(data: bytes) -> None:
    found = parse_anchor(data)
    policy = json.loads(data)["policy"]
    assert parse_anchor(encode_anchor(found.origin, policy, found.charter).encode()) == found


def _parse_tile_path(data: bytes) -> None:
    text = raw_text_of(data)
    assert encode_tile_path(parse_tile_path(text)) == text


def _parse_bundle(data: bytes) -> None:
    width = data[0] if data else 1
    if width > 200:
        hashes = split_tile(data[1:], width - 200)
        assert b"".join(hashes) == data[1:]
    elif width:
        assert encode_bundle(parse_bundle(data[1:], width=width)) == data[1:]


def _parse_mark(data: bytes) -> None:
    text = raw_text_of(data)
    assert encode_mark(parse_mark(text, "the file")) == data


def _decode_sidecar(data: bytes) -> None:
    assert encode_sidecar(decode_sidecar(data)) == data


# ---- what is changed, and what it said ----


@cache
def _notes() -> tuple[bytes, ...]:
    log = a_story().log
    return log.note().encode(), log.note(*WITNESSES).encode(), log.note(size=3).encode()


@cache
def _signed_texts() -> frozenset[bytes]:
    return frozenset(note.rpartition(b"\n\n")[0] + b"\n" for note in _notes())


def _entries() -> list[bytes]:
    log = a_story().log
    return [entry_bytes(*log.entries[index]) for index in (1, REPORT)] + [b"lotmark.entry/v1\n"]


def _bundles() -> list[bytes]:
    return [b"\x02" + encode_bundle([b"one", b""]), b"\xca" + bytes(64), b"\x01\x00\x00"]


def _sidecars() -> list[bytes]:
    fresh = new_blob("did:web:log.example:parties:acme", 5, at_ms=1_800_000_000_000)
    return [encode_sidecar(fresh), b"[" * 3000, b"{}"]


_PROGRAMS: Final = (
    b"",
    b"\x00\x01\x02A",
    b"\x10\x00\x00\x05",
    b"\x20\x00\x01\x02abc",
    b"j\x00\x05\x02z",
)

TARGETS: Final = (
    Target(
        "entry",
        _parse_entry,
        (MalformedEntry,),
        (split_entry, parse_head),
        _entries,
        bytes_max=2048,
        words=("lotmark.entry/v1\n", "\n"),
    ),
    Target(
        "note",
        _parse_note,
        (MalformedNote, NoteRefused),
        (parse_note, open_note),
        _notes,
        words=("\n\n", "\u2014 ", ORIGIN),
    ),
    Target(
        "checkpoint",
        _parse_checkpoint,
        (MalformedNote,),
        (parse_checkpoint, parse_size),
        lambda: sorted(_signed_texts()),
        words=("\n", ORIGIN, "9223372036854775807"),
    ),
    Target(
        "checkpoint-edits",
        _open_checkpoint,
        (MalformedNote, NoteRefused),
        (open_checkpoint,),
        lambda: _PROGRAMS,
        bytes_max=64,
    ),
    Target(
        "cosignature",
        _parse_cosignature,
        (BadCosignature,),
        (parse_cosignature,),
        lambda: [bytes(72), b"\x7f" + b"\xff" * 71, b"\xff" * 72],
        bytes_max=80,
    ),
    Target(
        "vkey",
        _parse_vkey,
        (MalformedVerifierKey,),
        (parse_vkey,),
        lambda: [encode_vkey(a_log_signer().key).encode()],
        bytes_max=400,
    ),
    Target(
        "tlog-proof",
        _parse_tlog_proof,
        (MalformedProof,),
        (parse_tlog_proof,),
        lambda: [a_receipt()[0]],
        bytes_max=2048,
        words=("c2sp.org/tlog-proof@v1\n", "extra ", "index ", "\n\n"),
    ),
    Target(
        "trust-policy",
        _parse_trust_policy,
        (MalformedTrustPolicy,),
        (parse_trust_policy,),
        lambda: [policy_text(name).encode() for name in ("none", "one", "both")],
        words=("log ", "witness ", "group ", "quorum ", "none", "any", "all", "\n"),
    ),
    Target(
        "anchor",
        _parse_anchor,
        (MalformedAnchor,),
        (parse_anchor,),
        lambda: [anchor_text(a_story().charter, name).encode() for name in ("none", "one")],
        bytes_max=2048,
        words=('"format"', '"origin"', '"policy"', '"charter"', "quorum none\\n"),
    ),
    Target(
        "tile-path",
        _parse_tile_path,
        (MalformedTilePath,),
        (parse_tile_path,),
        lambda: [b"tile/0/x001/067.p/8", b"tile/entries/000", b"tile/63/999"],
        bytes_max=64,
        words=("tile/", "entries/", "x001/", ".p/"),
    ),
    Target(
        "bundle",
        _parse_bundle,
        (MalformedTile,),
        (parse_bundle, split_tile),
        _bundles,
        bytes_max=512,
    ),
    Target(
        "high-water",
        _parse_mark,
        (HighWaterDamaged,),
        (parse_mark,),
        lambda: [encode_mark(Mark(41, bytes(range(32)))), encode_mark(Mark(0, bytes(32)))],
        bytes_max=140,
    ),
    Target(
        "blob-sidecar",
        _decode_sidecar,
        (BlobsUnavailable,),
        (decode_sidecar,),
        _sidecars,
        bytes_max=4096,
        words=('"owner": "', '"declared_bytes": ', '"received_bytes": ', '"sha256": null'),
    ),
)
