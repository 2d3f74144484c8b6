"""Content-Digest (RFC 9530, section 2): the body's hash as a field that can be signed.

SHA-256 is required and decides. Digests by other algorithms beside it are not judged, as
section 2 allows; the signature covers the field's text with all of them.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from api.request_errors import DigestMismatch
from api.structured_fields import encode_bytes_member, parse_dictionary

CONTENT_DIGEST: Final = "content-digest"


def encode_content_digest(body: bytes) -> str:
    """State the SHA-256 of a body as the value of Content-Digest."""
    return encode_bytes_member("sha-256", hashlib.sha256(body).digest())


def verify_content_digest(value: str, body: bytes) -> None:
    """Check that the field states the SHA-256 of this body.

    Raises:
        DigestMismatch: no readable ``sha-256`` member, or it is that of another body.
    """
    stated = _read_sha256(parse_dictionary(CONTENT_DIGEST, value, refusal=DigestMismatch))
    found = hashlib.sha256(body).digest()
    if not hmac.compare_digest(stated, found):
        raise DigestMismatch(f"expected a body of sha-256 {stated.hex()}, found {found.hex()}")


def _read_sha256(members: Mapping[str, object]) -> bytes:
    match members.get("sha-256"):
        case (bytes() as stated, _):
            return stated
        case _:
            raise DigestMismatch(
                f"expected a sha-256 digest in Content-Digest, found {sorted(members)}"
            )
