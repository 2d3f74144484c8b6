"""What a reader may not know of looks like what is not there, to the reader and to the database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import Engine, event

from keys.encoding import encode_base64url
from ledger.compose import Filing
from tests.api.service import OEM, STRANGER, SUPPLIER, LiveService, code_of

SECRET = "L-hidden-1"
ABSENT = "L-absent-1"
PUBLIC = {"lot": "public"}


@pytest.fixture(scope="module")
def hidden(service: LiveService) -> str:
    """A record of which nothing is public, and more of them with the same lot."""
    ids = [service.admit(a_record(service)) for _ in range(3)]
    return ids[0]


def a_record(service: LiveService, *, subject: str | None = None, number: str = SECRET) -> str:
    """A record of the supplier that its subject alone reads beside it."""
    filing = Filing(subject=service.party(subject).did if subject else None, number="F-secret")
    return service.record({"lot": {"number": number, "pieces": 3}}, filing=filing)


@contextmanager
def statements() -> Iterator[list[str]]:
    """The text of every statement that a database is asked meanwhile, by who answers requests."""
    asked: list[str] = []

    def note(_: Any, __: Any, text: str, *___: Any) -> None:
        # Workers that follow the log ask at their own pace.
        if threading.current_thread().name.startswith("AnyIO worker"):
            asked.append(text)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def told(answer: httpx.Response, *names: str) -> tuple[int, list[tuple[str, str]], str]:
    """Status, fields but request id and date, and body; the names asked for left out."""
    own = {"x-request-id", "date"}
    fields = [(name, value) for name, value in answer.headers.items() if name not in own]
    text = answer.text
    for name in names:
        text = text.replace(name, "*" * len(name))
    return answer.status_code, fields, text


# ---- by id ----


@pytest.mark.item("5.4.same")
@pytest.mark.parametrize("tail", ["", f"/blobs/{'A' * 22}", "/flags"])
def test_a_hidden_record_and_an_absent_one_are_the_same_to_anyone(
    service: LiveService, hidden: str, tail: str
) -> None:
    absent = encode_base64url(bytes(32))
    seen = []
    for record_id in (hidden, absent):
        with statements() as asked:
            answer = service.http.get(f"/v1/records/{record_id}{tail}")
        assert code_of(answer) == "not-found"
        seen.append((told(answer, hidden, absent), asked))
    assert seen[0] == seen[1]
    assert seen[0][1], "the comparison must have something to compare"


def test_the_same_record_is_found_by_who_may_know_of_it(service: LiveService, hidden: str) -> None:
    for reader in (SUPPLIER, STRANGER):
        assert service.signed(reader).get(f"/v1/records/{hidden}").status_code == 200


# ---- by search ----


@pytest.mark.item("5.4.same")
@pytest.mark.parametrize("more", ["", "&limit=3", "&mine=1", "&type=sample-report/v1&since=1"])
def test_a_search_for_a_hidden_value_is_one_for_an_absent_value(
    service: LiveService, hidden: str, more: str
) -> None:
    assert hidden
    owner = quote(service.party(SUPPLIER).did)
    seen = []
    for value in (SECRET, ABSENT):
        client = service.signed(STRANGER)
        with statements() as asked:
            answer = client.get(
                f"/v1/records?field=%2Flot%2Fnumber&value={value}&owner={owner}{more}"
            )
        seen.append((told(answer), asked))
    assert seen[0] == seen[1]
    assert seen[0][0][2] == '{"records":[],"next":null}'
    assert len(seen[0][1]) > (0 if "mine" in more else 2)


@pytest.mark.item("5.4.search")
def test_pages_depend_on_what_the_reader_finds_alone(service: LiveService) -> None:
    number, owner = "L-pages-1", quote(service.party(SUPPLIER).did)
    target = f"/v1/records?field=%2Flot%2Fnumber&value={number}&owner={owner}&limit=2"
    own = []
    for turn in range(5):
        own.append(service.admit(a_record(service, subject=OEM, number=number)))
        for _ in range(turn):
            service.admit(a_record(service, number=number))
    found: list[str] = []
    sizes: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = service.signed(OEM).get(target + cursor).json()
        sizes.append(len(page["records"]))
        found += [item["record_id"] for item in page["records"]]
        cursor = page["next"] and f"&cursor={page['next']}"
    assert found == own[::-1]
    assert sizes == [2, 2, 1]


@pytest.mark.item("5.4.search")
@pytest.mark.parametrize("is_hidden", [True, False])
def test_next_of_a_page_for_anyone_depends_on_what_is_found_alone(
    service: LiveService, is_hidden: bool
) -> None:
    asked: dict[str, str | int] = {
        "since": service.clock.now_ms(),
        "limit": 1,
        "type": "sample-report/v1",
    }
    first, shown = (service.admit(a_public_record(service)) for _ in range(2))
    if is_hidden:
        row = service.wired.ledger.reader.find(first)
        assert row is not None
        # It stands among what anyone may find, and is shown to its party alone.
        service.wired.store.erase(row.index, {"manifest", "address", "lot"})
    page = service.http.get("/v1/records", params=asked).json()
    assert [item["record_id"] for item in page["records"]] == [shown]
    assert (page["next"] is None) == is_hidden
    service.clock.advance(60_000)


def a_public_record(service: LiveService) -> str:
    """A record with a group for anyone."""
    return service.record({"lot": {"number": "L", "pieces": 3}}, filing=Filing(tiers=PUBLIC))


@pytest.mark.item("5.4.search")
def test_the_value_is_found_only_where_its_group_is_read(service: LiveService) -> None:
    subject = service.party(OEM).did
    record = service.admit(a_record(service, subject=OEM, number="L-mixed-1"))
    owner = quote(service.party(SUPPLIER).did)
    for field, value, readers in (
        ("lot/number", "L-mixed-1", {OEM, SUPPLIER}),
        ("filing/number", "F-secret", {SUPPLIER}),
    ):
        for reader in (OEM, SUPPLIER, STRANGER):
            target = f"/v1/records?field=%2F{field}&value={value}&owner={owner}"
            found = service.signed(reader).get(target).json()["records"]
            ids = {item["record_id"] for item in found}
            assert (record in ids) == (reader in readers), (reader, field, subject)
