"""What holds for every route: problems, request ids, methods, health, figures, faults of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.errors import STATUS, TITLES
from ledger import limits
from ledger.store_errors import StoreUnavailable
from tests.api.service import SUPPLIER, LiveService, code_of, encode_submission, problem_of
from tests.ledger.parties import resign

pytestmark = pytest.mark.item("2.6")
PATHS = {
    "/v1/records": "GET, HEAD, OPTIONS, POST",
    f"/v1/records/{'A' * 43}": "GET, HEAD, OPTIONS",
    f"/v1/records/{'A' * 43}/receipt": "GET, HEAD, OPTIONS",
    f"/v1/records/{'A' * 43}/report": "GET, HEAD, OPTIONS",
    f"/v1/records/{'A' * 43}/blobs/{'A' * 22}": "GET, HEAD, OPTIONS",
    "/v1/blobs": "OPTIONS, POST",
    f"/v1/blobs/{'A' * 22}": "HEAD, OPTIONS, PATCH",
    "/v1/parties": "GET, HEAD, OPTIONS",
    "/v1/proposals": "GET, HEAD, OPTIONS",
    "/v1/types/sample-report/v1": "GET, HEAD, OPTIONS",
    "/v1/anchor": "GET, HEAD, OPTIONS",
    "/v1/openapi.json": "GET, HEAD, OPTIONS",
    "/checkpoint": "GET, HEAD, OPTIONS",
    "/tile/0/000.p/1": "GET, HEAD, OPTIONS",
    f"/parties/{SUPPLIER}/did.json": "GET, HEAD, OPTIONS",
    "/livez": "GET, HEAD, OPTIONS",
    "/readyz": "GET, HEAD, OPTIONS",
    "/metrics": "GET, HEAD, OPTIONS",
}
each_path = pytest.mark.parametrize("path", PATHS)


# ---- methods ----


@each_path
def test_options_tells_the_methods_of_a_path(service: LiveService, path: str) -> None:
    answer = service.http.options(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == PATHS[path]


@each_path
@pytest.mark.parametrize("method", ["DELETE", "PUT", "TRACE", "PURGE"])
def test_another_method_is_refused_and_told_the_right_ones(
    service: LiveService, path: str, method: str
) -> None:
    answer = service.http.request(method, path)
    assert code_of(answer) == "method-not-allowed"
    told = {name.strip() for name in answer.headers["allow"].split(",")}
    assert told == set(PATHS[path].split(", "))


@each_path
def test_head_is_get_without_a_body(service: LiveService, path: str) -> None:
    if "GET" not in PATHS[path]:
        return
    got, head = service.http.get(path), service.http.head(path)
    assert head.status_code == got.status_code
    assert head.content == b""
    for name in ("content-type", "content-length", "cache-control", "etag"):
        if not path.startswith("/metrics"):
            assert head.headers.get(name) == got.headers.get(name), name


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/v1", "/v1/", "/v2/records", "/v1/records/", "/checkpoint/", "//checkpoint"],
)
def test_an_unknown_path_is_a_problem(service: LiveService, path: str) -> None:
    for method in ("GET", "POST"):
        answer = service.http.request(method, f"{service.settings.public_url}{path}")
        assert code_of(answer) == "not-found"
        assert "location" not in answer.headers


# ---- what every answer carries ----


def some_answers(service: LiveService) -> Iterator[httpx.Response]:
    """Answers of every class of status."""
    text = service.record()
    yield service.submit(text)
    yield service.submit(text)
    yield service.submit("nonsense")
    for path in (*PATHS, "/nothing", "/v1/records?x=1", "/v1/records?mine=1"):
        for method in ("GET", "OPTIONS", "DELETE"):
            yield service.http.request(method, path)
    tag = service.http.get("/checkpoint").headers["etag"]
    yield service.http.get("/checkpoint", headers={"If-None-Match": tag})


def test_every_answer_has_a_request_id_of_its_own(service: LiveService) -> None:
    answers = list(some_answers(service))
    assert {a.status_code for a in answers} >= {200, 201, 204, 304, 400, 401, 404, 405}
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[0-9a-f]{16}", name) for name in ids)


def test_a_client_cannot_choose_the_request_id(service: LiveService) -> None:
    answer = service.http.get("/livez", headers={"X-Request-Id": "chosen"})
    assert answer.headers["x-request-id"] != "chosen"


def test_no_answer_may_be_taken_for_another_type(service: LiveService) -> None:
    for answer in some_answers(service):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers


# ---- problems ----


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("zh", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("zh;q=0.2, en;q=0.8", "en"),
        ("en;q=0.2, zh;q=0.8", "zh"),
        ("zh;q=0", "en"),
        ("de, zh;q=0.5", "zh"),
        ("de, fr", "en"),
        ("zhongwen", "en"),
        ("*", "en"),
        ("zh;q=nonsense", "zh"),
        ("," * 5000, "en"),
    ],
)
def test_a_problem_speaks_the_language_that_is_preferred(
    service: LiveService, accepted: str, language: str
) -> None:
    answer = service.http.get("/nothing", headers={"Accept-Language": accepted})
    problem = problem_of(answer)
    assert problem["title"] == TITLES["not-found"][language == "zh"]
    assert answer.headers["content-language"] == language
    assert problem["code"] == "not-found", "the code has no language"


def test_problems_of_a_batch_speak_it_too(service: LiveService) -> None:
    headers = {"Content-Type": "application/jsonl", "Accept-Language": "zh"}
    answer = service.http.post("/v1/records", content=b"{}", headers=headers)
    assert json.loads(answer.text)["title"] == TITLES["malformed-submission"][1]


def test_what_was_found_is_told_in_part_only(service: LiveService) -> None:
    long = "x" * 100_000
    text = service.record({"lot": {"number": long, "pieces": 1}})
    problem = problem_of(service.submit(text))
    assert len(json.dumps(problem)) < 2_000
    signer = service.party(SUPPLIER).signing
    for claims in ({"jti": long[:50_000]}, {"aud": long[:50_000]}, {long[:40_000]: 1}):
        answer = service.submit(resign(service.record(), signer, claims=claims))
        assert len(answer.content) < 2_000, answer.text[:200]
    assert len(service.http.get(f"/v1/records/{long[:6000]}").content) < 2_000
    assert len(service.http.get(f"/v1/records?{long[:6000]}=1").content) < 20_000


def test_every_code_of_a_refusal_is_in_the_table(service: LiveService) -> None:
    for answer in some_answers(service):
        if answer.status_code >= 400 and answer.request.method != "HEAD":
            assert problem_of(answer)["code"] in STATUS


# ---- health and figures ----


def figures(service: LiveService) -> dict[str, float]:
    """The figures, by name and labels."""
    lines = service.http.get("/metrics").text.splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def test_health_says_that_the_log_takes_records(service: LiveService) -> None:
    assert service.http.get("/livez").json() == {"status": "alive"}
    ready = service.http.get("/readyz").json()
    assert ready["status"] == "ready"
    service.admit(service.record())
    assert service.http.get("/readyz").json()["size"] == ready["size"] + 1


def test_a_store_that_fails_is_not_ready(
    service: LiveService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise StoreUnavailable("database: /var/lib/lotmark/ledger.db is gone")

    with monkeypatch.context() as patch:
        patch.setattr(service.wired.store, "head", fail)
        answer = service.http.get("/readyz")
        assert code_of(answer) == "store-unavailable"
        assert "/var/lib" not in answer.text, "files of the machine are for the operator"
        assert service.http.get("/livez").status_code == 200
    assert service.http.get("/readyz").status_code == 200


def test_figures_move_with_what_they_count(service: LiveService) -> None:
    before = figures(service)
    for _ in range(3):
        service.admit(service.record())
    service.submit("nonsense")
    service.http.get("/nothing")
    service.http.request("PURGE", "/livez")
    after = figures(service)

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert grown("lotmark_log_entries") == 3
    assert grown('lotmark_http_requests_total{method="POST",status="201"}') == 3
    assert grown('lotmark_http_requests_total{method="POST",status="400"}') == 1
    assert grown('lotmark_http_requests_total{method="GET",status="404"}') == 1
    assert grown('lotmark_http_requests_total{method="OTHER",status="405"}') == 1
    assert grown('lotmark_http_request_seconds_count{method="POST"}') == 4
    assert after["lotmark_log_waiting"] == 0


def test_figures_are_in_the_form_of_prometheus(service: LiveService) -> None:
    answer = service.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    for line in answer.text.splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) .+|[a-z_]+(\{[^{}]*\})? [0-9.e+-]+|.*\+Inf.*", line)


# ---- faults of ours ----


def test_a_fault_of_ours_is_a_problem_that_tells_nothing(
    service: LiveService, monkeypatch: pytest.MonkeyPatch, logged: list[dict[str, Any]]
) -> None:
    def fail(_: str) -> None:
        raise RuntimeError("a payload that nobody may see")

    with monkeypatch.context() as patch:
        patch.setattr(service.wired.ledger.reader, "find", fail)
        answer = service.http.get(f"/v1/records/{'A' * 43}")
    problem = problem_of(answer)
    assert (problem["code"], answer.status_code) == ("internal", 500)
    request_id = answer.headers["x-request-id"]
    assert request_id in problem["detail"]
    assert "payload" not in answer.text
    (line,) = (entry for entry in logged if entry["event"] == "request.broken")
    assert (line["request_id"], line["fault"]) == (request_id, "RuntimeError")
    assert any("records.py" in place for place in line["places"])
    assert "payload" not in json.dumps(line)
    assert service.http.get(f"/v1/records/{'A' * 43}").status_code == 404


def test_a_failing_store_is_told_to_the_operator_only(
    service: LiveService, monkeypatch: pytest.MonkeyPatch, logged: list[dict[str, Any]]
) -> None:
    def fail(*_: object) -> None:
        raise StoreUnavailable("database: /var/lib/lotmark/ledger.db is gone")

    with monkeypatch.context() as patch:
        patch.setattr(service.wired.store, "known", fail)
        answer = service.submit(service.record())
    assert code_of(answer) == "store-unavailable"
    assert answer.headers["retry-after"]
    assert "/var/lib" not in answer.text
    (line,) = (entry for entry in logged if entry["event"] == "request.failed")
    assert "/var/lib" in line["detail"]
    assert line["request_id"] == answer.headers["x-request-id"]
    service.admit(service.record())


def test_more_than_can_wait_is_sent_away(
    service: LiveService, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [service.record() for _ in range(12)]
    with monkeypatch.context() as patch:
        patch.setattr(limits, "SUBMISSIONS_WAITING_MAX", 11)
        body = "".join(f"{encode_submission(text)}\n" for text in texts)
        answer = service.post(body, media_type="application/jsonl")
        assert code_of(answer) == "too-busy"
        assert answer.headers["retry-after"]
        assert all("index" in line for line in service.submit_many(texts[:11]))
    assert [line["first"] for line in service.submit_many(texts)] == [False] * 11 + [True]


def test_a_fault_of_the_writer_is_told_to_all_who_wait(
    own_service: LiveService, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = own_service

    def fail(_: object) -> None:
        raise StoreUnavailable("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(live.wired.high_water, "write", fail)
        answer = live.submit(live.record())
        second = live.submit(live.record())
        size = live.size()
    # The entry is stored, its mark is not: nobody may say that nothing was written.
    assert code_of(answer) == "outcome-unknown"
    # Until the mark is there no entry more is written, and none is shown.
    assert code_of(second) == "store-unavailable"
    sent = json.loads(answer.request.content)["sd_jwt"]
    assert live.post(encode_submission(sent)).status_code == 200
    live.admit(live.record())
    assert live.size() == size + 2
