"""ES256 for tests: the RFC's examples are signed with it, and Lotmark itself never is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256

from keys.encoding import decode_base64url, encode_base64url
from keys.errors import BadSignature
from ledger.jws import Verify
from ledger.strict_json import JsonObject

_ES256 = ec.ECDSA(SHA256())


@dataclass(frozen=True)
class Es256Key:
    """A private key that is the same in every run."""

    number: int

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self._private.sign(message, _ES256))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    @property
    def jwk(self) -> JsonObject:
        numbers = self._private.public_key().public_numbers()
        x, y = (encode_base64url(n.to_bytes(32, "big")) for n in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}

    @property
    def _private(self) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(self.number, ec.SECP256R1())


def verify_with(jwk: JsonObject) -> Verify:
    """Make the check of ES256 signatures by one public key."""
    x, y = (int.from_bytes(decode_base64url(cast(str, jwk[name])), "big") for name in "xy")
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()

    def verify(_header: JsonObject, signing_input: bytes, signature: bytes) -> None:
        if len(signature) != 64:
            raise BadSignature(f"expected 64 bytes, found {len(signature)}")
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        try:
            public.verify(encode_dss_signature(r, s), signing_input, _ES256)
        except InvalidSignature as fault:
            raise BadSignature("expected the key's signature, found another") from fault

    return verify
