"""Signed requests to start tests from: one party, one key, one moment."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from api.http_signatures import HttpRequest, SignedBy, sign_request, verify_request
from api.nonces import Nonce, NonceMemory, UnixSeconds
from api.signature_fields import SignatureInput, build_signature_base, encode_signature_fields
from api.target_uri import parse_target_uri
from keys.identifiers import Did, KeyId, kid, parse_origin, parse_slug, party_did
from keys.signer import SeedSigner

NOW = UnixSeconds(1_900_000_000)
NONCE = Nonce("AAAAAAAAAAAAAAAAAAAAAA")
DID: Did = party_did(parse_origin("log.example"), parse_slug("acme"))
SEED = bytes(range(32))
SIGNER = SeedSigner(SEED)
TARGET = "https://log.example/v1/records?limit=10"
KID: KeyId = kid(DID, SIGNER.multikey)


@dataclass(frozen=True, slots=True)
class ListedKeys:
    """The keys that a test lets sign."""

    kids: frozenset[str] = frozenset({KID})

    def may_sign_requests(self, kid: KeyId) -> bool:
        """Whether the test listed the key."""
        return kid in self.kids


def a_request(
    *,
    method: str = "GET",
    target: str = TARGET,
    body: bytes = b"",
) -> HttpRequest:
    """A request without headers."""
    return HttpRequest(method, parse_target_uri(target), body)


def signed(
    request: HttpRequest, *, created: UnixSeconds = NOW, nonce: Nonce = NONCE, did: Did = DID
) -> HttpRequest:
    """The same request and the fields that sign it."""
    fields = sign_request(request, SIGNER, did=did, created=created, nonce=nonce)
    return replace(request, headers=(*request.headers, *fields.items()))


def verify(
    request: HttpRequest,
    *,
    now: UnixSeconds = NOW,
    keys: ListedKeys | None = None,
    nonces: NonceMemory | None = None,
) -> SignedBy:
    """Verify with the test's keys and, unless given, a memory of its own."""
    return verify_request(
        request, now=now, keys=keys or ListedKeys(), nonces=nonces or NonceMemory()
    )


def with_field(request: HttpRequest, name: str, *, change: Callable[[str], str]) -> HttpRequest:
    """The request with one field's value changed."""
    headers = dict(request.headers)
    return replace(request, headers=tuple((headers | {name: change(headers[name])}).items()))


PARAMETERS: Mapping[str, int | str] = {
    "created": NOW,
    "nonce": NONCE,
    "keyid": KID,
    "tag": "lotmark-request/v1",
}


def a_post(body: bytes = b'{"a": 1}') -> HttpRequest:
    """A request with a body."""
    return a_request(method="POST", body=body)


def digest_of(body: bytes, algorithm: str = "sha-256") -> str:
    """Content-Digest by hashlib alone."""
    name = algorithm.replace("-", "")
    return f"{algorithm}=:{b64encode(hashlib.new(name, body).digest()).decode()}:"


def signed_over(
    request: HttpRequest,
    *,
    components: tuple[str, ...] = ("@method", "@target-uri"),
    parameters: Mapping[str, int | str] = PARAMETERS,
    digest: str | None = None,
) -> HttpRequest:
    """A good signature over any choice of components and parameters."""
    values = {
        "@method": request.method,
        "@target-uri": str(request.target_uri),
        "@authority": "log.example",
        "content-digest": digest or "",
    }
    covered = SignatureInput(components, parameters)
    signature = SIGNER.sign(build_signature_base(covered, values))
    fields = encode_signature_fields("any-label", covered, signature=signature)
    headers = fields | ({"content-digest": digest} if digest is not None else {})
    return replace(request, headers=tuple(headers.items()))
