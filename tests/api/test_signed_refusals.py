"""Refusals signed on request: what they say, who vouches for them, and who asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from api.refusal_notes import is_of_record
from ledger import limits
from ledger.errors import LedgerError
from ledger.faults import Refusal
from ledger.sharing.errors import BadRefusalSignature
from ledger.sharing.members import SignedRefusal, submission_digest
from ledger.sharing.signed import verify_refusal
from tests.api.service import (
    JSON,
    JSON_LINES,
    LiveService,
    code_of,
    encode_submission,
    problem_of,
    serve,
)
from tests.ledger.parties import record_id_of

pytestmark = pytest.mark.item("5.3.refusals")
BAD = {"lot": {"number": "", "pieces": -1}}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """One log for all of these tests."""
    yield from serve(tmp_path_factory.mktemp("log"))


def post(
    service: LiveService, body: str | bytes, query: str = "?refusals=signed", kind: str = JSON
) -> httpx.Response:
    """Submit with a query."""
    return service.http.post(f"/v1/records{query}", content=body, headers={"Content-Type": kind})


def said(service: LiveService, problem: dict[str, Any]) -> SignedRefusal:
    """What the note of a problem says, verified from the trust anchor."""
    return verify_refusal(problem["signed"], anchor=service.anchor)


def test_a_refusal_is_signed_for_whom_asks_and_else_the_same(service: LiveService) -> None:
    body = encode_submission(service.record(BAD))
    asked = problem_of(post(service, body))
    silent = problem_of(post(service, body, query=""))
    assert "signed" not in silent
    assert {name: asked[name] for name in asked if name != "signed"} == silent


def test_the_note_names_the_record_the_bytes_the_instant_and_every_fault(
    service: LiveService,
) -> None:
    text = service.record(BAD)
    body = encode_submission(text)
    problem = problem_of(post(service, body))
    found = said(service, problem)
    assert found.of.record_id == record_id_of(text)
    assert found.of.submission == submission_digest(body.encode())
    assert (found.of.at_ms, found.of.size) == (service.clock.now_ms(), service.size())
    assert (found.code, found.detail) == ("invalid-claims", problem["detail"])
    assert [fault.pointer for fault in found.faults] == ["/lot/number", "/lot/pieces"]


def test_what_is_no_record_is_named_by_its_bytes(service: LiveService) -> None:
    found = said(service, problem_of(post(service, b"not json")))
    assert (found.code, found.of.record_id) == ("malformed-json", None)
    assert found.of.submission == submission_digest(b"not json")


def test_each_refused_line_of_many_has_its_own_note(service: LiveService) -> None:
    good, bad = (service.record(), service.record(BAD))
    lines = [encode_submission(good).encode(), encode_submission(bad).encode(), b"{"]
    answer = post(service, b"\n".join(lines) + b"\n", kind=JSON_LINES)
    first, second, third = (json.loads(line) for line in answer.text.splitlines())
    assert first["record_id"] == record_id_of(good)
    assert "signed" not in first
    assert said(service, second).of.record_id == record_id_of(bad)
    for line, told in zip(lines[1:], (second, third), strict=True):
        assert said(service, told).of.submission == submission_digest(line)
        assert said(service, told).code == told["code"]


def test_lines_that_nobody_asked_about_carry_no_note(service: LiveService) -> None:
    answer = post(service, b"{\n", query="", kind=JSON_LINES)
    assert "signed" not in json.loads(answer.text)


def test_a_record_that_the_log_has_is_answered_and_not_refused(service: LiveService) -> None:
    text = service.record()
    service.admit(text)
    answer = post(service, encode_submission(text))
    assert answer.status_code == 200
    assert "signed" not in answer.json()


@pytest.mark.parametrize("member", ["record", "submission", "code"])
def test_a_note_that_was_changed_is_refused(service: LiveService, member: str) -> None:
    note = problem_of(post(service, encode_submission(service.record(BAD))))["signed"]
    assert verify_refusal(note, anchor=service.anchor)
    lines = note.split("\n")
    members = json.loads(lines[2])
    # Still of its form: only the signature tells.
    members[member] = "stale" if member == "code" else submission_digest(b"another")
    lines[2] = json.dumps(members, ensure_ascii=False, separators=(",", ":"))
    with pytest.raises(BadRefusalSignature):
        verify_refusal("\n".join(lines), anchor=service.anchor)


def test_the_anchor_of_another_log_does_not_vouch_for_a_note(service: LiveService) -> None:
    note = problem_of(post(service, b"{"))["signed"]
    other = replace(service.anchor, origin="other.example")
    with pytest.raises(LedgerError, match="one of 0 log keys"):
        verify_refusal(note, anchor=other)


@pytest.mark.parametrize(
    "query", ["?refusals=", "?refusals=true", "?refusals=signed&refusals=signed"]
)
def test_another_word_for_signed_refusals_is_refused(service: LiveService, query: str) -> None:
    start = service.size()
    assert code_of(post(service, encode_submission(service.record()), query)) == "malformed-query"
    assert service.size() == start, "nothing was judged"


@pytest.mark.parametrize(
    ("code", "is_signed"),
    [("jti-used", True), ("outcome-unknown", False), ("quota-exceeded", False)],
)
def test_what_was_not_judged_is_no_refusal_of_the_record(code: str, is_signed: bool) -> None:
    assert is_of_record(Refusal(code, "")) is is_signed


def test_a_note_holds_no_more_faults_than_its_bound(service: LiveService) -> None:
    groups = {"lot": {f"extra-{number}": 1 for number in range(40)}}
    found = said(service, problem_of(post(service, encode_submission(service.record(groups)))))
    assert len(found.faults) == limits.REFUSAL_FAULTS_MAX
    assert found.faults_left > 0
