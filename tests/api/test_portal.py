"""The portal inside the whole service: over SQLite, beside the interface for programs."""

from __future__ import annotations

import httpx
import pytest

from ledger.compose import Filing
from ledger.verify import verify_view
from ledger.view import parse_view
from tests.api.service import LABORATORY, LiveService
from tests.portal.html_check import Page, read_page

pytestmark = pytest.mark.item("2.8")

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
NO_RECORD = "A" * 43


def ask(
    service: LiveService,
    path: str,
    *,
    method: str = "GET",
    accept: str = BROWSER,
    language: str = "en",
) -> httpx.Response:
    """Ask as a browser does that was never here, or as a program."""
    headers = {"Accept": accept, "Accept-Language": language}
    return httpx.request(method, service.settings.public_url + path, headers=headers)


def page_of(response: httpx.Response) -> Page:
    """A well-formed page."""
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    page = read_page(response.text)
    assert page.faults == []
    return page


@pytest.fixture(scope="module")
def record_id(service: LiveService) -> str:
    """A record with something public that the service admitted over HTTP."""
    filing = Filing(tiers={"lot": "public"})
    return service.admit(service.record(by=LABORATORY, filing=filing))


def test_every_link_of_every_page_leads_somewhere(service: LiveService, record_id: str) -> None:
    # Pages share most of their links: each is followed once.
    leads: dict[str, str] = {}
    for start in ("/", "/entries", "/verify", "/about", f"/records/{record_id}"):
        page = page_of(ask(service, start))
        targets = {element.attributes["href"] for tag in ("a", "link") for element in page.all(tag)}
        scripts = {element.attributes["src"] for element in page.all("script")}
        for target in targets | scripts:
            leads.setdefault(target if target.startswith("/") else start + target, start)
    for path, start in leads.items():
        assert ask(service, path).status_code == httpx.codes.OK, f"{start} leads to {path}"


def test_a_record_is_on_the_first_page_as_soon_as_it_is_admitted(
    service: LiveService, record_id: str
) -> None:
    page = page_of(ask(service, "/"))
    assert f"/records/{record_id}" in {e.attributes.get("href") for e in page.all("a")}


def test_the_view_that_a_page_offers_verifies(service: LiveService, record_id: str) -> None:
    page = page_of(ask(service, f"/records/{record_id}"))
    saved = {e.attributes.get("download"): e.attributes["href"] for e in page.all("a")}
    view = ask(service, saved[f"record-{record_id}.view.json"]).content
    assert verify_view(parse_view(view), service.anchor).records[0].record_id == record_id
    assert ask(service, saved["anchor.json"]).content == service.folder.anchor.read_bytes()


@pytest.mark.parametrize("path", ["/nowhere", f"/records/{NO_RECORD}", "/records/x", "/static/x"])
def test_a_person_gets_a_page_and_a_program_a_problem(path: str, service: LiveService) -> None:
    program = ask(service, path, accept="*/*")
    assert program.headers["content-type"] == "application/problem+json"
    assert program.json()["code"] == "not-found"
    person = ask(service, path)
    assert person.status_code == program.status_code == httpx.codes.NOT_FOUND
    if path.startswith("/static/"):
        assert person.headers["content-type"] == "application/problem+json"
    else:
        assert "Nothing here" in page_of(person).text


def test_an_error_page_is_in_the_readers_language(service: LiveService) -> None:
    assert "未找到" in page_of(ask(service, "/nowhere", language="zh")).text


def test_an_error_page_carries_the_request_id(service: LiveService) -> None:
    response = ask(service, "/nowhere")
    assert response.headers["x-request-id"] in page_of(response).text
    assert "script-src 'none'" in response.headers["content-security-policy"]


@pytest.mark.parametrize("path", [f"/v1/records/{NO_RECORD}", "/v1/nowhere", "/tile/9/000"])
def test_addresses_for_programs_answer_everyone_with_problems(
    path: str, service: LiveService
) -> None:
    response = ask(service, path)
    assert response.status_code == httpx.codes.NOT_FOUND
    assert response.headers["content-type"] == "application/problem+json"


def test_a_page_takes_no_other_method(service: LiveService) -> None:
    response = ask(service, "/about", method="POST")
    assert response.status_code == httpx.codes.METHOD_NOT_ALLOWED
    assert "Not this way" in page_of(response).text
    assert "GET" in response.headers["allow"]


@pytest.mark.parametrize("path", ["/", "/verify", "/static/portal.css", "/nowhere"])
def test_no_answer_lets_a_browser_guess_types(path: str, service: LiveService) -> None:
    assert ask(service, path).headers["x-content-type-options"] == "nosniff"


def test_a_page_may_be_asked_for_by_head(service: LiveService) -> None:
    response = ask(service, "/about", method="HEAD")
    assert (response.status_code, response.content) == (httpx.codes.OK, b"")
