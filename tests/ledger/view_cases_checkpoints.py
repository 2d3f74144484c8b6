"""Cases that the checkpoint decides (rows B1 to B6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from keys.encoding import decode_base64, encode_base64
from ledger.checkpoint import encode_checkpoint
from ledger.cosignature import CosignedAt
from ledger.note import NoteSignature, encode_vkey
from tests.ledger.parties import ORIGIN, a_log_signer
from tests.ledger.signers import a_cosigner, a_signer
from tests.ledger.view_edits import LOG, SINGLE, STORY, edited, flipped, put, refused
from tests.ledger.view_log import WITNESSES, anchor_text, signed
from tests.ledger.view_vectors import ViewCase

BODY: Final = encode_checkpoint(LOG.checkpoint())
NOTE: Final = LOG.note()
LINE: Final = NOTE.removeprefix(BODY).strip()
NORTH: Final = LOG.note(WITNESSES[0])
ONE: Final = anchor_text(STORY.charter, "one")
BOTH: Final = anchor_text(STORY.charter, "both")
STRANGER: Final = a_signer("stranger.example")


def checkpoint_cases() -> Iterator[ViewCase]:
    """All cases of rows B1 to B6."""
    yield from _notes()
    yield from _texts()
    yield from _log_signatures()
    yield from _witnesses()


def _with_note(rule: str, name: str, code: str, note: str, *, anchor: str = ONE) -> ViewCase:
    return refused(rule, name, code, edited(SINGLE, put("checkpoint", to=note)), anchor=anchor)


def _notes() -> Iterator[ViewCase]:
    many = f"{LINE}\n" * 101
    for name, note in [
        ("note is empty", ""),
        ("note has no signature line", f"{BODY}\n"),
        ("note has no empty line", f"{BODY}{LINE}\n"),
        ("note lacks its last LF", NOTE[:-1]),
        ("note holds a tab", NOTE.replace("\n\n", "\t\n\n")),
        ("note holds a CR", NOTE.replace("\n", "\r\n")),
        ("note has 101 signature lines", f"{BODY}\n{many}"),
        ("a signature line begins with a hyphen", NOTE.replace("— ", "- ")),
        ("a signature line has no signature", f"{BODY}\n— {ORIGIN}\n"),
        ("a signature is not canonical base64", f"{NOTE}— x AAAAAAB=\n"),
        ("a signature is a key ID alone", f"{NOTE}— x AAAAAA==\n"),
        ("note is larger than 64 KiB", signed(f"{BODY}{'x' * 65_536}\n")),
    ]:
        yield _with_note("B1", name, "malformed-note", note, anchor=anchor_text(STORY.charter))


def _texts() -> Iterator[ViewCase]:
    origin, size, root, _ = BODY.split("\n")
    for name, text in [
        ("checkpoint has two lines", f"{origin}\n{size}\n"),
        ("checkpoint has an empty line", f"{origin}\n{size}\n{root}\n\nmore\n"),
        ("size has a leading zero", f"{origin}\n0{size}\n{root}\n"),
        ("size is negative", f"{origin}\n-{size}\n{root}\n"),
        ("size is 2^63", f"{origin}\n{2**63}\n{root}\n"),
        ("root has 31 bytes", f"{origin}\n{size}\n{encode_base64(bytes(31))}\n"),
        ("root has no padding", f"{origin}\n{size}\n{root.rstrip('=')}\n"),
        ("root has spare bits", f"{origin}\n{size}\n{root[:-2]}{_spare(root[-2])}=\n"),
    ]:
        yield _with_note("B1", name, "malformed-note", signed(text))


def _spare(character: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return alphabet[alphabet.index(character) + 1]


def _log_signatures() -> Iterator[ViewCase]:
    log = a_log_signer()
    other_name = a_log_signer("other.example", "other log")
    forged = replace(log, sign=STRANGER.sign)
    missing = "log-signature-missing"
    yield _with_note("B2", "only a stranger signed", missing, signed(BODY, by=STRANGER))
    named = a_log_signer(ORIGIN, "stranger")
    yield _with_note("B2", "a stranger's key has the log's name", missing, signed(BODY, by=named))
    others = ONE.replace("quorum", f"log {encode_vkey(other_name.key)}\\nquorum")
    yield _with_note(
        "B2",
        "another log of the policy signed",
        missing,
        signed(BODY, by=other_name),
        anchor=others,
    )
    cosigned = signed(BODY, *WITNESSES).replace(f"{LINE}\n", "")
    yield _with_note("B2", "only witnesses signed", missing, cosigned)
    bad = "bad-log-signature"
    yield _with_note("B3", "the log's key is forged", bad, signed(BODY, *WITNESSES, by=forged))
    yield _with_note("B3", "a byte of the signature is changed", bad, NORTH.replace(LINE, _flip()))
    size = NORTH.replace("\n11\n", "\n12\n", 1)
    yield _with_note("B3", "the size is changed", bad, size)
    root = BODY.split("\n")[2]
    yield _with_note("B3", "the root is changed", bad, NORTH.replace(root, flipped(root, 5)))
    yield _with_note("B3", "a second line by the log is bad", bad, f"{NORTH}{_flip()}\n")
    blob = decode_base64(LINE.rsplit(" ", 1)[1])
    short = NoteSignature(log.key.name, log.key.key_id, blob[4:-1]).line()
    yield _with_note("B3", "the signature has 63 bytes", bad, f"{BODY}\n{short}")
    wrong = BODY.replace(ORIGIN, "other.example")
    yield _with_note(
        "B4", "the checkpoint is one of another log", "wrong-origin", signed(wrong, *WITNESSES)
    )
    yield _with_note("B4", "another log's without a quorum", "wrong-origin", signed(wrong))


def _flip() -> str:
    return flipped(LINE, -20)


def _witnesses() -> Iterator[ViewCase]:
    north = NORTH.removeprefix(NOTE).strip()
    bad = "bad-cosignature"
    south = LOG.note(WITNESSES[1]).removeprefix(NOTE)
    yield _with_note("B5", "a cosignature is changed", bad, f"{NOTE}{flipped(north, -20)}\n")
    yield _with_note(
        "B5", "one of two cosignatures is bad", bad, f"{NOTE}{south}{flipped(north, -20)}\n"
    )
    blob = decode_base64(north.rsplit(" ", 1)[1])
    key = a_cosigner(WITNESSES[0]).key
    later = blob[4:11] + bytes([blob[11] ^ 1]) + blob[12:]
    for name, signature in [
        ("the time of a cosignature is changed", later),
        ("a cosignature has no time", blob[12:]),
        ("a cosignature has a byte more", blob[4:] + b"\0"),
        ("the time of a cosignature is 2^63", b"\x80" + bytes(7) + blob[12:]),
    ]:
        line = NoteSignature(key.name, key.key_id, signature).line()
        yield _with_note("B5", name, bad, f"{NOTE}{line}")
    other = a_cosigner(WITNESSES[0]).cosign(b"other text\n", CosignedAt(1)).line()
    yield _with_note("B5", "a cosignature is over another text", bad, f"{NOTE}{other}")
    unmet = "quorum-not-met"
    yield _with_note("B6", "no witness cosigned", unmet, NOTE)
    stranger = a_cosigner("witness.example/stranger")
    line = stranger.cosign(BODY.encode(), CosignedAt(1)).line()
    yield _with_note("B6", "an unknown witness cosigned", unmet, f"{NOTE}{line}")
    yield _with_note("B6", "one of two witnesses cosigned", unmet, NORTH, anchor=BOTH)
    twice = f"{NORTH}{north}\n"
    yield _with_note("B6", "one witness cosigned twice", unmet, twice, anchor=BOTH)
