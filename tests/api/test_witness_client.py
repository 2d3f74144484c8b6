"""A witness is waited for so long and no longer, however it answers."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from api.cosigning import Cosigning
from api.data_folder import DataFolder
from api.witness_client import WitnessClient
from ledger.anchor import parse_anchor
from ledger.trust_policy_file import parse_trust_policy
from ledger.witness_errors import WitnessSilent
from tests.api.live_witness import LiveWitness
from tests.api.service import LiveService, found_log
from tests.api.witnessed_log import quorum_anchor

pytestmark = pytest.mark.item("3.4.cosigned")

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n"
BODY = b"x" * 60
SECONDS_MAX = 0.3


@contextmanager
def dripping(answer: bytes, *, at_once: int) -> Iterator[int]:
    """A server that gives ``at_once`` bytes of an answer, and then one every 0.05 s."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def drip(connection: socket.socket) -> None:
        with connection:
            connection.recv(65_536)
            connection.sendall(answer[:at_once])
            for byte in answer[at_once:]:
                if over.wait(0.05):
                    return
                try:
                    connection.sendall(bytes([byte]))
                except OSError:
                    return

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=drip, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@pytest.mark.parametrize("at_once", [0, len(HEAD), len(HEAD + BODY)])
def test_a_witness_has_its_seconds_for_the_whole_answer(tmp_path: Path, at_once: int) -> None:
    with dripping(HEAD + BODY, at_once=at_once) as port:
        live = LiveWitness(tmp_path / "w", port=port)
        policy = parse_trust_policy(f"{live.policy_line('w1')}\nquorum none\n")
        with closing(WitnessClient(policy.witnesses[0], seconds_max=SECONDS_MAX)) as client:
            started = time.monotonic()
            if at_once == len(HEAD + BODY):
                assert client.add_checkpoint(b"").body == BODY
                return
            with pytest.raises(WitnessSilent, match="ReadTimeout"):
                client.add_checkpoint(b"")
            assert SECONDS_MAX * 0.9 < time.monotonic() - started < SECONDS_MAX + 1


def test_a_dripping_witness_holds_up_neither_start_nor_close(tmp_path: Path) -> None:
    with dripping(HEAD + BODY, at_once=0) as port:
        consortium = found_log(DataFolder(tmp_path / "log"))
        service = LiveService(DataFolder(tmp_path / "log"), consortium)
        service.start()
        anchor = quorum_anchor(consortium, [LiveWitness(tmp_path / "w", port=port)], 1)
        started = time.monotonic()
        cosigning = Cosigning(
            parse_anchor(anchor.encode()), service.wired.store, seconds_max=SECONDS_MAX
        )
        cosigning.check_start()
        (answer,) = cosigning.start_answers
        assert answer.size is None
        assert "ReadTimeout" in answer.reason
        cosigning.close()
        assert time.monotonic() - started < 3
        service.stop()
