"""Searching records: every page compared with a slow reading of the whole log."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from api.search_query import decode_cursor, encode_cursor
from keys.encoding import encode_base64url
from ledger import limits
from ledger.compose import Filing
from tests.api.service import (
    LABORATORY,
    OEM,
    STRANGER,
    SUBJECT_VCT,
    SUPPLIER,
    LiveService,
    code_of,
    problem_of,
    serve,
)
from tests.ledger.parties import NOW_MS

pytestmark = pytest.mark.item("2.6")
VIEW = "application/vnd.lotmark.view+json"
VIEW_LINES = "application/vnd.lotmark.view+jsonl"
MINUTE_MS = 60_000
Item = dict[str, Any]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A log with records of several parties, types, subjects and moments."""
    for live in serve(tmp_path_factory.mktemp("log")):
        for minute in range(8):
            live.clock.advance(MINUTE_MS)
            live.submit_many([*some_records(live, minute)])
        yield live


def some_records(live: LiveService, minute: int) -> Iterator[str]:
    """What is admitted at one moment."""
    parties = {slug: live.party(slug).did for slug in (OEM, SUPPLIER, LABORATORY, STRANGER)}
    for number in range(6):
        lot = {"number": f"L-{number % 3}", "pieces": number}
        subject = (None, parties[OEM], parties[STRANGER])[number % 3]
        tiers = {"lot": "public"} if number < 4 else {}
        filing = Filing(subject=subject, number=f"F-{minute}", tiers=tiers)
        by = (SUPPLIER, STRANGER)[number % 2]
        yield live.record({"lot": lot}, by=by, filing=filing)
    verdict = Filing(subject=parties[SUPPLIER], number=f"F-{minute}")
    yield live.record({"lot": lot}, by=LABORATORY, vct=SUBJECT_VCT, filing=verdict)


def pages(live: LiveService, query: Mapping[str, Any], reader: str | None = None) -> list[Item]:
    """Every page of a search, one after the other."""
    found: list[Item] = []
    cursor: str | None = None
    while True:
        page = ask(live, {**query, **({"cursor": cursor} if cursor else {})}, reader)
        found += page["records"]
        cursor = page["next"]
        if cursor is None:
            return found
        assert page["records"], "only the last page may be empty"


def ask(live: LiveService, query: Mapping[str, Any], reader: str | None = None) -> Item:
    """One page."""
    target = str(live.http.build_request("GET", "/v1/records", params=dict(query)).url)
    target = target.removeprefix(live.settings.public_url)
    answer = live.signed(reader).get(target) if reader else live.http.get(target)
    assert answer.status_code == 200, answer.text
    page: Item = answer.json()
    return page


def everything(live: LiveService) -> list[Item]:
    """The whole log, newest first, entry by entry and without a search."""
    rows = live.wired.store.entries(0, live.wired.ledger.size)
    return [
        {
            "record_id": encode_base64url(row.record_id),
            "index": row.index,
            "party": row.party,
            "type": row.vct,
            "admitted_ms": row.admitted_ms,
        }
        for row in reversed(list(rows))
    ]


def without_groups(found: list[Item]) -> list[Item]:
    """What every reader sees alike."""
    return [{name: item[name] for name in item if name != "groups"} for item in found]


# ---- against the slow reference ----


@pytest.mark.parametrize("limit", [1, 2, 7, 50, 200])
def test_pages_of_any_length_hold_the_whole_log_once(service: LiveService, limit: int) -> None:
    found = pages(service, {"limit": limit}, OEM)
    assert without_groups(found) == everything(service)


def test_fifty_is_the_length_of_a_page_unless_told(service: LiveService) -> None:
    assert len(ask(service, {}, OEM)["records"]) == 50


def test_a_page_that_ends_the_log_has_no_next(service: LiveService) -> None:
    size = service.size()
    assert ask(service, {"limit": size}, OEM)["next"] is None
    assert ask(service, {"limit": size - 1}, OEM)["next"] is not None


CONDITIONS: dict[str, Callable[[Item, LiveService], bool]] = {
    "party": lambda item, live: item["party"] == live.party(SUPPLIER).did,
    "type": lambda item, _: item["type"] == "sample-report/v1",
    "since": lambda item, _: item["admitted_ms"] >= NOW_MS + 3 * MINUTE_MS,
    "until": lambda item, _: item["admitted_ms"] < NOW_MS + 6 * MINUTE_MS,
}


