"""Our log and our witness beside ``aics-witness``: both ways, and with the same answers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from api.data_folder import DataFolder
from api.process_clock import ProcessClock
from ledger.anchor import encode_anchor, parse_anchor
from ledger.cosignature import CosignatureVerifier
from ledger.note import Ed25519Verifier, encode_vkey, open_note, parse_vkey
from ledger.trust_policy import check_checkpoint
from ledger.witness import WitnessedLog, encode_request
from tests.api.live_witness import LiveWitness
from tests.api.service import LiveService, found_log
from tests.api.witnessed_log import stop_if_running, wait_until
from tests.independent.peer_witness import peer_witness
from tests.independent.tile_auditor import auditor_python
from tests.ledger.parties import ORIGIN, a_log_signer
from tests.ledger.signers import a_signer
from tests.ledger.witness_requests import History

pytestmark = pytest.mark.item("3.4.peer")

HERE = Path(__file__).parent
LOG = WitnessedLog(ORIGIN, (a_log_signer().key,))


@pytest.fixture
def own(tmp_path: Path) -> Iterator[LiveWitness]:
    """A witness of ours whose clock is the machine's, since the other make wants fresh times."""
    live = LiveWitness(tmp_path / "own", "own.example", clock=ProcessClock())
    live.start()
    yield live
    live.stop()


def test_our_log_is_cosigned_by_the_other_make_and_by_ours(
    own: LiveWitness, tmp_path: Path
) -> None:
    own.know(LOG)
    folder = DataFolder(tmp_path / "log")
    consortium = found_log(folder)
    with ExitStack() as opened:
        peer = opened.enter_context(peer_witness(tmp_path / "peer", "peer.example", LOG))
        policy = (
            f"log {encode_vkey(a_log_signer().key)}\n{peer.policy_line('peer')}\n"
            f"{own.policy_line('own')}\ngroup both all peer own\nquorum both\n"
        )
        anchor = encode_anchor(ORIGIN, policy, consortium.fold.charter_id)
        folder.anchor.write_text(anchor, "utf-8")
        service = LiveService(folder, consortium)
        service.start()
        opened.callback(stop_if_running, service)
        for _ in range(2):
            service.admit(service.record())
            size = service.size()
            wait_until(lambda: service.http.get("/checkpoint").status_code == 200)
            wait_until(lambda: int(service.http.get("/checkpoint").text.split("\n")[1]) >= size)  # noqa: B023
        note = service.http.get("/checkpoint").content
        trusted = check_checkpoint(note, parse_anchor(anchor.encode()).policy, origin=ORIGIN)
        assert [found.witness for found in trusted.cosigned_by] == ["peer", "own"]
        # After a restart both are asked, and what they saw agrees.
        service.restart()
        answers = {item.witness: item.size for item in service.wired.cosigning.start_answers}
        assert answers == {"peer": size, "own": size}


def test_a_log_of_the_other_make_is_cosigned_by_our_witness(
    own: LiveWitness, tmp_path: Path
) -> None:
    script = HERE / "make_log.py"
    made = [str(auditor_python()), "-I", str(script), str(tmp_path / "tiles"), "1"]
    vkey = subprocess.run(made, capture_output=True, check=True, text=True, timeout=60).stdout
    key = parse_vkey(vkey)
    own.know(WitnessedLog("log.example/tiles", (key,)))
    command = [str(auditor_python()), "-I", str(HERE / "submit_checkpoints.py"), own.url, own.vkey]
    ended = subprocess.run(
        [*command, "3", "3", "8", "21"], capture_output=True, check=False, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    note = json.loads(ended.stdout)["note"].encode()
    witness = CosignatureVerifier(parse_vkey(own.vkey))
    opened = open_note(note, [Ed25519Verifier(key), witness])
    assert [line.name for line in opened.verified] == ["log.example/tiles", "own.example"]


HONEST, FORKED = History(), History(fork=3)
STRANGER = History(origin="log.example/others", signer=a_signer("log.example/others"))
HASH = b"\x07" * 32
#: One conversation, word by word, with every row of the standard's table in it.
CONVERSATION = [
    b"",
    b"old 0\n\n",
    HONEST.request(0, 5).replace(b"old 0", b"old 00"),
    HONEST.request(0, 5, proof=[HASH] * 64),
    STRANGER.request(0, 5),
    encode_request(9, (), note=HONEST.note(5)),
    HONEST.request(3, 5),
    HONEST.request(0, 5, proof=[HASH]),
    HONEST.request(0, 5),
    HONEST.request(5, 5),
    HONEST.request(0, 5),
    FORKED.request(5, 5),
    FORKED.request(0, 5),
    HONEST.request(5, 5, proof=[HASH]),
    HONEST.request(5, 9, proof=[]),
    FORKED.request(5, 9),
    HONEST.request(4, 9),
    HONEST.request(5, 9),
    HONEST.request(5, 9),
    HONEST.request(9, 12),
    encode_request(12, (), note=HONEST.note(12, extensions=("more",))),
]


def test_both_witnesses_answer_one_conversation_alike(own: LiveWitness, tmp_path: Path) -> None:
    own.know(HONEST.log)
    with peer_witness(tmp_path / "peer", "peer.example", HONEST.log) as peer:
        for number, body in enumerate(CONVERSATION):
            ours = own.http.post("/add-checkpoint", content=body)
            theirs = peer.add(body)
            assert ours.status_code == theirs.status_code, (number, ours.text, theirs.text)
            if ours.status_code == 409:
                assert ours.content == theirs.content
                assert ours.headers["content-type"] == theirs.headers["content-type"]
