"""Bodies that are refused before a record is looked at, over HTTP.

Each refused body differs in one thing from one that is admitted, and none takes an index.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from ledger import limits
from tests.api.service import (
    JSON,
    JSON_LINES,
    LiveService,
    code_of,
    encode_submission,
    problem_of,
)

pytestmark = pytest.mark.item("2.6")


@pytest.fixture(autouse=True)
def no_index_is_lost(service: LiveService) -> Iterator[None]:
    """What is refused leaves no trace: the entries are those that were answered with 201."""
    before, sent = service.size(), service.http
    admitted: list[int] = []
    sent.event_hooks["response"] = [lambda answer: admitted.append(answer.status_code)]
    yield
    sent.event_hooks["response"] = []
    assert service.size() - before == admitted.count(201)


@pytest.mark.item("2.bad.not-json")
def test_a_body_that_is_not_json_is_refused(service: LiveService) -> None:
    body = encode_submission(service.record())
    assert code_of(service.post(body[:-1])) == "malformed-json"
    assert service.post(body).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"null",
        b"[]",
        b"{}",
        b'{"sealed": []}',
        b'{"sd_jwt": 1}',
        b'{"sd_jwt": null, "sealed": []}',
        b'{"sd_jwt": "a~", "sealed": {}}',
        b'{"sd_jwt": "a~", "sealed": null}',
        b'{"sd_jwt": "a~", "sealed": [], "more": 1}',
    ],
)
def test_json_that_is_no_submission_is_refused(service: LiveService, body: bytes) -> None:
    assert code_of(service.post(body)) in {"malformed-json", "malformed-submission"}


@pytest.mark.parametrize("text", ["", "~", "a", "a~", "a.b.c", "a.b.c~", "é~", "a.b~c.d~"])
def test_text_that_is_no_sd_jwt_is_refused(service: LiveService, text: str) -> None:
    assert code_of(service.submit(text)) == "malformed-record"


@pytest.mark.item("2.bad.duplicate-keys")
def test_a_body_with_one_name_twice_is_refused(service: LiveService) -> None:
    text = service.record()
    twice = f'{{"sd_jwt": {json.dumps(text)}, "sealed": [], "sealed": []}}'
    assert code_of(service.post(twice)) == "malformed-json"
    assert service.post(twice.replace(', "sealed": []}', "}")).status_code == 201


@pytest.mark.item("2.bad.invalid-utf8")
@pytest.mark.parametrize(
    "bad", [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc3"]
)
def test_bytes_that_are_not_utf8_are_refused(service: LiveService, bad: bytes) -> None:
    body = encode_submission(service.record()).encode()
    spoiled = body.replace(b'"sealed"', b'"sealed' + bad + b'"')
    assert code_of(service.post(spoiled)) == "malformed-json"
    assert service.post(body).status_code == 201


@pytest.mark.item("2.bad.deep-nesting")
def test_json_nested_beyond_the_limit_is_refused(service: LiveService) -> None:
    def nested(depth: int) -> bytes:
        return b'{"sd_jwt": "a~", "sealed": ' + b"[" * depth + b"]" * depth + b"}"

    # The object is the first level. At the limit the body is JSON, and refused for its content.
    at_limit = limits.JSON_DEPTH_MAX - 1
    assert code_of(service.post(nested(at_limit))) == "malformed-submission"
    assert code_of(service.post(nested(at_limit + 1))) == "malformed-json"
    assert code_of(service.post(nested(200_000))) == "malformed-json"


@pytest.mark.item("2.bad.huge-body")
def test_a_body_over_the_limit_is_refused(service: LiveService) -> None:
    body = encode_submission(service.record()).encode()
    at_limit = body.ljust(limits.SUBMISSION_LINE_BYTES_MAX)
    assert code_of(service.post(at_limit + b" ")) == "too-large"
    assert service.post(at_limit).status_code == 201


@pytest.mark.item("2.bad.huge-body")
def test_a_body_over_the_limit_is_refused_without_a_length_too(service: LiveService) -> None:
    body = encode_submission(service.record()).encode()

    def parts(size: int) -> Iterator[bytes]:
        yield body
        for start in range(len(body), size, 50_000):
            yield b" " * min(50_000, size - start)

    def chunked(size: int) -> str:
        answer = service.http.post(
            "/v1/records", content=parts(size), headers={"Content-Type": JSON}
        )
        assert answer.request.headers["transfer-encoding"] == "chunked"
        return "admitted" if answer.status_code == 201 else code_of(answer)

    assert chunked(limits.SUBMISSION_LINE_BYTES_MAX + 1) == "too-large"
    assert chunked(limits.SUBMISSION_LINE_BYTES_MAX) == "admitted"


@pytest.mark.item("2.bad.huge-body")
@pytest.mark.parametrize("length", [b"2097153", b"999999999999999999"])
def test_a_length_over_the_limit_is_refused_before_the_body_comes(
    service: LiveService, length: bytes
) -> None:
    head = b"POST /v1/records HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    answer = service.exchange(
        head + b"Content-Type: application/json\r\nContent-Length: " + length + b"\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 413 "), answer
    assert b'"code": "too-large"' in answer


@pytest.mark.parametrize("method", [b"POST /v1/records", b"PATCH /v1/blobs/A", b"GET /checkpoint"])
def test_a_body_that_is_not_wanted_is_not_taken_for_a_request(
    service: LiveService, method: bytes
) -> None:
    body = b"GET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n".ljust(3_000_000)
    head = method + b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    length = b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n"
    last = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answers = service.exchange(head + length + body + last)
    assert answers.count(b"HTTP/1.1 ") == 2, answers
    assert answers.rpartition(b"HTTP/1.1 ")[2].startswith(b"200 ")
    assert b"alive" in answers


@pytest.mark.item("2.bad.huge-body")
def test_a_batch_over_its_limits_is_refused_whole(service: LiveService) -> None:
    line = encode_submission(service.record()).encode()
    too_many = (line + b"\n") * (limits.SUBMISSION_LINES_MAX + 1)
    assert code_of(service.post(too_many, media_type=JSON_LINES)) == "too-large"
    too_long = line.ljust(limits.SUBMISSION_BODY_BYTES_MAX) + b"\n"
    assert code_of(service.post(too_long, media_type=JSON_LINES)) == "too-large"
    assert code_of(service.post(b"", media_type=JSON_LINES)) == "malformed-submission"


def test_a_body_of_another_media_type_is_refused(service: LiveService) -> None:
    body = encode_submission(service.record())
    for media_type in ("", "text/plain", "application/x-www-form-urlencoded"):
        answer = service.post(body, media_type=media_type)
        assert code_of(answer) == "unsupported-media-type"
        assert JSON in problem_of(answer)["detail"]
    assert service.post(body, media_type="Application/JSON; charset=utf-8").status_code == 201


def test_a_compressed_body_is_refused(service: LiveService) -> None:
    body = encode_submission(service.record())
    headers = {"Content-Type": JSON, "Content-Encoding": "gzip"}
    answer = service.http.post("/v1/records", content=body, headers=headers)
    assert code_of(answer) == "unsupported-media-type"
    headers["Content-Encoding"] = "identity"
    assert service.http.post("/v1/records", content=body, headers=headers).status_code == 201


def test_envelopes_stand_in_the_record_and_not_beside_it(service: LiveService) -> None:
    body = encode_submission(service.record())
    answer = service.post(body.replace("[]", '[{"group": "note"}]'))
    assert code_of(answer) == "malformed-submission"
    assert service.post(body).status_code == 201
