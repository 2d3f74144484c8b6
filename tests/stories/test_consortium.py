"""The consortium of the stories is the same one on every engine."""

from __future__ import annotations

import hashlib
import time
from contextlib import closing
from pathlib import Path

import pytest

from api.errors import STATUS
from api.opening_log import open_log
from keys.encoding import encode_base64url
from ledger.errors import LogRolledBack
from tests.api.service import OEM, SUPPLIER, LiveService, code_of
from tests.ledger.parties import SAMPLE_GROUPS
from tests.postgres import PostgresServer
from tests.stories.consortium import Consortium
from tests.stories.engines import Postgresql

pytestmark = pytest.mark.item("3.5")


def test_a_story_goes_on_after_days_and_restarts(consortium: Consortium) -> None:
    service = consortium.service
    founded = service.size()
    for _ in range(3):
        text = service.record()
        answer = service.submit(text)
        assert answer.status_code == 201
        verified = consortium.receipt(text, answer.json())
        consortium.wait(days=2)
        consortium.restart()
        view = service.signed(SUPPLIER).get(f"/v1/records/{verified.record_id}")
        assert consortium.service.verify(view.content)
    assert consortium.audit().entries == founded + 3


@pytest.mark.item("3.6.restored")
def test_a_database_of_yesterday_is_refused(consortium: Consortium) -> None:
    consortium.service.admit(consortium.service.record())
    consortium.save()
    consortium.service.admit(consortium.service.record())
    consortium.stop()
    consortium.bring_back()
    with pytest.raises(LogRolledBack, match="the database is older than what was signed"):
        consortium.start()


@pytest.mark.item("3.6.restored")
def test_a_database_put_back_under_a_running_service_stops_it(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with Consortium.founded(tmp_path, Postgresql(postgres)) as consortium:
        service = consortium.service
        consortium.save()
        size = service.size()
        service.admit(service.record())
        consortium.bring_back()
        # Its connections are gone, and an idle replica looks for itself.
        deadline = time.monotonic() + 30
        while service.http.get("/livez").json() != {"status": "stopped", "code": "log-rolled-back"}:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        answer = service.submit(service.record())
        assert (code_of(answer), answer.status_code) == ("log-closed", 503)
        with closing(open_log(service.folder, read_only=True)) as store:
            head = store.head()
        assert head
        assert head.size == size, "nothing was built on it"


@pytest.mark.item("3.6.clock-back")
@pytest.mark.parametrize("seconds", [60, 61])
def test_a_clock_stepped_back_repeats_the_last_time_or_stops_submissions(
    consortium: Consortium, seconds: int
) -> None:
    service = consortium.service
    text = service.record()
    service.admit(service.record())
    consortium.wait(seconds=-seconds)
    answer = service.submit(text)
    if seconds == 60:
        assert answer.status_code == 201
    else:
        assert (code_of(answer), answer.status_code) == ("clock-suspect", STATUS["clock-suspect"])
        assert answer.headers["retry-after"]
        consortium.wait(seconds=seconds)
        service.admit(text)
    consortium.audit()


@pytest.mark.item("3.5.replicas")
def test_a_reader_sees_at_one_replica_what_another_acknowledged(consortium: Consortium) -> None:
    if consortium.engine.name == "sqlite":
        # One process writes to a SQLite log, so that it is the only replica there is.
        replicas = [consortium.service] * 2
    else:
        replicas = [consortium.service, consortium.another_replica()]
    for number in range(6):
        writer, reader = replicas[number % 2], replicas[1 - number % 2]
        text = consortium.service.record()
        record_id = writer.admit(text)
        see(reader, record_id, size=writer.size())
        again = reader.submit(text)
        assert again.status_code == 200
        assert consortium.receipt(text, again.json()).record_id == record_id
    consortium.audit()


def see(reader: LiveService, record_id: str, *, size: int) -> None:
    """The record is there, by every way of reading."""
    receipt = reader.http.get(f"/v1/records/{record_id}/receipt")
    assert receipt.is_success
    note = reader.http.get("/checkpoint").text.splitlines()
    assert int(note[1]) == size
    found = reader.signed(OEM).get("/v1/records?limit=1").json()
    assert [row["record_id"] for row in found["records"]] == [record_id]
    assert reader.signed(OEM).get(f"/v1/records/{record_id}").is_success


@pytest.mark.item("3.5.replicas")
def test_an_upload_begun_at_one_replica_goes_on_at_the_other(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with Consortium.founded(tmp_path, Postgresql(postgres)) as consortium:
        first = consortium.service
        first.given = {"blobs": tmp_path / "uploads"}
        consortium.restart()
        second = consortium.another_replica()
        created = first.signed(SUPPLIER).send("POST", "/v1/blobs", headers={"Upload-Length": "8"})
        blob = created.json()["blob"]
        assert first.signed(SUPPLIER).append(blob, 0, b"0123").is_success
        assert code_of(first.submit(citing(first, blob))) == "blob-not-ready"
        assert second.signed(SUPPLIER).append(blob, 4, b"4567").is_success
        record_id = first.admit(citing(first, blob))
        # Pinned by the one, it is read, and kept, by the other.
        consortium.wait(days=3)
        assert (first.wired.expire_blobs(), second.wired.expire_blobs()) == (0, 0)
        read = second.signed(SUPPLIER).get(f"/v1/records/{record_id}/blobs/{blob}")
        assert read.content == b"01234567"


def citing(service: LiveService, blob: str) -> str:
    """A record that cites the upload of those eight bytes."""
    digest = encode_base64url(hashlib.sha256(b"01234567").digest())
    evidence = [{"blob": blob, "sha256": digest, "bytes": 8}]
    return service.record({**SAMPLE_GROUPS, "evidence": evidence})
