"""The pages in a real browser: what people see, and what the verify page does with files."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from ledger.anchor import parse_anchor
from ledger.verify import verify_view
from ledger.view import parse_view
from portal.verify_page import NODE_COMMAND, VERIFIER
from tests.ledger.parties import ORIGIN
from tests.portal.small_log import HOSTILE, SmallLog

pytestmark = [pytest.mark.item("2.8"), pytest.mark.browser]

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
Tamper = Callable[[dict[str, Any]], None]


@pytest.fixture
def watched(page: Page, portal_url: str) -> Generator[Page, None, None]:
    """A page that may neither complain on its console nor ask another address for anything."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda fault: complaints.append(str(fault)))
    page.on("request", lambda request: _expect_own(request.url, portal_url, complaints))
    yield page
    assert complaints == []


def _expect_own(url: str, portal_url: str, complaints: list[str]) -> None:
    if not url.startswith(portal_url):
        complaints.append(f"asked for {url}")


def a_file(name: str, data: bytes) -> FilePayload:
    """A file as a person would choose it."""
    return {"name": name, "mimeType": "application/json", "buffer": data}


def verify(page: Page, url: str, view: bytes, anchor: bytes) -> Locator:
    """Choose both files, press the button, and wait for the outcome."""
    page.goto(f"{url}/verify")
    page.set_input_files("#view-file", a_file("record.view.json", view))
    page.set_input_files("#anchor-file", a_file("anchor.json", anchor))
    page.click("#check [type=submit]")
    outcome = page.locator("#outcome")
    expect(outcome.locator(".passed, .refusal")).to_have_count(1)
    return outcome


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_pages_fit_the_screen(
    size: dict[Literal["width", "height"], int],
    language: str,
    watched: Page,
    portal_url: str,
    small_log: SmallLog,
) -> None:
    watched.set_viewport_size({"width": size["width"], "height": size["height"]})
    records = [f"/records/{small_log.records[name]}" for name in ("verdict", "charter", "key")]
    for path in ("/", "/entries", "/verify", "/about", *records):
        watched.goto(f"{portal_url}{path}?lang={language}")
        width = watched.evaluate("document.documentElement.scrollWidth")
        assert width == size["width"], path


def test_a_person_goes_from_the_log_to_a_record_and_changes_the_language(
    watched: Page, portal_url: str
) -> None:
    watched.goto(f"{portal_url}/?lang=en")
    expect(watched.locator("h1")).to_have_text(ORIGIN)
    watched.get_by_role("link", name="Quality credential").first.click()
    expect(watched.locator("h1")).to_have_text("Quality credential")
    expect(watched.locator(".step-checked")).to_have_count(5)
    watched.get_by_role("link", name="中文").click()
    expect(watched.locator("h1")).to_have_text("质量证书")
    expect(watched.locator("html")).to_have_attribute("lang", "zh-CN")


def test_the_keyboard_reaches_the_content_first(watched: Page, portal_url: str) -> None:
    watched.goto(f"{portal_url}/?lang=en")
    watched.keyboard.press("Tab")
    expect(watched.locator(":focus")).to_have_text("Skip to the content")
    watched.keyboard.press("Enter")
    expect(watched.locator(":focus")).to_have_id("main")


@pytest.mark.parametrize("name", ["credential", "verdict", "charter", "key"])
def test_the_browser_finds_what_the_core_finds(
    name: str, watched: Page, portal_url: str, small_log: SmallLog
) -> None:
    view, anchor = small_log.view(name), small_log.facts.anchor.encode()
    found = verify_view(parse_view(view), parse_anchor(anchor)).records[0]
    outcome = verify(watched, portal_url, view, anchor)
    expect(outcome.locator("[data-slot=record_id]")).to_have_text(found.record_id)
    expect(outcome.locator("[data-step=authentic]")).to_contain_text(found.authentic)
    included = outcome.locator("[data-step=included]")
    expect(included).to_contain_text(f"Entry {found.index} of a log of {found.included_in}")
    expect(outcome.locator(".step")).to_have_count(9)
    expect(outcome.locator(".step-word")).to_have_count(len(found.log_word))
    if found.defined:
        counted = f"{len(found.shown)} of {found.defined} groups"
        expect(outcome.locator("[data-step=shown]")).to_contain_text(counted)


def test_labels_and_values_are_shown_in_chinese(
    watched: Page, portal_url: str, small_log: SmallLog
) -> None:
    watched.goto(f"{portal_url}/about?lang=zh")
    view, anchor = small_log.view("credential"), small_log.facts.anchor.encode()
    outcome = verify(watched, portal_url, view, anchor)
    for text in ("质量证书", "证书编号", "MC-26-5521", "校准证书", "calibration", "真实性"):
        expect(outcome).to_contain_text(text)
    expect(outcome).to_contain_text("2027年1月15日 08:00:00 UTC")


def test_foreign_text_stays_text_in_the_browser(
    watched: Page, portal_url: str, small_log: SmallLog
) -> None:
    outcome = verify(
        watched, portal_url, small_log.view("verdict"), small_log.facts.anchor.encode()
    )
    expect(outcome.get_by_text(HOSTILE, exact=True)).to_have_count(1)
    expect(outcome.locator("script, img")).to_have_count(0)


def forge_path(view: dict[str, Any]) -> None:
    """A path that leads to another root."""
    view["entries"][view["records"][0]["entry"]]["path"][0] = "A" * 43 + "="


