"""Two replicas, two processes, one database: clients use either, and one of them is killed.

Five clients submit 520 records, single and in batches, each client to both replicas in turn.
In the middle one replica is killed; whoever gets no answer submits the same bytes to the other.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from api.audit_sources import StoreSource
from api.data_folder import DataFolder
from api.http_signatures import HttpRequest, sign_request
from api.joining import join_replica
from api.nonces import Nonce, UnixSeconds
from api.opening_log import open_log
from api.party_folder import signer_for
from api.target_uri import parse_target_uri
from bench.consortium import OEM, ORIGIN, VCT, Consortium, Party, found_consortium, upload_of
from keys.identifiers import party_did
from keys.signer import SeedSigner
from ledger.anchor import Anchor, parse_anchor
from ledger.audit import audit
from ledger.compose import Filing
from ledger.receipt import verify_receipt
from ledger.record_type import parse_record_type
from quality.types import business_types
from tests.ledger.parties import record_id_of
from tests.postgres import LogDatabase
from tests.stories.processes import ReplicaProcess

pytestmark = [pytest.mark.item("3.done.test_two_replicas"), pytest.mark.item("3.5.replicas")]

CLIENTS: Final = 5
RECORDS_EACH: Final = 104
LINES_PER_BATCH: Final = 8
PUBLIC_URL: Final = "http://quality.example"
KIND: Final = parse_record_type(next(text for text in business_types() if f'"{VCT}"' in text))


@dataclass
class Replicas:
    """Two processes and what their clients hold: each record's first answer."""

    consortium: Consortium
    processes: tuple[ReplicaProcess, ReplicaProcess]
    anchor: Anchor
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    switched: int = 0

    def post(self, number: int, texts: list[str]) -> list[dict[str, Any]] | None:
        """Submit to one replica; None where no answer came."""
        lines = [json.dumps({"sd_jwt": text, "sealed": []}) for text in texts]
        is_single = len(lines) == 1
        media_type = "application/json" if is_single else "application/jsonl"
        try:
            answer = httpx.post(
                f"{self.processes[number].url}/v1/records",
                content="\n".join(lines),
                headers={"Content-Type": media_type},
                timeout=60,
                verify=False,
            )
        except httpx.TransportError:
            return None
        assert answer.is_success, answer.text
        return [answer.json()] if is_single else [json.loads(x) for x in answer.text.splitlines()]

    def submit(self, number: int, texts: list[str]) -> None:
        """Submit to a replica, and to the other one if this one is gone."""
        answered = self.post(number, texts)
        if answered is None:
            self.switched += 1
            answered = self.post(1 - number, texts)
        assert answered is not None, "expected one of two replicas to answer"
        for text, members in zip(texts, answered, strict=True):
            self.check(text, members)
            self.answers[text] = members

    def check(self, text: str, members: dict[str, Any]) -> None:
        """The receipt verifies, and is this record's."""
        jws = text.split("~", maxsplit=1)[0]
        verified = verify_receipt(members["receipt"].encode(), jws, anchor=self.anchor)
        assert (verified.record_id, verified.index) == (record_id_of(text), members["index"])


@pytest.fixture
def replicas(postgres_log: LogDatabase, tmp_path: Path) -> Iterator[Replicas]:
    """A consortium at the true time, served by two processes with a folder each."""
    first = DataFolder(tmp_path / "first", postgres_log.url)
    second = DataFolder(tmp_path / "second", postgres_log.url)
    consortium = found_consortium(first)
    join_replica(first, second)
    processes = tuple(
        ReplicaProcess(
            {
                **consortium.environment,
                "LOTMARK_DATA": str(folder.root),
                "LOTMARK_SHELF": str(first.shelf),
                "LOTMARK_BASE_URL": PUBLIC_URL,
            },
            tmp_path / f"{folder.root.name}.log",
        )
        for folder in (first, second)
    )
    try:
        for process in processes:
            process.start()
        for process in processes:
            process.await_ready()
        anchor = parse_anchor(first.anchor.read_bytes())
        yield Replicas(consortium, (processes[0], processes[1]), anchor)
    finally:
        for process in processes:
            process.end(signal.SIGKILL)


