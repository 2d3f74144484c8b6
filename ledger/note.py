"""Signed notes: a text and the lines of those who vouch for it (C2SP signed-note).

A note is parsed strictly: it has one accepted spelling, base64 included. Which keys count
is decided by the verifier's own configuration, by name *and* key ID; a note cannot choose.
A line by an unknown key is ignored; a line by a known key that does not verify refuses the
whole note.

Not checked here: what the text means.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NewType, Protocol

from keys import ed25519
from keys.encoding import decode_base64, encode_base64
from keys.errors import BadSignature, KeysError, MalformedEncoding
from ledger.errors import (
    BadNoteSignature,
    MalformedNote,
    MalformedVerifierKey,
    NoKnownSignature,
)
from ledger.limits import KEY_NAME_BYTES_MAX, NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX

KeyName = NewType("KeyName", str)
KeyId = NewType("KeyId", bytes)

ED25519_NOTE: Final = 0x01
ED25519_COSIGNATURE: Final = 0x04

_KEY_ID_BYTES: Final = 4
_LINE_START: Final = "\u2014 "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
# Neither "+" nor a space of Unicode's White_Space property, nor a control, nor a surrogate.
_KEY_NAME = re.compile(
    r"[^\x00-\x20+\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ud800-\udfff]+"
)
_VKEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+(.+)")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key a verifier is configured with: name, signature type and 32 bytes."""

    name: KeyName
    algorithm: int
    public: bytes

    def __post_init__(self) -> None:
        """Refuse what must not be configured.

        Raises:
            MalformedVerifierKey: a bad name, an unsupported type, or no point of the curve's
                main subgroup in canonical form.
        """
        if not is_key_name(self.name):
            raise MalformedVerifierKey(f"expected a key name, found {self.name[:80]!r}")
        if self.algorithm not in {ED25519_NOTE, ED25519_COSIGNATURE}:
            raise MalformedVerifierKey(f"expected signature type 1 or 4, found {self.algorithm}")
        try:
            ed25519.check_public_key(self.public)
        except KeysError as fault:
            raise MalformedVerifierKey(f"{self.name}: {fault}") from fault

    @property
    def key_id(self) -> KeyId:
        """First 4 bytes of SHA-256(name, LF, type, public key) (signed-note, key ID)."""
        material = self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public
        return KeyId(hashlib.sha256(material).digest()[:_KEY_ID_BYTES])


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line; ``signature`` is what follows the key ID."""

    name: KeyName
    key_id: KeyId
    signature: bytes

    def line(self) -> str:
        """The line with its LF."""
        return f"{_LINE_START}{self.name} {encode_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note: nothing of it is verified."""

    text: str
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note that known keys vouch for: its text, and one verified line of each such key."""

    text: str
    verified: tuple[NoteSignature, ...]


class NoteVerifier(Protocol):
    """Checks the lines of one key."""

    @property
    def key(self) -> VerifierKey:
        """The configured key."""

    def verify(self, text: bytes, signature: bytes, /) -> None:
        """Check a signature over a note's text; raises BadNoteSignature."""


@dataclass(frozen=True, slots=True)
class Ed25519Verifier:
    """Checks plain Ed25519 lines (type 0x01); ``refusal`` says whose lines they are."""

    key: VerifierKey
    refusal: type[BadNoteSignature] = BadNoteSignature

    def verify(self, text: bytes, signature: bytes, /) -> None:
        """Check a signature over the text.

        Raises:
            BadNoteSignature: it is not one by this key; the class is ``refusal``.
        """
        try:
            ed25519.verify(self.key.public, text, signature)
        except BadSignature as fault:
            raise self.refusal(f"expected a signature by {self.key.name}: {fault}") from fault


@dataclass(frozen=True, slots=True)
class Ed25519Signer:
    """Makes plain Ed25519 lines (type 0x01) with a function that signs bytes."""

    key: VerifierKey
    sign: Callable[[bytes], bytes] = field(repr=False)

    def sign_text(self, text: bytes, /) -> NoteSignature:
        """Sign the text itself (signed-note, Ed25519)."""
        return NoteSignature(self.key.name, self.key.key_id, self.sign(text))


def is_key_name(name: str) -> bool:
    """Whether a text may name a key: 1 to 255 bytes, no white space, no control, no ``+``."""
    return bool(_KEY_NAME.fullmatch(name)) and len(name.encode()) <= KEY_NAME_BYTES_MAX


def parse_vkey(text: str) -> VerifierKey:
    """Read ``<name>+<key ID>+<base64(type || public key)>`` (signed-note, verifier keys).

    Raises:
        MalformedVerifierKey: another form, a key ID that is not the key's, or a key that
            :class:`VerifierKey` refuses.
    """
    match = _VKEY.fullmatch(text)
    if match is None:
        raise MalformedVerifierKey(f"expected <name>+<key ID>+<base64>, found {text[:80]!r}")
    try:
        material = decode_base64(match[3])
    except MalformedEncoding as fault:
        raise MalformedVerifierKey(str(fault)) from fault
    key = VerifierKey(KeyName(match[1]), int.from_bytes(material[:1], "big"), material[1:])
    if key.key_id.hex() != match[2]:
        raise MalformedVerifierKey(f"expected key ID {key.key_id.hex()}, found {match[2]}")
    return key


