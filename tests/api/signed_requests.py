"""Signed requests to start tests from: one party, one key, one moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from api.http_signatures import HttpRequest, SignedBy, sign_request, verify_request
from api.nonces import Nonce, NonceMemory, UnixSeconds
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
    """The same request with the fields that sign it."""
    fields = sign_request(request, SIGNER, did=did, created=created, nonce=nonce)
    return replace(request, headers=tuple(fields.items()))


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
