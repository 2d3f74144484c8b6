"""The client: answers in order, bounded patience, an error that says what to do for each fate."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from api.client import LogClient, batches
from api.client_errors import (
    AnswerMalformed,
    FileUnreadable,
    MalformedAddress,
    Problem,
    RequestRefused,
    ServerBusy,
    ServerUnreachable,
)
from api.client_transport import Effects
from api.party_folder import PartySigner
from keys.identifiers import Did
from ledger import limits
from ledger.compose import Filing
from ledger.submission import Admitted
from ledger.verify import verify_view
from ledger.view import parse_view
from tests.api.cli.shell import free_port
from tests.api.service import SUPPLIER, LiveService, request_key

pytestmark = [pytest.mark.item("2.6"), pytest.mark.item("2.7")]


def a_client(service: LiveService, slug: str | None = SUPPLIER) -> LogClient:
    """A client of the service, signing as a member or not at all."""
    effects = Effects(now_s=lambda: service.now_s, wait=lambda _: None)
    signer = None
    if slug is not None:
        key = request_key(service.party(slug))
        signer = PartySigner(Did(key.did), key.key)
    return LogClient(service.settings.public_url, signer=signer, effects=effects)


# ---- against the service ----


def test_a_record_is_submitted_once_and_repeated_with_its_first_receipt(
    service: LiveService,
) -> None:
    sd_jwt = service.record()
    with a_client(service) as client:
        first, again = client.submit(sd_jwt), client.submit(sd_jwt)
    assert (first.is_first, again.is_first) == (True, False)
    assert again.receipt == first.receipt


def test_many_records_are_answered_in_their_order_the_bad_ones_too(service: LiveService) -> None:
    good = [service.record() for _ in range(3)]
    with a_client(service) as client:
        answers = list(client.submit_many([good[0], "nonsense", good[1], good[2], good[0]]))
    assert [type(answer).__name__ for answer in answers] == [
        "Admitted",
        "Problem",
        "Admitted",
        "Admitted",
        "Admitted",
    ]
    assert isinstance(answers[1], Problem)
    assert answers[1].code == "malformed-record"
    assert answers[1].remedy
    assert isinstance(answers[4], Admitted)
    assert answers[4].is_first is False


def test_a_refusal_carries_code_remedy_and_every_fault(service: LiveService) -> None:
    with a_client(service) as client, pytest.raises(RequestRefused) as refused:
        client.submit(service.record({"lot": {"number": 1}}))
    problem = refused.value.problem
    assert problem.code == "invalid-claims"
    assert problem.faults
    assert problem.remedy


def test_a_signed_reader_sees_its_own_groups_and_others_the_public_ones(
    service: LiveService,
) -> None:
    record_id = service.admit(service.record(filing=Filing(tiers={"lot": "public"})))
    shown = []
    for slug in (SUPPLIER, None):
        with a_client(service, slug) as client:
            (record,) = verify_view(parse_view(client.view(record_id)), service.anchor).records
            shown.append({item.group for item in record.groups})
    assert shown[0] > shown[1]


def test_a_search_pages_through_everything_as_lines_and_as_views(service: LiveService) -> None:
    ids = {service.admit(service.record()) for _ in range(3)}
    found: set[str] = set()
    viewed: set[str] = set()
    with a_client(service) as client:
        cursor: str | None = None
        for _ in range(100):
            page = client.search(limit=2, **({"cursor": cursor} if cursor else {}))
            found |= {str(record["record_id"]) for record in page.records}
            view, again, _ = client.search_view(limit=2, **({"cursor": cursor} if cursor else {}))
            viewed |= {
                item.record_id for item in verify_view(parse_view(view), service.anchor).records
            }
            assert again == page.next
            cursor = page.next
            if cursor is None:
                break
    assert ids <= found == viewed


def test_a_search_without_matches_gives_no_view(service: LiveService) -> None:
    with a_client(service) as client:
        assert client.search_view(type="no-such-type/v1") == (b"", None, 0)


@pytest.mark.parametrize("size", [0, 1, 5000])
def test_a_file_is_uploaded_cited_and_read_back(
    service: LiveService, tmp_path: Path, size: int
) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(bytes(size))
    with a_client(service) as client:
        uploaded = client.upload(path, media_type="application/octet-stream")
        assert uploaded.bytes == size
        assert client.blob_offset(uploaded.blob) == size


def test_an_upload_goes_on_where_a_lost_answer_left_it(service: LiveService) -> None:
    data = bytes(range(200))
    with a_client(service) as client:
        blob = client.create_blob(len(data))
        # The chunk arrived, its answer did not: the client still believes in offset 0.
        client.append_blob(blob, 0, chunk=data[:80])
        assert client._send_chunk(blob, 0, data) == len(data)
        assert client.blob_offset(blob) == len(data)


def test_another_partys_upload_is_not_there(service: LiveService) -> None:
    with a_client(service) as client:
        blob = client.create_blob(5)
    with a_client(service, None) as stranger, pytest.raises(RequestRefused):
        stranger.blob_offset(blob)


def test_a_file_that_is_not_there_is_told(service: LiveService, tmp_path: Path) -> None:
    with a_client(service) as client, pytest.raises(FileUnreadable, match=r"gone\.txt"):
        client.upload(tmp_path / "gone.txt", media_type="text/plain")


def test_the_log_is_read_for_what_it_is(service: LiveService) -> None:
    with a_client(service) as client:
        assert json.loads(client.anchor())["origin"] == service.anchor.origin
        assert client.parties()["origin"] == service.anchor.origin
        assert client.record_type("inspection-report/v1").startswith("{")
        assert client.checkpoint().startswith(service.anchor.origin.encode())
        assert len(client.tile("tile/0/000.p/1")) == 32


def test_a_receipt_is_the_same_bytes_always(service: LiveService) -> None:
    with a_client(service) as client:
        admitted = client.submit(service.record(filing=Filing(number="N-1")))
        assert client.receipt(admitted.record_id) == admitted.receipt


# ---- against a server that misbehaves ----

Reply = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Misbehaving:
    """Answers each request with the next reply, the last one for ever."""

    replies: list[Reply]
    requests: int = 0
    waits: list[float] = field(default_factory=list)
    url: str = ""

    @contextmanager
    def served(self) -> Iterator[LogClient]:
        """A client of this server that waits for nothing."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                reply = outer.replies[min(outer.requests, len(outer.replies) - 1)]
                outer.requests += 1
                self.rfile.read(int(self.headers.get("content-length", "0")))
                reply(self)

            do_POST = do_GET  # noqa: N815  (the names that the server looks for)
            do_HEAD = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            with LogClient(self.url, effects=Effects(wait=self.waits.append)) as client:
                yield client
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def answer(status: int, body: bytes = b"{}", **headers: str) -> Reply:
    """A reply of one kind."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def cut(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection without an answer."""
    handler.close_connection = True
    handler.connection.close()


