"""Who is signed in to the pages: links and cookies that only this service can have made.

A party asks for a link by a signed request; the link works once, for a minute, and leaves a
cookie. Both name the key that asked: when it ends, they end. Nothing is stored but the nonce
of a link that was used; replicas share the secret, so any of them accepts what another made.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keys.encoding import decode_base64url, encode_base64url
from keys.errors import MalformedEncoding
from ledger.errors import MalformedJson
from ledger.strict_json import encode_json, parse_json

LINK_SECONDS: Final = 45
SESSION_SECONDS: Final = 30 * 60
_TEXT_CHARACTERS_MAX: Final = 2_048
_NONCE_BYTES: Final = 16
LINK, SESSION = "link", "session"


@dataclass(frozen=True, slots=True)
class Pass:
    """What a link or a cookie says: the key that asked for it, and until when it holds.

    ``created_s`` and ``nonce`` make a link good for one use.
    """

    kind: str
    kid: str
    created_s: int
    until_s: int
    nonce: str

    @property
    def did(self) -> str:
        """The party."""
        return self.kid.partition("#")[0]


class PageSeals:
    """Makes passes and reads them back."""

    def __init__(self, secret: bytes) -> None:
        """Seal with a key of its own, derived from a secret that replicas share."""
        self._key = HKDF(SHA256(), 32, salt=None, info=b"lotmark pages v1").derive(secret)

    def link(self, kid: str, *, now_s: int) -> str:
        """A text for the address of a link."""
        return self._seal(_pass(LINK, kid, now_s, LINK_SECONDS))

    def session(self, kid: str, *, now_s: int) -> str:
        """A text for a cookie."""
        return self._seal(_pass(SESSION, kid, now_s, SESSION_SECONDS))

    def open(self, text: str, kind: str, *, now_s: int) -> Pass | None:
        """The pass of this kind; None for a text that is none, or no longer."""
        content, _, seal = text[:_TEXT_CHARACTERS_MAX].partition(".")
        try:
            data, found = decode_base64url(content), decode_base64url(seal)
        except MalformedEncoding:
            return None
        if not hmac.compare_digest(found, self._sign(data)):
            return None
        opened = _read(data)
        is_good = opened is not None and opened.kind == kind and now_s < opened.until_s
        return opened if is_good else None

    def _seal(self, made: Pass) -> str:
        data = encode_json([made.kind, made.kid, made.created_s, made.until_s, made.nonce])
        return f"{encode_base64url(data)}.{encode_base64url(self._sign(data))}"

    def _sign(self, data: bytes) -> bytes:
        return hmac.digest(self._key, data, "sha256")


def _read(data: bytes) -> Pass | None:
    """What was sealed; its form was made here, and is looked at all the same."""
    try:
        found = parse_json(data, bytes_max=_TEXT_CHARACTERS_MAX)
    except MalformedJson:
        return None
    match found:
        case [str(kind), str(kid), int(created), int(until), str(nonce)]:
            return Pass(kind, kid, created, until, nonce)
    return None


def _pass(kind: str, kid: str, now_s: int, seconds: int) -> Pass:
    nonce = encode_base64url(secrets.token_bytes(_NONCE_BYTES))
    return Pass(kind, kid, now_s, now_s + seconds, nonce)