@pytest.mark.parametrize("count", range(1, 5))
def test_conditions_are_joined_by_and(service: LiveService, count: int) -> None:
    values = {
        "party": service.party(SUPPLIER).did,
        "type": "sample-report/v1",
        "since": NOW_MS + 3 * MINUTE_MS,
        "until": NOW_MS + 6 * MINUTE_MS,
    }
    for names in itertools.combinations(values, count):
        query = {name: values[name] for name in names}
        expected = [
            item
            for item in everything(service)
            if all(CONDITIONS[name](item, service) for name in names)
        ]
        assert expected, "the comparison must have something to compare"
        assert without_groups(pages(service, {**query, "limit": 5}, OEM)) == expected


@pytest.mark.parametrize(
    ("since", "until", "count"),
    [(0, 1, 7), (0, 0, 0), (1, 0, 0), (7, None, 7), (8, None, 0), (-2, -1, 0)],
)
def test_since_is_inclusive_and_until_is_not(
    service: LiveService, since: int, until: int | None, count: int
) -> None:
    start = NOW_MS + MINUTE_MS
    query = {"since": start + since * MINUTE_MS}
    if until is not None:
        query["until"] = start + until * MINUTE_MS
    assert len(pages(service, query, OEM)) == count


def test_what_was_never_said_is_not_found(service: LiveService) -> None:
    for query in ({"party": "did:web:nobody"}, {"type": "no-such/v1"}, {"type": "a'--"}):
        assert ask(service, query) == {"records": [], "next": None}


def test_new_records_do_not_move_the_pages_that_follow(service: LiveService) -> None:
    first = ask(service, {"limit": 10}, OEM)
    service.admit(service.record())
    rest = pages(service, {"limit": 10, "cursor": first["next"]}, OEM)
    indices = [item["index"] for item in first["records"] + rest]
    assert indices == list(range(indices[0], -1, -1))


# ---- by who asks ----


@pytest.mark.parametrize("reader", [OEM, SUPPLIER, LABORATORY, STRANGER])
def test_mine_is_what_one_signed_or_stands_in(service: LiveService, reader: str) -> None:
    found = pages(service, {"mine": "1", "limit": 9}, reader)
    did = service.party(reader).did
    everyone = {item["index"]: item for item in pages(service, {"limit": 200}, reader)}
    expected = [item for item in everyone.values() if stands_in(item, did)]
    assert found == expected
    assert all("manifest" in item["groups"] for item in found if "sample" in item["type"])


def stands_in(item: Item, did: str) -> bool:
    """Whether a reader that sees the record as this item signed it or stands in it."""
    manifest = item["groups"].get("manifest", {})
    return did in (item["party"], manifest.get("owner"), manifest.get("subject"))


@pytest.mark.item("5.4.search")
def test_an_unsigned_reader_finds_what_has_something_public(service: LiveService) -> None:
    found = pages(service, {"type": "sample-report/v1", "limit": 7})
    assert {frozenset(item["groups"]) for item in found} == {frozenset({"lot"})}
    of_type = [item for item in everything(service) if item["type"] == "sample-report/v1"]
    published = [item for item in of_type if is_public(service, item)]
    assert 0 < len(published) < len(of_type)
    assert without_groups(found) == published
    assert pages(service, {"type": SUBJECT_VCT}) == []
    governance = {item["type"] for item in pages(service, {})} - {"sample-report/v1"}
    assert {"charter/v1", "key/v1", "record-type/v1"} <= governance


def is_public(live: LiveService, item: Item) -> bool:
    """Whether anyone gets this record by its id."""
    return live.http.get(f"/v1/records/{item['record_id']}").status_code == 200


def test_a_search_by_content_finds_what_the_reader_reads_in_full(service: LiveService) -> None:
    supplier, stranger, oem = (service.party(slug).did for slug in (SUPPLIER, STRANGER, OEM))
    query = {"field": "/lot/number", "value": "L-1"}
    own = pages(service, query, STRANGER)
    assert own
    assert {item["party"] for item in own} == {stranger}
    assert all(item["groups"]["lot"]["number"] == "L-1" for item in own)
    # The OEM is the subject of records of that owner; another member is not.
    theirs = pages(service, query | {"owner": stranger}, OEM)
    assert {item["groups"]["manifest"]["subject"] for item in theirs} == {oem}
    assert pages(service, query | {"owner": stranger}, LABORATORY) == []
    assert pages(service, query | {"owner": supplier}, STRANGER) == []


def test_a_search_by_content_is_exact(service: LiveService) -> None:
    reader = SUPPLIER
    assert pages(service, {"field": "/filing/number", "value": "F-3"}, reader)
    assert pages(service, {"field": "/lot/pieces", "value": "2"}, reader)
    for field, value in (
        ("/filing/number", "F-"),
        ("/filing/number", "f-3"),
        ("/filing", "F-3"),
        ("/lot/pieces", "02"),
        ("/lot/colour", "red"),
        ("", ""),
    ):
        assert pages(service, {"field": field, "value": value}, reader) == []


