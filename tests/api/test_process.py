"""The service as a process: its log lines, a stop, a kill, a second one on the same folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx
import psutil
import pytest

from api.data_folder import DataFolder
from api.founding import FoundingKeys, FoundingPlan, found_log
from api.process_clock import ProcessClock
from keys.key_file import Cost
from keys.signer import SeedSigner
from ledger.compose import Composer, Filing
from ledger.record_type import parse_record_type
from quality.types import business_types
from tests.api.service import encode_submission
from tests.ledger.parties import ORIGIN, PartyKeys, RandomStream, a_party, a_seed
from tests.quality.examples import example

pytestmark = pytest.mark.item("2.6")
PASSPHRASE = "correct horse battery staple"
GREETINGS = ("log ", "serving ")
KIND = parse_record_type(business_types()[3])


@dataclass
class Process:
    """`lotmark serve` on a folder."""

    folder: DataFolder
    lines: Path
    running: subprocess.Popen[bytes] = field(init=False)
    url: str = field(init=False)

    def start(self) -> None:
        """Serve, and wait until it answers."""
        with self.lines.open("ab") as errors:
            self.running = self.spawn(errors)
        assert self.running.stdout is not None
        said = b"".join(iter(self.running.stdout.readline, b"}\n"))
        self.url = str(json.loads(said + b"}")["url"])
        deadline = time.monotonic() + 30
        while not self._is_ready():
            assert time.monotonic() < deadline, self.lines.read_text()
            time.sleep(0.02)

    def spawn(self, errors: IO[bytes] | int) -> subprocess.Popen[bytes]:
        """Only start the process."""
        command = [sys.executable, "-m", "api.cli", "serve", "--json"]
        return subprocess.Popen(
            [*command, "--data", str(self.folder.root), "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "LOTMARK_PASSPHRASE": PASSPHRASE, "LOTMARK_CHECK_PROCESSES": "1"},
        )

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", verify=False).status_code == 200
        except httpx.TransportError:
            return False

    def end(self, number: signal.Signals) -> int:
        """Send a signal, unless it has ended; the status that the process ends with."""
        self.running.send_signal(number)
        status = self.running.wait(30)
        assert self.running.stdout is not None
        self.running.stdout.close()
        return status

    def events(self) -> list[dict[str, Any]]:
        """The log lines behind the greeting, each of which must be a JSON object."""
        lines = self.lines.read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines if not line.startswith(GREETINGS)]


@dataclass(frozen=True)
class Client:
    """The one party of the log, and what it submits."""

    party: PartyKeys
    composer: Composer

    def record(self) -> str:
        """A new record."""
        groups = example(KIND.vct)
        groups.pop("correction")
        now = ProcessClock().now_s()
        return self.composer.compose_record(KIND, groups, filing=Filing(), iat=now)


def submit(http: httpx.Client, text: str) -> httpx.Response | None:
    """Submit; None where no answer came."""
    headers = {"Content-Type": "application/json"}
    try:
        return http.post("/v1/records", content=encode_submission(text), headers=headers)
    except httpx.TransportError:
        return None


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> tuple[DataFolder, Client]:
    """A log of one party, at the true time."""
    folder, party = DataFolder(tmp_path_factory.mktemp("process") / "log"), a_party("acme-gears")
    statement = party.statement(("oem", "supplier", "operator"))
    founded = found_log(
        folder,
        FoundingPlan(str(ORIGIN), (statement,), party.slug, has_open_bundles=True),
        keys=FoundingKeys(
            SeedSigner(a_seed("acme-gears admin")),
            PASSPHRASE,
            SeedSigner(a_seed("acme-gears signing")),
            Cost.INTERACTIVE,
        ),
    )
    random_bytes = RandomStream("records of a process")
    composer = Composer(ORIGIN, founded.charter, party.signing, random_bytes)
    return folder, Client(party, composer)


@pytest.fixture
def process(founded: tuple[DataFolder, Client], tmp_path: Path) -> Iterator[Process]:
    """The log, being served by a process of its own."""
    served = Process(founded[0], tmp_path / "lines")
    try:
        served.start()
        yield served
    finally:
        served.end(signal.SIGKILL)


@pytest.fixture
def client(founded: tuple[DataFolder, Client]) -> Client:
    """The party that submits."""
    return founded[1]


def submit_while(
    process: Process, texts: Sequence[str], *, number: signal.Signals
) -> tuple[int, list[httpx.Response | None]]:
    """Submit from many threads and send the signal in the middle of it."""
    with httpx.Client(base_url=process.url, verify=False) as http, ThreadPoolExecutor(8) as threads:
        first = submit(http, texts[0])
        sent = [threads.submit(submit, http, text) for text in texts[1:]]
        while sum(item.done() for item in sent) < len(texts) // 4:
            time.sleep(0.002)
        status = process.end(number)
        return status, [first, *(item.result() for item in sent)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_whatever_was_answered_survives_the_end_of_the_process(
    process: Process, client: Client, number: signal.Signals
) -> None:
    texts = [client.record() for _ in range(300)]
    status, answers = submit_while(process, texts, number=number)
    assert status == (-number if number is signal.SIGKILL else 0)
    admitted = [
        (text, answer)
        for text, answer in zip(texts, answers, strict=True)
        if answer is not None and answer.status_code == 201
    ]
    assert 0 < len(admitted) < len(texts), "the signal must come in the middle"
    process.start()
    with httpx.Client(base_url=process.url, verify=False) as http:
        for text, first in admitted:
            again = submit(http, text)
            assert again is not None
            assert (again.status_code, again.content) == (200, first.content)


def test_workers_end_with_a_killed_service(process: Process) -> None:
    workers = psutil.Process(process.running.pid).children(recursive=True)
    assert workers, "batches are checked in processes of their own"
    process.end(signal.SIGKILL)
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive


@pytest.mark.usefixtures("process")
def test_a_second_process_on_the_same_folder_is_refused(process: Process, client: Client) -> None:
    second = process.spawn(subprocess.STDOUT)
    said, _ = second.communicate(timeout=30)
    assert second.returncode == 1
    assert b"store-in-use" in said
    with httpx.Client(base_url=process.url, verify=False) as http:
        answer = submit(http, client.record())
    assert answer is not None
    assert answer.status_code == 201


def test_log_lines_are_json_and_tell_no_content(process: Process, client: Client) -> None:
    text = client.record()
    jws, disclosure = text.split("~")[0], text.split("~")[1]
    with httpx.Client(base_url=process.url, verify=False) as http:
        submit(http, text)
        submit(http, text.replace(disclosure, disclosure[:-2] + "AA"))
        http.post("/v1/records", content=b"marker-in-a-body")
        http.get("/v1/records?value=marker-in-a-query")
        http.get("/v1/records", headers={"Signature": "marker-in-a-field"})
        http.get("/marker-in-a-path")
    assert process.end(signal.SIGINT) == 0
    events = process.events()
    assert [event["event"] for event in events if not event["event"].startswith("library.")] == [
        "service.started",
        "service.stopped",
    ]
    assert all({"event", "level", "timestamp"} <= event.keys() for event in events)
    lines = process.lines.read_text("utf-8")
    for secret in (PASSPHRASE, jws, disclosure, "marker-in"):
        assert secret not in lines
