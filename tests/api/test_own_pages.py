"""A party's own pages: signing in with its key, what others see of it, who read it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from ledger.compose import Filing
from tests.api.service import LABORATORY, OEM, STRANGER, SUPPLIER, LiveService
from tests.portal.html_check import Page, read_page

pytestmark = pytest.mark.item("5.9.page")


@pytest.fixture(scope="module")
def record_id(service: LiveService) -> str:
    """A record of the supplier about the OEM; its group lot is for anybody."""
    oem = service.party(OEM).did
    filing = Filing(tiers={"lot": "public"}, subject=oem, to=(oem,))
    return service.admit(service.record(by=SUPPLIER, filing=filing))


@pytest.fixture
def browser(service: LiveService) -> Iterator[httpx.Client]:
    """A browser that was never here."""
    with httpx.Client(
        base_url=service.settings.public_url, headers={"Accept": "text/html"}, verify=False
    ) as found:
        yield found


def link(service: LiveService, slug: str = SUPPLIER) -> str:
    """A fresh link for a party, without the host."""
    answer = service.signed(slug).send("POST", "/v1/page-links")
    assert answer.status_code == httpx.codes.CREATED, answer.text
    return str(answer.json()["url"]).removeprefix(service.settings.public_url)


def page(answer: httpx.Response) -> Page:
    """A well-formed page that no cache keeps."""
    found = read_page(answer.text)
    assert found.faults == []
    assert answer.headers["cache-control"] == "no-store"
    return found


def test_a_link_signs_a_browser_in_once(service: LiveService, browser: httpx.Client) -> None:
    address = link(service)
    browser.head(address)
    assert "Sign in with your key" in page(browser.get("/mine")).text
    answer = browser.get(address)
    assert (answer.status_code, answer.headers["location"]) == (httpx.codes.SEE_OTHER, "/mine")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "Path=/mine" in cookie
    assert "Signed in" in browser.get("/mine").text
    with httpx.Client(base_url=service.settings.public_url, verify=False) as another:
        assert "set-cookie" not in another.get(address).headers
        assert another.get("/mine").status_code == httpx.codes.UNAUTHORIZED


def test_who_asks_without_a_signature_gets_no_link(service: LiveService) -> None:
    answer = service.http.post("/v1/page-links")
    assert answer.json()["code"] == "signature-required"


@pytest.mark.parametrize("seconds", [0, 46])
def test_a_link_is_good_for_less_than_a_minute(
    service: LiveService, browser: httpx.Client, seconds: int
) -> None:
    address = link(service)
    service.clock.advance(seconds * 1000)
    signed_in = "set-cookie" in browser.get(address).headers
    assert signed_in == (seconds == 0)


@pytest.mark.parametrize("changed", ["", "AAAA", "AAAA.AAAA", "."])
def test_what_the_service_did_not_make_signs_nobody_in(browser: httpx.Client, changed: str) -> None:
    assert "set-cookie" not in browser.get(f"/sign-in?link={changed}").headers
    browser.cookies.set("lotmark-party", changed, path="/mine")
    assert browser.get("/mine").status_code == httpx.codes.UNAUTHORIZED


def test_a_session_ends_after_half_an_hour(service: LiveService, browser: httpx.Client) -> None:
    browser.get(link(service))
    assert browser.get("/mine").is_success
    service.clock.advance(30 * 60 * 1000)
    browser.cookies.set("kept", "1")
    assert browser.get("/mine").status_code == httpx.codes.UNAUTHORIZED


def test_a_party_is_shown_what_each_other_sees_with_the_command(
    service: LiveService, browser: httpx.Client, record_id: str
) -> None:
    browser.get(link(service))
    assert page(browser.get("/mine/sharing"))
    subject = browser.get(f"/mine/sharing/{OEM}")
    stranger = browser.get(f"/mine/sharing/{STRANGER}")
    anyone = browser.get("/mine/sharing/-")
    assert "the record is about this party" in page(subject).text
    assert f"lotmark seen-by {OEM} --type sample-report/v1" in page(subject).text
    assert "the record is about this party" not in page(stranger).text
    assert "public: anyone reads it" in page(anyone).text
    assert browser.get("/mine/sharing/nobody").status_code == httpx.codes.NOT_FOUND
    assert record_id not in subject.text


def test_the_same_is_told_to_programs(service: LiveService, record_id: str) -> None:
    client = service.signed(SUPPLIER)
    stranger = quote(service.party(STRANGER).did)

    def shown(query: str) -> dict[str, bool]:
        answer = client.get(f"/v1/seen-by?record={record_id}{query}")
        assert answer.is_success, answer.text
        return {group["group"]: bool(group["shown"]) for group in answer.json()["groups"]}

    subject = shown(f"&reader={quote(service.party(OEM).did)}")
    assert subject.pop("filing") is False
    assert all(subject.values())
    assert shown(f"&reader={stranger}")["manifest"]
    assert {group for group, is_shown in shown("").items() if is_shown} == {"lot"}


@pytest.mark.item("5.7.listed")
def test_a_party_is_shown_who_read_its_records(
    service: LiveService, browser: httpx.Client, record_id: str
) -> None:
    browser.get(link(service))
    assert service.signed(OEM).get(f"/v1/records/{record_id}").is_success
    shown = page(browser.get("/mine/accesses"))
    assert "the record is about this party" in shown.text
    # Without a link: the page of a record shows what anybody may read of it.
    assert record_id in shown.text
    browser.cookies.clear()
    browser.get(link(service, LABORATORY))
    assert "the record is about this party" not in page(browser.get("/mine/accesses")).text


def test_nobody_asks_about_anothers_record(service: LiveService, record_id: str) -> None:
    absent, foreign = (
        service.signed(LABORATORY).get(f"/v1/seen-by?record={one}") for one in ("A" * 43, record_id)
    )
    assert absent.status_code == foreign.status_code == httpx.codes.NOT_FOUND
    assert absent.json()["code"] == foreign.json()["code"]
