"""The pages over a real log: form, language, content, and what strangers' text cannot do."""

from __future__ import annotations

import httpx
import pytest

from api.exchange import Refused
from ledger.faults import Refusal
from ledger.store import EntryRow
from portal.languages import Language
from portal.limits import ENTRIES_PER_PAGE
from portal.messages import read_catalogue
from portal.view_models import entries_page
from tests.ledger.parties import ORIGIN
from tests.portal.conftest import GetPage
from tests.portal.html_check import Page
from tests.portal.small_log import CERTIFIER, HOSTILE, OEM, SUPPLIER, SmallLog

pytestmark = pytest.mark.item("2.8")

PAGES = ("/", "/entries", "/verify", "/about")
RECORDS = ("credential", "verdict", "charter", "endorsement", "key", "record-type")


def words_of(page: Page) -> str:
    """The text of a page with its white space made even."""
    return " ".join(page.text.split())


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_well_formed_in_both_languages(
    path: str, language: str, get_page: GetPage
) -> None:
    page = get_page(path, language)
    assert page.all("html")[0].attributes["lang"] == {"en": "en", "zh": "zh-CN"}[language]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", RECORDS)
def test_every_kind_of_record_has_a_well_formed_page(
    name: str, language: str, get_page: GetPage, small_log: SmallLog
) -> None:
    page = get_page(f"/records/{small_log.records[name]}", language)
    assert small_log.records[name] in page.text
    assert [e.attributes["data-step"] for e in page.by_class("step")] == [
        "authentic",
        "included",
        "cosigned",
        "member",
        "key",
        "shown",
        "erased",
        "approvals-sufficed",
        "no-later-revocation",
    ]


@pytest.mark.item("3.9.page")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_says_what_is_proved_and_what_is_not(language: Language, get_page: GetPage) -> None:
    words = words_of(get_page("/about", language))
    for piece in ("proves", "not"):
        sentences = [
            text
            for key, text in read_catalogue(language).items()
            if key.startswith(f"about.{piece}.")
        ]
        assert len(sentences) >= 6
        assert [sentence for sentence in sentences if sentence not in words] == []


def test_home_says_what_the_log_is(get_page: GetPage, small_log: SmallLog) -> None:
    words = words_of(get_page("/"))
    assert ORIGIN in words
    assert "Operated by Borealis Motors" in words
    assert f"{small_log.ledger.size} entries" in words
    for slug in (OEM, SUPPLIER, CERTIFIER):
        assert slug in words
    assert small_log.ledger.fold.charter_id in words


def test_home_shows_the_newest_public_entries_first(get_page: GetPage, small_log: SmallLog) -> None:
    entries = get_page("/").by_class("entry")
    # The newest entry of all is a record of which nothing is public.
    newest = small_log.ledger.size - 2
    assert [int(e.attributes["value"]) for e in entries] == list(range(newest, newest - 8, -1))


def test_names_and_titles_are_in_the_readers_language(get_page: GetPage) -> None:
    english, chinese = words_of(get_page("/", "en")), words_of(get_page("/", "zh"))
    assert "Inspection report" in english
    assert "Borealis Motors" in english
    assert "检验报告" in chinese
    assert "北极光汽车" in chinese
    assert "Inspection report" not in chinese


def test_a_name_in_another_language_says_which(get_page: GetPage) -> None:
    names = [e for e in get_page("/", "en").all("bdi") if e.text == "汉风传动"]
    assert names
    assert {e.attributes.get("lang") for e in names} == {"zh-CN"}


def test_a_record_shows_its_public_groups_and_no_others(
    get_page: GetPage, small_log: SmallLog
) -> None:
    words = words_of(get_page(f"/records/{small_log.records['verdict']}"))
    assert "1 of 11 groups shown" in words
    assert "accepted accept" in words
    assert "SECRET-LOT-77" not in words
    assert "IR-1" not in words


def test_a_record_without_public_groups_looks_like_none(small_log: SmallLog) -> None:
    for name in (small_log.records["hidden"], "A" * 43):
        with pytest.raises(Refused) as refused:
            small_log.facts.open(name)
        assert refused.value.refusal == Refusal("not-found", f"no record {name!r}")


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["Registration number", "MC-26-5521", "calibration certificate", "calibration"]),
        ("zh", ["证书编号", "MC-26-5521", "校准证书", "calibration"]),
    ],
)
def test_fields_are_labelled_by_the_type_and_values_kept_as_signed(
    language: str, expected: list[str], get_page: GetPage, small_log: SmallLog
) -> None:
    words = words_of(get_page(f"/records/{small_log.records['credential']}", language))
    assert [text for text in expected if text not in words] == []


