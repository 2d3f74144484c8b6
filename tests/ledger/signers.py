"""Signers for tests: a key follows from its name, so that every run signs the same bytes."""

from __future__ import annotations

import base64
import hashlib
from functools import partial

from keys import ed25519
from ledger.cosignature import CosignedAt, Cosigner
from ledger.note import (
    ED25519_COSIGNATURE,
    ED25519_NOTE,
    Ed25519Signer,
    KeyName,
    Note,
    NoteSignature,
    VerifierKey,
    encode_note,
)


def seed_of(name: str) -> bytes:
    return hashlib.sha256(b"seed of " + name.encode()).digest()


def key_of(name: str, algorithm: int, *, seed: bytes | None = None) -> VerifierKey:
    public = ed25519.public_key_of(seed or seed_of(name))
    return VerifierKey(KeyName(name), algorithm, bytes(public))


def a_signer(name: str, *, seed: bytes | None = None) -> Ed25519Signer:
    chosen = seed or seed_of(name)
    key = key_of(name, ED25519_NOTE, seed=chosen)
    return Ed25519Signer(key, partial(ed25519.sign, chosen))


def a_cosigner(name: str) -> Cosigner:
    key = key_of(name, ED25519_COSIGNATURE)
    return Cosigner(key, partial(ed25519.sign, seed_of(name)))


def cosigned(note: Note, *names: str, timestamp: int = 1_700_000_000) -> Note:
    text = note.text.encode()
    lines = [a_cosigner(name).cosign(text, CosignedAt(timestamp)) for name in names]
    return Note(note.text, (*note.signatures, *lines))


def with_lines(note: Note, *lines: NoteSignature) -> bytes:
    return encode_note(Note(note.text, (*note.signatures, *lines)))


def signer_of_private_key(text: str) -> Ed25519Signer:
    """Read Go's private form of a note key: seen in vectors only, never in Lotmark."""
    private, key, name, key_id, material = text.split("+", 4)
    assert (private, key) == ("PRIVATE", "KEY")
    algorithm, seed = base64.b64decode(material)[0], base64.b64decode(material)[1:]
    signer = a_signer(name, seed=seed)
    assert (signer.key.algorithm, signer.key.key_id.hex()) == (algorithm, key_id)
    return signer
