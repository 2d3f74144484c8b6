"""Proof of possession: a new key signs its own registration (docs/spec/governance.md, 3).

Without it a party could register a key that it copied from somebody else's entry. The text
names log and party, so that a proof given once is of no use anywhere else.
"""

from __future__ import annotations

from typing import Final

from keys import ed25519
from keys.encoding import decode_base64url, encode_base64url
from keys.errors import BadSignature, MalformedEncoding
from keys.multikey import parse_multikey
from keys.signer import Signer

PURPOSE: Final = "lotmark.possession/v1"


def possession_text(origin: str, did: str, multikey: str) -> bytes:
    """The four lines that a new key signs: purpose, origin, party and itself."""
    return f"{PURPOSE}\n{origin}\n{did}\n{multikey}\n".encode()


def prove_possession(key: Signer, *, origin: str, did: str) -> str:
    """The ``possession`` of a key that ``did`` is about to register on a log."""
    return encode_base64url(key.sign(possession_text(origin, did, key.multikey)))


def verify_possession(possession: str, *, origin: str, did: str, multikey: str) -> None:
    """Check that whoever registers a key holds it.

    Raises:
        BadSignature: another text was signed, or by another key.
        MalformedKey, UnsupportedKey: no Ed25519 multikey.
    """
    try:
        signature = decode_base64url(possession)
    except MalformedEncoding as fault:
        raise BadSignature(f"possession: {fault}") from fault
    text = possession_text(origin, did, multikey)
    ed25519.verify(parse_multikey(multikey), text, signature)
