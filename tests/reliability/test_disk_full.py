"""A disk that takes no more: said by name at once, nothing lost, nothing half written.

The limit on the size of files stands for the disk (``RLIMIT_FSIZE`` of the running process,
as an operator sets it with ``prlimit``): what would go beyond it fails in the middle, as on a
full disk. Python ignores the signal that would end the process.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest

from api.audit_sources import StoreSource
from api.client import LogClient
from api.client_errors import ServerBusy
from api.client_transport import Effects
from api.errors import STATUS
from api.opening_log import open_log
from api.party_folder import signer_for
from api.rebuilding import compare
from bench.consortium import ORIGIN, Consortium
from keys.signer import SeedSigner
from ledger.audit import audit
from ledger.blob_copies import check_upload, find_upload
from ledger.receipt import verify_receipt
from ledger.vault.blob_keys import BlobKeys
from ledger.vault.shelf import KeyShelf
from tests.postgres import PostgresServer
from tests.reliability.clients import Answer, lasting, post
from tests.reliability.grounds import Founded, PostgresGround, SqliteGround
from tests.stories.processes import ReplicaProcess

pytestmark = pytest.mark.item("3.6.disk-full")

RECORDS: Final = 40
#: Not even a mark, or a line of the service's log; some pages, but no whole group.
LIMITS: Final = (64, 60_000)


@dataclass
class Starved:
    """A served log whose process may be kept from writing, and its clients' receipts."""

    consortium: Consortium
    process: ReplicaProcess
    founded: Founded
    unused: list[str]
    held: dict[str, Answer]

    def submit(self, texts: list[str]) -> tuple[int, list[Answer]]:
        """Submit, and keep what is answered."""
        connection = http.client.HTTPConnection("127.0.0.1", self.process.port, timeout=60)
        with closing(connection):
            status, answers = post(connection, texts)
        if status in {200, 201}:
            for text, answer in zip(texts, answers, strict=True):
                jws = text.partition("~")[0]
                verify_receipt(answer["receipt"].encode(), jws, anchor=self.founded.anchor)
                assert lasting(self.held.setdefault(text, answer)) == lasting(answer)
        return status, answers

    def admit(self, count: int = 1) -> None:
        """Submit new records; they must be admitted."""
        status, answers = self.submit(self.take(count))
        assert status in {200, 201}, answers

    def take(self, count: int = 1) -> list[str]:
        """Records that were never sent."""
        taken, self.unused = self.unused[:count], self.unused[count:]
        return taken

    def check(self) -> None:
        """After a kill, all that was answered is there, each once and whole."""
        self.process.end(signal.SIGKILL)
        self.process.start()
        self.process.await_ready()
        held = dict(self.held)
        self.submit(list(held))
        self.process.end(signal.SIGTERM)
        with closing(open_log(self.consortium.folder)) as store:
            report = audit(str(ORIGIN), StoreSource.of(store))
        assert report.is_clean, report.findings
        assert report.entries == self.founded.size + len(held)
        assert compare(self.consortium.folder).is_as_before


@contextmanager
def limited(served: Starved, limit: int) -> Iterator[None]:
    """Keep the process from making any file longer than this."""
    process, unlimited = served.process.running, resource.RLIM_INFINITY
    assert process
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, unlimited))
    yield
    if process.poll() is None:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Founded]:
    """A founded log, and records."""
    root = tmp_path_factory.mktemp("disk-full")
    with Founded.on(SqliteGround(), root, records=RECORDS) as founded:
        yield founded


@pytest.fixture(scope="module")
def on_postgresql(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer
) -> Iterator[Founded]:
    """The same on a server."""
    root = tmp_path_factory.mktemp("disk-full-pg")
    with Founded.on(PostgresGround(postgres), root, records=RECORDS) as founded:
        yield founded


@contextmanager
def starved(founded: Founded, root: Path) -> Iterator[Starved]:
    """Serve a copy of the log."""
    with founded.copied(root / "log") as consortium:
        process = ReplicaProcess(consortium.environment, root / "lines")
        try:
            process.start()
            process.await_ready()
            yield Starved(consortium, process, founded, list(founded.texts), {})
        finally:
            process.end(signal.SIGKILL)


def code_of(answered: tuple[int, list[Answer]]) -> str:
    """The code of a problem, which has the status of its row."""
    status, answers = answered
    code = str(answers[0]["code"])
    assert status == STATUS[code]
    return code


