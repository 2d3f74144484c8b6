"""The log has its checkpoints cosigned, beside the commits, by as many as the policy asks for."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.data_folder import DataFolder
from api.settings import Settings
from api.wiring import open_service
from api.witness_folder import witness_cosigner
from ledger.anchor import parse_anchor
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.cosignature import CosignedAt
from ledger.cosigning import parse_conflict, read_cosignature, read_own_checkpoint
from ledger.errors import BadCosignature, LogRolledBack, MalformedNote
from ledger.note import Note, encode_note, parse_note
from ledger.store_witness import CosignedRow, WitnessStore
from ledger.tree import TreeSize
from ledger.trust_policy import check_checkpoint
from ledger.witness import encode_request, note_text, parse_request
from ledger.witness_errors import WitnessesMissing
from tests.api.live_witness import LiveWitness
from tests.api.service import LiveService, found_log, problem_of
from tests.api.witness_relay import a_relay
from tests.api.witnessed_log import (
    WitnessedLog,
    quorum_anchor,
    running_witnesses,
    wait_until,
    witnessed_log,
)
from tests.ledger.parties import NOW_MS, ORIGIN, a_log_signer

pytestmark = pytest.mark.item("3.4.cosigned")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[WitnessedLog]:
    with witnessed_log(tmp_path) as running:
        yield running


def trusted(log: WitnessedLog) -> list[str]:
    """Who cosigned the checkpoint that is served, as a verifier with the anchor finds it."""
    anchor = parse_anchor(log.service.folder.anchor.read_bytes())
    note = log.service.http.get("/checkpoint").content
    checked = check_checkpoint(note, anchor.policy, origin=anchor.origin)
    return [found.witness for found in checked.cosigned_by]


def test_the_checkpoint_served_satisfies_the_trust_anchor(log: WitnessedLog) -> None:
    log.wait_until_cosigned(log.service.size())
    assert len(trusted(log)) >= 2
    log.service.admit(log.service.record())
    log.wait_until_cosigned(log.service.size())
    assert len(trusted(log)) >= 2


def test_one_dead_witness_of_three_is_done_without(log: WitnessedLog) -> None:
    log.wait_until_cosigned(1)
    log.witnesses[0].stop()
    log.service.admit(log.service.record())
    log.wait_until_cosigned(log.service.size())
    assert trusted(log) == ["w2", "w3"]


def test_without_the_quorum_records_are_admitted_and_nothing_is_called_cosigned(
    log: WitnessedLog,
) -> None:
    log.wait_until_cosigned(log.service.size())
    before = log.service.http.get("/checkpoint").content
    for witness in log.witnesses[:2]:
        witness.stop()
    log.service.admit(log.service.record())
    plain = log.service.http.get("/checkpoint?cosigned=false").content
    assert int(plain.splitlines()[1]) == log.service.size()
    assert log.service.http.get("/checkpoint").content == before
    # They come back on the same address, and what they missed is caught up with.
    for witness in log.witnesses[:2]:
        witness.start()
    log.wait_until_cosigned(log.service.size())


def test_before_anything_is_cosigned_there_is_none_to_serve(tmp_path: Path) -> None:
    with running_witnesses(tmp_path, 3) as witnesses:
        for witness in witnesses:
            witness.stop()
        consortium = found_log(DataFolder(tmp_path / "log"))
        service = LiveService(DataFolder(tmp_path / "log"), consortium)
        anchor = quorum_anchor(consortium, witnesses, 2)
        service.folder.anchor.write_text(anchor, "utf-8")
        service.start()
        try:
            answer = service.http.get("/checkpoint")
            assert problem_of(answer)["code"] == "not-cosigned"
            assert answer.headers["retry-after"] == "1"
            assert service.http.get("/").status_code == 200
        finally:
            service.stop()


def test_a_slow_witness_holds_up_neither_commits_nor_the_others(log: WitnessedLog) -> None:
    log.wait_until_cosigned(1)
    mute = log.witnesses[0]
    mute.stop()
    with socket.create_server(("127.0.0.1", mute.port)):
        # It takes the connection and never answers.
        done = threading.Event()

        def admit() -> None:
            for _ in range(5):
                log.service.admit(log.service.record())
            done.set()

        threading.Thread(target=admit, daemon=True).start()
        assert done.wait(10)
        log.wait_until_cosigned(log.service.size())
        assert trusted(log) == ["w2", "w3"]


def test_checkpoints_are_sent_at_most_once_a_second(log: WitnessedLog) -> None:
    log.wait_until_cosigned(log.service.size())
    first = log.service.size()
    for _ in range(30):
        log.service.admit(log.service.record())
    log.wait_until_cosigned(log.service.size())
    kept = [size for size, _ in log.service.wired.store.cosigned(first)]
    assert kept[-1] == log.service.size()
    assert len(kept) < 6


def test_a_log_without_a_quorum_serves_its_newest_signature(service: LiveService) -> None:
    before = service.size()
    service.admit(service.record())
    note = service.http.get("/checkpoint").text
    assert int(note.splitlines()[1]) == before + 1


# ---- before the first signature ----


@pytest.mark.item("3.4.restart")
def test_a_log_that_witnesses_know_longer_is_refused(log: WitnessedLog, tmp_path: Path) -> None:
    log.wait_until_cosigned(log.service.size())
    log.service.stop()
    yesterday = tmp_path / "yesterday"
    shutil.copytree(log.service.folder.root, yesterday)
    log.service.start()
    log.service.admit(log.service.record())
    size = log.service.size()
    log.wait_until_cosigned(size)
    log.service.stop()
    # Today's folder goes on; yesterday's, its high-water file with it, does not.
    log.service.start()
    log.service.stop()
    with pytest.raises(LogRolledBack, match=rf"{size} entries that witness w[123]") as caught:
        open_service(Settings(data=yesterday, check_processes=0), clock=log.service.clock)
    assert "restore the newest copy" in str(caught.value)


@pytest.mark.item("3.4.restart")
def test_silent_witnesses_are_passed_over_unless_the_quorum_must_answer(
    log: WitnessedLog,
) -> None:
    log.wait_until_cosigned(log.service.size())
    log.service.stop()
    for witness in log.witnesses[:2]:
        witness.stop()
    settings = Settings(data=log.service.folder.root, check_processes=0)
    opened = open_service(settings, clock=log.service.clock)
    told = {answer.witness: answer.size for answer in opened.cosigning.start_answers}
    assert told == {"w1": None, "w2": None, "w3": opened.ledger.size}
    opened.close()
    strict = settings.model_copy(update={"require_witnesses": True})
    with pytest.raises(WitnessesMissing, match="w1"):
        open_service(strict, clock=log.service.clock)
    log.witnesses[0].start()
    open_service(strict, clock=log.service.clock).close()


@pytest.mark.item("3.4.restart")
def test_a_log_whose_history_is_not_the_one_cosigned_is_refused(tmp_path: Path) -> None:
    with running_witnesses(tmp_path, 3) as witnesses:
        folder = DataFolder(tmp_path / "log")
        consortium = found_log(folder)
        folder.anchor.write_text(quorum_anchor(consortium, witnesses, 2), "utf-8")
        # Somebody with the log key has shown one witness other first five entries.
        other = Checkpoint(ORIGIN, TreeSize(5), b"\x07" * 32)
        note = encode_note(sign_checkpoint(other, [a_log_signer()])).decode()
        body = encode_request(0, (), note=note)
        assert witnesses[1].http.post("/add-checkpoint", content=body).status_code == 200
        with pytest.raises(LogRolledBack, match=r"5 entries that witness w2 .*two histories"):
            open_service(Settings(data=folder.root, check_processes=0))


def cosign_what_is_not_there(log: WitnessedLog, witness: LiveWitness) -> None:
    """As if another copy of the log, with the same key, had gone on elsewhere."""
    ahead = Checkpoint(ORIGIN, TreeSize(log.service.size() + 5), b"\x07" * 32)
    note = encode_note(sign_checkpoint(ahead, [a_log_signer()])).decode()
    request = parse_request(encode_request(0, (), note=note))
    cosigner = witness_cosigner(witness.name, witness.signer)
    cosigned = cosigner.cosign(request.note.text.encode(), CosignedAt(NOW_MS // 1000))
    kept = Note(request.note.text, (*request.note.signatures, cosigned))
    witness.stop()
    store = WitnessStore(witness.folder.database, vkey=witness.vkey)
    store.keep([CosignedRow(ORIGIN, ahead.size, ahead.root, NOW_MS // 1000, note_text(kept))])
    store.close()
    witness.start()


@pytest.mark.item("3.4.restart")
def test_a_running_log_that_turns_out_to_be_behind_stops(log: WitnessedLog) -> None:
    log.wait_until_cosigned(log.service.size())
    cosign_what_is_not_there(log, log.witnesses[0])
    log.service.submit(log.service.record())
    wait_until(lambda: log.service.http.get("/readyz").status_code == 503)
    assert problem_of(log.service.submit(log.service.record()))["code"] == "log-closed"


@pytest.mark.item("3.4.restart")
def test_a_proof_that_comes_after_the_quorum_was_met_stops_the_log_too(tmp_path: Path) -> None:
    with a_relay() as relay, witnessed_log(tmp_path, relay=relay) as log:
        log.wait_until_cosigned(log.service.size())
        cosign_what_is_not_there(log, log.witnesses[2])
        relay.hold = 0.5
        log.service.admit(log.service.record())
        # Nothing more is admitted: the late answer alone stops it.
        wait_until(lambda: log.service.http.get("/readyz").status_code == 503)
        assert trusted(log) == ["w1", "w2"]
        assert problem_of(log.service.submit(log.service.record()))["code"] == "log-closed"


def test_a_witness_that_fails_late_is_left_alone_for_a_while(tmp_path: Path) -> None:
    with a_relay() as relay, witnessed_log(tmp_path, relay=relay) as log:
        log.wait_until_cosigned(log.service.size())
        relay.target, relay.hold, relay.asked = None, 0.4, 0
        first = log.service.size()
        deadline = time.monotonic() + 4.5
        while time.monotonic() < deadline:
            log.service.admit(log.service.record())
            time.sleep(0.1)
        rounds = len(list(log.service.wired.store.cosigned(first)))
        # The pauses after its first failures are 1 and 2 seconds long.
        assert rounds >= 4
        assert 1 <= relay.asked <= 2


# ---- what a witness answers is verified ----


def test_an_answer_that_is_no_cosignature_of_the_witness_is_refused(log: WitnessedLog) -> None:
    log.wait_until_cosigned(1)
    anchor = parse_anchor(log.service.folder.anchor.read_bytes())
    one, other = anchor.policy.witnesses[:2]
    cosigned = log.service.http.get("/checkpoint").text
    own = read_own_checkpoint(log.service.http.get("/checkpoint?cosigned=false").text)
    lines = {
        str(line.name): line.line().encode() for line in parse_note(cosigned.encode()).signatures
    }
    witness, stranger = (one, other) if one.key.name in lines else (other, one)
    good = lines[witness.key.name]
    if own.size == int(cosigned.splitlines()[1]):
        assert read_cosignature(good, own, witness=witness).name == witness.key.name
    with pytest.raises(BadCosignature):
        read_cosignature(lines[ORIGIN], own, witness=witness)
    with pytest.raises(MalformedNote):
        read_cosignature(b"\nmore\n\n" + good, own, witness=witness)
    with pytest.raises(MalformedNote):
        read_cosignature(b"\xff\n", own, witness=witness)
    with pytest.raises(BadCosignature):
        read_cosignature(good, own, witness=stranger)


@pytest.mark.parametrize("body", [b"", b"5", b"05\n", b"-1\n", b"5\n\n", b"\xff\n"])
def test_a_conflict_names_a_size_or_is_malformed(body: bytes) -> None:
    assert parse_conflict(b"5\n") == 5
    with pytest.raises(MalformedNote):
        parse_conflict(body)
