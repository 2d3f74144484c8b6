"""Signed requests over HTTP: each refusal of docs/spec/requests.md beside a request that passes."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from api.http_signatures import HttpRequest, sign_request
from api.nonces import Nonce, UnixSeconds
from api.signature_fields import SignatureInput, build_signature_base, encode_signature_fields
from api.target_uri import parse_target_uri
from ledger import limits
from tests.api.service import CHUNK, OEM, SUPPLIER, LiveService, code_of, problem_of, request_key
from tests.api.signed_requests import digest_of
from tests.ledger.parties import NOW_S, PartySigner

pytestmark = pytest.mark.item("2.6")
TARGET = "/v1/records?mine=1&limit=1"


def fresh_nonce(number: int) -> str:
    """A nonce of this module's own."""
    return f"{number:022d}"


def get(service: LiveService, fields: Mapping[str, str], target: str = TARGET) -> httpx.Response:
    """Send with exactly these fields."""
    return service.http.get(target, headers=dict(fields))


def good(service: LiveService, method: str = "GET", target: str = TARGET) -> dict[str, str]:
    """The fields of a request that passes."""
    return service.signed(SUPPLIER).sign(method, target)


def signed_over(
    service: LiveService,
    *components: str,
    key: PartySigner | None = None,
    values: Mapping[str, str] | None = None,
    **parameters: int | str,
) -> dict[str, str]:
    """A true signature over any choice of components and parameters."""
    signer = key or request_key(service.party(SUPPLIER))
    known = {"@method": "GET", "@target-uri": service.settings.public_url + TARGET}
    given: dict[str, int | str] = {
        "created": NOW_S,
        "nonce": service.signed(SUPPLIER).fresh_nonce(),
        "keyid": signer.kid,
        "tag": "lotmark-request/v1",
    }
    kept = {name: value for name, value in (given | parameters).items() if value != ""}
    covered = SignatureInput(components or tuple(known), kept)
    base = build_signature_base(covered, {**known, **(values or {})})
    return encode_signature_fields("sig", covered, signature=signer.sign(base))


# ---- 1 to 4: form and coverage ----


def test_a_signature_with_another_tag_is_none(service: LiveService) -> None:
    other = signed_over(service, tag="another-protocol/v1")
    assert code_of(get(service, other)) == "signature-required"
    assert code_of(get(service, {})) == "signature-required"
    assert get(service, signed_over(service)).status_code == 200


def test_one_of_the_two_fields_alone_is_refused(service: LiveService) -> None:
    fields = good(service)
    for name in ("signature", "signature-input"):
        assert code_of(get(service, {name: fields[name]})) == "malformed-signature"
    assert get(service, fields).status_code == 200


@pytest.mark.parametrize("name", ["signature", "signature-input"])
def test_a_field_twice_is_refused(service: LiveService, name: str) -> None:
    fields = good(service)
    doubled = [*fields.items(), (name, fields[name])]
    answer = service.http.get(TARGET, headers=httpx.Headers(doubled))
    assert code_of(answer) == "malformed-signature"


@pytest.mark.parametrize(
    "parameters",
    [
        {"nonce": ""},
        {"nonce": "short"},
        {"tag": "lotmark-request/v1", "keyid": ""},
        {"created": ""},
        {"created": "1800000000"},
        {"alg": "hmac-sha256"},
        {"alg": "rsa-pss-sha512"},
        {"context": "more"},
    ],
)
def test_other_parameters_are_refused(service: LiveService, parameters: dict[str, Any]) -> None:
    assert code_of(get(service, signed_over(service, **parameters))) == "malformed-signature"
    assert get(service, signed_over(service, alg="ed25519")).status_code == 200


def test_a_component_outside_the_form_is_refused(service: LiveService) -> None:
    values = {"@authority": "127.0.0.1", "host": "127.0.0.1"}
    for extra in values:
        fields = signed_over(service, "@method", "@target-uri", extra, values=values)
        assert code_of(get(service, fields)) == "malformed-signature"


@pytest.mark.parametrize("components", [("@method",), ("@target-uri",)])
def test_a_component_that_is_missing_is_refused(
    service: LiveService, components: tuple[str, ...]
) -> None:
    fields = signed_over(service, *components)
    assert code_of(get(service, fields)) == "signature-missing-component"


def test_fields_that_steer_an_upload_must_be_covered(service: LiveService) -> None:
    client = service.signed(SUPPLIER)
    fields = client.sign("POST", "/v1/blobs")
    answer = service.http.post("/v1/blobs", headers=fields | {"Upload-Length": "4"})
    assert code_of(answer) == "signature-missing-component"
    assert client.send("POST", "/v1/blobs", headers={"Upload-Length": "4"}).status_code == 201