def test_a_record_says_how_long_before_its_admission_it_was_signed(
    get_page: GetPage, small_log: SmallLog
) -> None:
    words = words_of(get_page(f"/records/{small_log.records['credential']}"))
    assert "83 minutes before admission, by the signer's clock" in words
    assert "15 Jan 2027, 08:00:00 UTC" in words
    assert "2027-01-15T08:00:00.000Z" in words


def test_a_record_offers_its_files_and_the_command_that_verifies_them(
    get_page: GetPage, small_log: SmallLog
) -> None:
    record_id = small_log.records["credential"]
    page = get_page(f"/records/{record_id}")
    downloads = {
        e.attributes["href"]: e.attributes["download"]
        for e in page.all("a")
        if "download" in e.attributes
    }
    assert downloads[f"/v1/records/{record_id}"] == f"record-{record_id}.view.json"
    assert downloads[f"/v1/records/{record_id}/receipt"] == f"record-{record_id}.tlog-proof"
    assert f"lotmark verify record-{record_id}.view.json --anchor anchor.json" in page.text


def test_what_is_the_logs_word_has_no_tick(get_page: GetPage, small_log: SmallLog) -> None:
    page = get_page(f"/records/{small_log.records['credential']}")
    states = {e.attributes["data-step"]: e.attributes["class"] for e in page.by_class("step")}
    assert states["authentic"] == "step step-checked"
    assert states["cosigned"] == "step step-none"
    assert states["approvals-sufficed"] == "step step-word"
    assert "valid" not in words_of(page).lower().replace("valid from", "").replace(
        "valid until", ""
    )


def test_foreign_text_is_shown_and_never_becomes_markup(
    get_page: GetPage, small_log: SmallLog
) -> None:
    page = get_page(f"/records/{small_log.records['verdict']}")
    assert [e.text for e in page.all("bdi") if e.text == HOSTILE] == [HOSTILE]
    assert page.all("script") == []
    assert page.all("img") == []
    assert "49" not in words_of(page)


def test_a_members_name_never_becomes_markup(get_page: GetPage) -> None:
    page = get_page("/")
    assert page.all("b") == []
    assert 'Meridian <b>&</b> "Co"' in [e.text for e in page.all("bdi")]


def test_verify_page_carries_labels_of_strangers_safely(get_page: GetPage) -> None:
    page = get_page("/verify")
    labels = [e for e in page.elements if "data-labels" in e.attributes]
    assert len(labels) == 1
    assert "Meridian <b>&</b>" in labels[0].attributes["data-labels"]
    assert page.all("b") == []


def rows(*indices: int) -> list[EntryRow]:
    """Rows of which only the index counts."""
    return [
        EntryRow(index, bytes(32), bytes(16), bytes(32), b"", "did:web:x", "charter/v1", 0)
        for index in indices
    ]


@pytest.mark.parametrize(
    ("before", "shown", "older", "newer"),
    [
        (60, range(59, 34, -1), 35, None),
        (35, range(34, 9, -1), 10, 60),
        (10, range(9, -1, -1), None, 35),
        (50, range(49, 24, -1), 25, 60),
    ],
)
def test_pages_of_entries_neither_overlap_nor_leave_gaps(
    before: int,
    shown: range,
    older: int | None,
    newer: int | None,
    small_log: SmallLog,
    english: object,
) -> None:
    from portal.messages import load_words

    page = entries_page(
        small_log.ledger.fold, rows(*shown), size=60, before=before, words=load_words()["en"]
    )
    assert len(page.entries) <= ENTRIES_PER_PAGE
    assert (page.older, page.newer) == (older, newer)


@pytest.mark.parametrize(
    "before", ["", "x", "-1", "0", "1e3", "９", "9" * 30, "18446744073709551616"]
)
def test_any_value_of_before_gives_a_page(before: str, get_page: GetPage) -> None:
    get_page(f"/entries?before={before}")


def test_before_continues_where_the_page_ended(get_page: GetPage) -> None:
    entries = get_page("/entries?before=3").by_class("entry")
    assert [int(e.attributes["value"]) for e in entries] == [2, 1, 0]


def test_a_link_sets_the_language_and_the_cookie_keeps_it(client: httpx.Client) -> None:
    browser = {"Accept-Language": "en"}
    assert '<html lang="zh-CN">' in client.get("/about?lang=zh", headers=browser).text
    assert '<html lang="zh-CN">' in client.get("/about", headers=browser).text
    assert '<html lang="en">' in client.get("/about?lang=en", headers=browser).text
    assert '<html lang="en">' in client.get("/about?lang=xx", headers=browser).text


def test_the_language_switch_keeps_the_place(get_page: GetPage) -> None:
    links = [e.attributes["href"] for e in get_page("/entries?before=3").all("a")]
    assert "?before=3&lang=zh" in links