def encode_vkey(key: VerifierKey) -> str:
    """Write a key as a vkey text (signed-note, verifier keys)."""
    material = bytes([key.algorithm]) + key.public
    return f"{key.name}+{key.key_id.hex()}+{encode_base64(material)}"


def parse_note(data: bytes) -> Note:
    """Read a signed note; nothing is verified (signed-note, format).

    Raises:
        MalformedNote: not UTF-8, a control character, no blank line, no signature line, a
            line of another form, or beyond the bounds on bytes and lines.
    """
    text, lines = _split_note(_decode(data))
    if len(lines) > NOTE_SIGNATURES_MAX:
        raise MalformedNote(f"expected at most {NOTE_SIGNATURES_MAX} lines, found {len(lines)}")
    return Note(text=text, signatures=tuple(_parse_line(line) for line in lines))


def encode_note(note: Note) -> bytes:
    """Write a note; the inverse of :func:`parse_note`."""
    return f"{note.text}\n{''.join(found.line() for found in note.signatures)}".encode()


def sign_note(text: str, signers: Iterable[Ed25519Signer]) -> Note:
    """Sign a text with every signer (signed-note, format).

    Raises:
        MalformedNote: the text does not end in LF or holds another control character.
    """
    data = _text_bytes(text)
    return Note(text=text, signatures=tuple(signer.sign_text(data) for signer in signers))


def open_note(data: bytes, verifiers: Sequence[NoteVerifier]) -> OpenedNote:
    """Read a note and check every line by a known key (signed-note, verification).

    Raises:
        MalformedNote: no signed note.
        MalformedVerifierKey: two verifiers have the same name and key ID.
        BadNoteSignature: a line by a known key does not verify.
        NoKnownSignature: no line is by a known key.
    """
    note = parse_note(data)
    verified = verify_lines(note, verifiers)
    if not verified:
        raise NoKnownSignature(f"expected a line by a known key, found {len(note.signatures)}")
    return OpenedNote(text=note.text, verified=verified)


def verify_lines(note: Note, verifiers: Sequence[NoteVerifier]) -> tuple[NoteSignature, ...]:
    """Check every line by a known key; a key that signed twice is counted once, its first line.

    Raises:
        MalformedVerifierKey: two verifiers have the same name and key ID.
        BadNoteSignature: a line by a known key does not verify, be it a repeated one.
    """
    known = {(verifier.key.name, verifier.key.key_id): verifier for verifier in verifiers}
    if len(known) != len(verifiers):
        raise MalformedVerifierKey("expected each pair of name and key ID once, found one twice")
    text = note.text.encode()
    verified: dict[tuple[KeyName, KeyId], NoteSignature] = {}
    for found in note.signatures:
        verifier = known.get((found.name, found.key_id))
        if verifier is not None:
            verifier.verify(text, found.signature)
            verified.setdefault((found.name, found.key_id), found)
    return tuple(verified.values())


def _decode(data: bytes) -> str:
    if len(data) > NOTE_BYTES_MAX:
        raise MalformedNote(f"expected at most {NOTE_BYTES_MAX} bytes, found {len(data)}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise MalformedNote(f"expected UTF-8, found byte {data[fault.start]:#04x}") from fault
    _text_bytes(text)
    return text


def _text_bytes(text: str) -> bytes:
    """The bytes of a text that may stand in a note."""
    control = _CONTROL.search(text)
    if control is not None:
        raise MalformedNote(f"expected no control character but LF, found {control[0]!r}")
    if not text.endswith("\n"):
        raise MalformedNote(f"expected LF at the end, found {text[-1:]!r}")
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as fault:
        raise MalformedNote("expected Unicode text, found a lone surrogate") from fault


def _split_note(whole: str) -> tuple[str, list[str]]:
    """Split at the last blank line: the text before it may hold blank lines of its own."""
    head, blank, tail = whole.rpartition("\n\n")
    if not blank or not tail:
        raise MalformedNote("expected a text, a blank line and signature lines, found no such")
    return head + "\n", tail[:-1].split("\n")


def _parse_line(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_LINE_START).partition(" ")
    if not line.startswith(_LINE_START) or not space or not is_key_name(name):
        raise MalformedNote(f"expected a signature line, found {line[:80]!r}")
    try:
        blob = decode_base64(encoded)
    except MalformedEncoding as fault:
        raise MalformedNote(f"signature line of {name}: {fault}") from fault
    if len(blob) <= _KEY_ID_BYTES:
        raise MalformedNote(f"expected a key ID and a signature, found {len(blob)} bytes")
    return NoteSignature(KeyName(name), KeyId(blob[:_KEY_ID_BYTES]), blob[_KEY_ID_BYTES:])