def problem(code: str, status: int) -> bytes:
    """A problem document."""
    members = {"code": code, "status": status, "detail": "d", "remedy": "r"}
    return json.dumps(members).encode()


BUSY = problem("too-busy", 503)
PARTIES = json.dumps({"origin": "a"}).encode()


@pytest.mark.parametrize(("status", "asked"), [(503, "3"), (429, "1")])
def test_a_busy_service_is_asked_again_after_the_time_it_named(status: int, asked: str) -> None:
    server = Misbehaving([answer(status, BUSY, retry_after=asked), answer(200, PARTIES)])
    with server.served() as client:
        assert client.parties() == {"origin": "a"}
    (waited,) = server.waits
    assert int(asked) <= waited <= 1.25 * int(asked), "as asked, and a little chance"


@pytest.mark.parametrize("asked", ["60", "soon", "-1", "", "0"])
def test_a_wait_is_never_longer_than_its_bound(asked: str) -> None:
    server = Misbehaving([answer(503, BUSY, retry_after=asked), answer(200, PARTIES)])
    with server.served() as client:
        client.parties()
    assert 0 < server.waits[0] <= 1.25 * limits.CLIENT_RETRY_AFTER_SECONDS_MAX


def test_patience_has_an_end_and_says_what_to_do() -> None:
    server = Misbehaving([answer(503, BUSY)])
    with server.served() as client, pytest.raises(ServerBusy, match="again in a while"):
        client.parties()
    assert server.requests == limits.CLIENT_ATTEMPTS_MAX


def test_what_waiting_does_not_change_is_told_at_once() -> None:
    server = Misbehaving([answer(429, problem("too-many-open-blobs", 429))])
    with server.served() as client, pytest.raises(RequestRefused):
        client.create_blob(1)
    assert server.requests == 1


