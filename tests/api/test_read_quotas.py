"""Reads within the quota of who asks: a party where it has signed, else its address."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from api.exchange import LogKeys, Refused, RequestJudge
from api.nonces import NonceMemory
from api.reading import ReadingDesk
from ledger import limits
from tests.api.service import OEM, SUPPLIER, LiveService, code_of, serve

pytestmark = pytest.mark.item("3.8.quotas")


@pytest.fixture
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service on which ten requests, and one a second, are everybody's share."""
    yield from serve(tmp_path_factory.mktemp("log"), party_reads_per_s=1, address_reads_per_s=1)


@pytest.mark.item("3.8.retry-after")
def test_a_party_that_reads_too_much_is_told_when_to_come_back(small: LiveService) -> None:
    reader = small.signed(OEM)
    answers = [reader.get("/v1/records?limit=1") for _ in range(14)]
    assert answers[0].status_code == 200
    assert code_of(answers[-1]) == "quota-exceeded"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 4
    assert small.signed(SUPPLIER).get("/v1/records?limit=1").status_code == 200
    assert small.http.get("/checkpoint").status_code == 200, "its address has its own"


def test_a_party_beyond_its_rate_fills_no_memory_of_nonces(small: LiveService) -> None:
    reader = small.signed(OEM)
    for _ in range(30):
        reader.get("/v1/records?limit=1")
    nonces = small.wired.nonces
    assert isinstance(nonces, NonceMemory)
    assert nonces.nonces_held < 20


def test_replays_of_a_captured_request_are_charged_to_the_address(small: LiveService) -> None:
    captured = small.signed(OEM).sign("GET", "/v1/records?limit=1")

    def replay() -> httpx.Response:
        return small.http.get("/v1/records?limit=1", headers=captured)

    assert replay().status_code == 200
    codes = [code_of(replay()) for _ in range(30)]
    assert (codes[0], codes[-1]) == ("nonce-replayed", "quota-exceeded")
    for _ in range(7):
        assert small.signed(OEM).get("/v1/records?limit=1").status_code == 200


def test_replays_while_a_party_has_nothing_left_cost_the_address(small: LiveService) -> None:
    reader = small.signed(OEM)
    captured = reader.sign("GET", "/v1/records?limit=1")
    for _ in range(12):
        reader.get("/v1/records?limit=1")
    for _ in range(14):
        small.http.get("/v1/records?limit=1", headers=captured)
    assert small.http.get("/checkpoint").status_code == 429


@pytest.mark.item("3.8.retry-after")
def test_an_address_that_visits_too_much_is_told_when_to_come_back(small: LiveService) -> None:
    answers = [small.http.get("/checkpoint") for _ in range(14)]
    assert answers[0].status_code == 200
    assert code_of(answers[-1]) == "quota-exceeded"
    assert small.http.get("/").status_code == 429, "pages are visits too"
    assert small.signed(OEM).get("/v1/records").status_code == 200, "a party has its own"
    assert small.http.get("/readyz").status_code == 200, "whoever looks after it gets in"


def test_a_signature_that_does_not_hold_is_charged_to_the_address(small: LiveService) -> None:
    fields = small.signed(OEM).sign("GET", "/v1/records?limit=1")
    codes = [code_of(small.http.get("/v1/records", headers=fields)) for _ in range(14)]
    assert (codes[0], codes[-1]) == ("bad-request-signature", "quota-exceeded")
    assert small.signed(OEM).get("/v1/records").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/checkpoint", "/v1/parties", "/v1/proposals", "/v1/anchor", "/tile/0/000.p/1"),
        *("/tile/entries/000.p/1", "/v1/records?limit=1", "/v1/records/none/receipt"),
        *("/", "/parties/oem/did.json", "/nowhere"),
    ],
)
def test_a_field_that_looks_like_a_signature_is_no_way_past_the_quota(
    small: LiveService, path: str
) -> None:
    fields = {"Signature-Input": "x"}
    statuses = [small.http.get(path, headers=fields).status_code for _ in range(14)]
    assert 429 not in statuses[:10]
    assert statuses[-1] == 429
    assert small.http.get("/checkpoint").status_code == 429, "it is the address that is charged"
    assert small.signed(OEM).get("/v1/records").status_code == 200, "a party has its own"


@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "PATCH"])
def test_what_is_refused_before_its_signature_is_looked_at_is_charged_too(
    small: LiveService, method: str
) -> None:
    for _ in range(14):
        small.http.request(method, "/v1/blobs/none", headers={"Signature-Input": "x"})
    assert small.http.get("/checkpoint").status_code == 429


def test_one_flow_of_reads_holds_up_no_other(small: LiveService) -> None:
    """As many as may wait do, all of one flow; another is let in with the next turn."""

    wired = small.wired
    judge = RequestJudge(wired.base, LogKeys(wired.ledger), wired.nonces, wired.clock)

    async def read() -> tuple[int, list[str]]:
        desk, gate = ReadingDesk(judge), threading.Event()
        done: list[str] = []

        async def work(flow: str) -> None:
            await desk.run(flow, gate.wait)
            done.append(flow)

        most = limits.READS_AT_ONCE_MAX + limits.READS_WAITING_PER_FLOW_MAX
        flood = [asyncio.ensure_future(work("flood")) for _ in range(most)]
        await asyncio.sleep(0)
        other = asyncio.ensure_future(work("other"))
        await asyncio.sleep(0)
        with pytest.raises(Refused):
            await desk.run("flood", gate.wait)
        gate.set()
        await asyncio.gather(other, *flood)
        return most, done

    most, done = asyncio.run(read())
    assert len(done) == most + 1
    assert done.index("other") < most - limits.READS_AT_ONCE_MAX


def test_bodies_on_their_way_have_a_bound(tmp_path_factory: pytest.TempPathFactory) -> None:
    for live in serve(tmp_path_factory.mktemp("log"), waiting_bytes=50_000):
        head = b"POST /v1/records HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

        with socket.create_connection(("127.0.0.1", live.settings.port)) as holding:
            holding.sendall(head + b"Content-Length: 60000\r\n\r\n" + b" " * 30_000)
            # Until what was sent has been read there, a second body finds room.
            while (answer := live.post(b" " * 30_000)).status_code == 400:
                pass
        assert code_of(answer) == "quota-exceeded"
        assert "retry-after" in answer.headers
        # Once the service has seen that the holder is gone, there is room again.
        text = live.record()
        while (answer := live.submit(text)).status_code == 429:
            time.sleep(0.01)
        assert answer.status_code == 201
