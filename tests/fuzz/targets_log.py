"""Targets of the log's own formats: entries, notes, checkpoints, proofs, tiles, anchors, views."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from keys.errors import KeysError
from ledger.anchor import Anchor, encode_anchor, parse_anchor
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
    LedgerError,
    MalformedAnchor,
    MalformedEntry,
    MalformedJson,
    MalformedNote,
    MalformedProof,
    MalformedTile,
    MalformedTilePath,
    MalformedTrustPolicy,
    MalformedVerifierKey,
    MalformedView,
    NoteRefused,
    ViewTooLarge,
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
from ledger.receipt import verify_receipt
from ledger.tiles import encode_bundle, encode_tile_path, parse_bundle, parse_tile_path, split_tile
from ledger.tlog_proof import TlogProof, encode_tlog_proof, parse_tlog_proof
from ledger.tree import LeafIndex
from ledger.trust_policy_file import parse_trust_policy
from ledger.verify import VerifiedView, verify_view
from ledger.view import View, ViewEntry, ViewRecord, encode_view, encode_view_lines, parse_view
from tests.fuzz.choices import Choices, edited
from tests.fuzz.target import Target, raw_text_of, text_of
from tests.ledger.parties import ORIGIN, a_log_signer
from tests.ledger.view_log import WITNESSES, anchor_text, as_lines, as_text, policy_text
from tests.ledger.view_mutations import mutated_view
from tests.ledger.view_story import OTHER_REPORT, REPORT, a_story

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


def _verify_receipt(data: bytes) -> None:
    receipt, jws, anchor = _receipt()
    cut = len(data) // 2 if data[:1] == b"j" else 0
    document, record = edited(receipt, data[cut + 1 :]), raw_text_of(edited(jws, data[1:cut]))
    found = verify_receipt(document, record, anchor=anchor)
    # Where a lone byte of the frame may differ, what is said may not.
    assert (found.index, found.included_in) == (REPORT, len(a_story().submissions))
    assert record.encode() == jws


def _parse_trust_policy(data: bytes) -> None:
    parse_trust_policy(raw_text_of(data))


def _parse_anchor(data: bytes) -> None:
    found = parse_anchor(data)
    policy = json.loads(data)["policy"]
    assert parse_anchor(encode_anchor(found.origin, policy, found.charter).encode()) == found


def _parse_view(data: bytes) -> None:
    found = parse_view(data)
    assert parse_view(encode_view(found).encode()) == found
    assert parse_view(encode_view_lines(found).encode()) == found


def _verify_edited_view(data: bytes) -> None:
    documents = _documents()
    document = edited(documents[data[0] % len(documents)] if data else documents[0], data[1:])
    _check_known(verify_view(parse_view(document), _anchor()))


def _verify_mutated_view(data: bytes) -> None:
    case = mutated_view(Choices(data))
    verify_view(parse_view(case.document), parse_anchor(case.anchor))


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


@cache
def _receipt() -> tuple[bytes, bytes, Anchor]:
    log = a_story().log
    path = tuple(bytes(node) for node in _path_of(REPORT))
    note, head = log.note().encode(), log.entries[REPORT][0].encode()
    proof = TlogProof(LeafIndex(REPORT), path, note, extra=head)
    return encode_tlog_proof(proof), log.jwss[REPORT].encode(), _anchor()


def _path_of(index: int) -> list[bytes]:
    from keys.encoding import decode_base64

    return [decode_base64(text) for text in a_story().log.entry(index)["path"]]


@cache
def _anchor() -> Anchor:
    return parse_anchor(anchor_text(a_story().charter).encode())


@cache
def _documents() -> tuple[bytes, ...]:
    story = a_story()
    several = (story.show(REPORT), story.show(OTHER_REPORT, "manifest", "lot"))
    view = story.log.view(*several)
    return as_text(view).encode(), as_lines(view).encode()


@cache
def _known() -> dict[int, dict[str, Any]]:
    """What the log's records say, by index: groups by name."""
    story = a_story()
    whole = story.log.view(*(story.show(index) for index in range(len(story.submissions))))
    verified = verify_view(parse_view(as_text(whole).encode()), _anchor())
    return {
        item.index: {group.group: group.value for group in item.groups} for item in verified.records
    }


def _check_known(verified: VerifiedView) -> None:
    """An accepted view says nothing that the log does not: it may say less."""
    assert verified.origin == ORIGIN
    assert verified.records
    for record in verified.records:
        known = _known()[record.index]
        assert all(known[item.group] == item.value for item in record.groups)


def _small_views() -> list[bytes]:
    entry = ViewEntry("head\n", "a.b.c", ("AAAA",))
    record = ViewRecord(entry=0, type=None, keys=(0, 1), disclosures=("WyJ4Il0",))
    view = View("origin\n1\nAAAA\n\n", (entry, entry), (record, record))
    return [encode_view(view).encode(), encode_view_lines(view).encode(), b"{}", b"{}\n{}\n"]


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
        lambda: [_receipt()[0]],
        bytes_max=2048,
        words=("c2sp.org/tlog-proof@v1\n", "extra ", "index ", "\n\n"),
    ),
    Target(
        "receipt-edits",
        _verify_receipt,
        (LedgerError,),
        (verify_receipt,),
        lambda: _PROGRAMS,
        bytes_max=64,
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
        "view",
        _parse_view,
        (ViewTooLarge, MalformedJson, MalformedView),
        (parse_view,),
        _small_views,
        bytes_max=2048,
        words=('"entries"', '"records"', '"checkpoint"', "lotmark.view/v1", "\n"),
    ),
    Target(
        "view-edits",
        _verify_edited_view,
        (LedgerError, KeysError),
        (verify_view,),
        lambda: _PROGRAMS,
        bytes_max=64,
    ),
    # Each execution signs a log of its own, so there are fewer; the parsers in front of the
    # signatures have their million in the two targets above.
    Target(
        "view-forgeries",
        _verify_mutated_view,
        (LedgerError, KeysError),
        (verify_view,),
        lambda: [bytes([number]) * 24 for number in range(0, 256, 37)],
        bytes_max=96,
        runs=100_000,
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
