"""Slow, greedy and hostile connections: each ends within its bound, and others are served."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import httpx
import pytest

from tests.api.service import LiveService, encode_submission, serve

pytestmark = pytest.mark.item("3.8.slow")
HEAD = b"POST /v1/records HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
GET = b"GET /livez HTTP/1.1\r\nHost: x\r\n"
#: No test waits this long unless a bound does not hold.
FOREVER = 30


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service of little patience."""
    yield from serve(
        tmp_path_factory.mktemp("log"),
        head_seconds=0.4,
        idle_seconds=1,
        body_seconds=0.4,
        body_bytes_per_s=2_000,
        answer_seconds=0.6,
        answer_bytes_per_s=100_000,
        connections=40,
        connections_per_address=30,
    )


@pytest.fixture(autouse=True)
def others_are_served(service: LiveService) -> Iterator[None]:
    """While it lasts and afterwards, another client submits and reads."""
    stop, failed = threading.Event(), []

    def visit() -> None:
        while not stop.is_set():
            answer = read_checkpoint(service)
            if answer.status_code != 200:
                failed.append(answer.text)
            stop.wait(0.05)

    other = threading.Thread(target=visit)
    other.start()
    yield
    stop.set()
    other.join()
    assert not failed
    service.admit(service.record())


def read_checkpoint(live: LiveService) -> httpx.Response:
    """Ask for it, once more where the kept connection was idle too long on a busy machine."""
    with suppress(httpx.RemoteProtocolError):
        return live.http.get("/checkpoint")
    return live.http.get("/checkpoint")


def connect(live: LiveService, source: str = "127.0.0.2") -> socket.socket:
    """A connection from an address other than that of the other client."""
    address = ("127.0.0.1", live.settings.port)
    return socket.create_connection(address, timeout=FOREVER, source_address=(source, 0))


def read_all(client: socket.socket) -> bytes:
    """What comes until the service closes."""
    with suppress(ConnectionResetError):
        return b"".join(iter(lambda: client.recv(65_536), b""))
    return b""


def trickle(client: socket.socket, piece: Callable[[int], bytes], every: float) -> bytes:
    """Send a piece again and again until the service has had enough; its answer."""
    client.settimeout(every)
    got = b""
    for number in range(int(FOREVER / every)):
        with suppress(OSError):
            client.sendall(piece(number))
        try:
            part = client.recv(65_536)
        except TimeoutError:
            continue
        except ConnectionError:
            return got
        if not part:
            return got
        got += part
    raise AssertionError("the service waits for ever")


