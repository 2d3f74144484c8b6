"""A record is verified before it is shown; what does not verify is not shown at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from portal.facts import PublicRecord
from portal.messages import Words
from portal.record_page import NotVerified, RecordPage, ShownRecord, record_page
from portal.steps import Step
from tests.portal.small_log import SmallLog

pytestmark = pytest.mark.item("2.8")

Tamper = Callable[[dict[str, Any]], None]


def page_of(
    log: SmallLog, name: str, words: Words, *, tamper: Tamper = lambda _: None
) -> RecordPage:
    """The page of a record whose view was changed on its way."""
    record = log.facts.open(log.records[name])
    view = json.loads(record.view)
    tamper(view)
    changed = PublicRecord(record.row, json.dumps(view).encode())
    return record_page(changed, log.facts.fold, anchor=log.facts.anchor, words=words)


def shown(page: RecordPage) -> ShownRecord:
    """What the page shows of a record that verified."""
    assert isinstance(page.outcome, ShownRecord)
    return page.outcome


def step(page: RecordPage, name: str) -> Step:
    """One step of the page."""
    return next(found for found in shown(page).steps if found.name == name)


def swap_path(view: dict[str, Any]) -> None:
    """The record's entry with a path that leads elsewhere."""
    view["entries"][view["records"][0]["entry"]]["path"][0] = "A" * 43 + "="


def change_value(view: dict[str, Any]) -> None:
    """A disclosure with one character of its value changed."""
    text = view["records"][0]["disclosures"][0]
    view["records"][0]["disclosures"][0] = text[:-4] + ("AAAA" if text[-4:] != "AAAA" else "BBBB")


def drop_key(view: dict[str, Any]) -> None:
    """The key path without the registration of the signing key."""
    view["records"][0]["keys"].pop()


def swap_checkpoint(view: dict[str, Any]) -> None:
    """The checkpoint with another size than the one that was signed."""
    lines = view["checkpoint"].split("\n")
    lines[1] = str(int(lines[1]) + 1)
    view["checkpoint"] = "\n".join(lines)


@pytest.mark.parametrize(
    ("tamper", "codes"),
    [
        (swap_path, {"not-included"}),
        (change_value, {"disclosure-unused", "disclosure-malformed"}),
        (drop_key, {"key-not-registered"}),
        (swap_checkpoint, {"bad-log-signature"}),
    ],
)
def test_a_view_that_does_not_verify_shows_its_code_and_nothing_else(
    tamper: Tamper, codes: set[str], small_log: SmallLog, english: Words
) -> None:
    page = page_of(small_log, "credential", english, tamper=tamper)
    assert isinstance(page.outcome, NotVerified)
    assert page.outcome.code in codes
    assert isinstance(page_of(small_log, "credential", english).outcome, ShownRecord)


def test_the_steps_say_what_was_found(small_log: SmallLog, english: Words) -> None:
    page = page_of(small_log, "credential", english)
    size = small_log.ledger.size
    assert f"Entry {page.index} of a log of {size} entries" in step(page, "included").finding
    key = small_log.ledger.fold.parties[page.issuer.did].signing_keys[0]
    assert f"registered at entry {key.registered_at}," in step(page, "key").finding
    assert key.kid in step(page, "authentic").finding
    assert "1 of 6 groups are shown." in step(page, "shown").finding


@pytest.mark.parametrize("name", ["charter", "endorsement", "key"])
def test_governance_is_signed_by_an_admin_key(
    name: str, small_log: SmallLog, english: Words
) -> None:
    assert "an admin key" in step(page_of(small_log, name, english), "key").finding


def test_the_content_of_governance_stands_in_clear(small_log: SmallLog, english: Words) -> None:
    outcome = shown(page_of(small_log, "charter", english))
    assert [section.name for section in outcome.sections] == ["body"]
    assert outcome.withheld == ()


def test_groups_that_are_not_shown_are_named_by_the_type(
    small_log: SmallLog, english: Words, chinese: Words
) -> None:
    def names(words: Words) -> list[str]:
        return [name.text for name in shown(page_of(small_log, "credential", words)).withheld]

    assert names(english) == [
        "Scope and accreditation",
        "What it covers",
        "Results",
        "Document",
        "Correction",
    ]
    assert names(chinese) == ["范围与认可", "适用对象", "结果", "证书文件", "更正"]


def test_the_holder_of_a_key_is_not_shown(small_log: SmallLog, english: Words) -> None:
    outcome = shown(page_of(small_log, "key", english))
    assert (outcome.shown, outcome.defined) == (0, 1)
    assert [name.text for name in outcome.withheld] == ["Holder"]
