"""What a browser is told about pages and files: types, caching, and what it must not do."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import httpx
import pytest

from portal.static_files import IMMUTABLE, REVALIDATE, load_static_files

pytestmark = pytest.mark.item("2.8")

STATIC = Path(__file__).resolve().parents[2] / "portal" / "static"
FILES = sorted(path.name for path in STATIC.iterdir())
PAGES = ("/", "/entries", "/verify", "/about")


def directives(response: httpx.Response) -> dict[str, str]:
    """The directives of a Content-Security-Policy."""
    policy = response.headers["content-security-policy"]
    return {name: value for name, _, value in (d.strip().partition(" ") for d in policy.split(";"))}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_may_use_nothing_from_elsewhere(path: str, client: httpx.Client) -> None:
    assert directives(client.get(path)) == {
        "default-src": "'none'",
        "script-src": "'self'" if path == "/verify" else "'none'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'none'",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }


@pytest.mark.parametrize("path", [*PAGES, "/static/portal.css"])
def test_nothing_is_lent_out_or_referred(path: str, client: httpx.Client) -> None:
    headers = client.get(path).headers
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_not_kept_for_another_reader(path: str, client: httpx.Client) -> None:
    headers = client.get(path).headers
    assert headers["cache-control"] == "private, no-cache"
    assert headers["vary"] == "Accept-Language, Cookie"


def test_the_cookie_holds_a_language_and_is_not_for_scripts(client: httpx.Client) -> None:
    cookie = client.get("/about?lang=zh").headers["set-cookie"]
    assert cookie.startswith("lotmark-language=zh;")
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()
    assert "set-cookie" not in client.get("/about").headers


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_its_type_and_the_digest_of_its_content(name: str, client: httpx.Client) -> None:
    response = client.get(f"/static/{name}")
    data = (STATIC / name).read_bytes()
    assert response.content == data
    assert response.headers["etag"] == f'"{hashlib.sha256(data).hexdigest()[:16]}"'
    assert response.headers["cache-control"] == REVALIDATE
    expected = {".css": "text/css", ".mjs": "text/javascript", ".svg": "image/svg+xml"}
    assert response.headers["content-type"].partition(";")[0] == expected[Path(name).suffix]


@pytest.mark.parametrize("name", FILES)
def test_a_browser_that_has_the_file_is_not_sent_it_again(name: str, client: httpx.Client) -> None:
    first = client.get(f"/static/{name}")
    again = client.get(f"/static/{name}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (httpx.codes.NOT_MODIFIED, b"")
    other = client.get(f"/static/{name}", headers={"If-None-Match": '"0000000000000000"'})
    assert other.status_code == httpx.codes.OK


def test_the_address_on_a_page_lasts_for_ever(client: httpx.Client) -> None:
    address = load_static_files().address("portal.css")
    assert address in client.get("/").text
    assert client.get(address).headers["cache-control"] == IMMUTABLE
    assert client.get("/static/portal.css?v=old").headers["cache-control"] == REVALIDATE


@pytest.mark.parametrize("name", ["", "none.css", "..%2fmessages.py", "%2e%2e/build.py", "a/b"])
def test_no_other_file_is_served(name: str, client: httpx.Client) -> None:
    assert client.get(f"/static/{name}").status_code == httpx.codes.NOT_FOUND


@pytest.mark.parametrize("name", FILES)
def test_no_file_names_another_host(name: str) -> None:
    text = (STATIC / name).read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", text) == []


@pytest.mark.parametrize(
    ("name", "imported"),
    [
        ("verifier.mjs", ["./consistency.mjs", "./decision.mjs", "./key-path.mjs"]),
        ("consistency.mjs", []),
        ("decision.mjs", []),
        ("key-path.mjs", []),
    ],
)
def test_the_verifier_depends_on_no_file_but_its_own(name: str, imported: list[str]) -> None:
    text = (STATIC / name).read_text("utf-8")
    found = re.findall(r"^\s*import\b.* from '(.*)';$", text, re.MULTILINE)
    assert found == imported
    other = r"^\s*import\b(?!.* from ')|\bimport\(|\brequire\(|\bfetch\(|XMLHttpRequest"
    assert re.findall(other, text, re.MULTILINE) == []