def test_a_body_must_be_covered(service: LiveService) -> None:
    client = service.signed(SUPPLIER)
    blob = client.send("POST", "/v1/blobs", headers={"Upload-Length": "4"}).json()["blob"]
    steering = {"Upload-Offset": "0", "Content-Type": CHUNK}
    fields = client.sign("PATCH", f"/v1/blobs/{blob}", headers=steering)
    answer = service.http.patch(f"/v1/blobs/{blob}", content=b"0123", headers=fields)
    assert code_of(answer) == "signature-missing-component"
    assert client.append(blob, 0, b"0123").is_success


# ---- 5: time ----


@pytest.mark.parametrize("side", [-1, 1])
def test_a_request_outside_the_window_is_refused_and_told_the_time(
    service: LiveService, side: int
) -> None:
    window = limits.REQUEST_WINDOW_SECONDS
    answer = get(service, signed_over(service, created=NOW_S + side * (window + 1)))
    problem = problem_of(answer)
    assert problem["code"] == "signature-expired"
    assert problem["server_time"] == NOW_S
    assert problem["skew_seconds"] == -side * (window + 1)
    assert get(service, signed_over(service, created=NOW_S + side * window)).status_code == 200


def test_a_client_mends_its_clock_by_what_it_is_told(service: LiveService) -> None:
    wrong = NOW_S - 4_000
    problem = problem_of(get(service, signed_over(service, created=wrong)))
    mended = signed_over(service, created=wrong + problem["skew_seconds"])
    assert get(service, mended).status_code == 200


def test_a_request_that_has_expired_is_refused(service: LiveService) -> None:
    assert code_of(get(service, signed_over(service, expires=NOW_S - 1))) == "signature-expired"
    assert get(service, signed_over(service, expires=NOW_S)).status_code == 200


# ---- 6 to 8: key and signature ----


@pytest.mark.parametrize("keyid", ["someone", "did:web:log.example", "#z6Mk", "a" * 3000])
def test_a_key_id_of_another_form_is_refused(service: LiveService, keyid: str) -> None:
    assert code_of(get(service, signed_over(service, keyid=keyid))) == "malformed-signature"


def test_a_key_without_the_use_is_refused(service: LiveService) -> None:
    party = service.party(SUPPLIER)
    for key in (party.signing, party.admin, party.another_key("unregistered")):
        assert code_of(get(service, signed_over(service, key=key))) == "unknown-key"
    assert get(service, signed_over(service, key=request_key(party))).status_code == 200


def test_a_key_under_another_party_s_name_is_refused(service: LiveService) -> None:
    own, other = request_key(service.party(SUPPLIER)), service.party(OEM)
    borrowed = signed_over(service, keyid=f"{other.did}#{own.multikey}")
    assert code_of(get(service, borrowed)) == "unknown-key"
    forged = signed_over(service, keyid=request_key(other).kid)
    assert code_of(get(service, forged)) == "bad-request-signature"


@pytest.mark.parametrize(
    "target",
    ["/v1/records?mine=1&limit=2", "/v1/records?limit=1&mine=1", "/v1/records?mine=%31&limit=1"],
)
def test_a_signature_for_another_target_is_refused(service: LiveService, target: str) -> None:
    assert code_of(get(service, good(service), target)) == "bad-request-signature"
    assert get(service, good(service, target=target), target).status_code == 200


def test_a_signature_for_another_method_is_refused(service: LiveService) -> None:
    assert service.http.head(TARGET, headers=good(service)).status_code == 401
    assert service.http.head(TARGET, headers=good(service, "HEAD")).status_code == 200


def test_a_signature_for_another_service_is_refused(service: LiveService) -> None:
    key = request_key(service.party(SUPPLIER))
    elsewhere = HttpRequest("GET", parse_target_uri(f"https://other.example{TARGET}"))
    fields = sign_request(
        elsewhere,
        key.key,
        did=key.did,
        created=UnixSeconds(NOW_S),
        nonce=Nonce(service.signed(SUPPLIER).fresh_nonce()),
    )
    refused = get(service, fields)
    assert code_of(refused) == "bad-request-signature"
    assert refused.json()["service_url"] == service.settings.public_url