def drop_key(view: dict[str, Any]) -> None:
    """A key path without the registration of the signing key."""
    view["records"][0]["keys"].pop()


def swap_entries(view: dict[str, Any]) -> None:
    """Two entries in each other's place."""
    view["entries"][0], view["entries"][1] = view["entries"][1], view["entries"][0]


def disclose_twice(view: dict[str, Any]) -> None:
    """The same disclosure a second time."""
    view["records"][0]["disclosures"] *= 2


def grow_checkpoint(view: dict[str, Any]) -> None:
    """Another size than the one that was signed."""
    lines = view["checkpoint"].split("\n")
    view["checkpoint"] = "\n".join([lines[0], str(int(lines[1]) + 1), *lines[2:]])


@pytest.mark.parametrize(
    ("tamper", "code", "title"),
    [
        (forge_path, "not-included", "Not in the log"),
        (drop_key, "key-not-registered", "Key not registered"),
        (swap_entries, "wrong-index", "Entries out of place"),
        (disclose_twice, "disclosure-duplicate", "A disclosure stands twice"),
        (grow_checkpoint, "bad-log-signature", "The log's signature is wrong"),
    ],
)
def test_a_tampered_view_is_refused_with_its_code_and_what_to_do(
    tamper: Tamper, code: str, title: str, watched: Page, portal_url: str, small_log: SmallLog
) -> None:
    view = json.loads(small_log.view("credential"))
    tamper(view)
    anchor = small_log.facts.anchor.encode()
    outcome = verify(watched, portal_url, json.dumps(view).encode(), anchor)
    expect(outcome.locator("[data-slot=code]")).to_have_text(code)
    expect(outcome).to_contain_text(title)
    expect(outcome).to_contain_text("What to do:")
    expect(outcome.locator(".step")).to_have_count(0)


def test_the_view_in_the_place_of_the_anchor_is_no_anchor(
    watched: Page, portal_url: str, small_log: SmallLog
) -> None:
    view = small_log.view("credential")
    outcome = verify(watched, portal_url, view, view)
    expect(outcome.locator("[data-slot=code]")).to_have_text("malformed-anchor")


def test_an_anchor_of_another_log_is_noticed(
    watched: Page, portal_url: str, small_log: SmallLog
) -> None:
    other = json.loads(small_log.facts.anchor)
    other["charter"] = small_log.records["key"]
    outcome = verify(watched, portal_url, small_log.view("credential"), json.dumps(other).encode())
    expect(outcome.locator("[data-slot=code]")).to_have_text("charter-mismatch")


def test_the_services_own_anchor_is_called_what_it_is(
    watched: Page, portal_url: str, small_log: SmallLog
) -> None:
    watched.goto(f"{portal_url}/verify?lang=en")
    button = watched.get_by_role("button", name="Verify")
    view = a_file("a.json", small_log.view("credential"))
    watched.set_input_files("#view-file", view)
    expect(button).to_be_disabled()
    watched.get_by_role("button", name="Use this service's copy").click()
    button.click()
    warning = watched.locator("#outcome .quiet-note")
    expect(warning).to_contain_text(small_log.ledger.fold.charter_id)
    watched.set_input_files("#anchor-file", a_file("b.json", small_log.facts.anchor.encode()))
    button.click()
    expect(watched.locator("#outcome .step")).to_have_count(9)
    expect(warning).to_have_count(0)


DROP = """([zone, files]) => {
  const carried = new DataTransfer();
  for (const [name, text] of files) carried.items.add(new File([text], name));
  document.querySelector(zone).dispatchEvent(
    new DragEvent('drop', { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""


def test_two_files_dropped_together_find_their_places(
    watched: Page, portal_url: str, small_log: SmallLog
) -> None:
    watched.goto(f"{portal_url}/verify?lang=en")
    files = [["1.json", small_log.facts.anchor], ["2.json", small_log.view("key").decode()]]
    watched.evaluate(DROP, ["[data-drop=view]", files])
    expect(watched.locator("#anchor-name")).to_have_text("1.json")
    expect(watched.locator("#view-name")).to_have_text("2.json")
    watched.get_by_role("button", name="Verify").click()
    expect(watched.locator("#outcome .step")).to_have_count(9)
    watched.get_by_role("button", name="Clear").click()
    expect(watched.locator("#view-name")).to_have_text("No file chosen")
    expect(watched.locator("#result")).to_be_hidden()


def test_without_javascript_everything_but_verifying_works(
    browser: Browser, portal_url: str, small_log: SmallLog
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{portal_url}/records/{small_log.records['credential']}?lang=en")
        expect(page.locator(".step-checked")).to_have_count(5)
        page.goto(f"{portal_url}/verify")
        expect(page.locator("#check")).to_be_hidden()
        expect(page.get_by_text("Without JavaScript this page cannot check")).to_be_visible()


def test_a_saved_verifier_runs_as_the_page_says(
    node: Path, tmp_path: Path, small_log: SmallLog, portal_url: str
) -> None:
    folder = Path(__file__).resolve().parents[2] / "portal/static"
    for name in VERIFIER:
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "record.view.json").write_bytes(small_log.view("credential"))
    (tmp_path / "anchor.json").write_text(small_log.facts.anchor)
    command = NODE_COMMAND.replace("node", f"'{node}'", 1)
    run = ["/bin/sh", "-c", command]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert small_log.records["credential"] in done.stdout
