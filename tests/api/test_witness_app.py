"""A witness over HTTP: statuses, bodies and types of the standard, and a page for people."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from api.witness_rate import AdvanceRate
from ledger.cosignature import CosignatureVerifier
from ledger.limits import ADD_CHECKPOINT_BYTES_MAX
from ledger.note import Ed25519Verifier, open_note, parse_vkey
from ledger.tree import EMPTY_ROOT
from ledger.witness import encode_request, monitoring_path
from tests.api.live_witness import LiveWitness
from tests.ledger.signers import a_signer
from tests.ledger.witness_requests import ORIGIN, History, lines

pytestmark = pytest.mark.item("3.4")

HONEST = History()
FORKED = History(fork=3)
OTHER = History(origin="log.example/others", signer=a_signer("log.example/others"))
IMPOSTOR = replace(HONEST, signer=a_signer(ORIGIN, seed=b"\x01" * 32))
HASH = b"\x07" * 32
MONITORED = "/" + monitoring_path(ORIGIN)


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[LiveWitness]:
    live = LiveWitness(tmp_path / "witness")
    live.know(HONEST.log)
    live.start()
    yield live
    live.stop()


def add(witness: LiveWitness, body: bytes) -> httpx.Response:
    return witness.http.post("/add-checkpoint", content=body)


def test_the_answer_is_lines_that_stand_below_the_checkpoint(witness: LiveWitness) -> None:
    answer = add(witness, HONEST.request(0, 5))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    key = parse_vkey(witness.vkey)
    whole = (HONEST.note(5) + answer.text).encode()
    opened = open_note(whole, [Ed25519Verifier(HONEST.signer.key), CosignatureVerifier(key)])
    assert [line.name for line in opened.verified] == [ORIGIN, witness.name]
    shown = witness.http.get(MONITORED)
    assert shown.content == whole
    assert shown.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("status", "code", "body"),
    [
        (400, "malformed-add-checkpoint", b"old 5\n"),
        (400, "malformed-add-checkpoint", encode_request(5, lines([HASH] * 64), note="")),
        (404, "origin-not-witnessed", OTHER.request(0, 5)),
        (403, "checkpoint-not-signed", IMPOSTOR.request(5, 7)),
        (400, "old-size-too-large", encode_request(9, (), note=HONEST.note(6))),
        (422, "roots-differ", FORKED.request(5, 5)),
        (422, "extension-not-proven", FORKED.request(5, 7)),
        (422, "extension-not-proven", HONEST.request(5, 7, proof=[])),
        (413, "too-large", b"x" * (ADD_CHECKPOINT_BYTES_MAX + 1)),
    ],
)
def test_a_refusal_has_the_status_of_the_table(
    witness: LiveWitness, status: int, code: str, body: bytes
) -> None:
    add(witness, HONEST.request(0, 5))
    answer = add(witness, body)
    assert answer.status_code == status
    assert answer.text.startswith(f"{code}: ")
    assert add(witness, HONEST.request(5, 7)).status_code == 200


def test_a_conflict_is_the_size_alone_in_a_type_of_its_own(witness: LiveWitness) -> None:
    for body in (HONEST.request(3, 5), HONEST.request(0, 5)):
        answer = add(witness, body)
    assert answer.status_code == 200
    answer = add(witness, HONEST.request(0, 7))
    assert (answer.status_code, answer.text) == (409, "5\n")
    assert answer.headers["content-type"] == "text/x.tlog.size"


def test_from_nothing_no_proof_and_the_root_of_nothing(witness: LiveWitness) -> None:
    assert add(witness, HONEST.request(0, 5, proof=[HASH])).status_code == 422
    assert HONEST.root(0) == EMPTY_ROOT
    assert add(witness, HONEST.request(0, 0)).status_code == 200
    assert add(witness, HONEST.request(0, 0)).status_code == 200


def test_nothing_is_shown_where_nothing_was_cosigned(witness: LiveWitness) -> None:
    assert witness.http.get(MONITORED).status_code == 404
    assert witness.http.get("/add-checkpoint").status_code == 405
    assert witness.http.get("/nothing").status_code == 404
    assert witness.http.get("/livez").text == "alive\n"


def test_a_log_that_is_added_is_noticed_while_the_witness_runs(witness: LiveWitness) -> None:
    assert add(witness, OTHER.request(0, 5)).status_code == 404
    witness.know(OTHER.log)
    assert add(witness, OTHER.request(0, 5)).status_code == 200
    assert add(witness, HONEST.request(0, 5)).status_code == 200


def test_a_broken_list_of_logs_changes_nothing(witness: LiveWitness) -> None:
    witness.folder.logs.write_text("{", "utf-8")
    assert add(witness, HONEST.request(0, 5)).status_code == 200


def test_what_was_cosigned_is_known_after_a_restart(witness: LiveWitness) -> None:
    add(witness, HONEST.request(0, 5))
    witness.stop()
    witness.start()
    assert add(witness, HONEST.request(0, 6)).text == "5\n"
    assert witness.http.get(MONITORED).text.startswith(HONEST.note(5))


def test_of_two_histories_sent_at_once_one_is_cosigned(witness: LiveWitness) -> None:
    sent = [history.request(0, 6) for history in (HONEST, FORKED)] * 8
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda body: add(witness, body), sent))
    assert {answer.status_code for answer in answers} <= {200, 409}
    kept = witness.http.get(MONITORED).text
    assert [row.is_proven for row in witness.forks()] == [True]
    assert kept.startswith((HONEST.note(6), FORKED.note(6)))


def test_a_log_that_advances_too_often_is_told_to_wait(tmp_path: Path) -> None:
    live = LiveWitness(tmp_path / "witness", advances_per_second=0.5)
    live.know(HONEST.log)
    live.start()
    try:
        assert add(live, HONEST.request(0, 5)).status_code == 200
        # What others send again uses up nothing, and neither does the same checkpoint.
        for _ in range(5):
            assert add(live, HONEST.request(0, 5)).status_code in (409, 429)
            assert add(live, HONEST.request(5, 5)).status_code == 200
        busy = add(live, HONEST.request(5, 6))
        assert (busy.status_code, busy.headers["retry-after"]) == (429, "1")
    finally:
        live.stop()


def test_a_log_may_advance_at_its_rate_and_another_is_not_held_up() -> None:
    now = [100.0]
    rate = AdvanceRate(1, seconds=lambda: now[0])
    for _ in range(2):
        assert rate.may_advance("one")
        rate.count("one")
    assert not rate.may_advance("one")
    assert rate.may_advance("other")
    now[0] += 1
    assert rate.may_advance("one")


def test_bytes_that_are_no_request_end_nothing(witness: LiveWitness) -> None:
    with socket.create_connection(("127.0.0.1", witness.port), timeout=10) as connection:
        connection.sendall(
            b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nold"
        )
    assert add(witness, HONEST.request(0, 5)).status_code == 200


@pytest.mark.item("3.4.forks")
@pytest.mark.parametrize(
    ("language", "word"), [("en", "has signed two histories"), ("zh", "签署了两个历史")]
)
def test_the_page_names_a_log_with_two_histories(
    witness: LiveWitness, language: str, word: str
) -> None:
    add(witness, HONEST.request(0, 6))
    headers = {"Accept-Language": language}
    page = witness.http.get("/", headers=headers)
    assert page.status_code == 200
    assert ORIGIN in page.text
    assert word not in page.text
    add(witness, FORKED.request(6, 6))
    page = witness.http.get("/", headers=headers)
    assert word in page.text
    assert witness.vkey in page.text.replace("&#43;", "+")
