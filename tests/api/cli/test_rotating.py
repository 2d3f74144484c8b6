"""A change of keys is over where the service says so, and nobody between it and us."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from api.client_errors import Problem
from keys.key_storage import load_key_file
from tests.api.cli.answer_cut import cut_answers
from tests.api.cli.solo import SoloLog

pytestmark = pytest.mark.item("3.2.rotation")

KEPT: Final = "rotation.pending"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SoloLog]:
    """A log of one party, served."""
    found = SoloLog(tmp_path)
    with found.served():
        yield found


def an_answer(status: int, body: str) -> bytes:
    """An answer as it travels."""
    head = f"HTTP/1.1 {status} Answer\r\ncontent-length: {len(body)}\r\nconnection: close"
    return f"{head}\r\n\r\n{body}".encode()


def a_problem(code: str, status: int) -> str:
    """A problem document."""
    return json.dumps({"code": code, "status": status, "detail": "no"})


def rotate_answered(port: int, log: SoloLog, answer: bytes) -> str:
    """The code of 'lotmark rotate' where ``answer`` comes in place of the one at ``port``."""
    with cut_answers(port, lambda: None, instead=answer) as between:
        result = log.run("rotate", "--yes", "--json", "--url", f"http://127.0.0.1:{between}")
    assert result.exit_code == 1, result.stdout
    return str(json.loads(result.stdout)["error"]["code"])


def multikey(path: Path) -> str:
    """The public key of a key file."""
    return load_key_file(path).header.multikey


def test_a_rotation_that_a_proxy_answered_with_502_is_finished_by_the_next_run(
    log: SoloLog,
) -> None:
    committed = multikey(log.party / "next-admin.key")
    answer = an_answer(502, "<html>Bad Gateway</html>")
    assert rotate_answered(log.port, log, answer) == "answer-malformed"
    assert (log.party / KEPT).exists()
    again = log.run("rotate", "--yes")
    assert again.exit_code == 0, again.stderr
    assert "going on from there" in again.stderr
    assert multikey(log.party / "admin.key") == committed


def test_a_kept_rotation_that_the_service_refuses_for_good_is_ended(
    log: SoloLog, elsewhere: int
) -> None:
    unavailable = an_answer(502, "<html>Bad Gateway</html>")
    assert rotate_answered(elsewhere, log, unavailable) == "answer-malformed"
    assert (log.party / KEPT).exists()
    refused = an_answer(403, a_problem("not-permitted", 403))
    assert rotate_answered(elsewhere, log, refused) == "not-permitted"
    assert not (log.party / KEPT).exists()
    # What is signed now is another record, and is admitted.
    assert log.json("rotate", "--yes")["first"]


@pytest.fixture
def elsewhere() -> Iterator[int]:
    """A port where every request is answered, and nothing admitted."""

    def answer(listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                client.recv(1 << 20)
                client.sendall(an_answer(500, ""))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,), daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])


PROBLEMS: Final[list[tuple[str, int, bool]]] = [
    ("not-permitted", 403, True),
    ("too-many-keys", 409, True),
    ("invalid-claims", 422, True),
    ("answer-malformed", 403, False),
    ("answer-malformed", 502, False),
    ("signature-required", 401, False),
    ("not-found", 404, False),
    ("request-too-slow", 408, False),
    ("quota-exceeded", 429, False),
    ("internal", 500, False),
    ("outcome-unknown", 503, False),
]


@pytest.mark.parametrize(("code", "status", "is_final"), PROBLEMS)
def test_only_the_service_says_no_for_good(code: str, status: int, is_final: bool) -> None:
    members: dict[str, Any] = {"detail": "no", "remedy": ""}
    assert Problem(code, status, **members).is_final is is_final