def records_of(consortium: Consortium, party: Party, count: int) -> list[str]:
    """Signed uploads of one supplier."""
    composer = party.machine_composer(consortium.policy)
    now = int(time.time())
    return [
        composer.compose_record(
            KIND,
            upload_of(number),
            filing=Filing(to=(party_did(ORIGIN, OEM),), number=f"B-{number}"),
            iat=now,
        )
        for number in range(count)
    ]


def portions(texts: list[str]) -> Iterator[list[str]]:
    """Singles and batches in turn."""
    position = 0
    while position < len(texts):
        count = LINES_PER_BATCH if position % 3 else 1
        yield texts[position : position + count]
        position += count


@pytest.mark.item("3.6.replica-switch")
@pytest.mark.item("3.6.two-writers")
def test_two_replicas(replicas: Replicas) -> None:
    suppliers = replicas.consortium.suppliers
    texts = [
        records_of(replicas.consortium, suppliers[n % len(suppliers)], RECORDS_EACH)
        for n in range(CLIENTS)
    ]
    total = CLIENTS * RECORDS_EACH
    is_killed = threading.Event()

    def be_a_client(number: int) -> None:
        for turn, portion in enumerate(portions(texts[number])):
            replicas.submit((number + turn) % 2, portion)
            # What one replica acknowledged is read at the other, at once.
            if not is_killed.is_set() and turn % 4 == 0:
                read_at(replicas, 1 - (number + turn) % 2, portion[-1], is_killed)

    with ThreadPoolExecutor(CLIENTS) as clients:
        running = [clients.submit(be_a_client, number) for number in range(CLIENTS)]
        while len(replicas.answers) < total // 3 and not any(one.done() for one in running):
            time.sleep(0.01)
        is_killed.set()
        replicas.processes[1].end(signal.SIGKILL)
        for one in running:
            one.result()
    assert replicas.switched, "expected clients that met the dead replica"
    check_log(replicas, total)


def read_at(replicas: Replicas, number: int, text: str, is_killed: threading.Event) -> None:
    url = f"{replicas.processes[number].url}/v1/records/{record_id_of(text)}/receipt"
    try:
        answer = httpx.get(url, timeout=60, verify=False)
    except httpx.TransportError:
        assert is_killed.is_set()
        return
    assert answer.text == replicas.answers[text]["receipt"]


def check_log(replicas: Replicas, total: int) -> None:
    """Every record is one entry, and the restarted replica gives the same first receipts."""
    indices = [members["index"] for members in replicas.answers.values()]
    assert len(set(indices)) == total
    replicas.processes[1].start()
    replicas.processes[1].await_ready()
    held = list(replicas.answers.items())
    for number in (0, 1):
        again = replicas.post(number, [text for text, _ in held])
        assert again is not None
        assert [one["receipt"] for one in again] == [members["receipt"] for _, members in held]
        assert not any(one["first"] for one in again)
    with closing(open_log(replicas.consortium.folder, read_only=True)) as store:
        report = audit(str(ORIGIN), StoreSource.of(store))
    assert report.is_clean, report.findings
    assert report.entries == max(indices) + 1


@pytest.mark.item("3.3")
def test_a_signed_request_passes_at_one_replica_only(replicas: Replicas) -> None:
    supplier = replicas.consortium.suppliers[0]
    key = signer_for(ORIGIN, supplier.slug, SeedSigner(supplier.machine))
    request = HttpRequest("GET", parse_target_uri(f"{PUBLIC_URL}/v1/records"))
    created = UnixSeconds(int(time.time()))
    fields = sign_request(request, key.signer, did=key.did, created=created, nonce=Nonce("n" * 22))
    first, second = (
        httpx.get(f"{process.url}/v1/records", headers=fields, verify=False)
        for process in replicas.processes
    )
    assert first.is_success, first.text
    assert second.json()["code"] == "nonce-replayed"
    # A restart opens nothing either.
    replicas.processes[0].end(signal.SIGKILL)
    replicas.processes[0].start()
    replicas.processes[0].await_ready()
    third = httpx.get(f"{replicas.processes[0].url}/v1/records", headers=fields, verify=False)
    assert third.json()["code"] == "nonce-replayed"