def test_a_target_that_is_too_long_to_sign_is_refused(service: LiveService) -> None:
    target = f"/v1/records?value={'x' * limits.TARGET_URI_BYTES_MAX}"
    values = {"@target-uri": service.settings.public_url + target}
    fields = signed_over(service, values=values)
    assert code_of(get(service, fields, target)) == "malformed-target"


def test_a_claimed_signature_must_hold_where_none_is_needed(service: LiveService) -> None:
    fields = good(service)
    assert code_of(get(service, fields, "/v1/records")) == "bad-request-signature"
    assert get(service, {}, "/v1/records").status_code == 200


# ---- 9: body ----


def test_another_body_is_refused(service: LiveService) -> None:
    client = service.signed(SUPPLIER)
    blob = client.send("POST", "/v1/blobs", headers={"Upload-Length": "4"}).json()["blob"]
    target, steering = f"/v1/blobs/{blob}", {"Upload-Offset": "0", "Content-Type": CHUNK}
    fields = client.sign("PATCH", target, content=b"0123", headers=steering)
    assert code_of(service.http.patch(target, content=b"0124", headers=fields)) == "digest-mismatch"
    swapped = fields | {"content-digest": digest_of(b"0124")}
    answer = service.http.patch(target, content=b"0124", headers=swapped)
    assert code_of(answer) == "bad-request-signature"
    # Neither took the nonce, and neither left a byte.
    assert service.http.patch(target, content=b"0123", headers=fields).status_code == 204


# ---- 10 and 11: nonces ----


def test_a_replay_is_refused(service: LiveService) -> None:
    fields = good(service)
    assert get(service, fields).status_code == 200
    assert code_of(get(service, fields)) == "nonce-replayed"
    assert get(service, good(service)).status_code == 200


def test_a_nonce_belongs_to_its_key(service: LiveService) -> None:
    nonce = service.signed(SUPPLIER).fresh_nonce()
    for slug in (SUPPLIER, OEM):
        fields = service.signed(slug).sign("GET", TARGET, nonce=nonce)
        assert get(service, fields).status_code == 200


def test_of_replays_at_the_same_time_one_passes(service: LiveService) -> None:
    fields = good(service)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: get(service, fields), range(16)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 15


def test_a_full_memory_refuses_and_says_when_to_come_back(own_service: LiveService) -> None:
    held = own_service.wired.nonces
    for number in range(limits.REQUEST_NONCES_MAX):
        now = UnixSeconds(NOW_S)
        held.claim("another key", Nonce(fresh_nonce(number)), created=now, now=now)
    answer = get(own_service, good(own_service))
    assert code_of(answer) == "nonces-full"
    assert answer.headers["retry-after"]
    own_service.clock.advance((limits.REQUEST_WINDOW_SECONDS + 1) * 1000)
    assert get(own_service, good(own_service)).status_code == 200


# ---- what is never read ----


@pytest.mark.parametrize(
    "lie",
    [
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
        {"Forwarded": "host=evil.example;proto=https"},
        {"X-HTTP-Method-Override": "DELETE"},
        {"X-Original-URL": "/v1/parties"},
        {"X-Forwarded-Prefix": "/quality"},
    ],
)
def test_what_a_client_claims_of_the_way_changes_nothing(
    service: LiveService, lie: dict[str, str]
) -> None:
    answer = get(service, good(service) | lie)
    assert answer.status_code == 200
    assert "evil" not in f"{answer.headers}{answer.text}"
    assert get(service, lie, "/v1/records/").status_code == 404, "and nothing redirects"
    posted = service.http.post(
        "/v1/blobs",
        headers=service.signed(SUPPLIER).sign("POST", "/v1/blobs", headers={"Upload-Length": "0"})
        | lie,
    )
    assert posted.headers["location"].startswith(service.settings.public_url)


def test_a_target_with_another_host_in_it_is_the_same_target(service: LiveService) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in good(service).items())
    head = f"GET http://evil.example{TARGET} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    answer = service.exchange(f"{head}{lines}\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    assert b"evil" not in answer


@pytest.mark.parametrize("target", ["/checkpoint", "/v1/parties", "/v1/anchor", "/livez"])
def test_what_is_public_to_all_is_answered_without_a_look(
    service: LiveService, target: str
) -> None:
    assert get(service, {"Signature": "nonsense"}, target).status_code == 200


def test_a_submission_is_judged_by_its_own_signature(service: LiveService) -> None:
    text = service.record()
    body = f'{{"sd_jwt": "{text}", "sealed": []}}'
    headers = {"Content-Type": "application/json", "Signature": "nonsense"}
    assert service.http.post("/v1/records", content=body, headers=headers).status_code == 201
