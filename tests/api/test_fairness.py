"""One party floods, another submits: who comes with little does not wait for who has much."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
import pytest

from tests.api.service import (
    JSON,
    JSON_LINES,
    STRANGER,
    SUPPLIER,
    LiveService,
    code_of,
    encode_submission,
    serve,
)

pytestmark = pytest.mark.item("3.8.quotas")
CONNECTIONS = 32
LINES = 250
FLOODER = STRANGER
SINGLES = 5


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service that checks in worker processes."""
    yield from serve(tmp_path_factory.mktemp("log"), check_processes=2)


def batch_of(live: LiveService, by: str, lines: int = LINES) -> bytes:
    """The body of a batch of new records."""
    return "\n".join(encode_submission(live.record(by=by)) for _ in range(lines)).encode()


@dataclass
class Flood:
    """Sends each body again and again over a connection of its own until told to stop."""

    live: LiveService
    bodies: Sequence[bytes]
    answered: list[httpx.Response] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def send(self, body: bytes) -> None:
        """One connection's part."""
        with httpx.Client(base_url=self.live.settings.public_url, timeout=60, verify=False) as http:
            while True:
                fields = {"Content-Type": JSON_LINES}
                self.answered.append(http.post("/v1/records", content=body, headers=fields))
                if self.stop.is_set():
                    return


def test_a_party_that_floods_waits_for_itself_and_others_do_not(workers: LiveService) -> None:
    """The backlog is there when the singles come, and is still there when the last is answered."""
    bodies = [batch_of(workers, FLOODER) for _ in range(CONNECTIONS)]
    flood = Flood(workers, bodies)
    flood.stop.set()
    singles = [encode_submission(workers.record(by=SUPPLIER)) for _ in range(SINGLES)]
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        sent = [threads.submit(flood.send, body) for body in bodies]
        while not flood.answered:
            time.sleep(0.005)
        behind = []
        for single in singles:
            fields = {"Content-Type": JSON}
            answer = workers.http.post("/v1/records", content=single, headers=fields)
            assert answer.status_code == 201, answer.text
            behind.append(CONNECTIONS - len(flood.answered))
        for one in sent:
            one.result()
    # Were there one line for all, the first single would wait for every batch before it.
    assert behind[0] >= CONNECTIONS // 2, behind
    assert behind[-1] > 0, behind
    admitted = sum(answer.text.count('"first":true') for answer in flood.answered)
    assert admitted == LINES * CONNECTIONS, flood.answered[0].text[:500]


def test_a_batch_among_batches_of_a_flood_goes_with_the_next(workers: LiveService) -> None:
    flood = Flood(workers, [batch_of(workers, FLOODER) for _ in range(CONNECTIONS)])
    flood.stop.set()
    own = batch_of(workers, SUPPLIER, 100)
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        sent = [threads.submit(flood.send, body) for body in flood.bodies]
        while not flood.answered:
            time.sleep(0.005)
        answer = workers.post(own, media_type=JSON_LINES)
        behind = CONNECTIONS - len(flood.answered)
        for one in sent:
            one.result()
    assert answer.text.count('"first":true') == 100
    assert behind > 0


def test_a_flood_of_repeats_holds_up_nobody(workers: LiveService) -> None:
    """What is an entry already is proven again, beside the writer and in its sender's turns."""
    bodies = [batch_of(workers, FLOODER, 200) for _ in range(4)]
    for body in bodies:
        workers.post(body, media_type=JSON_LINES)
    known = workers.record(by=SUPPLIER)
    workers.admit(known)
    flood = Flood(workers, [bodies[n % 4] for n in range(CONNECTIONS)])
    flood.stop.set()
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        sent = [threads.submit(flood.send, body) for body in flood.bodies]
        while not flood.answered:
            time.sleep(0.005)
        workers.admit(workers.record(by=SUPPLIER))
        assert workers.submit(known).status_code == 200
        behind = CONNECTIONS - len(flood.answered)
        for one in sent:
            one.result()
    assert behind > 0
    assert {answer.text.count('"first":false') for answer in flood.answered} == {200}


# ---- quotas ----


@pytest.fixture
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service on which ten records, and one a second, are a party's share."""
    yield from serve(tmp_path_factory.mktemp("log"), party_records_per_s=1, waiting_records=100)


def single(live: LiveService, by: str) -> httpx.Response:
    """A new record of a party, submitted."""
    return live.submit(live.record(by=by))


def test_a_party_beyond_its_rate_is_told_when_to_come_back(small: LiveService) -> None:
    answers = [single(small, FLOODER) for _ in range(15)]
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {201, 429}
    assert statuses.index(429) >= 10
    assert code_of(answers[-1]) == "quota-exceeded"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 3
    assert single(small, SUPPLIER).status_code == 201, "another party has its own"
    over = small.post(batch_of(small, FLOODER, 3), media_type=JSON_LINES)
    assert (over.status_code, code_of(over)) == (429, "quota-exceeded")


def test_nobody_spends_the_quota_of_a_party_by_naming_it(small: LiveService) -> None:
    """A bad signature and a stranger's key are charged to the address; so is what is known."""
    for _ in range(30):
        text = small.record(by=FLOODER)
        forged = text.replace(".", ".A", 1)
        small.submit(forged)
    stale = small.record(by=FLOODER, iat=1)
    small.post(f"{encode_submission(stale)[:-5]}\n".encode() * 30, media_type=JSON_LINES)
    assert single(small, FLOODER).status_code == 201


def test_the_share_of_an_address_without_a_proven_party_is_its_own(small: LiveService) -> None:
    for _ in range(4):
        answer = small.post(b"{}\n" * 20, media_type=JSON_LINES)
    assert (answer.status_code, code_of(answer)) == (429, "quota-exceeded")
    assert single(small, SUPPLIER).status_code == 201


def test_a_batch_beyond_the_bytes_of_a_party_is_refused_before_it_is_checked(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    for live in serve(tmp_path_factory.mktemp("log"), party_bytes_per_s=100):
        first = live.post(batch_of(live, FLOODER, 3), media_type=JSON_LINES)
        assert all(json.loads(line)["first"] for line in first.text.splitlines())
        again = live.post(batch_of(live, FLOODER, 3), media_type=JSON_LINES)
        assert (again.status_code, code_of(again)) == (429, "quota-exceeded")
        assert int(again.headers["retry-after"]) > 5
