"""docs/spec/requests.md is true: its example verifies, and its codes are the program's."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from api import request_errors
from api.http_signatures import HttpRequest, sign_request
from api.nonces import Nonce, UnixSeconds
from api.request_errors import RequestError
from api.signature_fields import build_signature_base, parse_signature_fields
from api.target_uri import build_target_uri, parse_public_base
from keys.identifiers import KeyId, parse_kid
from tests.api.signed_requests import SIGNER, ListedKeys, verify

pytestmark = pytest.mark.item("2.6")

DOCUMENT = (Path(__file__).parents[2] / "docs/spec/requests.md").read_text("utf-8")
SERVER_TIME = UnixSeconds(1_900_000_000)


def the_block(language: str) -> str:
    (block,) = re.findall(rf"```{language}\n(.*?)\n```", DOCUMENT, re.DOTALL)
    return str(block)


def the_example() -> HttpRequest:
    head, _, body = the_block("http").partition("\n\n")
    line, *fields = head.split("\n")
    method, _, target = line.partition(" ")
    path, _, query = target.removeprefix("/quality").partition("?")
    base = parse_public_base("https://log.example/quality")
    headers = [field.split(": ", 1) for field in fields]
    return HttpRequest(
        method,
        build_target_uri(base, path.encode(), query=query.encode()),
        body.encode(),
        tuple((name, value) for name, value in headers),
    )


def the_kid() -> KeyId:
    (kid,) = set(re.findall(r'keyid="([^"]+)"', DOCUMENT))
    return KeyId(kid)


def test_the_example_verifies() -> None:
    signed_by = verify(the_example(), now=SERVER_TIME, keys=ListedKeys(frozenset({the_kid()})))
    assert signed_by.kid == the_kid()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (replace(the_example(), body=b'{"bytes": 1048577}'), "digest-mismatch"),
        (replace(the_example(), method="PUT"), "bad-request-signature"),
    ],
)
def test_the_example_changed_is_refused(changed: HttpRequest, code: str) -> None:
    with pytest.raises(RequestError) as refused:
        verify(changed, now=SERVER_TIME, keys=ListedKeys(frozenset({the_kid()})))
    assert refused.value.code == code


def test_signing_the_example_gives_its_fields() -> None:
    request = the_example()
    covered = parse_signature_fields(request.headers).read_input("lotmark")
    fields = sign_request(
        request,
        SIGNER,
        did=parse_kid(the_kid()).did,
        created=SERVER_TIME,
        nonce=Nonce(str(covered.parameters["nonce"])),
    )
    assert fields == dict(request.headers)


def test_the_base_of_the_example_is_the_documents() -> None:
    request = the_example()
    values = {
        "@method": request.method,
        "@target-uri": str(request.target_uri),
        "content-digest": dict(request.headers)["content-digest"],
    }
    covered = parse_signature_fields(request.headers).read_input("lotmark")
    assert build_signature_base(covered, values).decode() == the_block("text")


def test_the_document_names_every_code() -> None:
    section = DOCUMENT.partition("## 2.")[2].partition("## 3.")[0]
    family = {
        found.code
        for found in vars(request_errors).values()
        if isinstance(found, type) and issubclass(found, RequestError) and found is not RequestError
    }
    assert set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", section)) == family
