"""The verify page says of parties and keys what the record page says, in the reader's language."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from ledger.anchor import parse_anchor
from ledger.verify import VerifiedRecord, verify_view
from ledger.view import parse_view
from portal.messages import Words
from portal.steps import NOTED, WORD, Step, steps_of
from tests.ledger.view_honest_members import HONEST
from tests.ledger.view_log import anchor_text, as_text
from tests.ledger.view_members import STORY, member_log
from tests.portal.test_browser import verify, watched

__all__ = ["watched"]

pytestmark = pytest.mark.item("3.2.view")

ANCHOR = anchor_text(STORY.charter).encode()
CONTESTED = "a report contested and re-affirmed"
SHOWN = (
    "a proposal",
    "an approval of a proposal",
    "a report of a recovered party",
    "a consent to be admitted",
    CONTESTED,
)


def view_of(name: str) -> bytes:
    return as_text(member_log().view(HONEST[name][0])).encode()


def verified(name: str) -> VerifiedRecord:
    return verify_view(parse_view(view_of(name)), parse_anchor(ANCHOR)).records[0]


def text_of(step: Step) -> str:
    return " ".join(step.finding.striptags().split())


@pytest.mark.browser
@pytest.mark.parametrize("name", SHOWN)
def test_the_page_says_what_the_core_found(
    name: str, watched: Page, portal_url: str, english: Words
) -> None:
    watched.goto(f"{portal_url}/about?lang=en")
    outcome = verify(watched, portal_url, view_of(name), ANCHOR)
    steps = steps_of(verified(name), english)
    expect(outcome.locator(".step")).to_have_count(len(steps))
    found = outcome.locator(".step-finding").all_inner_texts()
    assert [" ".join(text.split()) for text in found] == [text_of(step) for step in steps]


def test_what_an_issuer_declared_later_is_no_tick(english: Words) -> None:
    states = {step.name: step.state for step in steps_of(verified(CONTESTED), english)}
    assert (states["ended"], states["contested"]) == (NOTED, NOTED)
    assert (states["reaffirmed"], states["member"]) == ("checked", "checked")


def test_a_record_of_which_nothing_came_later_has_no_such_step(english: Words) -> None:
    names = {step.name for step in steps_of(verified("a proposal"), english)}
    assert names.isdisjoint({"ended", "contested", "reaffirmed"})


def test_that_approvals_sufficed_stays_the_logs_word(english: Words, chinese: Words) -> None:
    for words, phrase in ((english, "log's word"), (chinese, "账本之言")):
        steps = {step.name: step for step in steps_of(verified(CONTESTED), words)}
        assert phrase in steps["member"].meaning
        assert steps["approvals-sufficed"].state == WORD
