"""Signed requests: what passes, and each refusal beside its allowed sibling."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http_signatures import HttpRequest, SignedBy, is_signed, sign_request
from api.nonces import Nonce, NonceMemory, UnixSeconds
from api.request_errors import (
    BadRequestSignature,
    DigestMismatch,
    MalformedSignature,
    MalformedTarget,
    MissingComponent,
    NonceReplayed,
    NoncesFull,
    RequestError,
    SignatureExpired,
    SignatureRequired,
    UnknownKey,
)
from api.signature_fields import SignatureInput, build_signature_base, encode_signature_fields
from api.target_uri import parse_target_uri
from keys.identifiers import kid, parse_origin, parse_slug, party_did
from keys.signer import SeedSigner
from ledger.limits import REQUEST_WINDOW_SECONDS, SIGNATURE_FIELD_BYTES_MAX
from tests.api.signed_requests import (
    DID,
    KID,
    NONCE,
    NOW,
    SIGNER,
    ListedKeys,
    a_request,
    signed,
    verify,
    with_field,
)

pytestmark = pytest.mark.item("2.6")

PARAMETERS: Mapping[str, int | str] = {
    "created": NOW,
    "nonce": NONCE,
    "keyid": KID,
    "tag": "lotmark-request/v1",
}


def a_post(body: bytes = b'{"a": 1}') -> HttpRequest:
    return a_request(method="POST", body=body)


def digest_of(body: bytes, algorithm: str = "sha-256") -> str:
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


# ---- what passes -------------------------------------------------------------------------


def test_a_signed_request_names_its_signer() -> None:
    assert verify(signed(a_request())) == SignedBy(kid=KID, did=DID)


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
    assert verify(fields) == SignedBy(kid=KID, did=DID)


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
    assert found == SignedBy(kid=KID, did=DID)
    assert changed == value or name == "signature" or position <= value.index("=")


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_in_the_fields_is_an_error_of_the_family(inputs: str, signature: str) -> None:
    headers = (("Signature-Input", inputs), ("Signature", signature))
    with pytest.raises(RequestError):
        verify(replace(a_request(), headers=headers))


# ---- the fields --------------------------------------------------------------------------


def test_an_unsigned_request_needs_a_signature() -> None:
    assert not is_signed(a_request().headers)
    with pytest.raises(SignatureRequired, match="expected a signature tagged"):
        verify(a_request())


@pytest.mark.parametrize("tag", ["lotmark-request/v1", "lotmark-request/v2"])
def test_a_signature_under_another_tag_is_none_for_us(tag: str) -> None:
    request = signed_over(a_request(), parameters={**PARAMETERS, "tag": tag})
    assert is_signed(request.headers)
    if tag == "lotmark-request/v1":
        verify(request)
    else:
        with pytest.raises(SignatureRequired, match="found other tags only"):
            verify(request)


@pytest.mark.parametrize("name", ["signature-input", "signature", "content-digest"])
def test_a_doubled_field_is_refused(name: str) -> None:
    request = signed(a_post())
    verify(request)
    again = (name.upper(), dict(request.headers)[name])
    with pytest.raises(MalformedSignature, match=f"expected one {name} field, found 2"):
        verify(replace(request, headers=(*request.headers, again)))


@pytest.mark.parametrize("name", ["signature-input", "signature"])
def test_one_field_without_the_other_is_refused(name: str) -> None:
    headers = tuple(field for field in signed(a_request()).headers if field[0] != name)
    with pytest.raises(MalformedSignature, match=f"expected a {name} field, found none"):
        verify(replace(a_request(), headers=headers))


@pytest.mark.parametrize("tag", ["proxy", "lotmark-request/v1"])
def test_two_signatures_under_our_tag_are_refused(tag: str) -> None:
    first = dict(signed(a_request()).headers)
    other = dict(signed_over(a_request(), parameters={**PARAMETERS, "tag": tag}).headers)
    headers = tuple((name, f"{value}, {other[name]}") for name, value in first.items())
    if tag == "proxy":
        verify(replace(a_request(), headers=headers))
    else:
        with pytest.raises(MalformedSignature, match="expected one signature tagged"):
            verify(replace(a_request(), headers=headers))


def test_a_label_used_twice_is_refused() -> None:
    request = with_field(
        signed(a_request()), "signature-input", change=lambda value: f"{value}, {value}"
    )
    with pytest.raises(MalformedSignature, match="twice"):
        verify(request)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("signature-input", "lotmark"),
        ("signature-input", "lotmark=1"),
        ("signature-input", "(("),
        ("signature", "lotmark"),
        ("signature", 'lotmark="text"'),
        ("signature", "another=:AAAA:"),
        ("signature", "lotmark=:A*:"),
    ],
)
def test_a_field_of_another_shape_is_refused(name: str, value: str) -> None:
    changed = with_field(signed(a_request()), name, change=lambda _: value)
    with pytest.raises(RequestError) as refused:
        verify(changed)
    assert refused.value.code in {"malformed-signature", "signature-required"}


def test_a_signature_of_63_bytes_is_refused() -> None:
    short = f"lotmark=:{b64encode(bytes(63)).decode()}:"
    with pytest.raises(BadRequestSignature):
        verify(with_field(signed(a_request()), "signature", change=lambda _: short))


@pytest.mark.parametrize("extra", [0, 1])
def test_a_field_has_a_bound(extra: int) -> None:
    request = signed(a_request())
    padding = SIGNATURE_FIELD_BYTES_MAX + extra - len(dict(request.headers)["signature"])
    filler = ", z=" + "1" * 10 + ";" + "z" * (padding - 15)
    changed = with_field(request, "signature", change=lambda value: value + filler)
    if extra:
        with pytest.raises(MalformedSignature, match="expected at most"):
            verify(changed)
    else:
        verify(changed)


# ---- components --------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["@method", "@target-uri", "content-digest"])
def test_a_component_left_uncovered_is_refused(missing: str) -> None:
    every = ("@method", "@target-uri", "content-digest")
    request, digest = a_post(b"abc"), digest_of(b"abc")
    verify(signed_over(request, components=every, digest=digest))
    rest = tuple(component for component in every if component != missing)
    with pytest.raises(MissingComponent, match=f"{missing}.* covered, found"):
        verify(signed_over(request, components=rest, digest=digest))


@pytest.mark.parametrize("body", [b"", b"abc"])
def test_a_body_must_be_covered(body: bytes) -> None:
    request = signed_over(a_request(method="POST", body=body))
    if body:
        with pytest.raises(MissingComponent):
            verify(request)
    else:
        verify(request)


@pytest.mark.parametrize("digest", [digest_of(b""), None])
def test_a_covered_digest_must_be_there(digest: str | None) -> None:
    components = ("@method", "@target-uri", "content-digest")
    request = signed_over(a_request(), components=components, digest=digest)
    if digest:
        verify(request)
    else:
        with pytest.raises(MissingComponent, match="expected the covered content-digest field"):
            verify(request)


@pytest.mark.parametrize("extra", ["@authority", "date", "@signature-params", "@METHOD", ""])
def test_an_unknown_component_is_refused(extra: str) -> None:
    request = signed(a_request())
    changed = with_field(
        request, "signature-input", change=lambda v: v.replace(")", f' "{extra}")', 1)
    )
    with pytest.raises(MalformedSignature, match="expected no components but"):
        verify(changed)


@pytest.mark.parametrize("component", ['"@method";req', '"@method" "@method"', "method", "1"])
def test_a_component_is_a_plain_string_once(component: str) -> None:
    request = signed(a_request())
    changed = with_field(
        request, "signature-input", change=lambda v: v.replace('"@method"', component)
    )
    with pytest.raises(MalformedSignature, match="expected plain components, each once"):
        verify(changed)


# ---- parameters --------------------------------------------------------------------------


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_required_parameter_is_required(name: str) -> None:
    verify(signed_over(a_request(), parameters=PARAMETERS))
    rest = {key: value for key, value in PARAMETERS.items() if key != name}
    with pytest.raises(RequestError) as refused:
        verify(signed_over(a_request(), parameters=rest))
    expected = "signature-required" if name == "tag" else "malformed-signature"
    assert refused.value.code == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alg", "rsa-pss-sha512"),
        ("alg", "Ed25519"),
        ("alg", 1),
        ("created", str(NOW)),
        ("expires", str(NOW)),
        ("nonce", "A" * 21),
        ("nonce", "A" * 23),
        ("nonce", "A" * 21 + "+"),
        ("nonce", 1),
        ("keyid", 1),
        ("keyid", "acme"),
        ("keyid", DID),
        ("keyid", KID + "x"),
        ("x", "y"),
    ],
)
def test_a_parameter_outside_its_form_is_refused(name: str, value: int | str) -> None:
    with pytest.raises(MalformedSignature, match="expected"):
        verify(signed_over(a_request(), parameters={**PARAMETERS, name: value}))


@pytest.mark.parametrize("value", [f"{NOW}.0", "?1", f"@{NOW}"])
def test_created_is_an_integer_and_nothing_like_it(value: str) -> None:
    changed = with_field(
        signed(a_request()), "signature-input", change=lambda v: v.replace(str(NOW), value)
    )
    with pytest.raises(MalformedSignature, match="expected created as integer or string"):
        verify(changed)


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
