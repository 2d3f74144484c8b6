"""Many records in one request: answered line by line, valid ones committed together."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from ledger import limits
from ledger.compose import Filing
from tests.api.service import (
    JSON_LINES,
    SUPPLIER,
    LiveService,
    encode_submission,
    serve,
)
from tests.ledger.parties import SAMPLE_GROUPS, record_id_of, resign

pytestmark = pytest.mark.item("2.6")


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service that checks batches in worker processes."""
    yield from serve(tmp_path_factory.mktemp("log"), check_processes=2)


@pytest.mark.item("2.bad.mixed-batch")
def test_bad_lines_among_good_ones_are_answered_in_order(service: LiveService) -> None:
    signer = service.party(SUPPLIER).signing
    first, second, third, known = (service.record() for _ in range(4))
    service.admit(known)
    start = service.size()
    answers = service.submit_many(
        [
            first,
            b"not json",
            second,
            resign(service.record(), signer, header={"alg": "none"}),
            first,
            b"",
            service.record({"lot": {"number": "", "pieces": 1}}),
            third,
            known,
            resign(service.record(), signer, claims={"vct": "nothing/v1"}),
        ]
    )
    assert [answer["line"] for answer in answers] == list(range(1, 11))
    assert [answer.get("code", answer.get("first")) for answer in answers] == [
        True,
        "malformed-json",
        True,
        "algorithm-not-allowed",
        False,
        "malformed-json",
        "invalid-claims",
        True,
        False,
        "unknown-type",
    ]
    admitted = [answers[position] for position in (0, 2, 7)]
    assert [answer["index"] for answer in admitted] == [start, start + 1, start + 2]
    assert [answer["record_id"] for answer in admitted] == [
        record_id_of(text) for text in (first, second, third)
    ]
    assert answers[4] == {**answers[0], "line": 5, "first": False}
    assert service.size() == start + 3


@pytest.mark.item("2.bad.mixed-batch")
def test_valid_lines_are_committed_together(service: LiveService) -> None:
    answers = service.submit_many([service.record(), b"{", service.record(), service.record()])
    notes = {answer["receipt"].partition("\n\n")[2] for answer in answers if "receipt" in answer}
    assert len(notes) == 1, "one signed checkpoint covers them all"


def test_refusals_of_a_line_are_problems(service: LiveService) -> None:
    (answer,) = service.submit_many([service.record({"lot": {"number": "", "pieces": -1}})])
    assert answer["type"] == "urn:lotmark:problem:invalid-claims"
    assert [fault["pointer"] for fault in answer["errors"]] == ["/lot/number", "/lot/pieces"]
    assert answer["remedy"]
    assert "receipt" not in answer


def test_a_batch_of_bad_lines_takes_no_index(service: LiveService) -> None:
    before = service.size()
    answers = service.submit_many([b"{}"] * 50)
    assert {answer["code"] for answer in answers} == {"malformed-submission"}
    assert service.size() == before


def test_a_batch_again_gets_the_first_receipts(service: LiveService) -> None:
    texts = [service.record() for _ in range(40)]
    first = service.submit_many(texts)
    again = service.submit_many(list(reversed(texts)))
    assert all(answer.pop("first") for answer in first)
    assert not any(answer.pop("first") for answer in again)
    assert [answer["receipt"] for answer in reversed(again)] == [
        answer["receipt"] for answer in first
    ]


@pytest.mark.parametrize("end", ["\n", ""])
def test_the_last_line_may_end_in_a_line_feed(service: LiveService, end: str) -> None:
    body = "\r\n".join(encode_submission(service.record()) for _ in range(2)) + end
    answer = service.post(body, media_type=JSON_LINES)
    assert answer.headers["content-type"] == JSON_LINES
    assert [line.count('"receipt"') for line in answer.text.splitlines()] == [1, 1]


def test_a_line_of_a_batch_refers_to_one_before_it(service: LiveService) -> None:
    first = service.record()
    citing = [service.record(filing=Filing(cites=[record_id_of(first)])) for _ in range(2)]
    answers = service.submit_many([citing[0], first, citing[1]])
    assert [answer.get("code") for answer in answers] == ["unknown-record", None, None]


# ---- worker processes ----


def test_workers_answer_as_the_service_itself_does(workers: LiveService) -> None:
    texts = [workers.record() for _ in range(600)]
    lines: list[str | bytes] = [*texts, b"nonsense", texts[0]]
    answers = workers.submit_many(lines)
    assert [answer.get("first", answer.get("code")) for answer in answers] == [
        *[True] * 600,
        "malformed-json",
        False,
    ]
    assert [answer["index"] for answer in answers[:600]] == list(
        range(answers[0]["index"], answers[0]["index"] + 600)
    )


def test_a_killed_worker_is_replaced(workers: LiveService) -> None:
    assert len(workers.submit_many([workers.record() for _ in range(300)])) == 300
    for child in psutil.Process().children():
        if "spawn_main" in " ".join(child.cmdline()):
            os.kill(child.pid, signal.SIGKILL)
    for _ in range(2):
        answers = workers.submit_many([workers.record() for _ in range(300)])
        assert all(answer.get("first") for answer in answers)


def test_batches_at_the_same_time_do_not_mix(workers: LiveService) -> None:
    batches = [[workers.record() for _ in range(120)] for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        answered = list(threads.map(workers.submit_many, batches))
    for texts, answers in zip(batches, answered, strict=True):
        assert [answer["record_id"] for answer in answers] == [record_id_of(t) for t in texts]
        indices = [answer["index"] for answer in answers]
        assert indices == list(range(indices[0], indices[0] + len(texts)))


@pytest.mark.long
def test_the_largest_batch_is_committed_together(workers: LiveService) -> None:
    texts = [workers.record() for _ in range(limits.SUBMISSION_LINES_MAX)]
    answers = workers.submit_many(texts)
    assert all(answer["first"] for answer in answers)
    assert len({answer["receipt"].partition("\n\n")[2] for answer in answers}) == 1


def test_a_large_record_does_not_hold_up_others(workers: LiveService) -> None:
    # Valid JSON that takes a second to refuse.
    costly = workers.record({"lot": SAMPLE_GROUPS["lot"], "values": ["\u00fc"] * 150_000})
    waits: list[float] = []
    with ThreadPoolExecutor(4) as threads:
        sent = [threads.submit(workers.submit, costly) for _ in range(4)]
        while not all(item.done() for item in sent):
            begun = time.monotonic()
            assert workers.http.get("/livez").status_code == 200
            waits.append(time.monotonic() - begun)
    assert {item.result().status_code for item in sent} == {422}
    # Half of all others are answered at once, whatever a shared machine does to the rest.
    assert len(waits) > 10
    assert sorted(waits)[len(waits) // 2] < 0.2
