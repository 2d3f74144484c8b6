"""What is ordered erased is shown to nobody at once, and destroyed soon."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from keys.encoding import encode_base64url
from ledger.compose import Filing
from ledger.store_errors import StoreUnavailable
from ledger.store_faulty import FaultyStore, When
from ledger.vault.erasing import group_of
from tests.api.service import LABORATORY, OEM, SUPPLIER, LiveService
from tests.ledger.parties import record_id_of

pytestmark = pytest.mark.item("5.8")

PLAIN: Final = "bath of 183.25 degrees"
UPLOAD: Final = b"curve of the secret bath " * 400
WAIT_SECONDS: Final = 10.0
GROUPS: Final = ("evidence", "lot", "note")


@dataclass
class Erasing:
    """A log with one report of the supplier about the OEM, and who erases of it."""

    live: LiveService
    text: str
    blob: str

    def report(self, **filing: Any) -> str:
        """Such a report."""
        return a_report(self.live, self.blob, **filing)

    @property
    def entry(self) -> int:
        """The report's entry."""
        row = self.live.wired.ledger.reader.find(self.record_id)
        assert row is not None
        return row.index

    @property
    def record_id(self) -> str:
        """The report's id."""
        return record_id_of(self.text)

    def erase(self, *groups: str, by: str = SUPPLIER, **more: Any) -> dict[str, Any]:
        """An act that orders groups of it erased, and the answer to it."""
        state = {"act": "erase", "of": self.record_id, "groups": list(groups), "reason": "owner"}
        text = self.live.record({"state": state | {"basis": "owner"} | more}, by=by, vct="act/v1")
        found: dict[str, Any] = self.live.submit(text).json()
        return found

    def await_done(self) -> None:
        """Wait until everything that was ordered is done."""
        assert self.live.wired.erasing.await_done(WAIT_SECONDS)

    def groups(self, slug: str = SUPPLIER) -> set[str]:
        """The groups that a reader gets."""
        found = self.live.signed(slug).get("/v1/records?mine=1&type=sample-report/v1").json()
        (record,) = [item for item in found["records"] if item["record_id"] == self.record_id]
        return set(record["groups"])

    def found_by(self, value: str) -> bool:
        """Whether the owner finds it by its lot."""
        asked = {"owner": self.live.party(SUPPLIER).did, "field": "/lot/number", "value": value}
        target = f"/v1/records?{urlencode(asked)}"
        return bool(self.live.signed(SUPPLIER).get(target).json()["records"])


def a_report(live: LiveService, blob: str, *, corrects: str | None = None) -> str:
    """A report about the OEM that cites an upload."""
    digest = encode_base64url(hashlib.sha256(UPLOAD).digest())
    groups = {
        "lot": {"number": "LG-0417", "pieces": 500},
        "note": PLAIN,
        "evidence": [{"blob": blob, "sha256": digest, "bytes": len(UPLOAD)}],
    }
    if corrects:
        groups["correction"] = {"reason": "typing"}
    to = live.party(OEM).did
    return live.record(groups, filing=Filing(to=[to], subject=to, corrects=corrects))


@pytest.fixture
def erasing(own_service: LiveService) -> Erasing:
    """A report with an upload."""
    blob = own_service.signed(SUPPLIER).upload(UPLOAD)
    text = a_report(own_service, blob)
    own_service.admit(text)
    return Erasing(own_service, text, blob)


CLOSED: Final = {"manifest", "address", "filing"}


def test_erased_groups_are_shown_to_nobody_and_gone_from_store_index_and_uploads(
    erasing: Erasing,
) -> None:
    assert erasing.groups() == erasing.groups(OEM) | {"filing"} == CLOSED | {*GROUPS}
    assert erasing.found_by("LG-0417")
    admitted = erasing.erase(*GROUPS)
    assert erasing.groups() == erasing.groups(OEM) | {"filing"} == CLOSED
    assert not erasing.found_by("LG-0417")
    erasing.await_done()
    service, entry = erasing.live.wired, erasing.entry
    held = service.store.disclosures([entry])[entry].split("~")[:-1]
    assert set(map(group_of, held)) == CLOSED
    assert not service.store.is_pinned(erasing.blob)
    assert not list(erasing.live.folder.blobs.rglob(f"{erasing.blob}*"))
    done = service.erasing.book.done([admitted["record_id"]])[admitted["record_id"]]
    assert (done.purged.index_rows, done.purged.blobs, done.purged.kept_blobs) == (2, 1, 0)
    assert "lotmark_erasures_done 1.0" in erasing.live.http.get("/metrics").text


def test_repeat_of_an_erased_record_is_told_so_and_brings_nothing_back(erasing: Erasing) -> None:
    erasing.erase("note")
    erasing.await_done()
    answer = erasing.live.submit(erasing.text)
    assert (answer.status_code, answer.json()["code"]) == (409, "erased")
    assert "note" not in erasing.groups()


def test_upload_that_a_correction_cites_too_stays(erasing: Erasing) -> None:
    corrected = erasing.report(corrects=erasing.record_id)
    erasing.live.admit(corrected)
    erasing.erase("evidence")
    erasing.await_done()
    assert erasing.live.wired.store.is_pinned(erasing.blob)
    target = f"/v1/records/{record_id_of(corrected)}/blobs/{erasing.blob}"
    assert erasing.live.signed(SUPPLIER).get(target).content == UPLOAD


@pytest.mark.parametrize("when", ["before", "after"])
def test_erasure_that_was_interrupted_is_carried_out_after_the_start(
    erasing: Erasing, when: When
) -> None:
    live = erasing.live
    live.wired.erasing.close()
    act = erasing.erase("note", "lot")["record_id"]
    purge = live.wired.erasing.purge
    faulty = FaultyStore(purge.store, fail_on="drop_projected", when=when)
    with pytest.raises(StoreUnavailable):
        replace(purge, store=faulty).destroy(live.wired.ledger.state.agreements.erasures[act])
    live.restart()
    erasing.await_done()
    assert live.wired.erasing.describe() == {
        "done": 1,
        "waiting": 0,
        "failing": 0,
        "status": "follows",
    }
    held = live.wired.store.disclosures([erasing.entry])[erasing.entry].split("~")[:-1]
    assert set(map(group_of, held)) == {*CLOSED, "evidence"}
    assert not erasing.found_by("LG-0417")


def test_erasure_of_another_party_is_refused_and_changes_nothing(erasing: Erasing) -> None:
    assert erasing.erase("note", by=LABORATORY)["code"] in ("not-the-owner", "unknown-record")
    assert "note" in erasing.groups()


def test_erasure_that_fails_keeps_no_other_waiting_and_is_told(erasing: Erasing) -> None:
    live, worker = erasing.live, erasing.live.wired.erasing
    (key,) = live.folder.shelf.rglob(f"{erasing.blob}.key")
    key.unlink()
    key.mkdir()  # No file can take its place: the upload's key cannot be destroyed.
    erasing.erase("evidence")
    other = Erasing(live, live.record({"lot": {"number": "V", "pieces": 1}, "note": PLAIN}), "")
    live.admit(other.text)
    act = other.erase("note")["record_id"]
    waited = threading.Event()
    for _ in range(100):
        if worker.book.done([act]):
            break
        waited.wait(0.05)
    assert worker.book.done([act])
    told = worker.describe()
    assert told == {"done": 1, "waiting": 1, "failing": 1, "status": "behind"}
    key.rmdir()
    erasing.await_done()
    waited.wait(0.05)
    assert worker.describe() == {"done": 2, "waiting": 0, "failing": 0, "status": "follows"}
