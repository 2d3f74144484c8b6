"""The one form of a signature: fields, components and parameters, each with its refusals."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import pytest

from api.http_signatures import is_signed
from api.request_errors import (
    BadRequestSignature,
    MalformedSignature,
    MissingComponent,
    RequestError,
    SignatureRequired,
)
from ledger.limits import SIGNATURE_FIELD_BYTES_MAX
from tests.api.signed_requests import (
    DID,
    KID,
    NOW,
    PARAMETERS,
    a_post,
    a_request,
    digest_of,
    signed,
    signed_over,
    verify,
    with_field,
)

pytestmark = pytest.mark.item("2.6")

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
        with pytest.raises(MissingComponent, match="expected the covered fields"):
            verify(request)


@pytest.mark.parametrize("name", ["upload-length", "upload-offset"])
def test_a_field_that_steers_an_upload_must_be_covered(name: str) -> None:
    request = replace(a_request(method="PATCH", body=b"abc"), headers=((name.title(), "7"),))
    verify(signed(request))
    slipped_in = (*signed(a_request()).headers, (name, "7"))
    with pytest.raises(MissingComponent, match=f"expected .*{name}.* covered, found"):
        verify(replace(a_request(), headers=slipped_in))
    taken_out = tuple(field for field in signed(request).headers if field[0].lower() != name)
    with pytest.raises(MissingComponent, match=f"expected the covered fields .*{name}"):
        verify(replace(request, headers=taken_out))


@pytest.mark.parametrize("value", ["7", "8"])
def test_another_offset_has_another_signature(value: str) -> None:
    request = replace(a_request(method="PATCH"), headers=(("upload-offset", "7"),))
    changed = with_field(signed(request), "upload-offset", change=lambda _: value)
    if value == "7":
        verify(changed)
    else:
        with pytest.raises(BadRequestSignature):
            verify(changed)


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
