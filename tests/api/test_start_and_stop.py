"""What a service refuses to start on, and how it stops: nothing answered is ever lost."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from api.settings import Settings
from api.setup_errors import (
    FolderDamaged,
    FolderMissing,
    KeyMismatch,
    MalformedBase,
    SetupError,
)
from api.wiring import Service, open_service
from keys.encoding import encode_base64url
from keys.errors import SignerUnavailable
from ledger.content import CheckedRecord, check_submission
from ledger.errors import HighWaterDamaged, LedgerError, LogRolledBack
from ledger.store_errors import StoreBusy
from tests.api.service import LOG_KEY_VARIABLE, LiveService, code_of, encode_submission
from tests.ledger.parties import a_seed, record_id_of

pytestmark = pytest.mark.item("2.6")


@pytest.fixture
def stopped(own_service: LiveService) -> Iterator[LiveService]:
    """A log with some records, not being served; it is served again after the test."""
    own_service.submit_many([own_service.record() for _ in range(10)])
    own_service.stop()
    yield own_service
    own_service.start()
    own_service.admit(own_service.record())


def opened(live: LiveService) -> Service:
    """Open the folder as `serve` would."""
    return open_service(live.settings, clock=live.clock)


def database_files(live: LiveService) -> list[Path]:
    """The database, with its journal where it has one."""
    return sorted(live.folder.root.glob("ledger.db*"))


# ---- what it does not start on ----


@pytest.mark.item("2.bad.database-rolled-back")
@pytest.mark.item("2.4")
def test_a_database_behind_the_high_water_file_is_refused(
    own_service: LiveService, tmp_path: Path
) -> None:
    live, backup = own_service, tmp_path / "backup"
    live.stop()
    shutil.copytree(live.folder.root, backup)
    live.start()
    texts = [live.record() for _ in range(5)]
    receipts = [live.submit(text).json() for text in texts]
    live.stop()
    newest = tmp_path / "newest"
    shutil.copytree(live.folder.root, newest)

    # Yesterday's database comes back; the file beside the key knows better.
    for file in database_files(live):
        file.unlink()
    for file in backup.glob("ledger.db*"):
        shutil.copy(file, live.folder.root)
    with pytest.raises(LogRolledBack) as refused:
        opened(live)
    assert refused.value.code == "log-rolled-back"
    assert "restore the newest copy" in str(refused.value)

    for file in newest.glob("ledger.db*"):
        shutil.copy(file, live.folder.root)
    live.start()
    assert [live.submit(text).json() for text in texts] == receipts


@pytest.mark.item("2.bad.database-rolled-back")
@pytest.mark.item("2.4")
def test_another_history_of_the_same_length_is_refused(
    own_service: LiveService, tmp_path: Path
) -> None:
    live, backup = own_service, tmp_path / "backup"
    live.stop()
    shutil.copytree(live.folder.root, backup)
    marks = []
    for _ in range(2):
        live.start()
        live.admit(live.record())
        live.stop()
        marks.append(live.folder.high_water.read_bytes())
        for file in [*database_files(live), live.folder.high_water]:
            file.unlink()
        for file in [*backup.glob("ledger.db*"), backup / "high-water"]:
            shutil.copy(file, live.folder.root)
    live.start()
    live.admit(live.record())
    live.stop()
    newest = live.folder.high_water.read_bytes()
    live.folder.high_water.write_bytes(marks[0])
    with pytest.raises(LogRolledBack, match="not those that were signed"):
        opened(live)
    live.folder.high_water.write_bytes(newest)
    live.start()


def _set_log_key(label: str) -> None:
    os.environ[LOG_KEY_VARIABLE] = encode_base64url(a_seed(label))


Coded = type[SetupError] | type[LedgerError]
DAMAGES: list[tuple[str, Callable[[LiveService], object], Coded]] = [
    ("high_water", lambda live: live.folder.high_water.unlink(), LogRolledBack),
    ("high_water", lambda live: live.folder.high_water.write_text("1 x\n"), HighWaterDamaged),
    ("high_water", lambda live: live.folder.high_water.write_text(""), HighWaterDamaged),
    ("config", lambda live: live.folder.config.unlink(), FolderMissing),
    ("config", lambda live: live.folder.config.write_text("{}"), FolderDamaged),
    ("config", lambda live: live.folder.config.write_text("not json"), FolderDamaged),
    ("search_secret", lambda live: live.folder.search_secret.write_bytes(b"x"), FolderDamaged),
    ("search_secret", lambda live: live.folder.search_secret.unlink(), FolderDamaged),
    ("anchor", lambda live: live.folder.anchor.unlink(), FolderDamaged),
    ("anchor", lambda live: live.folder.anchor.write_bytes(b"\xff"), FolderDamaged),
]


@pytest.mark.parametrize(("name", "damage", "expected"), DAMAGES)
def test_a_damaged_folder_is_refused(
    stopped: LiveService,
    name: str,
    damage: Callable[[LiveService], object],
    expected: Coded,
) -> None:
    path: Path = getattr(stopped.folder, name)
    whole = path.read_bytes()
    damage(stopped)
    with pytest.raises(expected) as refused:
        opened(stopped)
    assert isinstance(refused.value, SetupError | LedgerError)
    assert refused.value.code not in {SetupError.code, LedgerError.code}
    path.write_bytes(whole)


def test_another_log_key_is_refused(stopped: LiveService) -> None:
    _set_log_key("another log")
    with pytest.raises(KeyMismatch, match="is no log key in force of"):
        opened(stopped)
    del os.environ[LOG_KEY_VARIABLE]
    with pytest.raises(SignerUnavailable):
        opened(stopped)
    _set_log_key("log")


def test_a_second_service_on_one_folder_is_refused(own_service: LiveService) -> None:
    own_service.admit(own_service.record())
    with pytest.raises(StoreBusy) as refused:
        opened(own_service)
    assert refused.value.code == "store-in-use"
    # The first one has not noticed.
    own_service.admit(own_service.record())


def test_a_refused_start_leaves_the_folder_free(stopped: LiveService) -> None:
    _set_log_key("another log")
    for _ in range(2):
        with pytest.raises(KeyMismatch):
            opened(stopped)
    _set_log_key("log")
    threads = threading.active_count()
    opened(stopped).close()
    assert threading.active_count() == threads


@pytest.mark.parametrize(
    "base", ["log.example", "ftp://log.example", "HTTP://log.example", "http://log.example?x"]
)
def test_a_base_url_that_cannot_be_signed_for_is_refused(stopped: LiveService, base: str) -> None:
    settings = stopped.settings.model_copy(update={"base_url": base})
    with pytest.raises(MalformedBase, match="LOTMARK_BASE_URL"):
        open_service(settings, clock=stopped.clock)


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        (Settings(host="127.0.0.1", port=8080), "http://127.0.0.1:8080"),
        (Settings(host="::1", port=8080), "http://[::1]:8080"),
        (Settings(host="localhost", port=80), "http://localhost"),
        (Settings(base_url="https://log.example/quality/"), "https://log.example/quality"),
    ],
)
def test_the_public_address_follows_from_the_settings(settings: Settings, url: str) -> None:
    assert settings.public_url == url


# ---- how it stops ----


def test_what_waits_at_a_stop_is_answered(own_service: LiveService) -> None:
    live, text = own_service, own_service.record()
    body = encode_submission(text).encode()
    head = (
        b"POST /v1/records HTTP/1.1\r\nHost: log\r\nContent-Type: application/json\r\n"
        b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", live.settings.port), timeout=20) as client:
        client.sendall(head + body[:10])
        time.sleep(0.1)
        live.server.should_exit = True
        time.sleep(0.2)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{live.settings.public_url}/livez")
        client.sendall(body[10:])
        answer = client.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 201 "), answer
    live.stop()
    live.start()
    assert live.submit(text).status_code == 200


def test_no_answer_is_lost_in_a_stop_under_load(own_service: LiveService) -> None:
    live = own_service
    texts = [live.record() for _ in range(400)]

    def submit(text: str) -> httpx.Response | None:
        try:
            return live.submit(text)
        except (httpx.TransportError, RuntimeError):
            return None

    with ThreadPoolExecutor(16) as threads:
        sent = threads.map(submit, texts)
        while live.wired.ledger.size < 60:
            time.sleep(0.005)
        live.server.should_exit = True
        live.thread.join(30)
        answers = list(sent)
    live.http.close()
    live.start()
    kept = [(t, a) for t, a in zip(texts, answers, strict=True) if a is not None]
    assert 0 < len(kept) < len(texts), "the stop must come in the middle"
    assert {answer.status_code for _, answer in kept} <= {201, 503}
    for text, answer in kept:
        if answer.status_code == 201:
            again = live.submit(text)
            assert (again.status_code, again.content) == (200, answer.content)


def test_a_stopped_writer_refuses_and_reading_goes_on(own_service: LiveService) -> None:
    live, text = own_service, own_service.record()
    live.admit(text)
    live.wired.ledger.close()
    assert code_of(live.submit(live.record())) == "log-closed"
    assert code_of(live.http.get("/readyz")) == "log-closed"
    # Whoever watches the process is to restart it; until then reading goes on.
    assert live.http.get("/livez").status_code == 503
    target = f"/v1/records/{record_id_of(text)}"
    assert live.signed("hanfeng-drive").get(target).status_code == 200
    assert live.submit(text).status_code in {200, 503}


def test_senders_that_give_up_stop_nobody(own_service: LiveService) -> None:
    ledger = own_service.wired.ledger
    for _ in range(200):
        checked = check_submission(own_service.record(), ledger.checker)
        assert isinstance(checked, CheckedRecord)
        ledger.submit([checked]).cancel()
    own_service.admit(own_service.record())


# ---- the clock ----


def test_a_clock_that_steps_back_stops_writing(own_service: LiveService) -> None:
    live = own_service
    live.clock.advance(60_000)
    live.admit(live.record())
    live.clock.advance(-60_001)
    answer = live.submit(live.record())
    assert code_of(answer) == "clock-suspect"
    assert answer.headers["retry-after"]
    live.clock.advance(1)
    live.admit(live.record())
