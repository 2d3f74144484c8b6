"""Signed requests: what passes, and what is refused for time, key, body, nonce or any change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http_signatures import HttpRequest, sign_request
from api.nonces import Nonce, NonceMemory, UnixSeconds
from api.request_errors import (
    BadRequestSignature,
    DigestMismatch,
    MalformedTarget,
    NonceReplayed,
    NoncesFull,
    RequestError,
    SignatureExpired,
    UnknownKey,
)
from api.signature_fields import SignatureInput, build_signature_base, encode_signature_fields
from api.target_uri import parse_target_uri
from keys.identifiers import kid, parse_origin, parse_slug, party_did
from keys.signer import SeedSigner
from ledger.limits import REQUEST_WINDOW_SECONDS
from tests.api.signed_requests import (
    DID,
    KID,
    NONCE,
    NOW,
    PARAMETERS,
    SIGNER,
    ListedKeys,
    a_post,
    a_request,
    digest_of,
    signed,
    signed_over,
    verify,
    with_field,
)

pytestmark = pytest.mark.item("2.6")

# ---- what passes -------------------------------------------------------------------------


def test_a_signed_request_names_its_signer() -> None:
    assert verify(signed(a_request())).kid == KID


@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PATCH", "DELETE"]),
    tail=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#")),
    body=st.binary(max_size=200),
    skew=st.integers(-REQUEST_WINDOW_SECONDS, REQUEST_WINDOW_SECONDS),
    nonce=st.from_regex(r"[A-Za-z0-9_-]{22}", fullmatch=True),
)
def test_what_is_signed_verifies(
    method: str, tail: str, body: bytes, skew: int, nonce: str
) -> None:
    request = a_request(method=method, target=f"https://log.example/{tail}", body=body)
    fields = signed(request, created=UnixSeconds(NOW + skew), nonce=Nonce(nonce))
    assert verify(fields).kid == KID


def test_components_may_be_covered_in_any_order_and_alg_may_be_named() -> None:
    parameters = dict(reversed(list(PARAMETERS.items()))) | {"alg": "ed25519"}
    components = ("content-digest", "@target-uri", "@method")
    digest = digest_of(b"abc")
    request = a_request(method="PUT", body=b"abc")
    verify(signed_over(request, components=components, parameters=parameters, digest=digest))


def test_a_request_without_a_body_may_carry_a_covered_digest_of_nothing() -> None:
    components = ("@method", "@target-uri", "content-digest")
    verify(signed_over(a_request(), components=components, digest=digest_of(b"")))


def test_field_names_are_found_in_any_case() -> None:
    request = signed(a_post())
    verify(replace(request, headers=tuple((n.title(), f" {v}\t") for n, v in request.headers)))


def test_a_signature_that_a_proxy_added_for_itself_is_left_alone() -> None:
    request = with_field(
        signed(a_request()), "signature-input", change=lambda v: v + ', proxy=("x-y");tag="proxy"'
    )
    verify(with_field(request, "signature", change=lambda v: v + ", proxy=:AAAA:"))


# ---- any covered part --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("method", "PUT"),
        ("target_uri", "https://log.example/v1/records?limit=11"),
        ("target_uri", "https://log.example/v1/records"),
        ("target_uri", "https://log.example/v1/%72ecords?limit=10"),
        ("target_uri", "http://log.example/v1/records?limit=10"),
        ("target_uri", "https://log.example:8443/v1/records?limit=10"),
        ("target_uri", "https://other.example/v1/records?limit=10"),
    ],
)
def test_another_method_or_target_has_another_signature(part: str, value: str) -> None:
    request = signed(a_request())
    verify(request)
    changed = (
        replace(request, method=value)
        if part == "method"
        else replace(request, target_uri=parse_target_uri(value))
    )
    with pytest.raises(BadRequestSignature, match="expected a signature over this request"):
        verify(changed)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"created={NOW}", f"created={NOW + 1}"),
        ("AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAB"),
        ('("@method" "@target-uri")', '("@target-uri" "@method")'),
        ('";tag=', '";alg="ed25519";tag='),
    ],
)
def test_another_parameter_has_another_signature(old: str, new: str) -> None:
    request = signed(a_request())
    changed = with_field(request, "signature-input", change=lambda value: value.replace(old, new))
    assert changed != request
    with pytest.raises(BadRequestSignature):
        verify(changed)


REQUESTS = st.builds(
    a_request,
    method=st.sampled_from(["GET", "POST"]),
    target=st.sampled_from(["https://log.example/a", "https://log.example/a?b", "http://a/b"]),
    body=st.sampled_from([b"", b"a", b"b"]),
)


@given(REQUESTS, REQUESTS)
def test_the_fields_of_one_request_sign_no_other(first: HttpRequest, second: HttpRequest) -> None:
    moved = replace(second, headers=signed(first).headers)
    if first == second:
        verify(moved)
    else:
        with pytest.raises(RequestError) as refused:
            verify(moved)
        assert refused.value.code in {
            "bad-request-signature",
            "digest-mismatch",
            "signature-missing-component",
        }


@given(st.data())
def test_no_bit_of_a_signature_is_idle(data: st.DataObject) -> None:
    request = signed(a_post())
    bit = data.draw(st.integers(0, 511))
    covered = SignatureInput(("@method", "@target-uri", "content-digest"), PARAMETERS)
    digest = dict(request.headers)["content-digest"]
    values = {"@method": "POST", "@target-uri": request.target_uri, "content-digest": digest}
    good = SIGNER.sign(build_signature_base(covered, values))
    bad = (int.from_bytes(good) ^ (1 << bit)).to_bytes(64)
    for signature, passes in ((good, True), (bad, False)):
        fields = encode_signature_fields("any", covered, signature=signature)
        headers = (*fields.items(), ("content-digest", digest))
        if passes:
            verify(replace(request, headers=headers))
        else:
            with pytest.raises(BadRequestSignature):
                verify(replace(request, headers=headers))


# Whatever one character of the signed fields becomes: refused, or it was not a change.
@given(st.sampled_from(["signature-input", "signature", "content-digest"]), st.data())
def test_a_changed_character_is_refused_or_means_the_same(name: str, data: st.DataObject) -> None:
    request = signed(a_post())
    value = dict(request.headers)[name]
    position = data.draw(st.integers(0, len(value) - 1))
    letter = data.draw(st.characters(max_codepoint=0x17F))
    changed = value[:position] + letter + value[position + 1 :]
    try:
        found = verify(with_field(request, name, change=lambda _: changed))
    except RequestError:
        return
    # Unsigned and so free: the label, and the spare bits of the last base64 character.
    assert found.kid == KID
    assert changed == value or name == "signature" or position <= value.index("=")


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_in_the_fields_is_an_error_of_the_family(inputs: str, signature: str) -> None:
    headers = (("Signature-Input", inputs), ("Signature", signature))
    with pytest.raises(RequestError):
        verify(replace(a_request(), headers=headers))


# ---- time --------------------------------------------------------------------------------


@pytest.mark.parametrize("skew", [-61, -60, 60, 61])
def test_a_clock_outside_the_window_learns_the_time_and_the_skew(skew: int) -> None:
    request = signed(a_request(), created=UnixSeconds(NOW - skew))
    if abs(skew) <= REQUEST_WINDOW_SECONDS:
        verify(request)
        return
    side = "behind" if skew > 0 else "ahead"
    with pytest.raises(SignatureExpired, match=f"server's time {NOW}.* 61 s {side}") as refused:
        verify(request)
    assert (refused.value.server_seconds, refused.value.skew_seconds) == (NOW, skew)


@pytest.mark.parametrize("expires", [-1, 0])
def test_expires_is_honoured(expires: int) -> None:
    request = signed_over(a_request(), parameters={**PARAMETERS, "expires": NOW + expires})
    if expires < 0:
        with pytest.raises(SignatureExpired, match="expected expires at or after"):
            verify(request)
    else:
        verify(request)


# ---- key ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kids", [frozenset({KID}), frozenset[str]()])
def test_a_key_that_may_not_sign_requests_is_unknown(kids: frozenset[str]) -> None:
    if kids:
        verify(signed(a_request()), keys=ListedKeys(kids))
    else:
        with pytest.raises(UnknownKey, match="expected a key that may sign requests"):
            verify(signed(a_request()), keys=ListedKeys(kids))


def test_a_key_of_a_party_does_not_sign_for_another() -> None:
    other = party_did(parse_origin("log.example"), parse_slug("other"))
    with pytest.raises(UnknownKey):
        verify(signed(a_request(), did=other))


def test_a_signature_by_another_registered_key_is_refused() -> None:
    other = SeedSigner(bytes(32))
    fields = sign_request(a_request(), other, did=DID, created=NOW, nonce=NONCE)
    keys = ListedKeys(frozenset({KID, kid(DID, other.multikey)}))
    request = replace(a_request(), headers=tuple(fields.items()))
    verify(request, keys=keys)
    forged = with_field(
        request, "signature-input", change=lambda v: v.replace(other.multikey, SIGNER.multikey)
    )
    with pytest.raises(BadRequestSignature):
        verify(forged, keys=keys)


# ---- body --------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b'{"a": 1}', b'{"a": 2}', b""])
def test_another_body_has_another_digest(body: bytes) -> None:
    request = replace(signed(a_post(b'{"a": 1}')), body=body)
    if body == b'{"a": 1}':
        verify(request)
    else:
        with pytest.raises(DigestMismatch, match="expected a body of sha-256"):
            verify(request)


@pytest.mark.parametrize(
    ("digest", "passes"),
    [
        (digest_of(b"abc"), True),
        (digest_of(b"abc") + ", " + digest_of(b"abc", "sha-512"), True),
        (digest_of(b"abc") + ", unknown=1", True),
        (digest_of(b"abc", "sha-512"), False),
        (digest_of(b"abc").replace("sha-256", "sha-265"), False),
        ("sha-256", False),
        ('sha-256="text"', False),
        ("sha-256=:AAAA:", False),
        ("sha-256=:not base64:", False),
        (digest_of(b"abc") + ", " + digest_of(b"abd"), False),
        ("", False),
    ],
)
def test_a_sha_256_digest_is_required_and_decides(digest: str, passes: bool) -> None:
    components = ("@method", "@target-uri", "content-digest")
    request = signed_over(a_post(b"abc"), components=components, digest=digest)
    if passes:
        verify(request)
    else:
        with pytest.raises(DigestMismatch, match="expected"):
            verify(request)


# ---- nonce -------------------------------------------------------------------------------


def test_a_request_passes_once() -> None:
    nonces = NonceMemory()
    verify(signed(a_request()), nonces=nonces)
    with pytest.raises(NonceReplayed):
        verify(signed(a_request()), nonces=nonces)
    verify(signed(a_request(), nonce=Nonce("B" * 22)), nonces=nonces)


@pytest.mark.parametrize("room", [0, 1])
def test_no_room_for_nonces_is_a_refusal(room: int) -> None:
    nonces = NonceMemory(nonces_max=room)
    if room:
        verify(signed(a_request()), nonces=nonces)
    else:
        with pytest.raises(NoncesFull):
            verify(signed(a_request()), nonces=nonces)


def test_a_refused_request_spends_no_nonce() -> None:
    nonces = NonceMemory()
    request = signed(a_post())
    for refused in (replace(request, method="PUT"), replace(request, body=b"{}")):
        with pytest.raises(RequestError):
            verify(refused, nonces=nonces)
    verify(request, nonces=nonces)


# ---- method ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["", "get", 'GET\n"x": y', "GET ", "G" * 21])
def test_a_method_that_could_forge_the_base_is_refused(method: str) -> None:
    with pytest.raises(MalformedTarget, match="expected an upper-case method"):
        a_request(method=method)
