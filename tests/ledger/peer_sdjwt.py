"""Another implementation of RFC 9901, the package sd-jwt, as a second opinion in tests.

It is laxer than the RFC, so only its refusals and the claims of what both accept count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from jwcrypto.common import JWException  # type: ignore[import-untyped]
from jwcrypto.jwk import JWK  # type: ignore[import-untyped]
from sd_jwt.verifier import SDJWTVerifier  # type: ignore[import-untyped]

from ledger.strict_json import JsonObject, JsonValue

# It has no family of errors: what it does not expect ends in whatever Python raises.
PeerRefusals = (JWException, ValueError, KeyError, TypeError, AttributeError)


def verify_by_peer(
    text: str,
    issuer: Mapping[str, JsonValue],
    *,
    audience: str | None = None,
    nonce: str | None = None,
) -> JsonObject:
    """Verify a compact SD-JWT signed with ES256 and return its claims."""
    verifier = SDJWTVerifier(text, lambda _iss, _header: JWK(**issuer), audience, nonce)
    return cast(JsonObject, verifier.get_verified_payload())
