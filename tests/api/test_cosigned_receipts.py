"""Receipts and views that satisfy a trust anchor with a quorum: waited for, or upgraded to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ledger.anchor import parse_anchor
from ledger.errors import QuorumNotMet
from ledger.receipt import verify_receipt
from ledger.verify import verify_view
from ledger.view import parse_view
from tests.api.service import JSON, SUPPLIER, LiveService, encode_submission, problem_of
from tests.api.witnessed_log import WitnessedLog, wait_until, witnessed_log
from tests.ledger.parties import record_id_of

pytestmark = pytest.mark.item("3.4.receipts")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WitnessedLog]:
    with witnessed_log(tmp_path_factory.mktemp("log")) as running:
        yield running


def cosigners(log: WitnessedLog, receipt: str, text: str) -> tuple[str, ...]:
    """Who cosigned what the receipt proves, by the trust anchor."""
    anchor = parse_anchor(log.service.folder.anchor.read_bytes())
    jws = text.partition("~")[0]
    return verify_receipt(receipt.encode(), jws, anchor=anchor).cosigned_by


def submit(log: WitnessedLog, text: str, query: str = "?cosigned=true") -> dict[str, object]:
    answer = log.service.http.post(
        f"/v1/records{query}",
        content=encode_submission(text),
        headers={"Content-Type": JSON},
    )
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


def test_a_submission_that_waits_gets_a_receipt_that_the_anchor_accepts(
    log: WitnessedLog,
) -> None:
    text = log.service.record()
    members = submit(log, text)
    assert members["cosigned"] is True
    assert len(cosigners(log, str(members["receipt"]), text)) >= 2


def test_a_plain_receipt_is_the_log_s_word_and_is_upgraded_later(log: WitnessedLog) -> None:
    text = log.service.record()
    members = submit(log, text, "")
    assert members["cosigned"] is False
    with pytest.raises(QuorumNotMet):
        cosigners(log, str(members["receipt"]), text)
    path = f"/v1/records/{members['record_id']}/receipt"
    wait_until(lambda: log.service.http.get(f"{path}?cosigned=true").status_code == 200)
    upgraded = log.service.http.get(f"{path}?cosigned=true").text
    assert len(cosigners(log, upgraded, text)) >= 2
    # Both stay what they are.
    assert log.service.http.get(path).text == members["receipt"]
    log.service.admit(log.service.record())
    log.wait_until_cosigned(log.service.size())
    assert log.service.http.get(f"{path}?cosigned=true").text == upgraded


def test_many_records_are_cosigned_together(log: WitnessedLog) -> None:
    texts = [log.service.record() for _ in range(3)]
    body = "\n".join(encode_submission(text) for text in texts)
    answer = log.service.http.post(
        "/v1/records?cosigned=true",
        content=body,
        headers={"Content-Type": "application/jsonl"},
    )
    lines = [line for line in answer.text.splitlines() if line]
    assert len(lines) == 3
    assert all('"cosigned":true' in line for line in lines)


def test_without_enough_witnesses_the_record_is_admitted_and_that_is_said(
    log: WitnessedLog,
) -> None:
    cosigning = log.service.wired.cosigning
    usual, cosigning.wait_seconds = cosigning.wait_seconds, 0.2
    log.wait_until_cosigned(log.service.size())
    for witness in log.witnesses[:2]:
        witness.stop()
    try:
        text = log.service.record()
        members = submit(log, text)
        assert members["cosigned"] is False
        path = f"/v1/records/{members['record_id']}/receipt?cosigned=true"
        refused = log.service.http.get(path)
        assert (refused.status_code, refused.headers["retry-after"]) == (404, "1")
        assert problem_of(refused)["code"] == "not-cosigned"
        reader = log.service.signed(SUPPLIER)
        shown = reader.get(f"/v1/records/{members['record_id']}")
        assert problem_of(shown)["code"] == "not-cosigned"
        # Who would rather read it at once gets it under the log's word alone.
        plain = reader.get(f"/v1/records/{members['record_id']}?cosigned=false")
        with pytest.raises(QuorumNotMet):
            log.service.verify(plain.content)
        anchor = parse_anchor(log.service.folder.anchor.read_bytes())
        trusting = replace(anchor, policy=replace(anchor.policy, quorum=None))
        assert verify_view(parse_view(plain.content), trusting)
    finally:
        cosigning.wait_seconds = usual
        for witness in log.witnesses[:2]:
            witness.start()
    log.wait_until_cosigned(log.service.size())
    assert log.service.http.get(path).status_code == 200


def test_a_view_satisfies_the_anchor(log: WitnessedLog) -> None:
    text = log.service.record()
    record_id = str(submit(log, text)["record_id"])
    anchor = parse_anchor(log.service.folder.anchor.read_bytes())
    view = log.service.signed(SUPPLIER).get(f"/v1/records/{record_id}").content
    verified = verify_view(parse_view(view), anchor)
    assert len(verified.cosigned_by) >= 2


def test_a_search_as_a_view_shows_what_is_cosigned(log: WitnessedLog) -> None:
    log.service.admit(log.service.record())
    headers = {"Accept": "application/vnd.lotmark.view+json"}
    page = log.service.http.get("/v1/records?limit=3", headers=headers)
    assert page.status_code == 200
    anchor = parse_anchor(log.service.folder.anchor.read_bytes())
    assert len(verify_view(parse_view(page.content), anchor).records) == 3


@pytest.mark.parametrize("query", ["?cosigned=1", "?cosigned=", "?cosigned=true&cosigned=true"])
def test_another_value_is_a_malformed_query(log: WitnessedLog, query: str) -> None:
    record_id = record_id_of(log.service.record())
    answer = log.service.http.get(f"/v1/records/{record_id}/receipt{query}")
    assert problem_of(answer)["code"] == "malformed-query"
    posted = log.service.http.post(f"/v1/records{query}", content=b"{}")
    assert problem_of(posted)["code"] == "malformed-query"
    assert problem_of(log.service.http.get(f"/checkpoint{query}"))["code"] == "malformed-query"


def test_where_no_witness_is_asked_for_nothing_is_waited_for(service: LiveService) -> None:
    text = service.record()
    answer = service.http.post(
        "/v1/records?cosigned=true",
        content=encode_submission(text),
        headers={"Content-Type": JSON},
    )
    assert answer.json()["cosigned"] is False
    refused = service.http.get(f"/v1/records/{record_id_of(text)}/receipt?cosigned=true")
    assert problem_of(refused)["code"] == "not-cosigned"
    assert "retry-after" not in refused.headers
