"""Many records as one view: written while it is read, verified like any other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.compose import Filing
from ledger.view import parse_view
from tests.api.service import LABORATORY, OEM, STRANGER, SUPPLIER, LiveService, problem_of, serve

VIEW_LINES = "application/vnd.lotmark.view+jsonl"
RECORDS = 230


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A log with more records than a page holds; every tenth has a public group."""
    for live in serve(tmp_path_factory.mktemp("log")):
        texts = [a_record(live, number) for number in range(RECORDS)]
        live.submit_many(texts)
        yield live


def a_record(live: LiveService, number: int) -> str:
    """A record about the OEM."""
    tiers = {} if number % 10 else {"lot": "public"}
    subject = live.party(OEM).did
    lot = {"number": f"L-{number}", "pieces": number}
    return live.record({"lot": lot}, filing=Filing(subject=subject, tiers=tiers))


@pytest.mark.item("5.4")
@pytest.mark.parametrize(
    ("reader", "groups"),
    [(OEM, {"manifest", "address", "lot"}), (STRANGER, {"manifest"}), (LABORATORY, {"manifest"})],
)
def test_a_streamed_view_verifies_and_shows_what_is_the_reader_s(
    service: LiveService, reader: str, groups: set[str]
) -> None:
    target = "/v1/records?limit=10000&type=sample-report/v1"
    answer = service.signed(reader).get(target, Accept=VIEW_LINES)
    assert answer.headers["content-type"] == VIEW_LINES
    assert "x-next-cursor" not in answer.headers
    assert answer.headers["x-view-records"] == str(RECORDS)
    verified = service.verify(answer.content).records
    indices = [record.index for record in verified]
    assert (len(indices), indices) == (RECORDS, sorted(indices, reverse=True))
    assert all({item.group for item in record.groups} >= groups for record in verified)
    assert all(record.decision is not None for record in verified)


def test_a_streamed_view_is_that_of_a_page_and_leads_on(service: LiveService) -> None:
    reader = service.signed(SUPPLIER)
    target = "/v1/records?type=sample-report/v1&limit="
    streamed = reader.get(f"{target}201", Accept=VIEW_LINES)
    page = service.signed(SUPPLIER).get(f"{target}200", Accept=VIEW_LINES)
    (*shorter, last), whole = parse_view(streamed.content).records, parse_view(page.content).records
    assert [record.disclosures for record in shorter] == [record.disclosures for record in whole]
    cursor = streamed.headers["x-next-cursor"]
    rest = service.signed(SUPPLIER).get(f"{target}10000&cursor={cursor}", Accept=VIEW_LINES)
    found = service.verify(rest.content).records
    assert len(found) == RECORDS - 201
    assert last.disclosures


def test_head_of_a_streamed_view_shows_nothing_and_leaves_no_receipt(service: LiveService) -> None:
    def told() -> str:
        return service.signed(SUPPLIER).get("/v1/accesses?limit=1000").text

    before, target = told(), "/v1/records?limit=10000&type=sample-report/v1"
    fields = {"Accept": VIEW_LINES}
    answer = service.signed(OEM).send("HEAD", target, headers=fields)
    assert (answer.headers["content-type"], answer.content) == (VIEW_LINES, b"")
    assert answer.headers["x-view-records"] == str(RECORDS)
    assert told() == before


@pytest.mark.item("5.4.search")
def test_anyone_is_streamed_what_has_something_public(service: LiveService) -> None:
    target = "/v1/records?limit=1000&type=sample-report/v1"
    answer = service.http.get(target, headers={"Accept": VIEW_LINES})
    verified = service.verify(answer.content).records
    assert len(verified) == RECORDS // 10
    assert {tuple(item.group for item in record.groups) for record in verified} == {("lot",)}
    # The table holds the records that are shown and what proves them, and nothing else.
    entries = parse_view(answer.content).entries
    assert len(entries) < len(verified) + 12


@pytest.mark.parametrize(
    "query", ["limit=10001", "limit=201&field=/lot/number&value=L-1", "limit=0"]
)
def test_more_than_a_view_holds_is_refused(service: LiveService, query: str) -> None:
    answer = service.signed(OEM).get(f"/v1/records?{query}", Accept=VIEW_LINES)
    assert problem_of(answer)["errors"][0]["pointer"] == "/limit"
    without = service.signed(OEM).get("/v1/records?limit=201")
    assert problem_of(without)["code"] == "malformed-query"