@pytest.mark.parametrize("limit", [LIMITS[0], pytest.param(LIMITS[1], marks=pytest.mark.long)])
def test_full_disk_under_sqlite_is_said_and_the_same_process_goes_on_when_there_is_room(
    on_sqlite: Founded, tmp_path: Path, limit: int
) -> None:
    with starved(on_sqlite, tmp_path) as served:
        served.admit(3)
        single, batch = served.take(), served.take(4)
        with limited(served, limit):
            assert code_of(served.submit(single)) == "store-unavailable"
            assert code_of(served.submit(batch)) == "store-unavailable"
            # Who reads is served, and who repeats gets the first receipt.
            assert served.submit(list(served.held))[0] == 200
            assert httpx.get(f"{served.process.url}/checkpoint", verify=False).is_success
            assert httpx.get(f"{served.process.url}/livez", verify=False).is_success
        served.submit(single)
        served.submit(batch)
        assert len(served.held) == 3 + 1 + 4
        served.admit()
        served.check()


@pytest.mark.parametrize("limit", [60_000])
def test_service_killed_on_a_full_disk_has_kept_what_it_answered(
    on_sqlite: Founded, tmp_path: Path, limit: int
) -> None:
    with starved(on_sqlite, tmp_path) as served:
        served.admit(3)
        single = served.take()
        with limited(served, limit):
            assert code_of(served.submit(single)) == "store-unavailable"
            served.process.end(signal.SIGKILL)
        served.process.start()
        served.process.await_ready()
        assert served.submit(single)[0] == 201
        served.check()


@pytest.mark.parametrize("limit", [pytest.param(0, marks=pytest.mark.long), 64])
def test_mark_that_the_disk_does_not_take_holds_the_receipt_back(
    on_postgresql: Founded, tmp_path: Path, limit: int
) -> None:
    with starved(on_postgresql, tmp_path) as served:
        served.admit(3)
        single, other = served.take(), served.take()
        # The database has a disk of its own: the entry is stored, its mark is not.
        with limited(served, limit):
            assert code_of(served.submit(single)) == "outcome-unknown"
            assert code_of(served.submit(other)) == "store-unavailable"
        assert served.submit(single)[0] == 200
        assert served.submit(other)[0] == 201
        served.check()


def test_service_killed_while_its_mark_is_behind_starts_again(
    on_postgresql: Founded, tmp_path: Path
) -> None:
    with starved(on_postgresql, tmp_path) as served:
        single = served.take()
        with limited(served, 64):
            assert code_of(served.submit(single)) == "outcome-unknown"
            served.process.end(signal.SIGKILL)
        served.process.start()
        served.process.await_ready()
        assert served.submit(single)[0] == 200
        served.check()


def test_chunk_that_the_disk_does_not_take_is_not_counted(
    on_sqlite: Founded, tmp_path: Path
) -> None:
    with starved(on_sqlite, tmp_path) as served, uploader(served) as client:
        content = os.urandom(5000)
        blob = client.create_blob(len(content))
        assert client.append_blob(blob, 0, chunk=content[:1000]) == 1000
        with limited(served, 2000):
            with pytest.raises(ServerBusy, match="blobs-unavailable"):
                client.append_blob(blob, 1000, chunk=content[1000:])
            assert client.blob_offset(blob) == 1000
        assert client.append_blob(blob, 1000, chunk=content[1000:]) == len(content)
        folder = served.consortium.folder
        found = find_upload(folder.blobs, blob)
        assert found
        check_upload(found, BlobKeys(KeyShelf(folder.shelf)).find(blob))
        assert found.known.sha256 == hashlib.sha256(content).digest()


def test_upload_that_the_disk_does_not_take_does_not_begin(
    on_sqlite: Founded, tmp_path: Path
) -> None:
    with starved(on_sqlite, tmp_path) as served, uploader(served) as client:
        with limited(served, 16), pytest.raises(ServerBusy, match="blobs-unavailable"):
            client.create_blob(5000)
        assert not list((served.consortium.folder.blobs / "open").glob("*.json"))
        blob = client.create_blob(5000)
        served.process.end(signal.SIGKILL)
        served.process.start()
        served.process.await_ready()
        assert client.append_blob(blob, 0, chunk=bytes(5000)) == 5000


@contextmanager
def uploader(served: Starved) -> Iterator[LogClient]:
    """A supplier's client, which is not patient."""
    supplier = served.consortium.suppliers[0]
    key = signer_for(ORIGIN, supplier.slug, SeedSigner(supplier.machine))
    effects = Effects(wait=lambda seconds: time.sleep(min(seconds, 0.3)))
    with LogClient(served.process.url, signer=key, effects=effects) as client:
        yield client
