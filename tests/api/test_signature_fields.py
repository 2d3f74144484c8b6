"""The signature base and Content-Digest against the RFCs' own examples and an independent peer.

Facts of RFC 9421 (B.1.4 key, B.2 request, B.2.6 signature) and of RFC 9530 (appendix B.1),
typed from the standards.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
)
from http_message_signatures.algorithms import ED25519

from api.content_digest import encode_content_digest, verify_content_digest
from api.http_signatures import HttpRequest
from api.request_errors import DigestMismatch
from api.signature_fields import build_signature_base, parse_signature_fields
from keys import ed25519
from keys.encoding import decode_base64url
from keys.errors import BadSignature
from keys.signer import SeedSigner
from tests.api.signed_requests import DID, KID, NONCE, NOW, SEED, SIGNER, a_request, signed, verify

pytestmark = pytest.mark.item("2.6")

RFC_SEED = decode_base64url("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU")
RFC_PUBLIC = decode_base64url("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs")
RFC_VALUES = {
    "date": "Tue, 20 Apr 2021 02:07:55 GMT",
    "@method": "POST",
    "@path": "/foo",
    "@authority": "example.com",
    "content-type": "application/json",
    "content-length": "18",
}
RFC_BASE = "\n".join(
    [
        '"date": Tue, 20 Apr 2021 02:07:55 GMT',
        '"@method": POST',
        '"@path": /foo',
        '"@authority": example.com',
        '"content-type": application/json',
        '"content-length": 18',
        '"@signature-params": ("date" "@method" "@path" "@authority" "content-type" '
        '"content-length");created=1618884473;keyid="test-key-ed25519"',
    ]
)
RFC_HEADERS = (
    (
        "Signature-Input",
        'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")'
        ';created=1618884473;keyid="test-key-ed25519"',
    ),
    (
        "Signature",
        "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1"
        "u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
    ),
)
RFC_BODY = b'{"hello": "world"}'
RFC_BODY_DIGEST = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"


def test_the_base_of_rfc_9421_is_built_and_its_signature_verifies() -> None:
    fields = parse_signature_fields(RFC_HEADERS)
    base = build_signature_base(fields.read_input("sig-b26"), RFC_VALUES)
    assert base.decode() == RFC_BASE
    ed25519.verify(RFC_PUBLIC, base, fields.read_signature("sig-b26"))


def test_the_key_of_rfc_9421_makes_the_signature_of_rfc_9421() -> None:
    signer = SeedSigner(RFC_SEED)
    signature = parse_signature_fields(RFC_HEADERS).read_signature("sig-b26")
    assert (signer.public_key, signer.sign(RFC_BASE.encode())) == (RFC_PUBLIC, signature)


@pytest.mark.parametrize("component", RFC_VALUES)
def test_each_component_of_rfc_9421s_example_counts(component: str) -> None:
    fields = parse_signature_fields(RFC_HEADERS)
    values = RFC_VALUES | {component: RFC_VALUES[component] + "x"}
    base = build_signature_base(fields.read_input("sig-b26"), values)
    with pytest.raises(BadSignature):
        ed25519.verify(RFC_PUBLIC, base, fields.read_signature("sig-b26"))


def test_content_digest_is_that_of_rfc_9530() -> None:
    assert encode_content_digest(RFC_BODY) == RFC_BODY_DIGEST
    verify_content_digest(RFC_BODY_DIGEST, RFC_BODY)
    with pytest.raises(DigestMismatch):
        verify_content_digest(RFC_BODY_DIGEST, RFC_BODY + b"\n")


# ---- an implementation by others, which takes its verdicts from `cryptography` -------------


@dataclass
class Message:
    """A request as the peer wants it."""

    method: str
    url: str
    headers: dict[str, str]


class OneKey(HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        assert key_id == KID
        return Ed25519PublicKey.from_public_bytes(SIGNER.public_key)

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:
        assert key_id == KID
        return Ed25519PrivateKey.from_private_bytes(SEED)


class PatientVerifier(HTTPMessageVerifier):
    # The peer reads the machine's clock; these tests live at one instant.
    max_clock_skew = datetime.timedelta(days=36_500)


def peer_verifies(message: Message, body: bytes) -> None:
    verifier = PatientVerifier(signature_algorithm=ED25519, key_resolver=OneKey())
    verifier.verify(message, expect_tag="lotmark-request/v1", body=body)


@pytest.mark.parametrize("body", [b"", b'{"a": 1}'])
def test_the_peer_verifies_what_we_sign(body: bytes) -> None:
    request = signed(a_request(method="POST", body=body))
    message = Message("POST", request.target_uri, dict(request.headers))
    peer_verifies(message, body)
    message.method = "PUT"
    with pytest.raises(InvalidSignature):
        peer_verifies(message, body)


@pytest.mark.parametrize("body", [None, b'{"a": 1}'])
def test_we_verify_what_the_peer_signs(body: bytes | None) -> None:
    request = a_request(method="POST", body=body or b"")
    message = Message("POST", request.target_uri, {})
    HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=OneKey()).sign(
        message,
        key_id=KID,
        created=datetime.datetime.fromtimestamp(NOW, tz=datetime.UTC),
        nonce=NONCE,
        tag="lotmark-request/v1",
        covered_component_ids=("@method", "@target-uri"),
        body=body,
    )
    received: HttpRequest = replace(request, headers=tuple(message.headers.items()))
    assert verify(received).did == DID
