"""The verify page has words for everything its script may have to say."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import httpx
import pytest

from ledger.verify import LOG_WORD
from portal.messages import Words
from portal.static_files import load_static_files
from portal.verify_page import CODES, WORDS_OF_LOG, WORDS_OF_SCRIPT, explain, verify_page
from tests.portal.conftest import GetPage
from tests.portal.small_log import SmallLog

pytestmark = pytest.mark.item("2.8")

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = (ROOT / "portal/static/verify-page.mjs").read_text("utf-8")
VERIFIER = (ROOT / "portal/static/verifier.mjs").read_text("utf-8")


def codes_of_the_specification() -> list[str]:
    """Every code of the tables in view.md, and of the disclosures in record.md, in order."""
    view = (ROOT / "docs/spec/view.md").read_text("utf-8")
    record = (ROOT / "docs/spec/record.md").read_text("utf-8")
    found = re.findall(r"^\| [ABCD][0-9]+ \|.*\| `([a-z-]+)` \|$", view, re.MULTILINE)
    found += re.findall(r"\| `(disclosure-[a-z-]+)` \|$", record, re.MULTILINE)
    return list(dict.fromkeys(found))


def test_every_code_of_the_specification_is_explained() -> None:
    assert set(CODES) == set(codes_of_the_specification())
    assert len(CODES) > 25


def test_every_code_of_the_verifier_is_explained() -> None:
    used = set(re.findall(r"'([a-z]+(?:-[a-z]+)+)'", VERIFIER)) | {"too-large"}
    codes = {code for code in used if code.startswith(("malformed-", "bad-", "disclosure-"))}
    assert codes - {"malformed-proof", "malformed-receipt"} <= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_code_has_a_title_a_meaning_and_a_remedy_in_both_languages(
    code: str, english: Words, chinese: Words
) -> None:
    one, other = explain(code, english), explain(code, chinese)
    assert {one.title, one.meaning, one.remedy}.isdisjoint({other.title, other.meaning})
    assert one.title != explain("unknown", english).title


def test_a_code_that_is_not_known_is_explained_all_the_same(english: Words) -> None:
    found = explain("brand-new", english)
    assert found.code == "brand-new"
    assert found.remedy == "Look the code up in the specification of views."


def test_everything_that_is_the_logs_word_has_a_step() -> None:
    assert WORDS_OF_LOG == LOG_WORD


def test_every_word_that_the_script_says_is_on_the_page() -> None:
    names = {re.sub(r"-(.)", lambda m: m[1].upper(), name) for name, _ in WORDS_OF_SCRIPT}
    assert set(re.findall(r"\bwords\.([A-Za-z]+)", SCRIPT)) == names


def test_every_place_that_the_script_looks_for_is_on_the_page(get_page: GetPage) -> None:
    page = get_page("/verify")
    ids = {element.attributes.get("id") for element in page.elements}
    wanted = re.findall(r"(?:byId|cloneOf)\('([a-z-]+)'\)", SCRIPT)
    assert len(wanted) > 10
    assert set(wanted) <= ids


def test_the_script_makes_no_markup_from_text() -> None:
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", SCRIPT) == []
    )


def test_the_page_says_where_its_code_comes_from(get_page: GetPage) -> None:
    text = " ".join(get_page("/verify").text.split())
    assert "This page and its code come from the operator of the log" in text
    assert "Nothing is uploaded" in text
    assert "Without JavaScript this page cannot check a file." in text


def test_the_page_offers_the_verifier_with_its_digest(
    get_page: GetPage, client: httpx.Client
) -> None:
    page = get_page("/verify")
    links = [e for e in page.all("a") if "download" in e.attributes]
    saved = [e for e in links if str(e.attributes["download"]).endswith(".mjs")]
    assert [e.attributes["download"] for e in saved] == [
        "verifier.mjs",
        "consistency.mjs",
        "decision.mjs",
        "key-path.mjs",
    ]
    for link in saved:
        assert link.attributes["href"] == f"/static/{link.attributes['download']}"
        served = client.get(str(link.attributes["href"])).content
        assert hashlib.sha256(served).hexdigest() in page.text


def test_labels_are_in_the_readers_language(small_log: SmallLog, chinese: Words) -> None:
    fold, anchor = small_log.ledger.fold, small_log.facts.anchor
    page = verify_page(fold, load_static_files(), anchor=anchor, words=chinese)
    labels = json.loads(page.labels)
    kind = labels["types"]["quality-credential/v1"]
    assert kind["title"] == "质量证书"
    assert kind["fields"]["/credential/number"] == "证书编号"
    assert kind["groups"]["credential"] == "证书"
    assert labels["values"]["/credential/status.active"] == "有效"