def code_in(answer: bytes) -> tuple[int, str]:
    """Status and code of a raw problem."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head, answer[:300]
    assert b"connection: close" in head.lower()
    assert b"x-request-id: " in head.lower()
    code = body.partition(b'"code": "')[2].partition(b'"')[0]
    return int(head[9:12]), code.decode()


# ---- slow ----


def test_a_head_a_byte_at_a_time_is_given_up(service: LiveService) -> None:
    with connect(service) as client:
        client.sendall(GET)
        answer = trickle(client, lambda n: f"X-{n}: 1\r\n".encode(), 0.1)
    assert code_in(answer) == (408, "request-too-slow")


def test_a_connection_that_says_nothing_is_closed(service: LiveService) -> None:
    with connect(service) as client:
        assert read_all(client) == b""


def test_a_connection_that_says_nothing_more_is_closed(service: LiveService) -> None:
    with connect(service) as client:
        client.sendall(GET + b"\r\n")
        assert read_all(client).startswith(b"HTTP/1.1 200 ")


def test_a_slow_head_behind_an_answer_is_given_up_too(service: LiveService) -> None:
    with connect(service) as client:
        client.sendall(GET + b"\r\n" + GET)
        answer = trickle(client, lambda n: f"X-{n}: 1\r\n".encode(), 0.1)
    first, _, second = answer.partition(b"HTTP/1.1 408 ")
    assert first.startswith(b"HTTP/1.1 200 ")
    assert b"request-too-slow" in second


@pytest.mark.parametrize("length", ["Content-Length: 1000000", "Transfer-Encoding: chunked"])
def test_a_body_a_byte_at_a_time_is_given_up(service: LiveService, length: str) -> None:
    with connect(service) as client:
        client.sendall(HEAD + length.encode() + b"\r\n\r\n")
        piece = b"1\r\n \r\n" if "chunked" in length else b" "
        answer = trickle(client, lambda _: piece, 0.1)
    assert code_in(answer) == (408, "request-too-slow")


def test_a_body_that_stops_half_way_is_given_up(service: LiveService) -> None:
    with connect(service) as client:
        client.sendall(HEAD + b"Content-Length: 2000\r\n\r\n" + b" " * 500)
        assert code_in(read_all(client)) == (408, "request-too-slow")


def test_a_body_at_the_least_rate_is_taken(service: LiveService) -> None:
    """Beyond the grace, so that it is the rate that lets it pass."""
    text = encode_submission(service.record({"lot": {"number": "1", "pieces": 1}}))
    body = (text[:-1] + " " * max(0, 4_000 - len(text)) + "}").encode()
    with connect(service) as client:
        client.sendall(HEAD + f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode())
        for start in range(0, len(body), 400):
            client.sendall(body[start : start + 400])
            time.sleep(0.08)
        assert read_all(client).startswith(b"HTTP/1.1 201 ")


def test_an_answer_that_is_not_read_is_thrown_away(service: LiveService) -> None:
    address = "127.0.0.7"
    with connect(service, address) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        client.settimeout(1)
        with suppress(OSError):
            # More than the kernels of both sides keep for a client that never reads.
            for _ in range(400):
                client.sendall(b"GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
                time.sleep(0.002)
        deadline = time.monotonic() + FOREVER
        while any(one.client[0] == address for one in connections(service)):
            assert time.monotonic() < deadline, "the service keeps an answer for ever"
            time.sleep(0.05)


def connections(live: LiveService) -> list[Any]:
    """What the server itself holds."""
    return list(live.server.server_state.connections)


# ---- greedy ----


def test_one_endless_field_is_refused(service: LiveService) -> None:
    with connect(service) as client:
        client.sendall(GET + b"X-Long: ")
        answer = trickle(client, lambda _: b"x" * 20_000, 0.01)
    assert code_in(answer) == (431, "head-too-large")


def test_too_many_fields_are_refused(service: LiveService) -> None:
    fields = b"".join(b"X-%d: 1\r\n" % number for number in range(120))
    with connect(service) as client:
        client.sendall(GET + fields + b"\r\n")
        assert code_in(read_all(client)) == (431, "head-too-large")


def test_as_many_fields_as_are_allowed_are_taken(service: LiveService) -> None:
    fields = b"".join(b"X-%d: 1\r\n" % number for number in range(99))
    with connect(service) as client:
        client.sendall(GET + fields + b"\r\n")
        assert read_all(client).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(("length", "status"), [(16_000, 404), (17_000, 414)])
def test_a_target_has_a_length(service: LiveService, length: int, status: int) -> None:
    with connect(service) as client:
        client.sendall(b"GET /" + b"x" * length + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_all(client).startswith(b"HTTP/1.1 %d " % status)


def test_no_more_requests_are_taken_ahead_than_a_few(service: LiveService) -> None:
    with connect(service) as client:
        client.sendall((GET + b"\r\n") * 10)
        few = read_all(client)
    assert few.count(b"HTTP/1.1 200 ") == 10
    with connect(service) as client:
        client.sendall((GET + b"\r\n") * 2_000)
        many = read_all(client)
    assert many.count(b"HTTP/1.1 200 ") < 2_000


# ---- many ----


def test_idle_connections_of_one_address_push_out_each_other_only(service: LiveService) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(service)) for _ in range(120)]
        clients[-1].sendall(GET + b"\r\n")
        assert read_all(clients[-1]).startswith(b"HTTP/1.1 200 ")


def test_idle_connections_of_many_addresses_make_way(service: LiveService) -> None:
    with ExitStack() as stack:
        for number in range(1_000):
            stack.enter_context(connect(service, f"127.0.1.{1 + number % 50}"))
        last = stack.enter_context(connect(service, "127.0.3.1"))
        last.sendall(GET + b"\r\n")
        assert read_all(last).startswith(b"HTTP/1.1 200 ")


def test_where_no_connection_can_make_way_a_new_one_is_told_to_come_back(
    service: LiveService,
) -> None:
    """A body that is arriving is not given up for somebody new."""
    with ExitStack() as stack:
        for _ in range(30):
            client = stack.enter_context(connect(service, "127.0.0.9"))
            client.sendall(HEAD + b"Content-Length: 100000\r\n\r\n" + b" " * 20_000)
        time.sleep(0.1)
        beyond = stack.enter_context(connect(service, "127.0.0.9"))
        beyond.sendall(GET + b"\r\n")
        answer = read_all(beyond)
        assert code_in(answer) == (503, "too-busy")
        assert b"retry-after: " in answer.lower()
        other = stack.enter_context(connect(service, "127.0.0.8"))
        other.sendall(GET + b"\r\n")
        assert read_all(other).startswith(b"HTTP/1.1 200 ")
