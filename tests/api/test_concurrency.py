"""Many clients at once, slow ones and ones that go away: each gets its own right answer."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from ledger.tlog_proof import parse_tlog_proof, verify_tlog_proof
from ledger.tree import leaf_hash
from tests.api.service import LiveService, encode_submission
from tests.ledger.parties import record_id_of

pytestmark = pytest.mark.item("2.6")
CLIENTS = 64


def check_receipt(live: LiveService, text: str, answer: dict[str, object]) -> None:
    """The receipt proves the very record that was sent, at the index that was told."""
    proof = parse_tlog_proof(str(answer["receipt"]).encode())
    jws = text.partition("~")[0]
    leaf = leaf_hash(bytes(proof.extra or b"") + jws.encode("ascii") + b"\n")
    verify_tlog_proof(proof, leaf=leaf, policy=live.anchor.policy, origin=live.anchor.origin)
    assert proof.index == answer["index"]
    assert answer["record_id"] == record_id_of(text)


def test_sixty_four_submitters_at_once_get_their_own_receipts(service: LiveService) -> None:
    texts = [service.record() for _ in range(CLIENTS * 4)]
    start = service.size()
    with ThreadPoolExecutor(CLIENTS) as threads:
        answers = list(threads.map(service.submit, texts))
    assert {answer.status_code for answer in answers} == {201}
    for text, answer in zip(texts, answers, strict=True):
        check_receipt(service, text, answer.json())
    indices = sorted(answer.json()["index"] for answer in answers)
    assert indices == list(range(start, start + len(texts)))


def test_one_record_sent_at_once_by_many_is_one_entry(service: LiveService) -> None:
    text, start = service.record(), service.size()
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(service.submit, [text] * 32))
    assert sorted(answer.status_code for answer in answers) == [200] * 31 + [201]
    assert len({answer.content for answer in answers}) == 1
    assert service.size() == start + 1


def test_one_jti_sent_at_once_by_many_is_one_entry(service: LiveService) -> None:
    party = service.party("hanfeng-drive")
    texts = [
        service.consortium.record(party, {"lot": {"number": f"{n}", "pieces": n}}, label="a race")
        for n in range(16)
    ]
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(service.submit, texts))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 15


def test_batches_and_single_records_share_the_log(service: LiveService) -> None:
    singles = [service.record() for _ in range(40)]
    batches = [[service.record() for _ in range(50)] for _ in range(3)]
    with ThreadPoolExecutor(16) as threads:
        many = threads.map(service.submit_many, batches)
        one = list(threads.map(service.submit, singles))
        answered = list(many)
    for text, answer in zip(singles, one, strict=True):
        check_receipt(service, text, answer.json())
    for texts, answers in zip(batches, answered, strict=True):
        for text, line in zip(texts, answers, strict=True):
            check_receipt(service, text, line)


# ---- slow clients ----


@pytest.fixture
def head(service: LiveService) -> bytes:
    """The head of a submission whose body is announced and does not come."""
    length = len(encode_submission(service.record()))
    return (
        b"POST /v1/records HTTP/1.1\r\nHost: log\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nContent-Length: " + str(length).encode() + b"\r\n\r\n"
    )


@pytest.fixture
def slow_clients(service: LiveService, head: bytes) -> Iterator[list[socket.socket]]:
    """A hundred clients that have begun to send and do not go on."""
    with ExitStack() as stack:
        clients = []
        for _ in range(100):
            address = ("127.0.0.1", service.settings.port)
            client = stack.enter_context(socket.create_connection(address, timeout=20))
            client.sendall(head + b'{"sd_jwt"')
            clients.append(client)
        yield clients


@pytest.mark.usefixtures("slow_clients")
def test_slow_clients_do_not_hold_up_others(service: LiveService) -> None:
    begun = time.monotonic()
    for _ in range(20):
        service.admit(service.record())
    assert time.monotonic() - begun < 5


def test_a_slow_client_is_answered_when_it_has_sent_all(
    service: LiveService, head: bytes, slow_clients: list[socket.socket]
) -> None:
    text = service.record()
    body = encode_submission(text).encode()
    assert f"Content-Length: {len(body)}".encode() in head
    service.admit(service.record())
    slow_clients[0].sendall(body.removeprefix(b'{"sd_jwt"'))
    answer = b"".join(iter(lambda: slow_clients[0].recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 201 "), answer


def test_a_client_that_does_not_read_holds_up_nobody(service: LiveService) -> None:
    large = {"lot": {"number": "1", "pieces": 1}, "note": "n" * 60_000}
    for _ in range(20):
        service.admit(service.record(large))
    fields = service.signed("hanfeng-drive").sign("GET", "/v1/records?mine=1")
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    with ExitStack() as stack:
        for _ in range(4):
            address = ("127.0.0.1", service.settings.port)
            client = stack.enter_context(socket.create_connection(address))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.sendall(f"GET /v1/records?mine=1 HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode())
        begun = time.monotonic()
        for _ in range(10):
            service.admit(service.record())
        assert time.monotonic() - begun < 5


# ---- clients that go away ----


@pytest.mark.parametrize("sent", [0, 1, -1])
def test_a_client_that_breaks_off_leaves_nothing(
    service: LiveService, head: bytes, sent: int
) -> None:
    text, before = service.record(), service.size()
    body = encode_submission(text).encode()
    with socket.create_connection(("127.0.0.1", service.settings.port)) as client:
        client.sendall(head + body[:sent])
    service.admit(service.record())
    assert service.size() == before + 1
    assert service.submit(text).status_code == 201


def test_an_answer_that_nobody_waits_for_is_given_again(service: LiveService, head: bytes) -> None:
    text = service.record()
    with socket.create_connection(("127.0.0.1", service.settings.port)) as client:
        client.sendall(head + encode_submission(text).encode())
    deadline = time.monotonic() + 10
    while service.http.get(f"/v1/records/{record_id_of(text)}/receipt").status_code != 200:
        assert time.monotonic() < deadline
    answer = service.submit(text)
    assert answer.status_code == 200
    check_receipt(service, text, answer.json())
