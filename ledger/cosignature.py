"""Cosignatures: a witness says when it saw a checkpoint as the newest (C2SP tlog-cosignature).

Only Ed25519 cosignature/v1 (type 0x04) is known here. Lines of other kinds, ML-DSA among
them, are lines by unknown keys to every verifier and so are ignored.

Not checked here: freshness. The timestamp is handed on for the caller to judge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NewType

from keys import ed25519
from keys.errors import BadSignature
from ledger.errors import BadCosignature
from ledger.limits import COSIGNATURE_SECONDS_MAX
from ledger.note import NoteSignature, VerifierKey, encode_vkey

CosignedAt = NewType("CosignedAt", int)

_TIMESTAMP_BYTES: Final = 8
_SIGNATURE_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A parsed cosignature: POSIX seconds and an Ed25519 signature; nothing is verified."""

    timestamp: CosignedAt
    signature: bytes


@dataclass(frozen=True, slots=True)
class CosignatureVerifier:
    """Checks the cosignature/v1 lines of one witness."""

    key: VerifierKey

    def verify(self, text: bytes, signature: bytes, /) -> None:
        """Check a cosignature over a checkpoint's text.

        Raises:
            BadCosignature: malformed, or not one by this key over this text and time.
        """
        found = parse_cosignature(signature)
        try:
            message = cosigned_message(text, found.timestamp)
            ed25519.verify(self.key.public, message, found.signature)
        except BadSignature as fault:
            raise BadCosignature(f"expected a cosignature by {self.key.name}: {fault}") from fault


@dataclass(frozen=True, slots=True)
class Cosigner:
    """Makes cosignature/v1 lines with a function that signs bytes.

    One Ed25519 key belongs to one cosigner name: the message does not commit to the name.
    """

    key: VerifierKey
    sign: Callable[[bytes], bytes] = field(repr=False)

    @property
    def vkey(self) -> str:
        """The key as trust policies name it."""
        return encode_vkey(self.key)

    def cosign(self, text: bytes, timestamp: CosignedAt) -> NoteSignature:
        """Make the line for a checkpoint's text, seen as the newest at ``timestamp``."""
        assert 1 <= timestamp <= COSIGNATURE_SECONDS_MAX, "a time in POSIX seconds"
        signature = self.sign(cosigned_message(text, timestamp))
        blob = encode_cosignature(Cosignature(timestamp, signature))
        return NoteSignature(self.key.name, self.key.key_id, blob)


def cosigned_message(text: bytes, timestamp: CosignedAt) -> bytes:
    """The bytes that a cosignature/v1 signs (tlog-cosignature, Ed25519 signed message)."""
    return b"cosignature/v1\ntime %d\n" % timestamp + text


def parse_cosignature(blob: bytes) -> Cosignature:
    """Read what follows the key ID in a cosignature/v1 line.

    Raises:
        BadCosignature: not 72 bytes, or a time above 2^63-1.
    """
    if len(blob) != _TIMESTAMP_BYTES + _SIGNATURE_BYTES:
        raise BadCosignature(f"expected a time and a signature of 72 bytes, found {len(blob)}")
    timestamp = int.from_bytes(blob[:_TIMESTAMP_BYTES], "big")
    if timestamp > COSIGNATURE_SECONDS_MAX:
        raise BadCosignature(f"expected a time up to 2^63-1, found {timestamp}")
    return Cosignature(CosignedAt(timestamp), blob[_TIMESTAMP_BYTES:])


def encode_cosignature(cosignature: Cosignature) -> bytes:
    """Write what follows the key ID; the inverse of :func:`parse_cosignature`."""
    return cosignature.timestamp.to_bytes(_TIMESTAMP_BYTES, "big") + cosignature.signature
