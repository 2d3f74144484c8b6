"""Requests and records made up by a generator: each gets an answer, and none is a fault of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.forged_records import values_of, with_values
from tests.api.service import (
    CHUNK,
    JSON,
    JSON_LINES,
    SUPPLIER,
    LiveService,
    encode_submission,
    problem_of,
)
from tests.ledger.parties import record_id_of, resign

pytestmark = pytest.mark.item("2.6")
# The service is the module's: each example meets what the ones before have left.
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
PATHS = (
    "/v1/records",
    "/v1/records/{}",
    "/v1/records/{}/receipt",
    "/v1/records/{}/blobs/{}",
    "/v1/blobs",
    "/v1/blobs/{}",
    "/v1/types/{}/{}",
    "/v1/{}",
    "/tile/{}",
    "/tile/0/{}",
    "/tile/entries/{}",
    "/parties/{}/did.json",
    "/{}",
)
FIELDS = (
    "Accept",
    "Accept-Language",
    "Content-Digest",
    "Content-Encoding",
    "Content-Type",
    "If-None-Match",
    "Range",
    "Signature",
    "Signature-Input",
    "Upload-Length",
    "Upload-Offset",
    "X-Request-Id",
)
PRINTABLE = "".join(chr(code) for code in range(0x20, 0x7F))
NAMES = ("limit", "cursor", "party", "type", "owner", "field", "value", "since", "until", "mine")
words = st.one_of(
    st.sampled_from(["", "0", "1", "-1", "9" * 30, "A" * 43, "A" * 22, "x001/000.p/1", "000.p/3"]),
    st.sampled_from([JSON, JSON_LINES, CHUNK, "bytes=0-", "W/", "*", 'a=("@method");tag="x"']),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=30),
    st.text(max_size=10),
)
header_values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=60)


@pytest.fixture(autouse=True, scope="module")
def still_alive(service: LiveService) -> Iterator[None]:
    """After all of it, the log takes records."""
    yield
    service.admit(service.record())


def check_answer(answer: httpx.Response) -> None:
    """An answer that a client can make something of."""
    assert answer.status_code < 500 or answer.status_code == 503, answer.text
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        problem_of(answer)


@SHARED
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PATCH", "OPTIONS", "DELETE"]),
    path=st.sampled_from(PATHS),
    steps=st.tuples(words, words),
    query=st.lists(st.tuples(st.one_of(st.sampled_from(NAMES), words), words), max_size=4),
    fields=st.dictionaries(st.sampled_from(FIELDS), st.one_of(header_values, words), max_size=4),
    body=st.binary(max_size=40),
)
def test_any_request_gets_an_answer(
    service: LiveService,
    method: str,
    path: str,
    steps: tuple[str, str],
    query: list[tuple[str, str]],
    fields: dict[str, str],
    body: bytes,
) -> None:
    told = path.format(*(quote(step, safe="/") for step in steps))
    asked = "&".join(f"{quote(name)}={quote(value)}" for name, value in query)
    headers = {name: quote(value, safe=PRINTABLE).strip() for name, value in fields.items()}
    url = f"{service.settings.public_url}{told}?{asked}"
    check_answer(service.http.request(method, url, headers=headers, content=body or None))


@SHARED
@given(
    target=st.sampled_from(["/v1/records", "/v1/records?mine=1", "/v1/blobs"]),
    method=st.sampled_from(["GET", "POST"]),
    fields=st.dictionaries(st.sampled_from(FIELDS), header_values, max_size=3),
)
def test_any_fields_beside_a_signature_get_an_answer(
    service: LiveService, target: str, method: str, fields: dict[str, str]
) -> None:
    signed = service.signed(SUPPLIER).sign(method, target)
    check_answer(service.http.request(method, target, headers=signed | fields))


json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**53) + 1, 2**53 - 1),
        st.text(max_size=20),
        st.sampled_from(["A" * 43, "B" * 43, "did:web:x", "public", "sealed", "1.50", "z6Mk"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.text(max_size=6), st.just("owner")), inner, max_size=4),
    ),
    max_leaves=8,
)


def replaced(value: Any, choices: list[int], new: Any) -> Any:
    """The value with one place in it, found by the choices, replaced."""
    if not choices or not isinstance(value, dict | list) or not value:
        return new
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = keys[choices[0] % len(keys)]
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = replaced(value[key], choices[1:], new)
    return copy


@SHARED
@given(choices=st.lists(st.integers(0, 9), min_size=1, max_size=4), new=json_values)
def test_any_content_is_admitted_or_refused(
    service: LiveService, choices: list[int], new: Any
) -> None:
    text = service.record()
    changed = with_values(
        text, service.party(SUPPLIER).signing, replaced(values_of(text), choices, new)
    )
    answer = service.submit(changed)
    check_answer(answer)
    if answer.status_code == 201:
        target = f"/v1/records/{record_id_of(changed)}"
        service.verify(service.signed(SUPPLIER).get(target).content)
        assert service.http.get(target).status_code in {200, 404}


@SHARED
@given(
    name=st.sampled_from(["iss", "iat", "jti", "aud", "vct", "policy", "_sd", "body", "x"]),
    new=json_values,
)
def test_any_clear_claim_is_admitted_or_refused(service: LiveService, name: str, new: Any) -> None:
    text = service.record()
    check_answer(service.submit(resign(text, service.party(SUPPLIER).signing, claims={name: new})))


@SHARED
@given(choices=st.lists(st.integers(0, 9), min_size=1, max_size=3), new=json_values)
def test_any_governance_is_admitted_or_refused(
    service: LiveService, choices: list[int], new: Any
) -> None:
    party = service.party(SUPPLIER)
    body = {
        "party": party.did,
        "multikey": party.another_key(json.dumps([choices, new])).multikey,
        "uses": ["records"],
        "holder_kind": "machine",
    }
    changed = replaced(body, choices, new)
    text = service.consortium.governance(
        party.admin, "key/v1", changed if isinstance(changed, dict) else body, label=str(new)
    )
    check_answer(service.submit(text))


@SHARED
@given(st.binary(max_size=200), st.sampled_from([JSON, JSON_LINES]), st.integers(0, 400))
def test_any_body_is_admitted_or_refused(
    service: LiveService, noise: bytes, media_type: str, place: int
) -> None:
    body = encode_submission(service.record()).encode()
    answer = service.post(body[:place] + noise + body[place:], media_type=media_type)
    if answer.status_code != 200:
        check_answer(answer)