def test_an_owned_record_of_another_signer_is_found_by_its_owner(service: LiveService) -> None:
    query = {"field": "/filing/number", "value": "F-2", "type": SUBJECT_VCT}
    (found,) = pages(service, query, SUPPLIER)
    assert found["party"] == service.party(LABORATORY).did
    assert pages(service, query, LABORATORY) == []
    owner = {"owner": service.party(SUPPLIER).did}
    assert pages(service, query | owner, LABORATORY) == [found]


@pytest.mark.parametrize(
    "query", ["mine=1", "field=/lot/number&value=L-1", "field=/lot/number&value=L-1&mine=1"]
)
def test_what_is_one_s_own_needs_a_signature(service: LiveService, query: str) -> None:
    assert code_of(service.http.get(f"/v1/records?{query}")) == "signature-required"
    assert service.signed(SUPPLIER).get(f"/v1/records?{query}").status_code == 200


# ---- form of the question ----


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("colour=red", "/colour"),
        ("Limit=1", "/Limit"),
        ("limit=1&limit=1", "/limit"),
        ("limit=", "/limit"),
        ("limit=0", "/limit"),
        (f"limit={limits.SEARCH_PAGE_MAX + 1}", "/limit"),
        ("limit=-1", "/limit"),
        ("limit=1.0", "/limit"),
        ("limit=%D9%A3", "/limit"),
        ("limit=" + "9" * 5000, "/limit"),
        ("since=yesterday", "/since"),
        ("until=1e9", "/until"),
        ("cursor=", "/cursor"),
        ("cursor=abc", "/cursor"),
        ("cursor=" + "W" * 4000, "/cursor"),
        ("mine=0", "/mine"),
        ("mine=true", "/mine"),
        ("field=/lot/number", "/field"),
        ("value=L-1", "/value"),
        ("owner=did:web:x", "/owner"),
        ("field=/lot/number&owner=did:web:x", "/field"),
    ],
)
def test_a_question_of_another_form_is_refused(
    service: LiveService, query: str, place: str
) -> None:
    problem = problem_of(service.signed(SUPPLIER).get(f"/v1/records?{query}"))
    assert problem["code"] == "malformed-query"
    assert [fault["pointer"] for fault in problem["errors"]] == [place]


def test_every_wrong_name_is_told(service: LiveService) -> None:
    problem = problem_of(service.http.get("/v1/records?colour=red&size=1&limit=1&limit=2"))
    assert [fault["pointer"] for fault in problem["errors"]] == ["/colour", "/size", "/limit"]


@pytest.mark.parametrize("index", [0, 1, 41, 2**40])
def test_a_cursor_reads_as_it_was_written(index: int) -> None:
    assert decode_cursor(encode_cursor(index)) == index


# ---- as a view ----


@pytest.mark.parametrize("form", [VIEW, VIEW_LINES])
def test_a_page_as_a_view_verifies_offline(service: LiveService, form: str) -> None:
    plain = ask(service, {"limit": 30}, OEM)
    answer = service.signed(OEM).get("/v1/records?limit=30", Accept=form)
    assert answer.headers["content-type"] == form
    assert answer.headers["x-next-cursor"] == plain["next"]
    verified = service.verify(answer.content)
    assert [item.record_id for item in verified.records] == [
        item["record_id"] for item in plain["records"]
    ]


def test_a_reader_s_page_as_a_view_shows_what_is_the_reader_s(service: LiveService) -> None:
    target = f"/v1/records?type={SUBJECT_VCT}&limit=3"
    answer = service.signed(SUPPLIER).get(target, Accept=VIEW_LINES)
    for item in service.verify(answer.content).records:
        assert "manifest" in {disclosure.group for disclosure in item.groups}


def test_an_empty_page_is_json(service: LiveService) -> None:
    answer = service.http.get("/v1/records?type=no-such/v1", headers={"Accept": VIEW})
    assert answer.json() == {"records": [], "next": None}
    assert answer.headers["content-type"] == "application/json"


def test_a_page_of_large_records_is_shorter_and_leads_on(own_service: LiveService) -> None:
    live = own_service
    start = live.size()
    large = {"lot": {"number": "1", "pieces": 1}, "values": ["1" * 150] * 4_900}
    for _ in range(20):
        live.admit(live.record(large))
    page = ask(live, {"limit": 200}, SUPPLIER)
    assert 0 < len(page["records"]) < 20
    found = pages(live, {"limit": 200}, SUPPLIER)
    assert [item["index"] for item in found] == list(range(start + 19, -1, -1))