def test_a_cut_connection_is_tried_again_where_that_does_no_harm() -> None:
    server = Misbehaving([cut, cut, answer(200, PARTIES)])
    with server.served() as client:
        client.parties()
    assert server.requests == 3


def test_a_cut_connection_is_not_tried_again_where_it_could_do_harm() -> None:
    server = Misbehaving([cut, answer(201, b'{"blob": "x"}')])
    with server.served() as client, pytest.raises(ServerUnreachable):
        client.create_blob(1)
    assert server.requests == 1


# 127.0.0.2 is this machine under a name that the client takes for another's.
@pytest.mark.parametrize(("host", "seconds"), [("127.0.0.1", (1, 4)), ("127.0.0.2", (10, 20))])
def test_nobody_listening_is_told_sooner_on_this_machine(
    host: str, seconds: tuple[int, int]
) -> None:
    waits: list[float] = []
    client = LogClient(f"http://{host}:{free_port()}", effects=Effects(wait=waits.append))
    with client, pytest.raises(ServerUnreachable, match="lotmark serve"):
        client.parties()
    # Long enough for a service that was started a moment ago.
    assert seconds[0] < sum(waits) < seconds[1]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (answer(200, b"<html>"), AnswerMalformed),
        (answer(200, b"[]"), AnswerMalformed),
        (answer(302, location="http://127.0.0.1/other"), AnswerMalformed),
        (answer(500, b"oops"), RequestRefused),
        (answer(404, b""), RequestRefused),
        (answer(200, b"{}", content_length="50"), ServerUnreachable),
    ],
)
def test_an_answer_that_is_not_the_services_is_told(
    reply: Reply, expected: type[Exception]
) -> None:
    with Misbehaving([reply]).served() as client, pytest.raises(expected):
        client.parties()


@pytest.mark.parametrize(
    ("told", "is_named"),
    [
        ("https://log.example/quality", True),
        ("https://log.example/\x1b[2J", False),
        (7, False),
        (None, False),
    ],
)
def test_a_service_of_another_name_is_named_after_a_bad_signature(
    told: object, is_named: bool
) -> None:
    members = json.loads(problem("bad-request-signature", 401)) | {"service_url": told}
    server = Misbehaving([answer(401, json.dumps(members).encode())])
    with server.served() as client, pytest.raises(RequestRefused) as refused:
        client.parties()
    remedy = refused.value.problem.remedy
    assert remedy == (
        f"This service signs as {told}: use exactly that with --url." if is_named else "r"
    )


def test_a_signature_that_fails_under_the_right_name_keeps_its_own_remedy() -> None:
    server = Misbehaving([])
    with server.served() as client:
        members = json.loads(problem("bad-request-signature", 401)) | {"service_url": server.url}
        server.replies.append(answer(401, json.dumps(members).encode()))
        with pytest.raises(RequestRefused) as refused:
            client.parties()
    assert refused.value.problem.remedy == "r"


def test_an_endless_answer_is_cut_at_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CLIENT_ANSWER_BYTES_MAX", 100)
    for size, is_refused in ((100, False), (101, True)):
        body = b'"' + b"x" * (size - 2) + b'"'
        with Misbehaving([answer(200, body)]).served() as client:
            if is_refused:
                with pytest.raises(AnswerMalformed, match="at most 100 bytes"):
                    client.anchor()
            else:
                assert len(client.anchor()) == size


@pytest.mark.parametrize("lines", [0, 1, 3])
def test_a_batch_with_another_number_of_answers_is_refused(lines: int) -> None:
    body = b'{"line": 1, "record_id": "r", "index": 1, "receipt": "c"}\n' * lines
    server = Misbehaving([answer(200, body)])
    with server.served() as client, pytest.raises(AnswerMalformed):
        client.submit_batch(["a~", "b~"])


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8080", "ftp://x", "http://user@x", "http://x/?a=1", "http://X", ""]
)
def test_an_address_that_no_service_has_is_refused(url: str) -> None:
    with pytest.raises(MalformedAddress):
        LogClient(url)
    LogClient("http://x/quality/").close()


def test_batches_are_bounded_in_number_and_bytes() -> None:
    count = limits.CLIENT_BATCH_RECORDS_MAX
    assert [len(batch) for batch in batches(["x"] * (count + 1))] == [count, 1]
    big = "x" * (limits.CLIENT_BATCH_BYTES_MAX // 2 + 1)
    assert [len(batch) for batch in batches([big, big, "x"])] == [1, 2]
    assert list(batches([])) == []
