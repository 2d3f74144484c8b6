"""429 and 503 say when to come back, and the client comes back then."""

from __future__ import annotations

import http.client

import pytest

from api import errors
from api.client_errors import ServerBusy
from ledger import limits
from ledger.faults import Refusal
from tests.api.service import LiveService, code_of
from tests.api.test_client import BUSY, PARTIES, Misbehaving, answer

pytestmark = pytest.mark.item("3.8.retry-after")


def test_a_service_that_is_busy_for_long_is_not_waited_for() -> None:
    server = Misbehaving([answer(503, BUSY, retry_after="86400")])
    with server.served() as client, pytest.raises(ServerBusy, match="again in 86400 s"):
        client.parties()
    assert (server.waits, server.requests) == ([], 1)


def test_waits_grow_where_the_service_does_not_say_how_long() -> None:
    server = Misbehaving([answer(503, BUSY)] * 5 + [answer(200, PARTIES)])
    with server.served() as client:
        client.parties()
    for doubled, wait in enumerate(server.waits[:4]):
        assert 2**doubled <= wait <= 1.25 * 2**doubled
    assert max(server.waits) <= 1.25 * limits.CLIENT_WAIT_SECONDS_MAX


@pytest.mark.parametrize("status", [429, 503])
def test_a_client_comes_back_when_it_is_told_to_and_is_answered(status: int) -> None:
    server = Misbehaving([answer(status, BUSY, retry_after="7"), answer(200, PARTIES)])
    with server.served() as client:
        assert client.parties() == {"origin": "a"}
    (waited,) = server.waits
    assert 7 <= waited <= 7 * 1.25


def test_two_clients_that_are_told_the_same_do_not_come_back_at_once() -> None:
    waits = []
    for _ in range(8):
        server = Misbehaving([answer(503, BUSY, retry_after="7"), answer(200, PARTIES)])
        with server.served() as client:
            client.parties()
        waits += server.waits
    assert len(set(waits)) > 4


@pytest.mark.parametrize(
    "code", [code for code, status in errors.STATUS.items() if status in (429, 503)]
)
def test_every_refusal_of_a_busy_service_says_when_to_come_back(code: str) -> None:
    response = errors.problem_response(Refusal(code, "d"))
    assert int(response.headers["retry-after"]) >= 1


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_a_stopping_service_says_when_to_ask_again(own_service: LiveService, path: str) -> None:
    own_service.wired.ledger.close()
    reply = own_service.http.get(path)
    assert reply.status_code == http.client.SERVICE_UNAVAILABLE
    assert int(reply.headers["retry-after"]) >= 1


def test_a_submission_to_a_stopping_log_says_when_to_come_back(own_service: LiveService) -> None:
    own_service.wired.ledger.close()
    reply = own_service.submit(own_service.record())
    assert code_of(reply) == "log-closed"
    assert int(reply.headers["retry-after"]) >= 1
