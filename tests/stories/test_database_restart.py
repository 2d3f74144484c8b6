"""The database goes away under load and comes back: the service waits for it, and loses nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.api.service import LiveService, problem_of
from tests.postgres import PostgresServer, running
from tests.stories.consortium import Consortium
from tests.stories.engines import Postgresql

pytestmark = pytest.mark.item("3.6.database-restart")

CLIENTS: Final = 6
PATIENCE_SECONDS: Final = 60
#: What a client may be told while nobody knows; each says when to come again.
PASSING: Final = {"store-unavailable", "outcome-unknown"}


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server of its own: the others' must not go away."""
    with running() as started:
        yield started


@dataclass
class Client:
    """Submits records one after the other, each until it has its receipt."""

    service: LiveService
    texts: list[str]
    receipts: dict[str, str] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Submit all."""
        for text in self.texts:
            self.receipts[text] = self._submit(text)

    def _submit(self, text: str) -> str:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            answer = self.service.submit(text)
            if answer.is_success:
                return str(answer.json()["receipt"])
            self.refusals.append(str(problem_of(answer)["code"]))
            assert answer.status_code == 503
            assert answer.headers["retry-after"]
            time.sleep(0.05)
        raise AssertionError(f"expected a receipt, found {self.refusals[-3:]}")


@pytest.mark.parametrize("is_crash", [True, pytest.param(False, marks=pytest.mark.long)])
def test_restart_under_load_loses_nothing_and_needs_no_other(
    server: PostgresServer, tmp_path: Path, is_crash: bool
) -> None:
    with Consortium.founded(tmp_path, Postgresql(server)) as consortium:
        service = consortium.service
        founded = service.size()
        clients = [Client(service, [service.record() for _ in range(60)]) for _ in range(CLIENTS)]
        with ThreadPoolExecutor(CLIENTS) as threads:
            done = [threads.submit(client.run) for client in clients]
            await_receipts(clients, 60)
            with alive_throughout(service):
                server.restart(is_crash=is_crash)
            for one in done:
                one.result()
        refusals = {code for client in clients for code in client.refusals}
        assert refusals <= PASSING
        # The very process that served before goes on: what was acknowledged is there.
        for client in clients:
            for text, receipt in client.receipts.items():
                again = service.submit(text)
                assert (again.status_code, again.json()["receipt"]) == (200, receipt)
        assert consortium.audit().entries == founded + CLIENTS * 60


def await_receipts(clients: list[Client], count: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while sum(len(client.receipts) for client in clients) < count:
        assert time.monotonic() < deadline
        time.sleep(0.005)


@contextmanager
def alive_throughout(service: LiveService) -> Iterator[None]:
    """The process says that it lives, whatever its database does meanwhile."""
    is_over = threading.Event()
    url = f"{service.settings.public_url}/livez"

    def watch() -> list[int]:
        answers = [httpx.get(url, timeout=30, verify=False).status_code]
        while not is_over.wait(0.05):
            answers.append(httpx.get(url, timeout=30, verify=False).status_code)
        return answers

    with ThreadPoolExecutor(1) as watching:
        answers = watching.submit(watch)
        try:
            yield
        finally:
            is_over.set()
        assert set(answers.result()) == {200}


def test_readers_are_told_to_come_again_while_the_database_is_away(
    server: PostgresServer, tmp_path: Path
) -> None:
    with Consortium.founded(tmp_path, Postgresql(server)) as consortium:
        service = consortium.service
        record_id = service.admit(service.record())
        text = service.record()
        server.stop()
        try:
            for answer in (
                service.http.get(f"/v1/records/{record_id}/receipt"),
                service.http.get("/checkpoint"),
                service.http.get("/v1/records"),
                service.http.get("/readyz"),
                service.submit(text),
                service.submit(text),
            ):
                assert problem_of(answer)["code"] == "store-unavailable"
                assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        finally:
            server.start()
        client = Client(service, [text])
        client.run()
        assert service.http.get(f"/v1/records/{record_id}/receipt").is_success
        consortium.audit()
